"""Drives a server of the S3 API with boto3: s3_boto3.py URL

Makes each operation at least once, compares what comes back with what AWS answers, and removes what it made.
Ends at the first difference, with a message. The last line names the operations.
"""

import base64
import hashlib
import io
import os
import sys
import time
import urllib.request
import zlib
from datetime import datetime, timezone

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from difference import Difference, holds, same

MB = 1024 * 1024


def md5(content):
    return hashlib.md5(content).hexdigest()


def quoted(text):
    return f'"{text}"'


def crc32(content):
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


class Client:
    """boto3, with a count of its calls and the names of the operations."""

    def __init__(self, url):
        self.s3 = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )
        self.calls, self.called = 0, set()
        self.s3.meta.events.register("before-call.s3", self.count)

    def count(self, model, **_):
        self.calls += 1
        self.called.add(model.name)

    def __getattr__(self, operation):
        return getattr(self.s3, operation)

    def refused(self, operation, code, message=None, status=None, **parameters):
        """The error of a call that has to fail."""
        try:
            got = getattr(self.s3, operation)(**parameters)
        except ClientError as error:
            told = error.response["Error"]
            same(f"{operation} {parameters}: code", told["Code"], code)
            if message is not None:
                same(f"{operation}: message", told["Message"], message)
            if status is not None:
                same(f"{operation}: status", error.response["ResponseMetadata"]["HTTPStatusCode"], status)
            holds(f"{operation}: a request ID is there", error.response["ResponseMetadata"].get("RequestId"), error)
            return told
        raise Difference(f"{operation} {parameters}: got {got!r}, wanted the error {code}")


