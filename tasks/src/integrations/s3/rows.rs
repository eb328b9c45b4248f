//! The rows of a Parquet file.

use std::fs::File;
use std::io::{self, Read};

use parquet::file::reader::SerializedFileReader;
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
        Ok(Self { rows: RowIter::from_file_into(Box::new(reader)), line: Vec::new(), at: 0 })
    }
}

fn invalid(error: parquet::errors::ParquetError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::basic::{Compression, ZstdLevel};
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn file(compression: Compression) -> File {
        let schema = "message m { required int64 id; optional binary name (UTF8); required double price; }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
        let mut writer = SerializedFileWriter::new(tempfile::tempfile().unwrap(), schema, properties).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&[1, 2], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&[ByteArray::from("é")], Some(&[1, 0]), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(&[0.5, 2.0], None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.into_inner().unwrap()
    }

    #[test]
    fn rows_are_lines() {
        // AWS developer guide: GZIP, ZSTD and Snappy are supported.
        let zstd = Compression::ZSTD(ZstdLevel::default());
        for compression in [Compression::UNCOMPRESSED, Compression::GZIP(Default::default()), zstd, Compression::SNAPPY]
        {
            let mut text = String::new();
            Rows::open(file(compression)).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "{\"id\":1,\"name\":\"é\",\"price\":0.5}\n{\"id\":2,\"name\":null,\"price\":2.0}\n");
        }
    }
}
