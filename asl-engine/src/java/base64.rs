use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine};

/// As Java's MIME decoder reads it: padding may be missing, and bits behind the last byte say nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `Base64.getMimeDecoder().decode`: what is not in the alphabet is passed over. The error is a text that ends inside a
/// byte, or goes on behind its padding.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    LENIENT.decode(text.bytes().filter(known).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_read_leniently() {
        for (text, expected) in [
            ("aGVsbG8=", Some("hello")),
            ("aGVsbG8", Some("hello")),
            (" YWJj\nZA== ", Some("abcd")),
            ("!!!YWJj!!!", Some("abc")),
            ("YWJj-_", Some("abc")),
            ("", Some("")),
            ("YQ==YQ==", None),
            ("A", None),
        ] {
            let decoded = super::decode(text).ok();
            assert_eq!(decoded.as_deref(), expected.map(str::as_bytes), "{text}");
        }
    }
}
