//! What AWS takes as the names of buckets, queues, topics and activities. Tables are checked by `dynoxide`.
//!
//! A name is checked before anything else is done with it: it becomes a part of a path, and what is none must reach nothing.

/// How S3 refuses the name of a bucket, with the code `InvalidBucketName`.
pub const INVALID_BUCKET: &str = "The specified bucket is not valid.";

/// Whether S3 takes `name` for a new bucket.
///
/// S3 user guide, "General purpose bucket naming rules".
pub fn is_new_bucket(name: &str) -> bool {
    const STARTS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const ENDS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    is_bucket(name)
        && !STARTS.iter().any(|start| name.starts_with(start))
        && !ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a bucket can have this name: what S3 reserves (and shows in its examples, such as `amzn-s3-demo-bucket`) can.
pub fn is_bucket(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [name.bytes().next(), name.bytes().last()];
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || matches!(byte, b'.' | b'-'))
        && ends.into_iter().flatten().all(plain)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

/// Whether SQS takes `name` for a queue.
///
/// API reference of SQS, `CreateQueue`.
pub fn is_queue(name: &str) -> bool {
    is_plain(name, 80)
}

/// Whether SNS takes `name` for a topic.
///
/// API reference of SNS, `CreateTopic`.
pub fn is_topic(name: &str) -> bool {
    is_plain(name, 256)
}

/// Letters, digits, hyphens and underscores, with `.fifo` at the end of the name of what keeps an order.
fn is_plain(name: &str, longest: usize) -> bool {
    let bare = name.strip_suffix(".fifo").unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    name.len() <= longest && !bare.is_empty() && bare.bytes().all(plain)
}

/// Whether Step Functions takes `name` for an activity, a state machine or an execution.
///
/// API reference of Step Functions, `CreateActivity`.
pub fn is_step_functions_name(name: &str) -> bool {
    let refused = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
            || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
    };
    (1..=80).contains(&name.chars().count()) && !name.contains(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_aws_takes() {
        let long = "a".repeat(64);
        for name in ["abc", "a.b-c", "1ab", "192.168.1", "192.168.1.1.x", &long[..63], "my-xn--a", "s3alias"] {
            assert!(is_new_bucket(name), "{name}");
        }
        for name in [
            "",
            "ab",
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            ".ab",
            "ab.",
            "a..b",
            "192.168.1.1",
            "a/b",
            "images/a",
            "../x",
            "a b",
            "a\0b",
            "a%2fb",
            "abé",
            &long,
        ] {
            assert!(!is_bucket(name) && !is_new_bucket(name), "{name}");
        }
        for name in ["xn--a", "sthree-a", "amzn-s3-demo-bucket", "a-s3alias", "a--ol-s3", "abc.mrap", "a--x-s3"] {
            assert!(is_bucket(name) && !is_new_bucket(name), "{name}");
        }
        for (name, fits) in [
            ("q", true),
            ("a-B_1.fifo", true),
            (".fifo", false),
            ("a.b", false),
            ("", false),
            ("a/b", false),
            ("é", false),
        ] {
            assert_eq!((is_queue(name), is_topic(name)), (fits, fits), "{name}");
        }
        assert!(!is_queue(&"a".repeat(81)) && is_topic(&"a".repeat(256)) && !is_topic(&"a".repeat(257)));
        for (name, fits) in
            [("a b", false), ("é", true), ("a:b", false), ("a\u{85}", false), ("a.b-c_d", true), ("", false)]
        {
            assert_eq!(is_step_functions_name(name), fits, "{name}");
        }
    }
}
