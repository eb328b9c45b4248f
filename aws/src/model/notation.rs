//! The notation of `api-models/`: what `api-models/generate.py` writes is read here.

use std::sync::OnceLock;

use asl_engine::sdk_member_name;

use super::{Error, Location, Member, Operation, Protocol, Service, Shape, Shapes, TimeFormat, capital};

/// A line of `services.txt`: a service.
pub(super) fn service(line: &'static str) -> Option<Service> {
    let mut words = line.split(' ');
    let mut word = || words.next();
    let (name, prefix, id, protocol, host, signing_name) = (word()?, word()?, word()?, word()?, word()?, word()?);
    let part = (word()?.parse().ok()?, word()?.parse().ok()?);
    let (kind, details) = protocol.split_once('/').unwrap_or((protocol, ""));
    let protocol = match kind {
        "json" => details.split_once('/').map(|(version, target)| Protocol::Json { version, target })?,
        "cbor" => Protocol::Cbor { target: details },
        "rest-json" => Protocol::RestJson,
        "query" => Protocol::Query { version: details },
        "ec2" => Protocol::Ec2 { version: details },
        "rest-xml" => Protocol::RestXml { namespace: details },
        _ => return None,
    };
    let shapes = OnceLock::new();
    Some(Service { name, prefix, id: id.replace('_', " ").into(), protocol, host, signing_name, part, shapes })
}

/// The part of `shapes.z` that belongs to `service`: its operations, its errors, and a structure a line.
pub(super) fn shapes(service: &str, text: &'static str) -> Shapes {
    let mut shapes = Shapes::default();
    let mut lines = text.lines();
    for line in lines.by_ref() {
        if let Some(errors) = line.strip_prefix('!') {
            shapes.errors = errors.split_whitespace().map(error).collect();
            break;
        }
        if let Some(operation) = operation(line) {
            shapes.operations.insert(operation.name, operation);
        }
    }
    shapes.structures = lines.map(|line| line.split_whitespace().map(|text| member(service, text)).collect()).collect();
    shapes
}

fn error(text: &'static str) -> Error {
    let (text, class) = text.split_once('>').map_or((text, None), |(text, class)| (text, Some(class)));
    let (code, shape) = text.split_once('=').unwrap_or((text, text));
    Error { code, shape, class: class.unwrap_or(shape) }
}

fn operation(line: &'static str) -> Option<Operation> {
    let mut words = line.split(' ').peekable();
    let name = words.next()?;
    let mut structure = || words.next().and_then(|number| number.parse().ok());
    let (input, output) = (structure(), structure());
    let mut operation = Operation { name, input, output, method: "POST", uri: "/", host_prefix: "", signed: true };
    while let Some(word) = words.next() {
        match word.strip_prefix('~') {
            Some(prefix) => operation.host_prefix = prefix,
            None if word == "-" => operation.signed = false,
            None => (operation.method, operation.uri) = (word, words.next()?),
        }
    }
    Some(operation)
}

fn member(service: &str, text: &'static str) -> Member {
    // A header prefix such as "x-amz-meta-" has no ":", and neither has any other name, but "xsi:type".
    let (text, shape) = match text.rsplit_once(':') {
        Some((before, kind)) if kind != "type" && !kind.starts_with("type@") => (before, shape(kind)),
        _ => (text, Shape::Text),
    };
    let (text, made_up) = text.strip_suffix('+').map_or((text, false), |text| (text, true));
    let (text, location) = match text.split_once('@') {
        Some((text, location)) => (text, location),
        None => (text, ""),
    };
    let location = match location {
        "b" => Location::Body,
        "h" => Location::Header,
        "p" => Location::HeaderPrefix,
        "q" => Location::Query,
        "u" => Location::Uri,
        "s" => Location::Status,
        "a" => Location::Attribute,
        _ => Location::Inside,
    };
    let (text, query) = text.split_once('^').map_or((text, None), |(text, query)| (text, Some(query)));
    let (name, wire) = text.split_once('=').unwrap_or((text, text));
    let (shown, query) = (capital(name), query.unwrap_or(wire));
    let sdk_name = Some(sdk_member_name(service, name)).filter(|sdk_name| *sdk_name != *shown).map(Into::into);
    Member { name: shown, sdk_name, wire, query, location, made_up, shape }
}

fn shape(text: &'static str) -> Shape {
    match text {
        "s" => return Shape::Text,
        "b" => return Shape::Blob,
        "o" => return Shape::Boolean,
        "n" => return Shape::Number,
        "t" => return Shape::Time(None),
        "ti" => return Shape::Time(Some(TimeFormat::Iso)),
        "tu" => return Shape::Time(Some(TimeFormat::Unix)),
        "tr" => return Shape::Time(Some(TimeFormat::Http)),
        _ => {}
    }
    let of = |text: &'static str, default| {
        let (text, flat) = text.strip_prefix('~').map_or((text, false), |text| (text, true));
        match text.strip_prefix('(').and_then(|text| text.split_once(')')) {
            Some((names, text)) => (names, flat, Box::new(shape(text))),
            None => (default, flat, Box::new(shape(text))),
        }
    };
    if let Some(text) = text.strip_prefix('[') {
        let (item, flat, of) = of(text, "member");
        return Shape::List { item, flat, of };
    }
    if let Some(text) = text.strip_prefix('{') {
        let (names, flat, of) = of(text, "key;value");
        return Shape::Map { names: names.split_once(';').unwrap_or(("key", "value")), flat, of };
    }
    text.parse().map_or(Shape::Document, Shape::Structure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read() {
        let grantee = member("any", "Type=xsi:type@a");
        assert_eq!((&*grantee.name, grantee.wire, grantee.location), ("Type", "xsi:type", Location::Attribute));
        let token = member("any", "clientToken@h+:s");
        assert!(token.made_up && token.location == Location::Header && &*token.name == "ClientToken");
        let attributes = member("any", "MessageAttributes:{(Name;Value)12");
        let Shape::Map { names: ("Name", "Value"), flat: false, of } = attributes.shape else { panic!() };
        assert!(matches!(*of, Shape::Structure(12)));
        let parts = member("any", "Parts=Part:[~(x)tr");
        let Shape::List { item: "x", flat: true, of } = parts.shape else { panic!() };
        assert!(matches!(*of, Shape::Time(Some(TimeFormat::Http))));
    }
}
