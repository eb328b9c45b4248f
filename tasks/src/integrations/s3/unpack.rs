//! Objects that are not plain text: compressed ones, and Parquet files.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;

/// How an object is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstandard,
    Parquet,
}

impl Packing {
    /// How the object of a key is packed.
    pub(super) fn of(key: &str, parquet: bool) -> Option<Self> {
        let extension = key.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension.to_ascii_lowercase().as_str() {
            _ if parquet => Some(Self::Parquet),
            "gz" | "gzip" => Some(Self::Gzip),
            "zst" | "zstd" => Some(Self::Zstandard),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "Zstandard",
            Self::Parquet => "Parquet",
        }
    }
}

/// An object has no text that can be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnpackError {
    /// It is not packed as its key or its reader says.
    #[error("{key} cannot be read as a {} file: {source}", packing.name())]
    Unreadable { key: String, packing: Packing, source: io::Error },
    #[error("{0} is not UTF-8 text")]
    NotText(String),
}

/// The text that bytes begin with; none where they are no UTF-8. A character that is cut off at their end is left for the next
/// piece, of which there is none where they are the `last`.
pub(super) fn whole_characters(bytes: &[u8], last: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && !last => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

/// The text in a packed object, read from its beginning to its end.
pub(super) struct Unpacked {
    key: String,
    packing: Packing,
    reader: Box<dyn Read + Send>,
    /// How many bytes of text were given.
    at: u64,
    /// The beginning of a character that was cut off.
    rest: Vec<u8>,
}

impl Unpacked {
    /// The text in the file of an object, from the byte `from` on.
    pub(super) fn open(mut file: File, key: &str, packing: Packing, from: u64) -> Result<Self, UnpackError> {
        let open = || -> io::Result<Box<dyn Read + Send>> {
            file.seek(SeekFrom::Start(0))?;
            let mut reader: Box<dyn Read + Send> = match packing {
                Packing::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(file))),
                Packing::Zstandard => Box::new(zstd::stream::read::Decoder::new(file)?),
                Packing::Parquet => parquet(file)?,
            };
            io::copy(&mut reader.by_ref().take(from), &mut io::sink())?;
            Ok(reader)
        };
        let key = key.to_owned();
        let reader = match open() {
            Ok(reader) => reader,
            Err(source) => return Err(UnpackError::Unreadable { key, packing, source }),
        };
        Ok(Self { key, packing, reader, at: from, rest: Vec::new() })
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The next bytes of text, `most` at most, and whether they are the last.
    pub(super) fn piece(&mut self, most: usize) -> Result<(String, bool), UnpackError> {
        let mut bytes = std::mem::take(&mut self.rest);
        let wanted = most.saturating_sub(bytes.len()) as u64;
        let read = self.reader.by_ref().take(wanted).read_to_end(&mut bytes);
        let key = || self.key.clone();
        let unreadable = |source| UnpackError::Unreadable { key: key(), packing: self.packing, source };
        let last = (read.map_err(unreadable)? as u64) < wanted;
        let text = whole_characters(&bytes, last).ok_or_else(|| UnpackError::NotText(key()))?.to_owned();
        self.rest = bytes.split_off(text.len());
        self.at += text.len() as u64;
        Ok((text, last))
    }
}

#[cfg(feature = "parquet")]
fn parquet(file: File) -> io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(super::rows::Rows::open(file)?))
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: File) -> io::Result<Box<dyn Read + Send>> {
    Err(io::Error::other("this asl was built without the feature \"parquet\""))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The pieces of a packed text, each of `most` bytes at most. The last may be empty.
    fn pieces(packed: &[u8], packing: Packing, from: u64, most: usize) -> Vec<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(packed).unwrap();
        let mut unpacked = Unpacked::open(file, "a", packing, from).unwrap();
        let mut pieces = Vec::new();
        loop {
            let (text, last) = unpacked.piece(most).unwrap();
            pieces.push(text);
            if last {
                pieces.retain(|piece| !piece.is_empty());
                return pieces;
            }
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn keys_tell_how_an_object_is_packed() {
        for (key, packing) in [
            ("a.csv", None),
            ("gz", None),
            ("a/b.jsonl.gz", Some(Packing::Gzip)),
            ("a.GZIP", Some(Packing::Gzip)),
            ("a.csv.zstd", Some(Packing::Zstandard)),
            ("a.zst", Some(Packing::Zstandard)),
        ] {
            assert_eq!(Packing::of(key, false), packing, "{key}");
        }
        assert_eq!(Packing::of("a.gz", true), Some(Packing::Parquet));
    }

    #[test]
    fn characters_are_not_cut() {
        let gzip = gzip("aéb€c".as_bytes());
        let zstandard = zstd::encode_all("aéb€c".as_bytes(), 1).unwrap();
        for (packed, packing) in [(gzip, Packing::Gzip), (zstandard, Packing::Zstandard)] {
            assert_eq!(pieces(&packed, packing, 0, 4), ["aéb", "€c"], "{packing:?}");
            assert_eq!(pieces(&packed, packing, 3, 100), ["b€c"], "{packing:?}");
        }
    }
    #[test]
    fn a_character_may_be_cut_off_by_a_piece_but_not_by_the_end() {
        for (bytes, last, text) in [
            ("aé".as_bytes(), true, Some("aé")),
            (b"caf\xc3", false, Some("caf")),
            (b"caf\xc3", true, None),
            // Latin-1
            (b"caf\xe9", true, None),
            (b"caf\xe9s", false, None),
            (b"\xc3", false, Some("")),
            (b"", true, Some("")),
        ] {
            assert_eq!(whole_characters(bytes, last), text, "{bytes:?} {last}");
        }
    }

    #[test]
    fn an_object_that_cannot_be_unpacked_is_named() {
        let (whole, zstandard) = (gzip(b"caf\xc3\xa9"), zstd::encode_all(&b"text"[..], 1).unwrap());
        for (packed, packing, told) in [
            (&b"{\"n\":1}"[..], Packing::Gzip, "in/a cannot be read as a gzip file: "),
            (&whole[..whole.len() - 9], Packing::Gzip, "in/a cannot be read as a gzip file: "),
            (b"{\"n\":1}", Packing::Zstandard, "in/a cannot be read as a Zstandard file: "),
            (&zstandard[..zstandard.len() - 1], Packing::Zstandard, "in/a cannot be read as a Zstandard file: "),
            (b"{\"n\":1}", Packing::Parquet, "in/a cannot be read as a Parquet file: "),
            (&gzip(b"caf\xe9"), Packing::Gzip, "in/a is not UTF-8 text"),
        ] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(packed).unwrap();
            let read = Unpacked::open(file, "in/a", packing, 0).and_then(|mut unpacked| unpacked.piece(100));
            let error = read.unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
