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
}

/// The text in a packed object, read from its beginning to its end.
pub(super) struct Unpacked {
    reader: Box<dyn Read + Send>,
    /// How many bytes of text were given.
    at: u64,
    /// The beginning of a character that was cut off.
    rest: Vec<u8>,
}

impl Unpacked {
    /// The text in a file, from the byte `from` on.
    pub(super) fn open(mut file: File, packing: Packing, from: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut reader: Box<dyn Read + Send> = match packing {
            Packing::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(file))),
            Packing::Zstandard => Box::new(zstd::stream::read::Decoder::new(file)?),
            Packing::Parquet => parquet(file)?,
        };
        io::copy(&mut reader.by_ref().take(from), &mut io::sink())?;
        Ok(Self { reader, at: from, rest: Vec::new() })
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The next bytes of text, `most` at most, and whether they are the last.
    pub(super) fn piece(&mut self, most: usize) -> io::Result<(String, bool)> {
        let mut bytes = std::mem::take(&mut self.rest);
        let wanted = most.saturating_sub(bytes.len()) as u64;
        let read = self.reader.by_ref().take(wanted).read_to_end(&mut bytes)? as u64;
        let last = read < wanted;
        let valid = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes.len(),
            Err(error) if error.error_len().is_none() && !last => error.valid_up_to(),
            Err(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "the object is not UTF-8 text")),
        };
        self.rest = bytes.split_off(valid);
        self.at += valid as u64;
        Ok((String::from_utf8(bytes).unwrap_or_default(), last))
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
        let mut unpacked = Unpacked::open(file, packing, from).unwrap();
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
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all("aéb€c".as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        let zstandard = zstd::encode_all("aéb€c".as_bytes(), 1).unwrap();
        for (packed, packing) in [(gzip, Packing::Gzip), (zstandard, Packing::Zstandard)] {
            assert_eq!(pieces(&packed, packing, 0, 4), ["aéb", "€c"], "{packing:?}");
            assert_eq!(pieces(&packed, packing, 3, 100), ["b€c"], "{packing:?}");
        }
    }
}
