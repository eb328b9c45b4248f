"""Plays one recorded case: makes its calls, and compares every answer that was recorded."""

import json
import re
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

import compare
from compare import MISSING, Difference
from endpoint import ACCOUNT, REGION, Endpoint, Refusal, text
from recording import Case

PATIENCE = 120.0  # seconds that a poll lasts at most
PAUSE = 0.1

READS = ("describe_", "list_", "get_")
ENDS = {f"Execution{how}" for how in ("Succeeded", "Failed", "Aborted", "TimedOut")}

# Services that a server of Step Functions may have beside it; calls to others of a setup are left out.
BESIDE = ("s3", "dynamodb", "sns", "sqs", "events")
CLEANS = ("delete_", "remove_")

# Members whose values only the server can give.
CHOSEN = ("nextToken", "taskToken", "mapRunArn", "revisionId")
MADE_UP = re.compile(r"fake|zq[0-9a-z]{6}")
FAKE_ARN = re.compile(
    rf"arn:[\w-]+:states:[\w-]*:\d*:(?:execution|express):([^:\"]+):(?:{compare.FAKE})(?::(?:{compare.FAKE}))?"
)


class Play:
    """One case in the making."""

    def __init__(self, endpoint: Endpoint, case: Case, logs: Path | None) -> None:
        self.endpoint, self.case, self.logs = endpoint, case, logs
        self.bindings = compare.Bindings(case.placeholders, case.recorded)
        self.found: list[Difference] = []
        self.notes: list[str] = []
        # Of members that the server chose, all values so far; and which recorded value stands for which of them.
        self.seen: dict[str, list[str]] = {}
        self.stands_for: dict[str, str] = {}
        self.next_token: dict[str, str | None] = {}
        self.created: list[tuple[str, dict]] = []  # what undoes it
        self.own: set[str] = set()  # names and ARNs of what this case created
        self.executions: list[str] = []
        self.running: set[str] = set()
        self.answers: list[tuple[str, Any]] = []
        self.definitions: set[tuple[Any, Any]] = set()

    def run(self) -> list[Difference]:
        """Plays the case and cleans up after it."""
        try:
            self._prepare()
            for index, call in enumerate(self.case.calls):
                self._play(index, call)
                for match in self.case.derived_matches:
                    if match["afterCall"] == index:
                        self._derived_match(match)
            return self.found
        finally:
            self._clean()

    # What is around the calls.

    def _prepare(self) -> None:
        for call in self.case.setup:
            service, operation = call["service"], call["op"]
            if service not in BESIDE or operation.startswith((*CLEANS, *READS, "receive_", "head_", "purge_")):
                continue
            answer = self.endpoint.call(service, operation, self._filled(call["params"]))
            if isinstance(answer, Refusal):
                self.notes.append(f"setup: {service} {operation}: {text(answer)}")
            elif operation == "create_queue":
                name = call["params"]["QueueName"]
                self.bindings.known[f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"] = answer["QueueUrl"]

    def _clean(self) -> None:
        targets = {
            call["params"].get("Rule"): call["params"] for call in self.case.setup if call["op"] == "put_targets"
        }
        for call in self.case.setup:
            if call["service"] in BESIDE and call["op"].startswith(CLEANS):
                params = self._filled(call["params"])
                if call["op"] == "remove_targets" and params["Rule"] in targets:
                    params["Ids"] = [target["Id"] for target in targets[params["Rule"]]["Targets"]]
                self.endpoint.call(call["service"], call["op"], params)
        for execution in self.running:
            self.endpoint.call("stepfunctions", "stop_execution", {"executionArn": execution})
        for operation, params in reversed(self.created):
            self.endpoint.call("stepfunctions", operation, params)

    # One call.

    def _play(self, index: int, call: dict) -> None:
        operation, expected = call["op"], call.get("expected", ())
        path = (f"{index} {operation}",)
        if call["service"] not in ("stepfunctions", *BESIDE):
            if expected:
                self.found.append(
                    Difference((*path, "answered"), expected[0]["recorded"], f"no call of {call['service']}")
                )
            return
        client_refuses = "Parameter validation failed" in json.dumps(expected)
        on_client = client_refuses or call["raises"] and not expected
        deadline = time.monotonic() + PATIENCE
        params = self._params(call)
        while True:
            answer = self.endpoint.call(call["service"], operation, params, call.get("account"), on_client)
            self._note(index, call, params, answer)
            tried = self.bindings.copy()
            found = self._compare(call, answer, tried, path)
            # The loops that waited for something are one call in the recording.
            again = found and operation.startswith(READS) and self._still_running() and time.monotonic() < deadline
            if not again:
                break
            time.sleep(PAUSE)
        self.bindings.take(tried)
        self.found += found
        polls = operation in ("get_execution_history", "describe_execution") and not expected and not call["raises"]
        if polls and not isinstance(answer, Refusal):
            self._wait(index, call["params"]["executionArn"], params["executionArn"])

    def _compare(self, call: dict, answer: Any, bindings: compare.Bindings, path: tuple) -> list[Difference]:
        if call["raises"] != isinstance(answer, Refusal):
            if call["raises"]:
                recorded = next((match["recorded"] for match in call.get("expected", ())), "an error")
                return [Difference((*path, "answered"), recorded, "an answer")]
            return [Difference((*path, "answered"), "an answer", text(answer))]
        found = []
        for match in call.get("expected", ()):
            candidates = self._errors(answer) if call["raises"] else [answer]
            if match["derived"] and not call["raises"]:
                candidates = self._derived(match["recorded"], answer)
            found += compare.closest(match["recorded"], candidates, bindings, path)
        return found

    @staticmethod
    def _errors(error: Exception) -> list:
        """What tests match of an exception: its answer, its text, or its type and text."""
        answer = [error.response] if isinstance(error, ClientError) else []
        return [*answer, text(error), {"exception_typename": type(error).__name__, "exception_value": text(error)}]

    def _derived(self, recorded: Any, answer: dict) -> list:
        """What a test may have made of an answer, the likeliest first."""
        answer = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        lists = [value for value in answer.values() if isinstance(value, list)]
        own = [[item for item in items if self._is_own(item)] for items in lists]
        candidates: list = own if isinstance(recorded, list) else []
        candidates += [*lists, *answer.values(), answer]
        if isinstance(recorded, dict):
            candidates.append({name: answer[name] for name in recorded if name in answer})
            own_answer = {
                name: [item for item in value if self._is_own(item)] if isinstance(value, list) else value
                for name, value in answer.items()
            }
            candidates.append(own_answer)
            candidates += [
                {name: value} for name in recorded for value in [*own, *lists, *answer.values(), answer, own_answer]
            ]
        return candidates

    def _is_own(self, item: Any) -> bool:
        return isinstance(item, dict) and any(isinstance(value, str) and value in self.own for value in item.values())

    # What the server chose.

    def _params(self, call: dict) -> dict:
        """The parameters as they go to the server."""
        params = self._filled(call["params"])
        for name in CHOSEN:
            if name in params:
                params[name] = self._chosen(name, params[name], call)
                if params[name] is None and not call["raises"]:
                    del params[name]
        if isinstance(definition := params.get("definition", ""), dict | list):
            params["definition"] = json.dumps(definition)
            # AWS takes the same text once more; where it refused, the two texts differed, but only in their blanks.
            again = (params.get("name"), params["definition"]) in self.definitions
            if again and call["op"] == "create_state_machine" and call["raises"]:
                params["definition"] = json.dumps(definition, indent=4)
        return params

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.bindings.fill(value)
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        return [self._filled(item) for item in value] if isinstance(value, list) else value

    def _chosen(self, name: str, recorded: Any, call: dict) -> Any:
        """The value of the server that a recorded one stands for; itself where a test made it up to be refused."""
        if name == "nextToken":
            return recorded if call["raises"] else self.next_token.get(call["op"])
        made_up = isinstance(recorded, str) and MADE_UP.search(recorded)
        if call["raises"] and not made_up or not self.seen.get(name):
            return recorded
        if recorded not in self.stands_for:
            taken = set(self.stands_for.values())
            free = [value for value in self.seen[name] if value not in taken] or self.seen[name]
            value = free[-1]
            if name == "revisionId" and call["raises"]:
                value = self._old_revision(call)
            self.stands_for[recorded] = value
        return self.stands_for[recorded]

    def _old_revision(self, call: dict) -> str:
        """A revision that was refused is one before the last; which, the recorded error names first."""
        revisions = self.seen["revisionId"]
        tokens = compare.TOKEN.findall(json.dumps(call.get("expected", ())))
        named = [self.bindings.bound[token] for token in tokens if self.bindings.bound.get(token) in revisions]
        return (named or revisions[-2:])[0]

    def _note(self, index: int, call: dict, params: dict, answer: Any) -> None:
        """Remembers what later calls and the cleaning need."""
        if isinstance(answer, Refusal):
            return
        operation = call["op"]
        self.answers.append((operation, answer))
        self.next_token[operation] = answer.get("nextToken")
        self._collect(answer)
        if operation == "create_state_machine":
            self.definitions.add((params.get("name"), params["definition"]))
        if operation in ("create_state_machine", "create_activity"):
            kind = "stateMachineArn" if operation == "create_state_machine" else "activityArn"
            undo = (operation.replace("create", "delete"), {kind: answer.get(kind)})
            if undo not in self.created:
                self.created.append(undo)
            self.own |= {str(answer.get(kind)), str(params.get("name"))}
        if operation in ("start_execution", "start_sync_execution") and (arn := answer.get("executionArn")):
            if operation == "start_execution" and arn not in self.executions:
                self.executions.append(arn)
                self.running.add(arn)
            self.own.add(arn)
            self._name_execution(index, call, arn)
        if operation == "stop_execution":
            self.running.discard(params["executionArn"])

    def _collect(self, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self._collect(item)
        elif isinstance(value, dict):
            for name, item in value.items():
                if name in CHOSEN and item not in self.seen.setdefault(name, []):
                    self.seen[name].append(item)
                self._collect(item)

    def _name_execution(self, index: int, call: dict, arn: str) -> None:
        """Finds the name that the recorder gave to an execution that has none of its own."""
        machine = ":".join(arn.split(":")[6:7])
        if call["params"].get("name"):
            return
        calls = self.case.calls
        starts = [
            place
            for place, other in enumerate(calls)
            if other["op"] in ("start_execution", "start_sync_execution") and not other["params"].get("name")
        ]
        told = {place: fake for place in starts if (fake := self._fake_arn(calls[place].get("expected", ()), machine))}
        fake = told.get(index)
        if not fake:
            # In the order of the recorder's numbers, unless it is needed only after a later start.
            rest = json.dumps([calls[index + 1 :], self.case.derived_matches])
            mentioned = {found[0] for found in FAKE_ARN.finditer(rest) if found[1] == machine}
            free = sorted(
                mentioned - set(told.values()) - set(self.bindings.known), key=lambda name: name.split(":")[6:]
            )
            later = [place for place in starts if place > index and place not in told]
            if free and later and len(free) <= len(later) and free[0] not in json.dumps(calls[index + 1 : later[0]]):
                return
            fake = free[0] if free else None
        if fake:
            self.bindings.match(fake, arn)
            self.bindings.known[fake] = arn

    @staticmethod
    def _fake_arn(expected: Any, machine: str) -> str | None:
        return next((found[0] for found in FAKE_ARN.finditer(json.dumps(expected)) if found[1] == machine), None)

    # Waiting.

    def _wait(self, index: int, recorded: str, execution: str) -> None:
        """Waits for the end of an execution, or for its start when the case goes on with it."""
        deadline = time.monotonic() + PATIENCE
        ended = self._has_started if self._goes_on(index, recorded) else self._has_ended
        while not ended(execution):
            if time.monotonic() > deadline:
                self.running.discard(execution)  # nor does a later poll wait for it
                break
            time.sleep(PAUSE)

    def _goes_on(self, index: int, execution: str) -> bool:
        """Whether what follows needs the execution running."""
        for call in self.case.calls[index + 1 :]:
            if call["op"] == "stop_execution" and call["params"].get("executionArn") == execution:
                return True
            if call["op"].startswith("send_task_"):
                return True
            for match in call.get("expected", ()):
                recorded = match["recorded"]
                if isinstance(recorded, dict) and recorded.get("executionArn") == execution and recorded.get("status"):
                    return recorded["status"] == "RUNNING"
        return False

    def _has_started(self, execution: str) -> bool:
        answer = self.endpoint.call("stepfunctions", "get_execution_history", {"executionArn": execution})
        # The first state, too: a test stops or answers what has begun.
        return isinstance(answer, Refusal) or len(answer.get("events", ())) > 1

    def _has_ended(self, execution: str) -> bool:
        answer = self.endpoint.call("stepfunctions", "describe_execution", {"executionArn": execution})
        if isinstance(answer, Refusal):  # an Express execution, or a server without this call
            newest = {"executionArn": execution, "reverseOrder": True, "maxResults": 1}
            answer = self.endpoint.call("stepfunctions", "get_execution_history", newest)
            ended = isinstance(answer, Refusal) or any(event["type"] in ENDS for event in answer.get("events", ()))
        else:
            ended = answer.get("status") != "RUNNING"
        if ended:
            self.running.discard(execution)
        return ended

    def _still_running(self) -> bool:
        return not all([self._has_ended(execution) for execution in list(self.running)])

    # Values that are matched beside the calls.

    def _derived_match(self, match: dict) -> None:
        recorded, path = match["recorded"], (match["snapshotKey"],)
        items = recorded if isinstance(recorded, list) else [recorded]
        members = {name for item in items if isinstance(item, dict) for name in item}
        if "previous_event_id" in members:
            self._logged(recorded, path)
        elif "detail-type" in members:
            self.found += compare.of_any_order(items, self._received(len(items)), self.bindings, path)
        else:
            answers = [answer for _, answer in reversed(self.answers)]
            candidates = [candidate for answer in answers for candidate in self._derived(recorded, answer)]
            self.found += compare.closest(recorded, candidates, self.bindings, path)

    def _logged(self, recorded: Any, path: tuple) -> None:
        """Log events: a list has all of them, execution by execution; one alone is the last."""
        if not self.logs:
            self.notes.append("without --logs, nobody sees log events")
        last_only = not isinstance(recorded, list)
        deadline = time.monotonic() + PATIENCE
        while True:
            events = self._log_events()
            enough = any(event["type"] in ENDS for event in events) if last_only else len(events) >= len(recorded)
            if enough or not self.logs or time.monotonic() > deadline:
                break
            time.sleep(PAUSE)
        actual = (events[-1] if events else MISSING) if last_only else events
        self.found += compare.differences(recorded, actual, self.bindings, path)

    def _log_events(self) -> list[dict]:
        if not self.logs or not self.logs.exists():
            return []
        logged: dict[str, list[dict]] = {execution: [] for execution in self.executions}
        with self.logs.open() as lines:
            for line in lines:
                if not line.endswith("\n"):
                    break  # it is being written
                event = json.loads(line)["event"]
                if event["execution_arn"] in logged:
                    logged[event["execution_arn"]].append(event)
        return [event for of_one in logged.values() for event in sorted(of_one, key=lambda event: int(event["id"]))]

    def _received(self, count: int) -> list[Any]:
        """The messages of the queue that the setup made."""
        queues = [self._filled(call["params"]) for call in self.case.setup if call["op"] == "receive_message"]
        if not queues:
            return []
        received: list[Any] = []
        deadline = time.monotonic() + PATIENCE
        while len(received) < count and time.monotonic() < deadline:
            params = {"QueueUrl": queues[0]["QueueUrl"], "WaitTimeSeconds": 1, "MaxNumberOfMessages": 10}
            answer = self.endpoint.call("sqs", "receive_message", params)
            if isinstance(answer, Refusal):
                self.notes.append(f"sqs receive_message: {text(answer)}")
                break
            for message in answer.get("Messages", ()):
                received.append(message["Body"])
                gone = {"QueueUrl": params["QueueUrl"], "ReceiptHandle": message["ReceiptHandle"]}
                self.endpoint.call("sqs", "delete_message", gone)
        return received
