"""Drives a server of the S3 API with s3fs, pyarrow and polars: s3_readers.py URL

Writes with each and reads with the others, compares, and removes what it made. Ends at the first difference, with a message.
"""

import sys
from importlib.metadata import version

import polars
import pyarrow
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
import s3fs

MB = 1024 * 1024
calls = 0


class Difference(Exception):
    """The server answers something else than AWS."""


def same(what, got, wanted):
    global calls
    calls += 1
    if got != wanted:
        raise Difference(f"{what}: got {got!r}, wanted {wanted!r}")


def through_s3fs(url):
    fs = s3fs.S3FileSystem(key="any", secret="any", endpoint_url=url, client_kwargs={"region_name": "us-east-1"})
    fs.mkdir("files")
    same("exists", fs.exists("files"), True)
    fs.pipe("files/a/one.txt", b"one")
    same("cat", fs.cat("files/a/one.txt"), b"one")
    content = bytes(range(256)) * 4096 * 12  # 12 MB: in parts
    with fs.open("files/a/large", "wb", block_size=5 * MB) as file:
        file.write(content)
    same("size", fs.info("files/a/large")["size"], len(content))
    with fs.open("files/a/large", "rb") as file:
        file.seek(1000)
        same("a range", file.read(300), content[1000:1300])
    same("cat", fs.cat("files/a/large") == content, True)
    fs.touch("files/marker/")
    same("ls", sorted(fs.ls("files")), ["files/a", "files/marker"])
    same("ls below", sorted(fs.ls("files/a", refresh=True)), ["files/a/large", "files/a/one.txt"])
    same("find", sorted(fs.find("files/a")), ["files/a/large", "files/a/one.txt"])
    same("glob", fs.glob("files/*/*.txt"), ["files/a/one.txt"])
    fs.cp("files/a/one.txt", "files/b/two.txt")
    fs.mv("files/a/large", "files/b/large")
    same("cp and mv", sorted(fs.find("files/b")), ["files/b/large", "files/b/two.txt"])
    same("du", fs.du("files/b"), len(content) + 3)
    with fs.open("files/b/two.txt", "ab") as file:
        file.write(b" more")
    same("append", fs.cat("files/b/two.txt"), b"one more")
    fs.setxattr("files/b/two.txt", colour="blue")
    same("metadata", fs.getxattr("files/b/two.txt", "colour"), "blue")
    fs.put_tags("files/b/two.txt", {"a": "b"})
    same("tags", fs.get_tags("files/b/two.txt"), {"a": "b"})
    same("a URL", fs.url("files/b/two.txt").startswith(url), True)
    same("checksum", isinstance(fs.checksum("files/b/two.txt"), int), True)
    try:
        fs.cat("files/never")
        raise Difference("cat of what is missing: got something")
    except FileNotFoundError:
        pass
    fs.rm("files", recursive=True)
    same("rm", fs.exists("files"), False)


def through_pyarrow(url):
    host = url.split("//")[1]
    fs = pyarrow.fs.S3FileSystem(access_key="any", secret_key="any", endpoint_override=host, scheme="http",
                                 region="us-east-1", allow_bucket_creation=True, allow_bucket_deletion=True)
    fs.create_dir("tables/deep/er")
    same("a folder", fs.get_file_info("tables/deep/er").type, pyarrow.fs.FileType.Directory)
    same("none", fs.get_file_info("tables/none").type, pyarrow.fs.FileType.NotFound)
    table = pyarrow.table({"n": range(100_000), "text": [str(n % 97) for n in range(100_000)]})
    pyarrow.parquet.write_table(table, "tables/t.parquet", filesystem=fs)
    same("parquet", pyarrow.parquet.read_table("tables/t.parquet", filesystem=fs).equals(table), True)
    pyarrow.dataset.write_dataset(table, "tables/set", filesystem=fs, format="parquet",
                                  partitioning=["text"], existing_data_behavior="overwrite_or_ignore")
    read = pyarrow.dataset.dataset("tables/set", filesystem=fs, format="parquet", partitioning=["text"])
    same("a dataset", read.count_rows(), 100_000)
    content = b"0123456789abcdef" * MB  # 16 MB: in parts
    with fs.open_output_stream("tables/large", metadata={"Content-Type": "text/x"}) as stream:
        stream.write(content)
    with fs.open_input_file("tables/large") as file:
        same("size", file.size(), len(content))
        same("a range", file.read_at(20, 5 * MB), content[5 * MB : 5 * MB + 20])
    with fs.open_input_stream("tables/large") as stream:
        same("metadata", stream.metadata()["Content-Type"], b"text/x")
        same("content", stream.read() == content, True)
    fs.copy_file("tables/large", "tables/copy")
    fs.move("tables/copy", "tables/moved")
    found = fs.get_file_info(pyarrow.fs.FileSelector("tables", recursive=False))
    names = sorted(info.base_name for info in found)
    same("a list", names, ["deep", "large", "moved", "set", "t.parquet"])
    fs.delete_dir("tables/set")
    fs.delete_file("tables/moved")
    same("deleted", fs.get_file_info("tables/set").type, pyarrow.fs.FileType.NotFound)
    return fs, table


def through_polars(url, table):
    options = {
        "aws_access_key_id": "any",
        "aws_secret_access_key": "any",
        "aws_region": "us-east-1",
        "aws_endpoint_url": url,
        "aws_allow_http": "true",
    }
    read = polars.read_parquet("s3://tables/t.parquet", storage_options=options)
    same("read_parquet", read.to_arrow().num_rows, table.num_rows)
    lazy = polars.scan_parquet("s3://tables/*.parquet", storage_options=options)
    same("scan_parquet", lazy.filter(polars.col("n") > 99_990).select(polars.len()).collect().item(), 9)
    frame = polars.DataFrame({"a": range(1000), "b": ["x" * 100] * 1000})
    frame.write_parquet("s3://tables/p/frame.parquet", storage_options=options)
    frame.write_csv("s3://tables/p/frame.csv", storage_options=options)
    frame.lazy().sink_ndjson("s3://tables/p/frame.ndjson", storage_options=options)
    for read, name in [(polars.read_parquet, "parquet"), (polars.read_csv, "csv")]:
        same(name, read(f"s3://tables/p/frame.{name}", storage_options=options).equals(frame), True)
    rows = polars.scan_ndjson("s3://tables/p/frame.ndjson", storage_options=options).collect()
    same("ndjson", rows.equals(frame), True)
    large = polars.DataFrame({"n": range(2_000_000)})
    large.write_parquet("s3://tables/p/large.parquet", storage_options=options, compression="uncompressed")
    same("in parts", polars.read_parquet("s3://tables/p/large.parquet", storage_options=options).equals(large), True)


def main():
    url = sys.argv[1].rstrip("/")
    try:
        through_s3fs(url)
        fs, table = through_pyarrow(url)
        through_polars(url, table)
        fs.delete_dir_contents("tables")
        fs.delete_dir("tables")
    except Difference as difference:
        versions = ", ".join(f"{name} {version(name)}" for name in ["s3fs", "pyarrow", "polars"])
        print(f"{versions}: after {calls} comparisons: {difference}", file=sys.stderr)
        return 1
    print(f"ok: {calls} calls")
    return 0


if __name__ == "__main__":
    sys.exit(main())
