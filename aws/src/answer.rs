//! What a service answers: a result with names and values as Step Functions shows them.

use asl_engine::{JsonError, Object, Value};
use bytes::Bytes;
use http::HeaderMap;

use crate::cbor;
use crate::model::{Location, Member, Operation, Protocol, Service, Shape, Style};
use crate::time;
use crate::xml::{self, Element, XmlError};

/// An answer is not what the protocol of the service has there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is no text.
    #[error("the answer is not UTF-8 text")]
    NotUtf8,
    /// It is no JSON.
    #[error("the answer is not JSON: {0}")]
    NotJson(#[from] JsonError),
    /// It is no CBOR.
    #[error("the answer is not CBOR: {0}")]
    NotCbor(String),
    /// It is JSON, and not an object where there has to be one.
    #[error("the answer is not a JSON object")]
    NotAnObject,
    /// It is no XML.
    #[error("the answer is not XML: {0}")]
    NotXml(#[from] XmlError),
}

/// The whole HTTP response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        let names = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"];
        names.iter().find_map(|name| self.header(name)).map(str::to_owned)
    }

    pub(crate) fn text(&self) -> Result<&str, AnswerError> {
        std::str::from_utf8(&self.body).map_err(|_| AnswerError::NotUtf8)
    }

    pub(crate) fn json(&self) -> Result<Value, AnswerError> {
        match () {
            () if self.body.is_empty() => Ok(Value::empty_object()),
            () if self.header("content-type") == Some(cbor::CONTENT_TYPE) => {
                cbor::read(&self.body).map_err(AnswerError::NotCbor)
            }
            () => Ok(self.text()?.parse::<Value>()?),
        }
    }

    pub(crate) fn xml(&self) -> Result<Element, AnswerError> {
        Ok(xml::read(self.text()?)?)
    }

    #[cfg(test)]
    pub(crate) fn of_test(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Self { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
    }
}

/// The result in a response that means success. The error says why it cannot be read.
pub(crate) fn result(
    service: &'static Service,
    operation: &'static Operation,
    response: &Response,
    style: Style,
) -> Result<Object, AnswerError> {
    let members = operation.output.map_or(&[] as &[_], |structure| service.members(structure));
    let reader = Reader { service, style };
    match service.protocol {
        Protocol::Json { .. } | Protocol::Cbor { .. } => reader.json_members(members, &response.json()?),
        Protocol::Query { .. } | Protocol::Ec2 { .. } => {
            let root = response.xml()?;
            let inside = root.get(&format!("{}Result", operation.name)).unwrap_or(&root);
            Ok(reader.xml_members(members, inside).collect())
        }
        Protocol::RestJson | Protocol::RestXml { .. } => reader.rest(members, response),
    }
}

struct Reader {
    service: &'static Service,
    style: Style,
}

impl Reader {
    fn rest(&self, members: &'static [Member], response: &Response) -> Result<Object, AnswerError> {
        let mut result: Vec<(&str, Value)> = Vec::new();
        let is_xml = matches!(self.service.protocol, Protocol::RestXml { .. });
        for member in members {
            let value = match member.location {
                Location::Header => response.header(member.wire).map(|text| self.scalar(&member.shape, text)),
                Location::HeaderPrefix => {
                    let prefixed = response.headers.iter().filter_map(|(name, value)| {
                        Some((name.as_str().strip_prefix(member.wire)?, Value::from(value.to_str().ok()?)))
                    });
                    Some(prefixed.collect())
                }
                Location::Status => Some(Value::from(u32::from(response.status))),
                Location::Body => match &member.shape {
                    Shape::Blob | Shape::Text => Some(response.text()?.into()),
                    _ if response.body.is_empty() => None,
                    shape if is_xml => Some(self.xml_value(shape, &response.xml()?)),
                    shape => Some(self.json_value(shape, &response.json()?)?),
                },
                _ => None,
            };
            result.extend(value.map(|value| (member.shown(self.style), value)));
        }
        let is_inside = |member: &&Member| member.location == Location::Inside;
        if members.iter().any(|member| is_inside(&member)) && !response.body.is_empty() {
            if is_xml {
                let root = response.xml()?;
                result.extend(self.xml_members(members, &root));
            } else {
                let inside = self.json_members(members, &response.json()?)?;
                return Ok(result
                    .into_iter()
                    .map(|(name, value)| (name.into(), value))
                    .chain(inside.iter().map(|(name, value)| (name.clone(), value.clone())))
                    .collect());
            }
        }
        Ok(result.into_iter().collect())
    }

