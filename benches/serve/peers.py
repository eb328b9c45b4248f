"""How fast servers of the Step Functions API are, beside each other: asl serve, and emulators of AWS from PyPI.

    python3 benches/serve/peers.py --asl target/release/asl

Starts one server after another, measures it with the same client, and prints a table with ratios to asl. Each peer is installed
into a virtual environment below --venvs (without it, into a temporary folder). --endpoint NAME=URL measures a server that runs
already. The loop W1 is of gen.py in ASL_WORKLOADS_DIR (without it, ../shared/workloads).

A measure that a server cannot do says `not run` and why.
"""

import argparse
import http.client
import itertools
import json
import os
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
ROLE = "arn:aws:iam::000000000000:role/any"
QUOTA = 25_000  # events of a history
START_LIMIT = 120.0  # seconds
WORK_LIMIT = 300.0  # --limit says otherwise
SECONDS = 5.0  # how long a rate is measured
SINGLE = 200
CLIENTS = 64
TASKS = 10_000

# What is asked of PyPI, and the command in the environment that starts the server.
PEERS = {
    "moto": ("moto[server]==5.2.5", ["moto_server", "-H", "127.0.0.1", "-p", "{port}"], {}),
    "ministack": ("ministack==1.5.33", ["ministack"], {"GATEWAY_PORT": "{port}"}),
    "localemu": ("localemu==1.3.2", ["localemu", "start", "--host", "127.0.0.1", "--port", "{port}"], {}),
}


class NotRun(Exception):
    """Something cannot be measured, and why."""


# The client.


def head(service, target):
    """The headers of a call. The signature is none: nobody here checks it, and only AWS clients pay for making one."""
    scope = f"test/20200101/us-east-1/{service}/aws4_request"
    return {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": target,
        "X-Amz-Date": "20200101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=0",
    }


class Refused(Exception):
    """The server answers with an error."""


class Client:
    """One connection that is kept."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.connection = None

    def send(self, method, path, headers, body):
        """The status and the body of an answer."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, self.port, timeout=WORK_LIMIT)
            self.connection.connect()
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            status, text = answer.status, answer.read()
        except BaseException:
            self.close()
            raise
        if answer.will_close:
            self.close()
        return status, text

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def call(self, operation, service="states", prefix="AWSStepFunctions", **parameters):
        headers = head(service, f"{prefix}.{operation}")
        for attempt in range(2):
            try:
                status, text = self.send("POST", "/", headers, json.dumps(parameters))
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server has closed a connection that was idle.
                if attempt:
                    raise
        if status != 200:
            raise Refused(f"{operation}: {status} {text[:200].decode(errors='replace')}")
        return json.loads(text)

    def ended(self, execution, pause):
        """An execution when it has ended."""
        until = time.monotonic() + WORK_LIMIT
        while True:
            told = self.call("DescribeExecution", executionArn=execution)
            if told["status"] != "RUNNING":
                return told
            if time.monotonic() > until:
                raise NotRun(f"it has not ended after {WORK_LIMIT:.0f} s")
            time.sleep(pause)


class Many:
    """Connections of one thread, each of which sends a request when it has the answer to the one before."""

    def __init__(self, url, following):
        """`following(answer)` gives the next request, from the body of the last answer (at first None)."""
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port or 80)
        self.host = f"{parts.hostname}:{parts.port or 80}"
        self.following = following

    def request(self, operation, parameters):
        body = json.dumps(parameters).encode()
        headers = head("states", f"AWSStepFunctions.{operation}")
        lines = [f"{name}: {value}" for name, value in headers.items()]
        text = "\r\n".join(["POST / HTTP/1.1", f"Host: {self.host}", *lines, f"Content-Length: {len(body)}", "", ""])
        return text.encode() + body

    def run(self, count, seconds):
        """Has `count` connections for a time; what has not been answered when it is over is waited for no more."""
        selector = selectors.DefaultSelector()
        until = time.monotonic() + seconds
        try:
            for _ in range(count):
                self._connect(selector, self.following(self, None))
            while time.monotonic() < until:
                for key, _ in selector.select(timeout=max(0.0, until - time.monotonic())):
                    self._read(selector, key)
        finally:
            for key in list(selector.get_map().values()):
                key.fileobj.close()
            selector.close()

    def _connect(self, selector, request):
        connection = socket.create_connection(self.address, timeout=START_LIMIT)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        selector.register(connection, selectors.EVENT_READ, bytearray())

    def _read(self, selector, key):
        connection, got = key.fileobj, key.data
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            piece = b""
        got += piece
        body, keeps = answer_in(got, not piece)
        if body is None:
            if not piece:
                raise NotRun(f"the server closes connections before it answers: {bytes(got[:200])!r}")
            return
        request = self.following(self, body)
        if keeps and piece:
            got.clear()
            connection.sendall(request)
        else:
            selector.unregister(connection)
            connection.close()
            self._connect(selector, request)


