"""Reads recorded cases. Each gets names of its own, so that no case meets what another, or an earlier run, has left."""

import dataclasses
import datetime
import functools
import json
import re
import string
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from endpoint import ACCOUNT, REGION

KINDS = ("api", "sync-execution", "express-async")

# What the recorder wrote into every name that a test had chosen at random.
NUMBERED = re.compile(r"zq(\d{6})")
DIGITS = string.digits + string.ascii_lowercase


@dataclasses.dataclass
class Case:
    """One recorded case, as calls in their order."""

    file: str
    kind: str
    recorded: datetime.date
    placeholders: dict
    calls: list[dict]
    setup: list[dict]
    derived_matches: list[dict]
    raw: dict[str, Any]

    @property
    def not_replayable(self) -> str | None:
        """Why nobody can replay it from what was recorded."""
        for call in self.calls:
            if call["op"] == "create_state_machine":
                return None
            if "stateMachineArn" in call["params"] and not call["raises"]:
                machine = call["params"]["stateMachineArn"]
                return f"no call of it creates {machine}, which came from a template of CloudFormation that was not recorded"
        return None


def base36(number: int, width: int) -> str:
    """The last `width` digits."""
    text = ""
    for _ in range(width):
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text


def load(folder: Path, run: str) -> Iterator[Case]:
    """All cases of these kinds under `folder`, with names that tell the cases apart, and runs by the two digits of `run`."""
    number = 0
    for path in sorted(folder.rglob("*.json")):
        text = path.read_text()
        raw = json.loads(text)
        if not isinstance(raw, dict) or raw.get("kind") not in KINDS:
            continue
        # As long as before: the length of a name is what some cases are about.
        name = f"zq{run}{base36(number, 2)}"
        renamed = NUMBERED.sub(functools.partial(_renamed, name), text)
        yield case(path.relative_to(folder).as_posix(), json.loads(renamed))
        number += 1


def _renamed(name: str, found: re.Match) -> str:
    return name + base36(int(found[1]), 2)


def this_run() -> str:
    """Two digits that differ from those of the runs before."""
    return base36(int(time.time()), 2)


def case(file: str, raw: dict) -> Case:
    """A case of any kind in the form of the kind `api`."""
    calls, matches = raw.get("calls", []), raw.get("derivedMatches", [])
    if raw["kind"] != "api":
        calls, matches = _execution(raw)
    recorded = datetime.datetime.strptime(raw["recorded"], "%d-%m-%Y, %H:%M:%S").date()
    return Case(file, raw["kind"], recorded, raw["placeholders"], calls, raw.get("setup", []), matches, raw)


def _execution(raw: dict) -> tuple[list[dict], list[dict]]:
    """The calls that such a case consists of: a machine is created and run once."""
    expected = raw["expected"]
    create = {
        "name": raw["stateMachineName"],
        "definition": raw["definition"],
        "roleArn": raw.get("roleArn") or placeholder(raw, "role_arn") or f"arn:aws:iam::{ACCOUNT}:role/test-sfn-role",
        "type": raw.get("stateMachineType", "EXPRESS"),
    }
    group = placeholder(raw, "log_group_name") or next(
        (call["params"]["logGroupName"] for call in raw.get("setup", ()) if call["op"] == "create_log_group"), "replay"
    )
    if raw["kind"] == "express-async":
        create["loggingConfiguration"] = {
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [
                {"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"}}
            ],
        }
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{create['name']}"
    start = {"stateMachineArn": machine, "input": json.dumps(raw["input"])}
    if raw.get("executionName"):
        start["name"] = raw["executionName"]
    created = expected.get("other", {}).get("creation_response")
    if raw["kind"] == "express-async":
        match = {"snapshotKey": raw.get("snapshotKey", "endEvent"), "afterCall": 1, "recorded": expected["endEvent"]}
        return [_call("create_state_machine", create, created), _call("start_execution", start, None)], [match]
    return [
        _call("create_state_machine", create, created),
        _call("start_sync_execution", start, expected["response"]),
    ], []


def _call(operation: str, params: dict, recorded: Any) -> dict:
    expected = [{"snapshotKey": operation, "derived": False, "recorded": recorded}] if recorded is not None else []
    return {"service": "stepfunctions", "op": operation, "params": params, "raises": False, "expected": expected}


def placeholder(raw: dict, name: str) -> str | None:
    """The first value that a placeholder of such a name stood for."""
    values = (rule["value"] for rule in raw["placeholders"]["substituted"] if name in rule["placeholder"])
    return next(values, None)