def buckets(client):
    for _ in range(2):
        same("CreateBucket", client.create_bucket(Bucket="box")["Location"], "/box")
    client.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    client.refused("create_bucket", "BucketAlreadyOwnedByYou", status=409, Bucket="west",
                   CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    client.refused("create_bucket", "InvalidBucketName", Bucket="sthree-x")
    same("HeadBucket", client.head_bucket(Bucket="box")["BucketRegion"], "us-east-1")
    client.refused("head_bucket", "404", status=404, Bucket="nowhere")
    same("GetBucketLocation", client.get_bucket_location(Bucket="box")["LocationConstraint"], None)
    same("GetBucketLocation", client.get_bucket_location(Bucket="west")["LocationConstraint"], "us-west-2")
    same("GetBucketVersioning", client.get_bucket_versioning(Bucket="box").get("Status"), None)
    same("GetBucketAcl", client.get_bucket_acl(Bucket="box")["Grants"][0]["Permission"], "FULL_CONTROL")
    same("ListBuckets", [bucket["Name"] for bucket in client.list_buckets()["Buckets"]], ["box", "west"])
    page = client.list_buckets(MaxBuckets=1)
    more = client.list_buckets(MaxBuckets=1, ContinuationToken=page["ContinuationToken"])
    same("pages of buckets", [page["Buckets"][0]["Name"], more["Buckets"][0]["Name"]], ["box", "west"])
    same("DeleteBucket", client.delete_bucket(Bucket="west")["ResponseMetadata"]["HTTPStatusCode"], 204)
    error = client.refused("delete_bucket", "NoSuchBucket", "The specified bucket does not exist", 404, Bucket="west")
    same("what is missing", error["BucketName"], "west")


def objects(client):
    put = client.put_object(Bucket="box", Key="plain", Body=b"hello")
    same("ETag", put["ETag"], quoted(md5(b"hello")))
    same("the checksum that boto3 sends", (put["ChecksumCRC32"], put["ChecksumType"]), (crc32(b"hello"), "FULL_OBJECT"))
    same("encryption", put["ServerSideEncryption"], "AES256")
    got = client.get_object(Bucket="box", Key="plain")
    same("content", got["Body"].read(), b"hello")
    same("ContentType", got["ContentType"], "binary/octet-stream")
    same("Metadata", got["Metadata"], {})
    same("checksum", got["ChecksumCRC32"], crc32(b"hello"))
    head = client.head_object(Bucket="box", Key="plain")
    listed = client.list_objects_v2(Bucket="box")["Contents"][0]
    same("LastModified", (head["LastModified"], listed["LastModified"]), (got["LastModified"], got["LastModified"]))
    same("ETag", (head["ETag"], listed["ETag"]), (put["ETag"], put["ETag"]))
    same("StorageClass", (head.get("StorageClass"), listed["StorageClass"]), (None, "STANDARD"))

    told = {
        "ContentType": "text/plain; charset=utf-8",
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "StorageClass": "STANDARD_IA",
        "WebsiteRedirectLocation": "/elsewhere",
        "Metadata": {"one": "1", "two-words": "a b"},
    }
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    client.put_object(Bucket="box", Key="told/é ü+&<>.txt", Body=b"x", Tagging="a=b&c=d%20e", Expires=expires, **told)
    for operation in ["get_object", "head_object"]:
        got = getattr(client, operation)(Bucket="box", Key="told/é ü+&<>.txt")
        same(operation, {name: got.get(name) for name in told}, told)
        same("Expires", got["ExpiresString"], "Wed, 02 Jan 2030 03:04:05 GMT")
    same("TagCount", client.get_object(Bucket="box", Key="told/é ü+&<>.txt")["TagCount"], 2)
    overridden = client.get_object(Bucket="box", Key="told/é ü+&<>.txt", ResponseContentType="a/b",
                                   ResponseCacheControl="no-store")
    same("overridden", (overridden["ContentType"], overridden["CacheControl"]), ("a/b", "no-store"))
    same("GetObjectAcl", client.get_object_acl(Bucket="box", Key="plain")["Grants"][0]["Permission"], "FULL_CONTROL")

    attributes = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    got = client.get_object_attributes(Bucket="box", Key="plain", ObjectAttributes=attributes)
    wanted = (md5(b"hello"), {"ChecksumCRC32": crc32(b"hello"), "ChecksumType": "FULL_OBJECT"}, None, "STANDARD", 5)
    same("GetObjectAttributes", tuple(got.get(name) for name in attributes), wanted)

    error = client.refused("get_object", "NoSuchKey", "The specified key does not exist.", 404, Bucket="box", Key="no/é")
    same("what is missing", error["Key"], "no/é")
    client.refused("get_object", "NoSuchBucket", "The specified bucket does not exist", 404, Bucket="nowhere", Key="a")
    client.refused("put_object", "NoSuchBucket", "The specified bucket does not exist", 404, Bucket="nowhere", Key="a",
                   Body=b"x" * MB)
    client.refused("head_object", "404", status=404, Bucket="box", Key="no")
    same("DeleteObject", client.delete_object(Bucket="box", Key="never")["ResponseMetadata"]["HTTPStatusCode"], 204)


def ranges(client):
    content = bytes(range(256)) * 8192  # 2 MB: sent in pieces
    client.put_object(Bucket="box", Key="range", Body=content)
    same("whole", client.get_object(Bucket="box", Key="range")["Body"].read(), content)
    size = len(content)
    for asked, first, last in [
        ("bytes=0-", 0, size - 1),
        (f"bytes=0-{size - 1}", 0, size - 1),
        (f"bytes=0-{size * 2}", 0, size - 1),
        ("bytes=5-9", 5, 9),
        ("bytes=-3", size - 3, size - 1),
        ("bytes=100-", 100, size - 1),
    ]:
        got = client.get_object(Bucket="box", Key="range", Range=asked)
        same(asked, got["ResponseMetadata"]["HTTPStatusCode"], 206)
        same(asked, got["ContentRange"], f"bytes {first}-{last}/{size}")
        same(asked, got["Body"].read(), content[first : last + 1])
        head = client.head_object(Bucket="box", Key="range", Range=asked)
        same(asked, (head["ResponseMetadata"]["HTTPStatusCode"], head["ContentLength"]), (206, last - first + 1))
    client.refused("get_object", "InvalidRange", "The requested range is not satisfiable", 416, Bucket="box",
                   Key="range", Range=f"bytes={size}-")


def conditions(client):
    etag = client.put_object(Bucket="box", Key="if", Body=b"1")["ETag"]
    modified = client.head_object(Bucket="box", Key="if")["LastModified"]
    held = "At least one of the pre-conditions you specified did not hold"
    for tag in [etag, etag.strip('"'), "*"]:
        same("If-Match", client.get_object(Bucket="box", Key="if", IfMatch=tag)["Body"].read(), b"1")
    client.refused("get_object", "PreconditionFailed", held, 412, Bucket="box", Key="if", IfMatch='"x"')
    client.refused("get_object", "304", status=304, Bucket="box", Key="if", IfNoneMatch=etag)
    client.refused("head_object", "304", status=304, Bucket="box", Key="if", IfModifiedSince=modified)
    client.refused("head_object", "412", status=412, Bucket="box", Key="if",
                   IfUnmodifiedSince=datetime(2020, 1, 1, tzinfo=timezone.utc))
    client.refused("put_object", "PreconditionFailed", held, 412, Bucket="box", Key="if", Body=b"2", IfNoneMatch="*")
    client.refused("put_object", "PreconditionFailed", held, 412, Bucket="box", Key="if", Body=b"2", IfMatch='"x"')
    client.refused("put_object", "NoSuchKey", None, 404, Bucket="box", Key="if-not", Body=b"2", IfMatch=etag)
    client.put_object(Bucket="box", Key="if-new", Body=b"2", IfNoneMatch="*")
    client.put_object(Bucket="box", Key="if", Body=b"2", IfMatch=etag)
    client.refused("delete_object", "PreconditionFailed", held, 412, Bucket="box", Key="if", IfMatch=etag)
    same("still there", client.get_object(Bucket="box", Key="if")["Body"].read(), b"2")
    client.delete_object(Bucket="box", Key="if", IfMatch=quoted(md5(b"2")))
    client.refused("copy_object", "PreconditionFailed", held, 412, Bucket="box", Key="c", CopySource="box/plain",
                   CopySourceIfMatch='"x"')
    client.refused("copy_object", "PreconditionFailed", held, 412, Bucket="box", Key="c", CopySource="box/plain",
                   CopySourceIfNoneMatch="*")


def checksums(client):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    client.refused("put_object", "BadDigest", "The Content-MD5 you specified did not match what we received.", 400,
                   Bucket="box", Key="sum", Body=b"x", ContentMD5=wrong)
    client.refused("put_object", "InvalidDigest", "The Content-MD5 you specified was invalid.", 400, Bucket="box",
                   Key="sum", Body=b"x", ContentMD5="eA==")
    client.refused("put_object", "BadDigest", "The CRC32 you specified did not match the calculated checksum.", 400,
                   Bucket="box", Key="sum", Body=b"x", ChecksumCRC32=crc32(b"other"))
    client.refused("put_object", "BadDigest", None, 400, Bucket="box", Key="sum", Body=b"x" * MB,
                   ChecksumSHA256=base64.b64encode(hashlib.sha256(b"other").digest()).decode())
    client.refused("head_object", "404", Bucket="box", Key="sum")
    for name, value in [("SHA1", hashlib.sha1(b"x").digest()), ("SHA256", hashlib.sha256(b"x").digest())]:
        put = client.put_object(Bucket="box", Key="sum", Body=b"x", ChecksumAlgorithm=name)
        wanted = base64.b64encode(value).decode()
        head = client.head_object(Bucket="box", Key="sum", ChecksumMode="ENABLED")
        same(name, (put[f"Checksum{name}"], head[f"Checksum{name}"]), (wanted, wanted))
    # A stream, whose length boto3 knows and whose checksum it sends before or behind it.
    same("a stream", client.put_object(Bucket="box", Key="sum", Body=io.BytesIO(b"y" * 3 * MB))["ChecksumCRC32"],
         crc32(b"y" * 3 * MB))


def copies(client):
    told = {"ContentType": "text/plain", "Metadata": {"a": "b"}, "CacheControl": "no-cache"}
    client.put_object(Bucket="box", Key="from", Body=b"copied", Tagging="t=1", **told)
    copy = client.copy_object(Bucket="box", Key="to/it", CopySource={"Bucket": "box", "Key": "from"})
    same("CopyObject", copy["CopyObjectResult"]["ETag"], quoted(md5(b"copied")))
    head = client.head_object(Bucket="box", Key="to/it")
    same("what is copied", {name: head[name] for name in told}, told)
    same("tags", client.get_object_tagging(Bucket="box", Key="to/it")["TagSet"], [{"Key": "t", "Value": "1"}])
    client.copy_object(Bucket="box", Key="from", CopySource="box/from", MetadataDirective="REPLACE",
                       ContentType="a/b", TaggingDirective="REPLACE", Tagging="u=2")
    head = client.head_object(Bucket="box", Key="from")
    same("replaced", (head["ContentType"], head["Metadata"], head.get("CacheControl")), ("a/b", {}, None))
    same("tags", client.get_object_tagging(Bucket="box", Key="from")["TagSet"], [{"Key": "u", "Value": "2"}])
    client.refused("copy_object", "InvalidRequest", None, 400, Bucket="box", Key="from", CopySource="box/from")
    client.refused("copy_object", "NoSuchKey", None, 404, Bucket="box", Key="x", CopySource="box/nothing")
    client.copy({"Bucket": "box", "Key": "told/é ü+&<>.txt"}, "box", "to/ä")
    same("by the transfer manager", client.get_object(Bucket="box", Key="to/ä")["Body"].read(), b"x")


def tags(client):
    same("none", client.get_object_tagging(Bucket="box", Key="plain")["TagSet"], [])
    modified = client.head_object(Bucket="box", Key="plain")["LastModified"]
    wanted = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    client.put_object_tagging(Bucket="box", Key="plain", Tagging={"TagSet": wanted})
    same("PutObjectTagging", client.get_object_tagging(Bucket="box", Key="plain")["TagSet"], wanted)
    same("unmodified", client.head_object(Bucket="box", Key="plain")["LastModified"], modified)
    client.delete_object_tagging(Bucket="box", Key="plain")
    same("DeleteObjectTagging", client.get_object_tagging(Bucket="box", Key="plain")["TagSet"], [])
    client.refused("put_object_tagging", "InvalidTag", "Cannot provide multiple Tags with the same key", 400,
                   Bucket="box", Key="plain", Tagging={"TagSet": [wanted[0], wanted[0]]})
    client.refused("get_object_tagging", "NoSuchKey", None, 404, Bucket="box", Key="nothing")


def keys(client):
    client.create_bucket(Bucket="keys")
    odd = ["a", "a/b", "a/b/c", "folder/", "a//b", "/lead", "..", "./x", "x y+z", "ü", "1\x01", "a b/", "z" * 1024]
    for key in odd:
        client.put_object(Bucket="keys", Key=key, Body=key.encode())
    for key in odd:
        same(repr(key), client.get_object(Bucket="keys", Key=key)["Body"].read(), key.encode())
    wanted = sorted(odd, key=str.encode)
    for operation in ["list_objects", "list_objects_v2"]:
        for size in [1, 3, 1000]:
            pages = client.get_paginator(operation).paginate(Bucket="keys", PaginationConfig={"PageSize": size})
            same(operation, [entry["Key"] for page in pages for entry in page.get("Contents", [])], wanted)
        pages = client.get_paginator(operation).paginate(Bucket="keys", Delimiter="/", PaginationConfig={"PageSize": 2})
        pages = list(pages)
        same("keys", [entry["Key"] for page in pages for entry in page.get("Contents", [])],
             [key for key in wanted if "/" not in key])
        prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        same("prefixes", prefixes, ["./", "/", "a b/", "a/", "folder/"])
        below = getattr(client, operation)(Bucket="keys", Prefix="a/", Delimiter="/")
        same("below", ([entry["Key"] for entry in below["Contents"]],
                       [entry["Prefix"] for entry in below["CommonPrefixes"]]), (["a/b"], ["a//", "a/b/"]))
    page = client.list_objects_v2(Bucket="keys", StartAfter="a/b", MaxKeys=1, FetchOwner=True)
    same("StartAfter", (page["Contents"][0]["Key"], page["KeyCount"], page["IsTruncated"]), ("a/b/c", 1, True))
    holds("Owner", page["Contents"][0]["Owner"]["ID"], page)
    client.refused("delete_bucket", "BucketNotEmpty", "The bucket you tried to delete is not empty", 409, Bucket="keys")
    told = client.delete_objects(Bucket="keys", Delete={"Objects": [{"Key": key} for key in odd if key != "1\x01"]})
    same("DeleteObjects", len(told["Deleted"]), len(odd) - 1)
    told = client.delete_objects(Bucket="keys", Delete={"Objects": [{"Key": "never"}], "Quiet": True})
    same("quietly", (told.get("Deleted"), told.get("Errors")), (None, None))
    client.delete_object(Bucket="keys", Key="1\x01")
    client.delete_bucket(Bucket="keys")


def parts(client):
    content = os.urandom(20 * MB + 7)
    config = TransferConfig(multipart_chunksize=8 * MB)
    client.upload_fileobj(io.BytesIO(content), "box", "large", Config=config, ExtraArgs={"ContentType": "a/b"})
    pieces = [content[start : start + 8 * MB] for start in range(0, len(content), 8 * MB)]
    etag = f"{md5(b''.join(hashlib.md5(piece).digest() for piece in pieces))}-3"
    head = client.head_object(Bucket="box", Key="large", ChecksumMode="ENABLED")
    same("ETag", (head["ETag"], head["ContentType"], head["ContentLength"]), (quoted(etag), "a/b", len(content)))
    sums = b"".join(zlib.crc32(piece).to_bytes(4, "big") for piece in pieces)
    same("its checksum", (head["ChecksumCRC32"], head["ChecksumType"]), (f"{crc32(sums)}-3", "COMPOSITE"))
    got = io.BytesIO()
    client.download_fileobj("box", "large", got, Config=config)
    same("content", got.getvalue() == content, True)
    part = client.get_object(Bucket="box", Key="large", PartNumber=2)
    same("a part", (part["PartsCount"], part["ContentRange"]), (3, f"bytes {8 * MB}-{16 * MB - 1}/{len(content)}"))
    same("a part", part["Body"].read() == pieces[1], True)
    told = client.get_object_attributes(Bucket="box", Key="large", ObjectAttributes=["ObjectParts"])["ObjectParts"]
    same("ObjectParts", (told["TotalPartsCount"], [part["Size"] for part in told["Parts"]]),
         (3, [len(piece) for piece in pieces]))
    copy = client.copy_object(Bucket="box", Key="whole", CopySource="box/large")
    same("a copy comes whole", copy["CopyObjectResult"]["ETag"], quoted(md5(content)))

    begin = {"Bucket": "box", "Key": "slow/it"}
    upload = client.create_multipart_upload(**begin, Metadata={"a": "b"}, ChecksumAlgorithm="CRC64NVME")
    place = {**begin, "UploadId": upload["UploadId"]}
    uploads = client.list_multipart_uploads(Bucket="box", Prefix="slow/")["Uploads"]
    same("ListMultipartUploads", [entry["UploadId"] for entry in uploads], [place["UploadId"]])
    first = client.upload_part(**place, PartNumber=1, Body=b"1" * 5 * MB)
    again = client.upload_part(**place, PartNumber=1, Body=b"2" * 6 * MB)
    same("ETag of a part", again["ETag"], quoted(md5(b"2" * 6 * MB)))
    copied = client.upload_part_copy(**place, PartNumber=3, CopySource="box/large", CopySourceRange="bytes=1-6")
    same("UploadPartCopy", copied["CopyPartResult"]["ETag"], quoted(md5(content[1:7])))
    told = client.list_parts(**place, MaxParts=1)
    same("ListParts", ([part["PartNumber"] for part in told["Parts"]], told["IsTruncated"]), ([1], True))
    numbers = [{"PartNumber": 1, "ETag": again["ETag"]}, {"PartNumber": 3, "ETag": copied["CopyPartResult"]["ETag"]}]

    def complete(parts, code, **more):
        client.refused("complete_multipart_upload", code, None, 400, **place, MultipartUpload={"Parts": parts}, **more)

    complete([{"PartNumber": 1, "ETag": first["ETag"]}], "InvalidPart")
    complete([{"PartNumber": 2, "ETag": first["ETag"]}], "InvalidPart")
    complete(numbers[::-1], "InvalidPartOrder")
    complete([], "MalformedXML")
    complete(numbers, "InvalidRequest", MpuObjectSize=1)
    client.refused("complete_multipart_upload", "NoSuchUpload", None, 404, Bucket="box", Key="other",
                   UploadId=place["UploadId"], MultipartUpload={"Parts": numbers})
    done = client.complete_multipart_upload(**place, MultipartUpload={"Parts": numbers}, MpuObjectSize=6 * MB + 6)
    holds("its checksum", done["ChecksumType"] == "FULL_OBJECT" and done["ChecksumCRC64NVME"], done)
    got = client.get_object(**begin)
    same("content", got["Body"].read() == b"2" * 6 * MB + content[1:7], True)
    same("Metadata", got["Metadata"], {"a": "b"})

    small = client.create_multipart_upload(**begin)
    place = {**begin, "UploadId": small["UploadId"]}
    tags = [client.upload_part(**place, PartNumber=number, Body=b"x")["ETag"] for number in [1, 2]]
    complete([{"PartNumber": number, "ETag": tag} for number, tag in zip([1, 2], tags)], "EntityTooSmall")
    client.refused("upload_part", "BadDigest", None, 400, **place, PartNumber=1, Body=b"x", ChecksumCRC32=crc32(b"y"))
    client.abort_multipart_upload(**place)
    client.refused("upload_part", "NoSuchUpload", None, 404, **place, PartNumber=1, Body=b"x")
    client.refused("list_parts", "NoSuchUpload", None, 404, **place)
    same("no uploads", client.list_multipart_uploads(Bucket="box").get("Uploads"), None)


def presigned(client):
    def answer(url, **request):
        client.calls += 1
        try:
            with urllib.request.urlopen(urllib.request.Request(url, **request)) as response:
                return response.status, response.read(), response.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers

    where = {"Bucket": "box", "Key": "signed/é.txt"}
    put = client.generate_presigned_url("put_object", Params={**where, "ContentType": "text/plain"})
    same("PUT", answer(put, data=b"signed", method="PUT", headers={"Content-Type": "text/plain"})[0], 200)
    get = client.generate_presigned_url("get_object", Params={**where, "ResponseContentDisposition": "inline"})
    status, content, headers = answer(get)
    same("GET", (status, content, headers["Content-Type"], headers["Content-Disposition"]),
         (200, b"signed", "text/plain", "inline"))
    old = boto3.client("s3", endpoint_url=client.meta.endpoint_url, region_name="us-east-1", aws_access_key_id="a",
                       aws_secret_access_key="b", config=Config(signature_version="s3v4"))
    status, content, _ = answer(old.generate_presigned_url("get_object", Params=where))
    same("GET, version 4", (status, content), (200, b"signed"))
    expired = old.generate_presigned_url("get_object", Params=where, ExpiresIn=-1)
    status, content, _ = answer(expired)
    holds("an expired URL", status == 403 and b"Request has expired" in content, (status, content))

    for version in [client.s3, old]:
        post = version.generate_presigned_post(
            "box", "form/${filename}", Fields={"Content-Type": "text/x"},
            Conditions=[{"Content-Type": "text/x"}, ["content-length-range", 1, 10]])
        boundary = "----aBoundary"
        lines = []
        for name, value in post["fields"].items():
            lines.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n')
        lines.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n'
                     f"Content-Type: text/plain\r\n\r\nposted\r\n--{boundary}--\r\n")
        status, content, _ = answer(post["url"], data="".join(lines).encode(), method="POST",
                                    headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
        same("POST of a form", (status, content), (204, b""))
        got = client.get_object(Bucket="box", Key="form/f.txt")
        same("what a form wrote", (got["Body"].read(), got["ContentType"]), (b"posted", "text/x"))


def not_there(client):
    message = "A header you provided implies functionality that is not implemented: "
    for parameters, why in [
        ({"ServerSideEncryption": "aws:kms"}, "x-amz-server-side-encryption can only be AES256 here"),
        ({"ObjectLockMode": "GOVERNANCE"}, "x-amz-object-lock-mode is not part of the embedded S3"),
        ({"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
         "x-amz-server-side-encryption-customer-algorithm is not part of the embedded S3"),
    ]:
        client.refused("put_object", "NotImplemented", None, 400, Bucket="box", Key="no", Body=b"x", **parameters)
    client.refused("put_object", "AccessControlListNotSupported", "The bucket does not allow ACLs", 400, Bucket="box",
                   Key="no", Body=b"x", ACL="public-read")
    client.refused("put_bucket_versioning", "NotImplemented", None, 400, Bucket="box",
                   VersioningConfiguration={"Status": "Enabled"})
    client.refused("get_object", "InvalidArgument", "Invalid version id specified", 400, Bucket="box", Key="plain",
                   VersionId="x")


def remove(client):
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="box")
    found = [{"Key": entry["Key"]} for page in pages for entry in page["Contents"]]
    told = client.delete_objects(Bucket="box", Delete={"Objects": found})
    same("DeleteObjects", len(told["Deleted"]), len(found))
    client.delete_bucket(Bucket="box")
    same("no buckets", client.list_buckets()["Buckets"], [])


def main():
    client = Client(sys.argv[1])
    for part in [buckets, objects, ranges, conditions, checksums, copies, tags, keys, parts, presigned, not_there,
                 remove]:
        try:
            part(client)
        except Exception as error:
            told = error if isinstance(error, Difference) else f"{type(error).__name__}: {error}"
            print(f"boto3 {boto3.__version__}: {part.__name__}: after {client.calls} calls: {told}", file=sys.stderr)
            if not isinstance(error, Difference):
                raise
            return 1
    client.called.discard("PutBucketVersioning")
    print(f"ok: {client.calls} calls of {' '.join(sorted(client.called))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