def answer_in(got, is_over):
    """The body of a whole answer, None until it is there; and whether the connection is kept."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return None, True
    first, *lines = bytes(got[:end]).decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = bytes(got[end + 4 :])
    keeps = first.startswith("HTTP/1.1") and headers.get("connection", "").lower() != "close"
    if "content-length" in headers:
        length = int(headers["content-length"])
        body = body[:length] if len(body) >= length else None
    elif "chunked" in headers.get("transfer-encoding", "").lower():
        body = chunks(body)
    elif not is_over:
        body = None
    if body is not None and first.split(" ")[1] != "200":
        raise NotRun(f"the server answers {first.split(' ')[1]}: {body[:200].decode(errors='replace')}")
    return body, keeps


def chunks(text):
    """The body that chunks make, None until the last is there."""
    body = b""
    while True:
        line, separator, rest = text.partition(b"\r\n")
        if not separator:
            return None
        size = int(line.split(b";")[0], 16)
        if len(rest) < size + 2:
            return None
        if size == 0:
            return body
        body, text = body + rest[:size], rest[size + 2 :]


# The servers.


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server in a folder of its own, in a session of its own."""

    def __init__(self, command, environment):
        self.folder = Path(tempfile.mkdtemp(prefix="peers-"))
        self.url = f"http://127.0.0.1:{free_port()}"
        port = self.url.rsplit(":", 1)[1]
        own = {"HOME": str(self.folder), "TMPDIR": str(self.folder), "AWS_DEFAULT_REGION": "us-east-1"}
        # moto calls itself with boto3.
        own |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        own |= {name: value.format(port=port) for name, value in environment.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.said = open(self.folder / "said", "w+b")
        started = time.monotonic()
        self.process = subprocess.Popen(
            [part.format(port=port) for part in command],
            cwd=self.folder,
            env={**kept, **own},
            stdin=subprocess.DEVNULL,
            stdout=self.said,
            stderr=self.said,
            start_new_session=True,
        )
        try:
            self.cold = self._first_answer(started)
        except BaseException:
            self.end()
            raise

    def _first_answer(self, started):
        while True:
            try:
                client = Client(self.url)
                client.call("ListStateMachines")
                client.close()
                return (time.monotonic() - started) * 1000
            except (OSError, http.client.HTTPException, Refused, json.JSONDecodeError) as error:
                if self.process.poll() is not None:
                    self.said.seek(0)
                    last = self.said.read().decode(errors="replace").strip().splitlines()[-1:]
                    raise NotRun(f"it ends with {self.process.returncode}: {' '.join(last)[:200]}") from error
                if time.monotonic() - started > START_LIMIT:
                    raise NotRun(f"no answer within {START_LIMIT:.0f} s: {error}") from error
                time.sleep(0.002)

    def resident(self):
        """MB of memory of all processes of the session."""
        kilobytes = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) != self.process.pid:
                    continue
                for line in (folder / "status").read_text().splitlines():
                    if line.startswith("VmRSS:"):
                        kilobytes += int(line.split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
        return kilobytes / 1024

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.said.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def installed(name, requirement, venvs):
    """The folder of the programs of a peer, which is installed where it is not there."""
    venv = venvs / name
    if not (venv / "bin" / PEERS[name][1][0]).exists():
        made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True)
        pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
        if made.returncode == 0:
            made = subprocess.run(pip, capture_output=True, text=True)
        if made.returncode != 0:
            last = made.stderr.strip().splitlines()[-1:] or ["no message"]
            raise NotRun(f"{requirement} cannot be installed: {last[0][:200]}")
    return venv / "bin"


# The measures.


def machine(states):
    return json.dumps({"StartAt": next(iter(states)), "States": states})


def started(arn, text):
    """The parameters of a StartExecution. Each has a name: where there is none, moto takes the same one every time."""
    return {"stateMachineArn": arn, "input": text, "name": f"n{next(NUMBERS)}"}


NUMBERS = itertools.count()
PASS = machine({"P": {"Type": "Pass", "End": True}})


