import os
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import boto3

s3 = boto3.client("s3")


def handler(event, context):
    # What the app's own command has put beside the code is there.
    open(os.path.join(os.path.dirname(__file__), "bundled.txt")).close()
    return [one(event["batchInput"]["baseUrl"], path) for path in event["resourcePaths"]]


def one(base, path):
    url = f"{base}/{path}"
    try:
        with urllib.request.urlopen(url) as response:
            body = response.read()
    except urllib.error.HTTPError as error:
        return {"url": url, "statusCode": error.code, "message": f"Could not find: {url}"}
    name = f"{urlsplit(base).hostname}/{path.rsplit('/')[-1]}"
    s3.put_object(Bucket=os.environ["BUCKET"], Key=name, Body=body)
    return {"url": url, "statusCode": 200, "filename": name}
