//! Text delimited files, by the rules of AWS.
//!
//! AWS developer guide, "How Step Functions parses input CSV files".

/// One row of a file.
pub(super) struct Row {
    pub(super) fields: Vec<String>,
    /// How many bytes it takes, with the end of its line.
    pub(super) len: usize,
}

/// The row that a text begins with; `None` where its end is not there yet. `whole` tells that nothing follows the text.
///
/// - Quotation marks may enclose a field, which then can have delimiters and the ends of lines in it.
/// - `""` is a quotation mark, in a field without enclosing marks, too.
/// - A backslash before a backslash, a quotation mark or the delimiter stands for that; before anything else it is
///   dropped.
pub(super) fn row(text: &str, delimiter: u8, whole: bool) -> Option<Row> {
    let bytes = text.as_bytes();
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let mut field = String::new();
        at = match plain(bytes, at, delimiter) {
            // Most fields have nothing special in them.
            Some(end) => {
                field.push_str(&text[at..end]);
                end
            }
            None => special(text, at, delimiter, whole, &mut field)?,
        };
        fields.push(field);
        match bytes.get(at) {
            Some(&byte) if byte == delimiter => at += 1,
            Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => return Some(Row { fields, len: at + 2 }),
            Some(b'\r') if at + 1 == bytes.len() && !whole => return None,
            Some(_) => return Some(Row { fields, len: at + 1 }),
            None if whole => return Some(Row { fields, len: at }),
            None => return None,
        }
    }
}

/// The end of a field that has neither quotation marks nor backslashes, if that is there.
fn plain(bytes: &[u8], from: usize, delimiter: u8) -> Option<usize> {
    let rest = &bytes[from..];
    let len = rest.iter().position(|&byte| byte == delimiter || matches!(byte, b'\n' | b'\r' | b'"' | b'\\'))?;
    (!matches!(rest[len], b'"' | b'\\')).then_some(from + len)
}

/// Reads a field into `field` and gives its end, byte by byte.
fn special(text: &str, from: usize, delimiter: u8, whole: bool, field: &mut String) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut enclosed = opens(&bytes[from..], delimiter, whole)?;
    at += usize::from(enclosed);
    let mut run = at;
    loop {
        let byte = match bytes.get(at) {
            Some(byte) => *byte,
            None if whole => break,
            None => return None,
        };
        if byte == b'"' || byte == b'\\' {
            let next = match bytes.get(at + 1) {
                None if !whole => return None,
                next => next.copied(),
            };
            let escaped = next.is_some_and(|next| match byte {
                b'"' => next == b'"',
                _ => matches!(next, b'"' | b'\\') || next == delimiter,
            });
            let dropped = byte == b'\\' || enclosed;
            if escaped || dropped {
                field.push_str(&text[run..at]);
                run = at + 1;
            }
            if !escaped && byte == b'"' {
                enclosed = false;
            }
            at += if escaped { 2 } else { 1 };
            continue;
        }
        if !enclosed && (byte == delimiter || matches!(byte, b'\n' | b'\r')) {
            break;
        }
        at += 1;
    }
    field.push_str(&text[run..at]);
    Some(at)
}

/// Whether a field begins with a mark that encloses it: not with `""`, unless nothing else is in the field.
fn opens(field: &[u8], delimiter: u8, whole: bool) -> Option<bool> {
    let end = |at: usize| match field.get(at) {
        Some(&byte) => Some(byte == delimiter || matches!(byte, b'\n' | b'\r' | b'"')),
        None => whole.then_some(true),
    };
    match (field.first(), field.get(1)) {
        (Some(b'"'), Some(b'"')) => end(2),
        (Some(b'"'), None) => whole.then_some(true),
        (first, _) => Some(first == Some(&b'"')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All rows, read from a text that comes in pieces of `piece` bytes.
    fn rows(text: &str, delimiter: u8, piece: usize) -> Vec<Vec<String>> {
        let (mut rows, mut at, mut end) = (Vec::new(), 0, 0);
        loop {
            match row(&text[at..end], delimiter, end == text.len()) {
                _ if at == text.len() => return rows,
                Some(row) => {
                    at += row.len;
                    rows.push(row.fields);
                }
                None => {
                    end = (end + piece).min(text.len());
                    while !text.is_char_boundary(end) {
                        end += 1;
                    }
                }
            }
        }
    }

    #[test]
    fn fields_follow_the_rules() {
        let cases: [(&str, u8, &[&[&str]]); 12] = [
            // AWS's example.
            (
                "abc,123,\"This string contains commas, a double quotation marks (\"\"), and a newline (\n)\",{\"\"MyKey\"\":\"\"MyValue\"\"},\"[1,2,3]\"",
                b',',
                &[&[
                    "abc",
                    "123",
                    "This string contains commas, a double quotation marks (\"), and a newline (\n)",
                    "{\"MyKey\":\"MyValue\"}",
                    "[1,2,3]",
                ]],
            ),
            // AWS's rule of backslashes, and its example.
            (
                "path,size\nC:\\\\Program Files\\\\MyApp.exe,6534512\n",
                b',',
                &[&["path", "size"], &["C:\\Program Files\\MyApp.exe", "6534512"]],
            ),
            ("a\\,b,c\\d,\\\\", b',', &[&["a,b", "cd", "\\"]]),
            ("a\\|b|c\\,d", b'|', &[&["a|b", "c,d"]]),
            ("x\\\"y\\\",\"x\\\"y\"", b',', &[&["x\"y\"", "x\"y"]]),
            // What is not said, as other readers have it.
            ("a,,\r\n,\"\",b", b',', &[&["a", "", ""], &["", "", "b"]]),
            ("\"\"\"a\"\"\",\"\"b\"\",a\"b", b',', &[&["\"a\"", "\"b\"", "a\"b"]]),
            ("\"a\"b,\"c\n", b',', &[&["ab", "c\n"]]),
            ("é\"\"é;\"ü;\"\n", b';', &[&["é\"é", "ü;"]]),
            ("a\rb", b',', &[&["a"], &["b"]]),
            ("   \n", b',', &[&["   "]]),
            ("a\\", b',', &[&["a"]]),
        ];
        for (text, delimiter, expected) in cases {
            for piece in [1, 2, 3, text.len()] {
                assert_eq!(rows(text, delimiter, piece), expected, "{text:?} in pieces of {piece}");
            }
        }
    }
}
