//! XML: requests are written, answers are read into trees.

use quick_xml::events::Event;

use crate::in_process::xml_text;
use crate::model::{Location, Shape, TimeFormat};
use crate::parameters::Given;

/// How deep elements may be in each other: more than any answer of AWS has.
const DEPTH_MAX: usize = 100;

/// The document `<root xmlns="…">…</root>` of a value.
pub(crate) fn write(root: &str, namespace: &str, shape: &'static Shape, value: Given) -> String {
    let mut text = String::new();
    element(&mut text, root, &format!(" xmlns=\"{}\"", attribute(namespace)), shape, value);
    text
}

fn attribute(text: &str) -> String {
    xml_text(text).replace('"', "&quot;")
}

fn element(text: &mut String, name: &str, attributes: &str, shape: &'static Shape, value: Given) {
    match (value, shape) {
        (Given::List(items), Shape::List { flat: true, of, .. }) => {
            for value in items {
                element(text, name, "", of, value);
            }
            return;
        }
        (Given::Map(entries), Shape::Map { names, flat: true, of }) => {
            for (key, value) in entries {
                entry(text, name, *names, of, &key, value);
            }
            return;
        }
        (Given::List(items), Shape::List { item, of, .. }) => {
            text.push_str(&format!("<{name}{attributes}>"));
            for value in items {
                element(text, item, "", of, value);
            }
        }
        (Given::Map(entries), Shape::Map { names, of, .. }) => {
            text.push_str(&format!("<{name}{attributes}>"));
            for (key, value) in entries {
                entry(text, "entry", *names, of, &key, value);
            }
        }
        (Given::Structure(members), _) => {
            let mut attributes = attributes.to_owned();
            for (member, value) in members.iter().filter(|(member, _)| member.location == Location::Attribute) {
                // The only one that services have is "xsi:type".
                let value = attribute(&value.text(TimeFormat::Iso).unwrap_or_default());
                attributes.push_str(&format!(
                    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" {}=\"{value}\"",
                    member.wire
                ));
            }
            text.push_str(&format!("<{name}{attributes}>"));
            for (member, value) in members.into_iter().filter(|(member, _)| member.location != Location::Attribute) {
                element(text, member.wire, "", &member.shape, value);
            }
        }
        (value, _) => {
            let value = xml_text(&value.text(TimeFormat::Iso).unwrap_or_default());
            text.push_str(&format!("<{name}{attributes}>{value}"));
        }
    }
    text.push_str(&format!("</{name}>"));
}

fn entry(text: &mut String, name: &str, names: (&str, &str), of: &'static Shape, key: &str, value: Given) {
    text.push_str(&format!("<{name}><{0}>{1}</{0}>", names.0, xml_text(key)));
    element(text, names.1, "", of, value);
    text.push_str(&format!("</{name}>"));
}

/// An element: its text, and the elements in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    attributes: Vec<(String, String)>,
    pub(crate) inside: Vec<Element>,
}

impl Element {
    /// The first element of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.all(name).next()
    }

    /// All elements of this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.inside.iter().filter(move |element| element.name == name)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The text of the first element of this name.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name).map(|element| element.text.as_str())
    }
}

/// A text is no document of XML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// It is not written as XML has it, for the reason that is told.
    #[error("{0}")]
    Syntax(String),
    /// Elements are too deep in each other.
    #[error("elements are more than {DEPTH_MAX} deep")]
    TooDeep,
    /// An element ends that did not start.
    #[error("an element ends that did not start")]
    EndWithoutStart,
    /// It ends before its last element does.
    #[error("it ends within an element")]
    Unended,
    /// There is no element.
    #[error("it has no element")]
    NoElement,
}

/// Reads a document; the answer is its root. Names are without prefixes, but for those of attributes.
pub(crate) fn read(text: &str) -> Result<Element, XmlError> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| XmlError::Syntax(error.to_string()))? {
            Event::Start(start) => {
                if open.len() > DEPTH_MAX {
                    return Err(XmlError::TooDeep);
                }
                let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                let mut attributes = Vec::new();
                for attribute in start.attributes().flatten() {
                    let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
                    let value = String::from_utf8_lossy(&attribute.value).into_owned();
                    attributes.push((name, unescape(&value)));
                }
                open.push(Element { name, attributes, ..Element::default() });
            }
            Event::End(_) => {
                let Some(ended) = open.pop() else { break };
                match open.last_mut() {
                    Some(outer) => outer.inside.push(ended),
                    None => return Err(XmlError::EndWithoutStart),
                }
            }
            Event::Text(piece) => add(&mut open, &String::from_utf8_lossy(&piece)),
            Event::CData(piece) => add(&mut open, &String::from_utf8_lossy(&piece)),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", String::from_utf8_lossy(&name));
                add(&mut open, &unescape(&reference));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match open.pop() {
        Some(mut document) if open.is_empty() => document.inside.pop().ok_or(XmlError::NoElement),
        _ => Err(XmlError::Unended),
    }
}

fn add(open: &mut [Element], piece: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(piece);
    }
}

fn unescape(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read() {
        let text = "<?xml version=\"1.0\"?>\n<a:Root xmlns:a=\"n\"><Key>x &amp; &#233; &lt;</Key><Empty/>\
                    <G xsi:type=\"A&amp;B\"><![CDATA[<c>]]></G><Key>2</Key></a:Root>";
        let root = read(text).unwrap();
        assert_eq!((root.name.as_str(), root.text_of("Key")), ("Root", Some("x & é <")));
        assert_eq!(root.all("Key").count(), 2);
        assert_eq!(root.text_of("Empty"), Some(""));
        let grantee = root.get("G").unwrap();
        assert_eq!((grantee.attribute("xsi:type"), grantee.text.as_str()), (Some("A&B"), "<c>"));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in ["", "text", "<a>", "<a></b>", "</a>", &"<a>".repeat(1000)] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
