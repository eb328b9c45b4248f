//! The rows of a Parquet file.

use std::fs::File;
use std::io::{self, Read};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;

/// The rows of a Parquet file as lines of JSON.
pub(super) struct Rows {
    rows: RowIter<'static>,
    /// A line, and how much of it was read.
    line: Vec<u8>,
    at: usize,
}

impl Rows {
    pub(super) fn open(file: File) -> io::Result<Self> {
        let reader = SerializedFileReader::new(file).map_err(invalid)?;
        // A file without its last bytes shows its fault here rather than in a row.
        let _ = reader.metadata();
        Ok(Self { rows: RowIter::from_file_into(Box::new(reader)), line: Vec::new(), at: 0 })
    }
}

fn invalid(error: parquet::errors::ParquetError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the object is no Parquet file that can be read: {error}"))
}

impl Read for Rows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            let Some(row) = self.rows.next() else { return Ok(0) };
            self.line = row.map_err(invalid)?.to_json_value().to_string().into_bytes();
            self.line.push(b'\n');
            self.at = 0;
        }
        let rest = &self.line[self.at..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        self.at += len;
        Ok(len)
    }
}
