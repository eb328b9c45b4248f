//! What a service answers: a result with names and values as Step Functions shows them, or an error.

use asl_engine::{Object, Value};
use bytes::Bytes;
use http::HeaderMap;

use crate::model::{Location, Member, Operation, Protocol, Service, Shape, Style};
use crate::names::INVALID_BUCKET;
use crate::time;
use crate::xml::{self, Element};

/// The whole HTTP response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a service says when it does not do what it is asked.
#[derive(Debug, Default, PartialEq)]
pub struct Refusal {
    /// Its code for the error, such as `NoSuchKey`.
    pub code: Option<String>,
    /// Its shape in the model of the service, such as `NoSuchKey`, and its class in the SDK for Java 2.
    pub known: Option<(&'static str, &'static str)>,
    /// Its text.
    pub message: Option<String>,
    /// The status of the response.
    pub status: u16,
    /// The id of the request.
    pub request_id: Option<String>,
    /// S3 has a second one.
    pub extended_request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
}

impl Refusal {
    /// What S3 says of a bucket whose name is none.
    pub(crate) fn invalid_bucket() -> Self {
        Self {
            code: Some("InvalidBucketName".to_owned()),
            known: None,
            message: Some(INVALID_BUCKET.to_owned()),
            status: 400,
            request_id: Some(uuid::Uuid::new_v4().to_string()),
            extended_request_id: None,
            attempts: 1,
        }
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        let names = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"];
        names.iter().find_map(|name| self.header(name)).map(str::to_owned)
    }

    fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(&self.body).map_err(|_| "the answer is not UTF-8 text".to_owned())
    }
}

/// The result in a response that means success. The error says why it cannot be read.
pub(crate) fn result(
    service: &'static Service,
    operation: &'static Operation,
    response: &Response,
    style: Style,
) -> Result<Object, String> {
    let members = operation.output.map_or(&[] as &[_], |structure| service.members(structure));
    let reader = Reader { service, style };
    match service.protocol {
        Protocol::Json { .. } => reader.json_members(members, &json(response)?),
        Protocol::Query { .. } | Protocol::Ec2 { .. } => {
            let root = xml::read(response.text()?).map_err(|error| format!("the answer is not XML: {error}"))?;
            let inside = root.get(&format!("{}Result", operation.name)).unwrap_or(&root);
            Ok(reader.xml_members(members, inside).collect())
        }
        Protocol::RestJson | Protocol::RestXml { .. } => reader.rest(members, response),
    }
}

fn json(response: &Response) -> Result<Value, String> {
    if response.body.is_empty() {
        return Ok(Value::empty_object());
    }
    response.text()?.parse().map_err(|error| format!("the answer is not JSON: {error}"))
}

struct Reader {
    service: &'static Service,
    style: Style,
}

