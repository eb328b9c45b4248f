//! Texts of files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The text of a file, without the byte order mark that some editors begin it with.
///
/// A folder is [`io::ErrorKind::IsADirectory`], and what is no UTF-8 [`io::ErrorKind::InvalidData`].
pub fn read_text(file: &Path) -> io::Result<String> {
    // Not every system says so by itself.
    if file.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    read_text_of(File::open(file)?)
}

/// As [`read_text`], of what is open: stdin.
pub fn read_text_of(mut source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.read_to_string(&mut text)?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}
