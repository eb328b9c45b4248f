//! The digests by which clients of SQS see that a message is the one that they sent.
//!
//! AWS developer guide of SQS, "Calculating the MD5 message digest for message attributes".

use aws_smithy_types::base64;
use md5::{Digest, Md5};
use serde_json::{Map, Value};

pub(super) fn of_body(body: &str) -> String {
    format!("{:x}", Md5::digest(body))
}

/// None where there are no attributes.
pub(super) fn of_attributes(attributes: &Map<String, Value>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut names: Vec<&String> = attributes.keys().collect();
    names.sort();
    let mut digest = Md5::new();
    for name in names {
        let text = |member: &str| attributes[name.as_str()].get(member).and_then(Value::as_str);
        add(&mut digest, name.as_bytes());
        add(&mut digest, text("DataType").unwrap_or_default().as_bytes());
        match text("BinaryValue") {
            Some(binary) => {
                digest.update([2]);
                add(&mut digest, &base64::decode(binary).unwrap_or_default());
            }
            None => {
                digest.update([1]);
                add(&mut digest, text("StringValue").unwrap_or_default().as_bytes());
            }
        }
    }
    Some(format!("{:x}", digest.finalize()))
}

fn add(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_sqs() {
        assert_eq!(of_body("This is a test message"), "fafb00f5732ab283681e124bf8747ed1");
        assert_eq!(of_attributes(&Map::new()), None);
        // An example of the tests of moto.
        let attributes = serde_json::json!({
            "timestamp": { "DataType": "Number", "StringValue": "1493147359900" },
        });
        let digest = of_attributes(attributes.as_object().unwrap());
        assert_eq!(digest.as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
    }
}
