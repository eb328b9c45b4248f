"""Fetches resources over HTTP and stores them in S3, several at once.

A resource that cannot be had is an entry of the answer; one that cannot be stored fails the task.
"""

import asyncio
import json
import os
import re
import unicodedata
from http import HTTPStatus

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import ClientError

import task_input

BUCKET = os.environ["IMAGES_BUCKET_NAME"]
# How many seconds one resource may take, redirects and body included.
TIMEOUT_SECONDS = 10
# The most bytes that one resource may have.
MAX_BODY_BYTES = 100 * 1024 * 1024

# Made at the start of a process, which serves many calls.
s3 = boto3.client("s3", config=Config(max_pool_connections=50))


class NotFetched(Exception):
    """Why there is no resource: the status code and the message of its entry."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


def handler(event, context):
    paths = task_input.resource_paths(event)
    batch_input = task_input.member(event, "batchInput")
    base, url = task_input.base_url(batch_input)
    at_once = task_input.lambda_concur(batch_input)
    return asyncio.run(entries(base, url.hostname, paths, at_once))


async def entries(base: str, host: str, paths: list[str], at_once: int) -> list[dict]:
    """One entry for each path, in their order."""
    places = asyncio.Semaphore(at_once)
    # What was compressed on the way would be stored as it is on the server, and not as it comes.
    headers = {"Accept-Encoding": "identity"}
    async with httpx.AsyncClient(follow_redirects=True, timeout=None, headers=headers) as web:

        async def one(path: str) -> dict:
            async with places:
                return await entry(web, base, host, path)

        return await asyncio.gather(*(one(path) for path in paths))


async def entry(web: httpx.AsyncClient, base: str, host: str, path: str) -> dict:
    """Fetches and stores `{base}/{path}`, and tells what came of it."""
    url = f"{base}/{path}"
    try:
        key = object_key(host, path)
        try:
            body = await asyncio.wait_for(fetch(web, url), TIMEOUT_SECONDS)
        except asyncio.TimeoutError:
            raise NotFetched(400, f"No answer within {TIMEOUT_SECONDS} s: {url}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotFetched(400, f"Could not fetch {url}: {error}") from error
    except NotFetched as failed:
        return {"url": url, "statusCode": failed.status, "message": str(failed)}
    await asyncio.to_thread(store, key, body)
    return {"url": url, "statusCode": 200, "filename": key}


async def fetch(web: httpx.AsyncClient, url: str) -> bytes:
    async with web.stream("GET", url) as response:
        status = response.status_code
        if status == 404:
            raise NotFetched(status, f"Could not find: {url}")
        if status != 200:
            known = status in set(HTTPStatus)
            raise NotFetched(status, f"HTTP error {status} - {HTTPStatus(status).phrase if known else 'unknown'}")
        body = bytearray()
        announced = int(response.headers.get("content-length", "0"))
        if announced <= MAX_BODY_BYTES:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    break
        if max(announced, len(body)) > MAX_BODY_BYTES:
            raise NotFetched(400, f"Too large: {url} has more than {MAX_BODY_BYTES} bytes (max_body_bytes)")
        return bytes(body)


def store(key: str, body: bytes) -> None:
    try:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    except ClientError as error:
        # The error of the task is the code of S3, such as NoSuchBucket.
        told = error.response["Error"]
        failure = type(told["Code"], (Exception,), {})
        raise failure(f"Cannot store {key} in the bucket {BUCKET}: {told['Message']}") from error


def object_key(host: str, path: str) -> str:
    """The object key of a resource: `{host}/{last path segment}`, the segment as it is written."""
    segment = re.split(r"[/\\]", re.split(r"[?#]", path, maxsplit=1)[0])[-1]
    shown = json.dumps(path, ensure_ascii=False)
    if not segment:
        raise NotFetched(400, f"No object name: {shown} does not end with the name of a file")
    if segment in (".", ".."):
        raise NotFetched(400, f'No object name: {shown} ends with "{segment}"')
    if any(unicodedata.category(letter) == "Cc" for letter in segment):
        raise NotFetched(400, f"No object name: {shown} has a control character in its last segment")
    return f"{host}/{segment}"
