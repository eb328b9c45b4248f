#!/usr/bin/env python3
"""A custom runtime whose function does what its event says. It needs nothing but Python."""

import http.client
import json
import os
import signal
import socket
import sys

VERSION = "/2018-06-01/runtime/"
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
held = []


def send(method, path, body=None):
    connection.request(method, VERSION + path, body)
    response = connection.getresponse()
    return response, response.read()


def hold(port):
    """Opens a connection that is open as long as this process or a child of it lives, and waits for a word over it."""
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(b"%d\n" % os.getpid())
    held.append(one)
    return one


def work(event, request_id, headers):
    answer = f"invocation/{request_id}/response"
    match event.get("do") if isinstance(event, dict) else None:
        case "answer":
            send("POST", answer, event["text"].encode("latin-1"))
        case "print and answer":
            sys.stdout.buffer.write(event["text"].encode("latin-1") * event.get("times", 1))
            sys.stdout.flush()
            send("POST", answer, b"null")
        case "answer so many bytes":
            send("POST", answer, b'"' + b"x" * (event["bytes"] - 2) + b'"')
        case "fail":
            send("POST", f"invocation/{request_id}/error", event["text"])
        case "exit":
            os._exit(event["code"])
        case "signal":
            os.kill(os.getpid(), getattr(signal, event["name"]))
        case "hold and answer":
            hold(event["port"]).recv(1)
            send("POST", answer, b"null")
        case "hold and hang":
            if event.get("child") and os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            hold(event["port"])
            while True:
                signal.pause()
        case "leave a child and exit":
            one = hold(event["port"])
            if os.fork() == 0:
                while True:
                    signal.pause()
            one.recv(1)
            os._exit(event["code"])
        case "answer and exit":
            send("POST", answer, b'"last words"')
            os._exit(0)
        case "answer wrongly first":
            statuses = [send("POST", "invocation/another/response", b"1")[0].status]
            statuses += [send("GET", "invocation/nothing")[0].status, send("POST", "extension/next")[0].status]
            send("POST", answer, json.dumps(statuses).encode())
            statuses = send("POST", answer, b"2")[0].status
            print("again", statuses, flush=True)
        case "take memory":
            taken = b"x" * (event["mb"] * 1024 * 1024)
            hold(event["port"]).recv(1)
            send("POST", answer, b"%d" % len(taken))
        case "tell":
            names = ["aws-request-id", "deadline-ms", "invoked-function-arn", "trace-id", "client-context"]
            told = {name: headers.get("lambda-runtime-" + name) for name in names}
            told["env"] = dict(os.environ)
            told["cwd"] = os.getcwd()
            send("POST", answer, json.dumps(told).encode())
        case _:
            send("POST", answer, json.dumps(event).encode())


if os.environ.get("AT_START"):
    print(os.environ["AT_START"], flush=True)
if os.environ.get("FAIL_AT_START"):
    send("POST", "init/error", os.environ["FAIL_AT_START"])
    if send("GET", "invocation/next")[0].status == 403:
        sys.exit(1)
if os.environ.get("EXIT_AT_START"):
    os._exit(int(os.environ["EXIT_AT_START"]))
if os.environ.get("HANG_AT_START"):
    signal.pause()
while True:
    response, body = send("GET", "invocation/next")
    event = json.loads(body) if body.startswith(b"{") else body.decode()
    work(event, response.headers["lambda-runtime-aws-request-id"], response.headers)