    /// The members that the service gives and the model knows.
    fn json_members(&self, members: &'static [Member], value: &Value) -> Result<Object, AnswerError> {
        let object = value.as_object().ok_or(AnswerError::NotAnObject)?;
        let mut shown = Vec::with_capacity(object.len());
        for (name, value) in object.iter().filter(|(_, value)| **value != Value::Null) {
            if let Some(member) = members.iter().find(|member| *member.wire == **name) {
                shown.push((member.shown(self.style), self.json_value(&member.shape, value)?));
            }
        }
        Ok(shown.into_iter().collect())
    }

    fn json_value(&self, shape: &'static Shape, value: &Value) -> Result<Value, AnswerError> {
        Ok(match (shape, value.as_array(), value.as_object()) {
            (Shape::Structure(number), ..) => self.json_members(self.service.members(*number), value)?.into(),
            (Shape::List { of, .. }, Some(items), _) => {
                items.iter().map(|item| self.json_value(of, item)).collect::<Result<Value, _>>()?
            }
            (Shape::Map { of, .. }, _, Some(entries)) => {
                let entry =
                    |(name, value): (&std::sync::Arc<str>, &Value)| Ok((name.clone(), self.json_value(of, value)?));
                entries.iter().map(entry).collect::<Result<Value, AnswerError>>()?
            }
            (Shape::Time(_), ..) => self.time(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            _ => value.clone(),
        })
    }

    fn xml_members<'a>(
        &'a self,
        members: &'static [Member],
        element: &'a Element,
    ) -> impl Iterator<Item = (&'static str, Value)> + 'a {
        members.iter().filter_map(move |member| {
            let value = match (member.location, &member.shape) {
                (Location::Attribute, _) => element.attribute(member.wire)?.into(),
                (Location::Inside, Shape::List { flat: true, of, .. }) => {
                    let items: Vec<Value> = element.all(member.wire).map(|item| self.xml_value(of, item)).collect();
                    (!items.is_empty()).then(|| items.into())?
                }
                (Location::Inside, Shape::Map { flat: true, names, of }) => {
                    let mut entries = element.all(member.wire).peekable();
                    entries.peek()?;
                    self.xml_map(entries, *names, of)
                }
                (Location::Inside, shape) => self.xml_value(shape, element.get(member.wire)?),
                _ => return None,
            };
            Some((member.shown(self.style), value))
        })
    }

    fn xml_value(&self, shape: &'static Shape, element: &Element) -> Value {
        match shape {
            Shape::Structure(number) => self.xml_members(self.service.members(*number), element).collect(),
            Shape::List { item, of, .. } => element.all(item).map(|item| self.xml_value(of, item)).collect(),
            Shape::Map { names, of, .. } => self.xml_map(element.all("entry"), *names, of),
            shape => self.scalar(shape, &element.text),
        }
    }

    fn xml_map<'a>(
        &self,
        entries: impl Iterator<Item = &'a Element>,
        names: (&str, &str),
        of: &'static Shape,
    ) -> Value {
        let entry = |entry: &Element| {
            let value = entry.get(names.1).map_or(Value::Null, |value| self.xml_value(of, value));
            Some((entry.text_of(names.0)?.to_owned(), value))
        };
        entries.filter_map(entry).collect()
    }

    fn scalar(&self, shape: &'static Shape, text: &str) -> Value {
        match shape {
            Shape::Boolean => (text == "true").into(),
            Shape::Number => {
                text.parse::<Value>().ok().filter(|value| value.as_number().is_some()).unwrap_or(text.into())
            }
            Shape::Time(_) => self.time(text),
            Shape::List { .. } => text.split(',').map(|item| Value::from(item.trim())).collect(),
            _ => text.into(),
        }
    }