impl Reader {
    fn rest(&self, members: &'static [Member], response: &Response) -> Result<Object, String> {
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
                    shape if is_xml => Some(self.xml_value(shape, &xml::read(response.text()?)?)),
                    shape => Some(self.json_value(shape, &json(response)?)?),
                },
                _ => None,
            };
            result.extend(value.map(|value| (member.shown(self.style), value)));
        }
        let is_inside = |member: &&Member| member.location == Location::Inside;
        if members.iter().any(|member| is_inside(&member)) && !response.body.is_empty() {
            if is_xml {
                let root = xml::read(response.text()?).map_err(|error| format!("the answer is not XML: {error}"))?;
                result.extend(self.xml_members(members, &root));
            } else {
                let inside = self.json_members(members, &json(response)?)?;
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
    fn json_members(&self, members: &'static [Member], value: &Value) -> Result<Object, String> {
        let object = value.as_object().ok_or("the answer is not a JSON object")?;
        let mut shown = Vec::with_capacity(object.len());
        for (name, value) in object.iter().filter(|(_, value)| **value != Value::Null) {
            if let Some(member) = members.iter().find(|member| *member.wire == **name) {
                shown.push((member.shown(self.style), self.json_value(&member.shape, value)?));
            }
        }
        Ok(shown.into_iter().collect())
    }

    fn json_value(&self, shape: &'static Shape, value: &Value) -> Result<Value, String> {
        Ok(match (shape, value.as_array(), value.as_object()) {
            (Shape::Structure(number), ..) => self.json_members(self.service.members(*number), value)?.into(),
            (Shape::List { of, .. }, Some(items), _) => {
                items.iter().map(|item| self.json_value(of, item)).collect::<Result<Value, _>>()?
            }
            (Shape::Map { of, .. }, _, Some(entries)) => {
                let entry =
                    |(name, value): (&std::sync::Arc<str>, &Value)| Ok((name.clone(), self.json_value(of, value)?));
                entries.iter().map(entry).collect::<Result<Value, String>>()?
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

/// The error in a response that does not mean success.
pub(crate) fn refusal(
    service: &'static Service,
    operation: &'static Operation,
    response: &Response,
    attempts: u32,
) -> Refusal {
    let (status, request_id) = (response.status, response.request_id());
    let mut refusal = Refusal { status, request_id, attempts, ..Refusal::default() };
    refusal.extended_request_id = response.header("x-amz-id-2").map(str::to_owned);
    match service.protocol {
        Protocol::Json { .. } | Protocol::RestJson => json_refusal(response, &mut refusal),
        Protocol::Query { .. } | Protocol::Ec2 { .. } | Protocol::RestXml { .. } => xml_refusal(response, &mut refusal),
    }
    if refusal.code.is_none() && response.body.is_empty() {
        // The answer to a HEAD request has no body.
        refusal.code = match (operation.name, response.status) {
            ("HeadObject", 404) => Some("NoSuchKey".to_owned()),
            ("HeadBucket", 404) => Some("NoSuchBucket".to_owned()),
            _ => None,
        };
    }
    refusal.known = refusal.code.as_deref().and_then(|code| service.error(code));
    // A service that spoke the query protocol before still has the codes of that time.
    if let Some((code, _)) = response.header("x-amzn-query-error").and_then(|text| text.split_once(';')) {
        refusal.code = Some(code.to_owned());
    }
    refusal
}

fn json_refusal(response: &Response, refusal: &mut Refusal) {
    let body = json(response).unwrap_or_default();
    let text = |names: &[&str]| names.iter().find_map(|name| body.get(name)?.as_str()).map(str::to_owned);
    // `com.amazonaws.sqs#QueueDoesNotExist` or `InvalidParameter:http://…`
    let bare = |code: String| {
        let code = code.split(':').next().unwrap_or_default();
        code.rsplit('#').next().unwrap_or_default().to_owned()
    };
    refusal.code =
        response.header("x-amzn-errortype").map(str::to_owned).or_else(|| text(&["__type", "code", "Code"])).map(bare);
    refusal.message = text(&["message", "Message", "errorMessage"]);
}

fn xml_refusal(response: &Response, refusal: &mut Refusal) {
    let Some(root) = response.text().ok().and_then(|text| xml::read(text).ok()) else { return };
    let error = match root.get("Errors") {
        Some(errors) => errors.get("Error"),
        None => root.get("Error"),
    };
    let error = error.unwrap_or(&root);
    let text = |element: &Element, name: &str| element.text_of(name).map(str::to_owned);
    refusal.code = text(error, "Code");
    refusal.message = text(error, "Message").or_else(|| text(error, "message"));
    let request_id =
        || ["RequestId", "RequestID"].iter().find_map(|name| text(&root, name).or_else(|| text(error, name)));
    refusal.request_id = refusal.request_id.take().or_else(request_id);
    refusal.extended_request_id = refusal.extended_request_id.take().or_else(|| text(error, "HostId"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Response { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn shown(
        service: &str,
        action: &str,
        headers: &[(&'static str, &str)],
        body: &str,
        style: Style,
    ) -> Result<String, String> {
        let service = Service::find(service).unwrap();
        let operation = service.operation(action).unwrap();
        Ok(Value::from(result(service, operation, &response(200, headers, body), style)?).to_string())
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
        assert!(error("sfn", "startExecution", "<html>").starts_with("the answer is not JSON: "));
        assert_eq!(error("sfn", "startExecution", "[]"), "the answer is not a JSON object");
        assert!(error("sns", "publish", "{}").starts_with("the answer is not XML: "));
    }

    #[test]
    fn errors_are_read() {
        let id = ("x-amzn-requestid", "r");
        for (service, action, headers, body, expected) in [
            (
                "sfn",
                "startExecution",
                &[id][..],
                r#"{"__type":"InvalidToken","message":"m"}"#,
                "InvalidToken InvalidTokenException m r",
            ),
            (
                "sqs",
                "sendMessage",
                &[id, ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")],
                r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}"#,
                "AWS.SimpleQueueService.NonExistentQueue QueueDoesNotExistException m r",
            ),
            (
                "lambda",
                "invoke",
                &[id, ("x-amzn-errortype", "ResourceNotFoundException:http://a/")],
                r#"{"Type":"User","Message":"m"}"#,
                "ResourceNotFoundException ResourceNotFoundException m r",
            ),
            (
                "s3",
                "getObject",
                &[],
                "<Error><Code>NoSuchKey</Code><Message>m</Message><RequestId>r</RequestId><HostId>h</HostId></Error>",
                "NoSuchKey NoSuchKeyException m r",
            ),
            ("s3", "headObject", &[], "", "NoSuchKey NoSuchKeyException null null"),
            (
                "sns",
                "publish",
                &[],
                "<ErrorResponse><Error><Code>NotFound</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>",
                "NotFound NotFoundException m r",
            ),
            (
                "ec2",
                "runInstances",
                &[],
                "<Response><Errors><Error><Code>X</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>",
                "X null m r",
            ),
            ("sfn", "startExecution", &[], "<html>", "null null null null"),
        ] {
            let service = Service::find(service).unwrap();
            let refusal = refusal(service, service.operation(action).unwrap(), &response(404, headers, body), 1);
            let text = |text: Option<&str>| text.unwrap_or("null").to_owned();
            let class = refusal.known.map(|known| known.1);
            let parts = [refusal.code.as_deref(), class, refusal.message.as_deref(), refusal.request_id.as_deref()];
            assert_eq!(parts.map(text).join(" "), expected, "{action} {body}");
        }
    }
}