class Bench:
    def __init__(self, url, folder):
        self.url, self.folder, self.client = url, folder, Client(url)
        self.one = None

    def prepare(self):
        """moto runs executions only where it is told to."""
        settings = json.dumps({"stepfunctions": {"execute_state_machine": True}})
        # Others have no such path.
        self.client.send("POST", "/moto-api/config", {"Content-Type": "application/json"}, settings)
        self.client.close()
        self.one = self.create(PASS)

    def create(self, definition):
        name = f"m{uuid.uuid4().hex[:8]}"
        return self.client.call("CreateStateMachine", name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]

    def start(self, arn, text="{}"):
        return self.client.call("StartExecution", **started(arn, text))["executionArn"]

    def succeeded(self, arn, text, pause):
        """Runs an execution, and gives its ARN, its milliseconds and its output."""
        since = time.monotonic()
        execution = self.start(arn, text)
        told = self.client.ended(execution, pause)
        took = (time.monotonic() - since) * 1000
        if told["status"] != "SUCCEEDED":
            raise NotRun(f"it is {told['status']}: {told.get('error')} {str(told.get('cause'))[:200]}")
        return execution, took, json.loads(told["output"])

    def single(self):
        took = [self.succeeded(self.one, "{}", 0.0)[1] for _ in range(SINGLE + 20)]
        return statistics.median(took[20:]), ""

    def starts(self):
        count = 0

        def following(many, answer):
            nonlocal count
            count += answer is not None
            return many.request("StartExecution", started(self.one, "{}"))

        Many(self.url, following).run(CLIENTS, SECONDS)
        self.settle()
        return count / SECONDS, ""

    def ends(self):
        count = 0

        def following(many, answer):
            nonlocal count
            told = json.loads(answer) if answer else {"status": None}
            status, execution = told.get("status"), told.get("executionArn")
            if status is None and execution or status == "RUNNING":
                return many.request("DescribeExecution", {"executionArn": execution})
            if status not in (None, "SUCCEEDED"):
                raise NotRun(f"an execution is {status}")
            count += status == "SUCCEEDED"
            return many.request("StartExecution", started(self.one, "{}"))

        Many(self.url, following).run(CLIENTS, SECONDS)
        self.settle()
        return count / SECONDS, ""

    def settle(self):
        """Waits until nothing runs."""
        until = time.monotonic() + WORK_LIMIT
        running = {"stateMachineArn": self.one, "statusFilter": "RUNNING", "maxResults": 1}
        while self.client.call("ListExecutions", **running)["executions"]:
            if time.monotonic() > until:
                raise NotRun(f"executions run on {WORK_LIMIT:.0f} s after the last was started")
            time.sleep(0.05)

    def loop(self):
        """W1: 5,000 times a Choice and a Pass."""
        if self.folder is None:
            raise NotRun("gen.py of the workloads is absent")
        arn = self.create((self.folder / "w1.asl.json").read_text())
        execution, took, output = self.succeeded(arn, (self.folder / "w1_5000.in.json").read_text(), 0.005)
        if output != {"i": 5000, "n": 5000}:
            raise NotRun(f"the output is wrong: {str(output)[:100]}")
        events = self.client.call("GetExecutionHistory", executionArn=execution, reverseOrder=True, maxResults=1)
        last = max((event["id"] for event in events["events"]), default=0)
        return took, f"{last:,} events" + (f", over the quota of {QUOTA:,}" if last > QUOTA else "")

    def tasks(self):
        """A Distributed Map whose children send a message each."""
        asked = {"service": "sqs", "prefix": "AmazonSQS"}
        queue = self.client.call("CreateQueue", QueueName=f"q{uuid.uuid4().hex[:8]}", **asked)["QueueUrl"]
        task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
        task |= {"Parameters": {"QueueUrl": queue, "MessageBody.$": "States.Format('{}', $)"}, "OutputPath": "$.MessageId"}
        processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
        processor |= {"StartAt": "T", "States": {"T": task}}
        # The input has the numbers, and the output nothing: both would be long.
        each = {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 100, "ResultPath": None}
        done = {"Type": "Pass", "Result": "done", "End": True}
        arn = self.create(machine({"M": {**each, "Next": "D"}, "D": done}))
        _, took, _ = self.succeeded(arn, json.dumps(list(range(TASKS))), 0.05)
        shown = {"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
        sent = self.client.call("GetQueueAttributes", **shown, **asked)["Attributes"]["ApproximateNumberOfMessages"]
        if int(sent) != TASKS:
            raise NotRun(f"{sent} messages are sent, not {TASKS:,}")
        return took, ""


# Name, unit, whether less is better, and how it is measured.
MEASURES = [
    ("cold start to the first answer", "ms", True, None),
    ("memory, idle", "MB", True, None),
    (f"one Pass, started to SUCCEEDED (median of {SINGLE})", "ms", True, Bench.single),
    (f"StartExecution, {CLIENTS} clients", "/s", False, Bench.starts),
    (f"executions to the end, {CLIENTS} clients", "/s", False, Bench.ends),
    ("W1, a loop of 5,000 iterations", "ms", True, Bench.loop),
    (f"Map Run of {TASKS:,} tasks (sqs:sendMessage)", "ms", True, Bench.tasks),
]


def attempt(measure, *arguments):
    """What a measure gives: a number and a note; or why there is none."""
    try:
        return measure(*arguments)
    except TimeoutError:
        return None, f"no answer within {WORK_LIMIT:.0f} s"
    except (NotRun, Refused, OSError, http.client.HTTPException, ValueError, KeyError) as why:
        text = str(why) if isinstance(why, (NotRun, Refused)) else f"{type(why).__name__}: {why}"
        return None, " ".join(text.split())


def measured(start, folder, fresh):
    """All measures of one server, which `start` starts."""
    found = [(None, "the server is not started here")] * 2
    url = start if isinstance(start, str) else None
    server = None
    try:
        if url is None:
            server = start()
            time.sleep(1)
            found = [(server.cold, ""), (server.resident(), "")]
            url = server.url
        for title, unit, _, measure in MEASURES[2:]:
            if server is not None and fresh and measure in (Bench.loop, Bench.tasks):
                # What the many executions before have left behind is no part of it.
                server.end()
                server = start()
                url = server.url
            bench = Bench(url, folder)
            ready = attempt(lambda: (bench.prepare(), ""))
            if ready[1]:
                found.append((None, ready[1]))
            else:
                found.append(attempt(measure, bench))
            print(f"  {title}: {found[-1]} {unit}", file=sys.stderr, flush=True)
            bench.client.close()
    finally:
        if server is not None:
            server.end()
    return found


def shown(value):
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def table(results):
    """The table as text: a row for each measure, and in brackets how many times better the first server is."""
    names = list(results)
    rows, notes = [["", "", *names]], []
    for index, (title, unit, less, _) in enumerate(MEASURES):
        first = results[names[0]][index][0]
        row = [title, unit]
        for name in names:
            value, note = results[name][index]
            if value is None:
                row.append("not run")
                notes.append(f"not run: {name}, {title}: {note}")
                continue
            ratio = value / first if less and first else first / value if first and value else None
            row.append(shown(value) + (f" ({ratio:.2g}×)" if ratio is not None and name != names[0] else ""))
            if note:
                notes.append(f"{name}, {title}: {note}")
        rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join(lines + [""] + notes)


def workloads(scratch):
    """The folder with the workloads that gen.py writes; None where there is no gen.py."""
    source = Path(os.environ.get("ASL_WORKLOADS_DIR", ROOT / "../shared/workloads")) / "gen.py"
    if not source.exists():
        return None
    subprocess.run([sys.executable, source.resolve()], cwd=scratch, check=True)
    return scratch / "workloads"


def main():
    global WORK_LIMIT
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--asl", help="the program asl; it is measured with its journal, and with --memory")
    parser.add_argument("--endpoint", action="append", default=[], metavar="NAME=URL", help="a server that runs")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"which peers, of {','.join(PEERS)}; may be empty")
    parser.add_argument("--venvs", type=Path, help="where peers are installed, and stay")
    parser.add_argument("--limit", type=float, default=WORK_LIMIT, help="seconds that one piece of work may take")
    arguments = parser.parse_args()
    WORK_LIMIT = arguments.limit
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        scratch = Path(scratch)
        folder, starts = workloads(scratch), {}
        if arguments.asl:
            serve = [str(Path(arguments.asl).resolve()), "serve", "--listen", "{port}"]
            starts["asl"] = lambda: Server(serve, {})
            starts["asl --memory"] = lambda: Server([*serve, "--memory"], {})
        for endpoint in arguments.endpoint:
            name, _, url = endpoint.partition("=")
            starts[name] = url
        for name in filter(None, arguments.peers.split(",")):
            requirement, command, environment = PEERS[name]

            def start(name=name, requirement=requirement, command=command, environment=environment):
                programs = installed(name, requirement, (arguments.venvs or scratch / "venvs").resolve())
                return Server([str(programs / command[0]), *command[1:]], environment)

            starts[requirement] = start
        results = {}
        for name, start in starts.items():
            print(f"measuring {name}", file=sys.stderr, flush=True)
            try:
                results[name] = measured(start, folder, fresh=True)
            except NotRun as why:
                print(f"not run: {name}: {why}", flush=True)
    if not results:
        sys.exit("nothing is measured: name asl with --asl, or a server with --endpoint")
    print(f"In brackets: how many times better {next(iter(results))} is.\n\n{table(results)}")


if __name__ == "__main__":
    main()
