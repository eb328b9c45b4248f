"""How fast the embedded services are at the endpoint of asl serve: beside moto, and beside writing the file.

    ASL_MOTO_SERVER=…/moto_server PYTHON benches/services/embedded.py --asl target/release/asl

PYTHON has boto3. Prints, all of one run:

- puts and gets of 4 KB in S3, puts of items in DynamoDB, and messages of SQS that are sent, received and deleted, over connections that stay
  open, one and eight at a time, as a ratio to moto's;
- the time of a multipart upload of 1 GB by boto3 as a ratio to that of writing the same file, and the most memory that asl takes
  meanwhile (`VmHWM` of Linux; `?` elsewhere).

What is written lies in a temporary folder below --folder, and is removed.
"""

import argparse
import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

SECONDS = 3.0  # how long a rate is measured
SMALL = os.urandom(4096)
PIECE = os.urandom(1 << 20)
START_LIMIT = 60.0  # seconds


class Server:
    """A server process that listens."""

    def __init__(self, name, command, folder, port):
        self.name, self.url = name, f"http://127.0.0.1:{port}"
        self.log = open(Path(folder) / f"{name}.log", "wb")
        self.process = subprocess.Popen(command, cwd=folder, stdout=self.log, stderr=self.log)
        until = time.monotonic() + START_LIMIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"{name} does not start: {Path(self.log.name).read_text()}")
                time.sleep(0.05)

    def peak(self):
        """The most memory that it had, in MB."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return None
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask_json(target, region_service, body):
    """A request of a JSON protocol."""
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
    return "POST", "/", json.dumps(body).encode(), headers, region_service


def rate(url, request, clients, each=1):
    """How often it is done in a second, by clients that each wait for an answer before they ask again. `request` gives the next request
    of a client, from the answer before; it is done after `each` of them."""
    where = urlsplit(url)
    counts, failures = [0] * clients, []
    ends = time.monotonic() + SECONDS

    def ask(number):
        connection, before = http.client.HTTPConnection(where.hostname, where.port), None
        while time.monotonic() < ends:
            method, path, body, headers, service = request(number, counts[number], before)
            # What says which service is meant; nobody checks the signature.
            scope = f"AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
            connection.request(method, path, body, {**headers, "Authorization": scope})
            answer = connection.getresponse()
            before = answer.read()
            if answer.status != 200:
                return failures.append(f"{method} {path}: {answer.status} {before[:200]!r}")
            counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(f"{url}: {failures[0]}")
    return sum(counts) / SECONDS / each


def client(url, service="s3"):
    import boto3
    from botocore.config import Config

    config = Config(s3={"addressing_style": "path"})
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="any",
                        aws_secret_access_key="any", config=config)


def small(server):
    """What is done in a second, by how many ask at a time."""
    client(server.url).create_bucket(Bucket="bench")
    key = {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "id", "KeyType": "HASH"}
    client(server.url, "dynamodb").create_table(
        TableName="bench", AttributeDefinitions=[key[0]], KeySchema=[key[1]], BillingMode="PAY_PER_REQUEST")
    queues = [client(server.url, "sqs").create_queue(QueueName=f"bench-{number}")["QueueUrl"] for number in range(8)]
    text = base64.b64encode(SMALL[:768]).decode()

    def put(number, count, _):
        return "PUT", f"/bench/{number}/{count % 1000}", SMALL, {}, "s3"

    def get(number, count, _):
        return "GET", f"/bench/{number}/{count % 100}", None, {}, "s3"

    def put_item(number, count, _):
        item = {"id": {"S": f"{number}-{count}"}, "text": {"S": text}}
        return ask_json("DynamoDB_20120810.PutItem", "dynamodb", {"TableName": "bench", "Item": item})

    def message(number, count, before):
        queue = queues[number]
        if count % 3 == 0:
            return ask_json("AmazonSQS.SendMessage", "sqs", {"QueueUrl": queue, "MessageBody": text})
        if count % 3 == 1:
            return ask_json("AmazonSQS.ReceiveMessage", "sqs", {"QueueUrl": queue})
        receipt = json.loads(before)["Messages"][0]["ReceiptHandle"]
        return ask_json("AmazonSQS.DeleteMessage", "sqs", {"QueueUrl": queue, "ReceiptHandle": receipt})

    rates = {}
    for clients in [1, 8]:
        for what, request, each in [
            ("puts of 4 KB in S3", put, 1),
            ("gets of 4 KB in S3", get, 1),
            ("puts in DynamoDB", put_item, 1),
            ("messages of SQS", message, 3),
        ]:
            rates[f"{what}, {clients} at a time"] = rate(server.url, request, clients, each)
    return rates


def large(server, folder, megabytes):
    """How long writing a file and uploading it take, in seconds."""
    source, other = Path(folder) / "source", Path(folder) / "other"
    with open(source, "wb") as file:
        for _ in range(megabytes):
            file.write(PIECE)
    s3 = client(server.url)
    s3.create_bucket(Bucket="large")

    def write():
        started = time.monotonic()
        with open(source, "rb") as read, open(other, "wb") as written:
            while piece := read.read(1 << 20):
                written.write(piece)
            os.fsync(written.fileno())
        took = time.monotonic() - started
        other.unlink()
        return took

    def upload():
        started = time.monotonic()
        s3.upload_file(str(source), "large", "object")
        return time.monotonic() - started

    before = write()
    uploaded = upload()
    size = s3.head_object(Bucket="large", Key="object")["ContentLength"]
    assert size == megabytes << 20, size
    s3.delete_object(Bucket="large", Key="object")
    after = write()
    source.unlink()
    return (before + after) / 2, uploaded


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--asl", required=True)
    parser.add_argument("--folder", default=None)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--only", choices=["small", "large"])
    asked = parser.parse_args()
    asl, moto = os.path.abspath(asked.asl), os.environ.get("ASL_MOTO_SERVER")
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="embedded-bench-") as folder:

        def start_asl():
            port = free_port()
            return Server("asl", [asl, "serve", "--listen", str(port), "--memory", "--json"], folder, port)

        if asked.only != "large":
            rates = {}
            server = start_asl()
            rates["asl"] = small(server)
            server.stop()
            if moto and shutil.which(moto):
                port = free_port()
                server = Server("moto", [moto, "-p", str(port)], folder, port)
                rates["moto"] = small(server)
                server.stop()
            else:
                print("moto: not run: ASL_MOTO_SERVER names no program")
            for what, ours in rates["asl"].items():
                line = f"{what}: {ours:.0f} a second"
                if "moto" in rates:
                    line += f", {ours / rates['moto'][what]:.1f} times moto's {rates['moto'][what]:.0f}"
                print(line)
        if asked.only != "small":
            server = start_asl()
            wrote, uploaded = large(server, folder, asked.megabytes)
            peak = server.peak()
            server.stop()
            megabytes = "?" if peak is None else f"{peak:.0f} MB"
            print(f"an upload of {asked.megabytes} MB by boto3: {uploaded:.2f} s, {uploaded / wrote:.2f} times writing the file "
                  f"({wrote:.2f} s); memory of asl: {megabytes}")


if __name__ == "__main__":
    main()