    fn time(&self, text: &str) -> Value {
        time::answered(text).map_or(text.into(), |time| time::shown(time, self.style))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(
        service: &str,
        action: &str,
        headers: &[(&'static str, &str)],
        body: &str,
        style: Style,
    ) -> Result<String, AnswerError> {
        let service = Service::find(service).unwrap();
        let operation = service.operation(action).unwrap();
        Ok(Value::from(result(service, operation, &Response::of_test(200, headers, body), style)?).to_string())
    }

    #[test]
    fn results_are_as_step_functions_shows_them() {
        let sfn = r#"{"executionArn":"a","startDate":1700000000.5,"new":1,"input":null}"#;
        let time = "Tue, 14 Nov 2023 22:13:20 GMT";
        for (service, action, headers, body, expected) in [
            ("sfn", "startExecution", &[][..], sfn, r#"{"ExecutionArn":"a","StartDate":"2023-11-14T22:13:20.500Z"}"#),
            (
                "dynamodb",
                "getItem",
                &[],
                r#"{"Item":{"createdAt":{"N":"1"},"m":{"M":{"S":{"S":"x"}}}}}"#,
                r#"{"Item":{"createdAt":{"N":"1"},"m":{"M":{"S":{"S":"x"}}}}}"#,
            ),
            (
                "dynamodb",
                "getItem",
                &[],
                r#"{"Item":{"BOOL":{"BOOL":true},"l":{"L":[{"NULL":true},{"SS":["a"]}]}}}"#,
                r#"{"Item":{"BOOL":{"Bool":true},"l":{"L":[{"Nul":true},{"Ss":["a"]}]}}}"#,
            ),
            (
                "rds",
                "describeDBInstances",
                &[],
                "<R><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceIdentifier>d</DBInstanceIdentifier>\
                 <MultiAZ>true</MultiAZ></DBInstance></DBInstances></DescribeDBInstancesResult></R>",
                r#"{"DbInstances":[{"DbInstanceIdentifier":"d","MultiAZ":true}]}"#,
            ),
            ("dynamodb", "putItem", &[], "", "{}"),
            (
                "s3",
                "getObject",
                &[
                    ("etag", "\"e\""),
                    ("content-length", "4"),
                    ("last-modified", time),
                    ("x-amz-meta-k", "v"),
                    ("x-other", "1"),
                ],
                "text",
                r#"{"Body":"text","LastModified":"2023-11-14T22:13:20Z","ContentLength":4,"ETag":"\"e\"","Metadata":{"k":"v"}}"#,
            ),
            (
                "s3",
                "listObjectsV2",
                &[],
                "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a&amp;b</Key><Size>1</Size>\
                 <LastModified>2023-11-14T22:13:20.000Z</LastModified></Contents><Contents><Key>c</Key></Contents>\
                 <KeyCount>2</KeyCount></ListBucketResult>",
                r#"{"IsTruncated":false,"Contents":[{"Key":"a&b","LastModified":"2023-11-14T22:13:20Z","Size":1},{"Key":"c"}],"KeyCount":2}"#,
            ),
            (
                "sns",
                "getTopicAttributes",
                &[],
                "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>Owner</key><value>1</value></entry>\
                 </Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>",
                r#"{"Attributes":{"Owner":"1"}}"#,
            ),
            (
                "ec2",
                "describeInstances",
                &[],
                "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i</instanceId></item>\
                 </instancesSet></item></reservationSet></DescribeInstancesResponse>",
                r#"{"Reservations":[{"Instances":[{"InstanceId":"i"}]}]}"#,
            ),
            (
                "lambda",
                "invoke",
                &[("x-amz-executed-version", "$LATEST")],
                r#"{"a":1}"#,
                r#"{"StatusCode":200,"ExecutedVersion":"$LATEST","Payload":"{\"a\":1}"}"#,
            ),
            (
                "lambda",
                "getAccountSettings",
                &[],
                r#"{"AccountUsage":{"FunctionCount":1}}"#,
                r#"{"AccountUsage":{"FunctionCount":1}}"#,
            ),
        ] {
            let shown: Value = shown(service, action, headers, body, Style::Sdk).unwrap().parse().unwrap();
            assert_eq!(shown, expected.parse().unwrap(), "{action}: {shown}");
        }
        let item = r#"{"Item":{"b":{"BOOL":true}}}"#;
        assert_eq!(shown("dynamodb", "getItem", &[], item, Style::Optimized).as_deref(), Ok(item));
        let millis = shown("sfn", "startExecution", &[], sfn, Style::Optimized).unwrap();
        assert_eq!(millis, r#"{"ExecutionArn":"a","StartDate":1700000000500}"#);
    }

    #[test]
    fn an_answer_that_is_none_is_told() {
        let error = |service, action, body| shown(service, action, &[], body, Style::Sdk).unwrap_err();
        assert!(matches!(error("sfn", "startExecution", "<html>"), AnswerError::NotJson(_)));
        assert_eq!(error("sfn", "startExecution", "[]").to_string(), "the answer is not a JSON object");
        let none = "the answer is not XML: it has no element";
        assert_eq!(error("sns", "publish", "{}").to_string(), none);
        assert_eq!(error("s3", "getBucketPolicyStatus", "{}").to_string(), none);
    }
}
