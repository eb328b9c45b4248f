//! An HTTP request for an operation, without the host and the signature.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use md5::{Digest, Md5};

use crate::cbor;
use crate::model::{Location, Member, Operation, Protocol, Service, Shape, TimeFormat};
use crate::parameters::{Given, ParametersError};
use crate::{query, xml};

/// What is sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// Encoded.
    pub(crate) path: String,
    /// Encoded, without the question mark.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What comes before the host.
    pub(crate) host_prefix: String,
    /// The bucket that the path starts with.
    pub(crate) bucket: Option<String>,
}

/// Makes the request that gives `input` to `operation`.
pub(crate) fn build(
    service: &'static Service,
    operation: &'static Operation,
    input: Vec<(&'static Member, Given)>,
) -> Result<Request, ParametersError> {
    let mut request = Request {
        method: operation.method,
        path: String::new(),
        query: String::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        host_prefix: operation.host_prefix.to_owned(),
        bucket: None,
    };
    for (member, value) in &input {
        if let Some(text) = value.text(TimeFormat::Iso) {
            request.host_prefix = request.host_prefix.replace(&format!("{{{}}}", member.name), &text);
        }
    }
    match service.protocol {
        Protocol::Json { version, target } => {
            header(&mut request, "content-type", &format!("application/x-amz-json-{version}"))?;
            header(&mut request, "x-amz-target", &format!("{target}.{}", operation.name))?;
            request.path = "/".to_owned();
            request.body = Given::Structure(input).json().to_string().into();
        }
        Protocol::Cbor { target } => {
            for (name, value) in [("smithy-protocol", "rpc-v2-cbor"), ("accept", cbor::CONTENT_TYPE)] {
                header(&mut request, name, value)?;
            }
            request.path = format!("/service/{target}/operation/{}", operation.name);
            // An operation that takes nothing has no body.
            if operation.input.is_some() {
                header(&mut request, "content-type", cbor::CONTENT_TYPE)?;
                request.body = cbor::write(Given::Structure(input)).into();
            }
        }
        Protocol::Query { version } | Protocol::Ec2 { version } => {
            header(&mut request, "content-type", "application/x-www-form-urlencoded; charset=utf-8")?;
            request.path = "/".to_owned();
            let ec2 = matches!(service.protocol, Protocol::Ec2 { .. });
            request.body = query::form(operation.name, version, input, ec2).into();
        }
        Protocol::RestJson | Protocol::RestXml { .. } => rest(service, operation, input, &mut request)?,
    }
    Ok(request)
}

/// Puts every member where it belongs: into the path, the query, the headers or the body.
fn rest(
    service: &'static Service,
    operation: &'static Operation,
    input: Vec<(&'static Member, Given)>,
    request: &mut Request,
) -> Result<(), ParametersError> {
    let (path, fixed_query) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
    let mut queries: Vec<(String, String)> = Vec::new();
    let mut uri = Vec::new();
    let (mut inside, mut body) = (Vec::new(), None);
    for (member, value) in input {
        match member.location {
            Location::Uri => uri.push((member, value)),
            Location::Query => query_member(member, &value, &mut queries),
            Location::Header => {
                let text = match &value {
                    Given::List(items) => {
                        let items = items.iter().filter_map(|item| item.text(TimeFormat::Http));
                        items.collect::<Vec<_>>().join(",")
                    }
                    value => value.text(TimeFormat::Http).unwrap_or_default(),
                };
                header(request, member.wire, &text)?;
            }
            Location::HeaderPrefix => {
                let Given::Map(entries) = value else { continue };
                for (name, value) in entries {
                    let text = value.text(TimeFormat::Http).unwrap_or_default();
                    header(request, &format!("{}{name}", member.wire), &text)?;
                }
            }
            Location::Body => body = Some((member, value)),
            Location::Inside | Location::Attribute | Location::Status => inside.push((member, value)),
        }
    }
    if service.name == "s3" {
        request.bucket =
            uri.iter().find(|(member, _)| &*member.name == "Bucket").and_then(|(_, value)| value.text(TimeFormat::Iso));
    }
    request.path = fill(path, &uri)?;
    let fixed = (!fixed_query.is_empty()).then(|| fixed_query.to_owned());
    let given = queries.iter().map(|(name, value)| format!("{}={}", encode(name, false), encode(value, false)));
    request.query = fixed.into_iter().chain(given).collect::<Vec<_>>().join("&");

    let members = operation.input.map_or(&[] as &[_], |structure| service.members(structure));
    let has_inside = members.iter().any(|member| member.location == Location::Inside);
    let (kind, bytes) = match (body, service.protocol) {
        (Some((_, Given::Bytes(bytes))), _) => ("application/octet-stream", bytes),
        (Some((_, Given::Text(text))), _) => ("text/plain", text.into_bytes()),
        (Some((member, value)), Protocol::RestXml { namespace }) => {
            ("application/xml", xml::write(member.wire, namespace, &member.shape, value).into_bytes())
        }
        (Some((_, value)), _) => ("application/json", value.json().to_string().into_bytes()),
        (None, Protocol::RestXml { namespace }) if has_inside => {
            let root = format!("{}Request", operation.name);
            ("application/xml", xml::write(&root, namespace, &Shape::Document, Given::Structure(inside)).into_bytes())
        }
        (None, Protocol::RestJson) if has_inside => {
            ("application/json", Given::Structure(inside).json().to_string().into_bytes())
        }
        (None, _) => return Ok(()),
    };
    // A parameter can say what the content is.
    request.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
    if service.name == "s3" && kind == "application/xml" {
        // Some operations of S3 want a checksum of what they are told.
        let digest = aws_smithy_types::base64::encode(Md5::digest(&bytes));
        header(request, "content-md5", &digest)?;
    }
    request.body = bytes.into();
    Ok(())
}

fn query_member(member: &Member, value: &Given, queries: &mut Vec<(String, String)>) {
    let mut push = |name: &str, value: &Given| {
        if let Some(text) = value.text(TimeFormat::Iso) {
            queries.push((name.to_owned(), text));
        }
    };
    match value {
        Given::List(items) => items.iter().for_each(|item| push(member.wire, item)),
        Given::Map(entries) => {
            for (name, value) in entries {
                match value {
                    Given::List(items) => items.iter().for_each(|item| push(name, item)),
                    value => push(name, value),
                }
            }
        }
        value => push(member.wire, value),
    }
}

fn header(request: &mut Request, name: &str, value: &str) -> Result<(), ParametersError> {
    let unfit = |_| ParametersError::HeaderValue { name: name.to_owned(), value: value.to_owned() };
    let parsed = name.parse::<HeaderName>().map_err(|_| ParametersError::HeaderName(name.to_owned()))?;
    request.headers.insert(parsed, HeaderValue::from_str(value).map_err(unfit)?);
    Ok(())
}

/// `path` with its `{Name}` and `{Name+}` replaced by members of the input.
fn fill(path: &str, members: &[(&'static Member, Given)]) -> Result<String, ParametersError> {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let (name, keep_slash) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
        let value =
            members.iter().find(|(member, _)| member.wire == name).and_then(|(_, value)| value.text(TimeFormat::Iso));
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return Err(ParametersError::Missing(name.to_owned()));
        };
        filled.push_str(before);
        filled.push_str(&encode(&value, keep_slash));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Encoded for a path or a query, as signatures have it.
pub(crate) fn encode(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            b'/' if keep_slash => encoded.push('/'),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Style, parameters};

    /// Method, address, headers and body, as a person would write them down.
    fn built(service: &str, action: &str, input: &str) -> Result<String, ParametersError> {
        let service = Service::find(service).unwrap();
        let operation = service.operation(action).unwrap();
        let input = parameters::read(service, operation.input, &input.parse().unwrap(), Style::Sdk)?;
        let request = build(service, operation, input)?;
        let mark = if request.query.is_empty() { "" } else { "?" };
        let mut text = format!("{} {}{mark}{}", request.method, request.path, request.query);
        let mut headers: Vec<_> = request.headers.iter().collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in headers {
            text.push_str(&format!("\n{name}: {}", value.to_str().unwrap()));
        }
        Ok(format!("{text}\n{}", String::from_utf8(request.body.to_vec()).unwrap()))
    }

    #[test]
    fn services_that_speak_cbor_alone_get_it() {
        let service = Service::find("eventbridgev2").unwrap();
        let operation = service.operation("listEventBuses").unwrap();
        let input = r#"{"NamePrefix":"a","MaxResults":5}"#.parse().unwrap();
        let request =
            build(service, operation, parameters::read(service, operation.input, &input, Style::Sdk).unwrap());
        let request = request.unwrap();
        // What botocore 1.44.8 sends.
        assert_eq!(request.path, "/service/AWSEventsV2/operation/ListEventBuses");
        assert_eq!(request.body, &b"\xa2jNamePrefixaajMaxResults\x05"[..]);
        for (name, value) in
            [("smithy-protocol", "rpc-v2-cbor"), ("accept", "application/cbor"), ("content-type", "application/cbor")]
        {
            assert_eq!(request.headers[name], value);
        }
    }

    #[test]
    fn requests_are_as_the_protocol_has_them() {
        for (service, action, input, expected) in [
            (
                "sfn",
                "sendTaskHeartbeat",
                r#"{"TaskToken":"t"}"#,
                "POST /\ncontent-type: application/x-amz-json-1.0\nx-amz-target: AWSStepFunctions.SendTaskHeartbeat\n\
                 {\"taskToken\":\"t\"}",
            ),
            (
                "sfn",
                "listActivities",
                "{}",
                "POST /\ncontent-type: application/x-amz-json-1.0\nx-amz-target: AWSStepFunctions.ListActivities\n{}",
            ),
            (
                "lambda",
                "invoke",
                r#"{"FunctionName":"arn:f","InvocationType":"Event","Qualifier":"1","Payload":{"a":1}}"#,
                "POST /2015-03-31/functions/arn%3Af/invocations?Qualifier=1\ncontent-type: application/octet-stream\n\
                 x-amz-invocation-type: Event\n{\"a\":1}",
            ),
            (
                "lambda",
                "tagResource",
                r#"{"Resource":"r","Tags":{"A":"b"}}"#,
                "POST /2017-03-31/tags/r\ncontent-type: application/json\n{\"Tags\":{\"A\":\"b\"}}",
            ),
            ("lambda", "listTags", r#"{"Resource":"r"}"#, "GET /2017-03-31/tags/r\n"),
            (
                "lambda",
                "untagResource",
                r#"{"Resource":"r","TagKeys":["a","b&c"]}"#,
                "DELETE /2017-03-31/tags/r?tagKeys=a&tagKeys=b%26c\n",
            ),
            (
                "s3",
                "putObject",
                r#"{"Bucket":"b","Key":"a/é","Body":"text","ContentType":"text/plain","Metadata":{"k":"v"}}"#,
                "PUT /b/a/%C3%A9\ncontent-type: text/plain\nx-amz-meta-k: v\n\"text\"",
            ),
            (
                "s3",
                "deleteObjects",
                r#"{"Bucket":"b","Delete":{"Objects":[{"Key":"a"},{"Key":"<"}],"Quiet":true}}"#,
                "POST /b?delete\ncontent-md5: //YuLNsJNWHRCKAivDtD7g==\ncontent-type: application/xml\n\
                 <Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a</Key></Object><Object><Key>&lt;</Key></Object>\
                 <Quiet>true</Quiet></Delete>",
            ),
            (
                "s3",
                "listObjectsV2",
                r#"{"Bucket":"b","Prefix":"a b","MaxKeys":1}"#,
                "GET /b?list-type=2&prefix=a%20b&max-keys=1\n",
            ),
            (
                "sns",
                "publish",
                r#"{"TopicArn":"t","Message":{"a":"&"},"MessageAttributes":{"k":{"DataType":"String","StringValue":"v"}}}"#,
                "POST /\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\n\
                 Action=Publish&Version=2010-03-31&TopicArn=t&Message=%7B%22a%22%3A%22%26%22%7D\
                 &MessageAttributes.entry.1.Name=k&MessageAttributes.entry.1.Value.DataType=String\
                 &MessageAttributes.entry.1.Value.StringValue=v",
            ),
            (
                "ec2",
                "describeInstances",
                r#"{"InstanceIds":["i-1"],"Filters":[{"Name":"n","Values":["a","b"]}]}"#,
                "POST /\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\n\
                 Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&Filter.1.Name=n&Filter.1.Value.1=a&Filter.1.Value.2=b",
            ),
            (
                "route53",
                "createHostedZone",
                r#"{"Name":"a","CallerReference":"c"}"#,
                "POST /2013-04-01/hostedzone\ncontent-type: application/xml\n\
                 <CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>a</Name>\
                 <CallerReference>c</CallerReference></CreateHostedZoneRequest>",
            ),
        ] {
            assert_eq!(built(service, action, input).unwrap(), expected);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_told() {
        for (service, action, input, expected) in [
            ("s3", "getObject", r#"{"Bucket":"b"}"#, "The field \"Key\" is required and must not be empty"),
            ("s3", "getObject", r#"{"Bucket":"b","Key":""}"#, "The field \"Key\" is required and must not be empty"),
            (
                "s3",
                "putObject",
                r#"{"Bucket":"b","Key":"k","CacheControl":"a\nb"}"#,
                "\"a\\nb\" cannot be the value of the header \"Cache-Control\"",
            ),
            (
                "s3",
                "putObject",
                r#"{"Bucket":"b","Key":"k","Metadata":{"a b":"c"}}"#,
                "\"x-amz-meta-a b\" cannot be the name of a header",
            ),
        ] {
            assert_eq!(built(service, action, input).unwrap_err().to_string(), expected);
        }
    }
}
