"""Drives a server of the Step Functions API with boto3: boto3_client.py URL

Makes each operation of the API at least once, compares what comes back with what AWS answers, and removes what it made.
Ends at the first difference, with a message.
"""

import json
import sys
import time
import uuid
from datetime import datetime

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from difference import Difference, holds, same

PATIENCE = 60.0  # seconds that anything may take that is waited for
ROLE = "arn:aws:iam::000000000000:role/any"
INVOKE = "arn:aws:states:::lambda:invoke"


class Client:
    """boto3, with a count of its calls and the names of the operations."""

    def __init__(self, url):
        self.sfn = boto3.client(
            "stepfunctions",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            # Otherwise StartSyncExecution and TestState go to the host sync-127.0.0.1, which there is not.
            # AWS_DISABLE_HOST_PREFIX_INJECTION=true in the environment says the same.
            config=Config(inject_host_prefix=False, read_timeout=70, retries={"total_max_attempts": 1}),
        )
        self.calls, self.called = 0, set()

    def __call__(self, operation, **parameters):
        """The answer of an operation, without what is about HTTP."""
        self.calls += 1
        self.called.add(operation)
        answer = getattr(self.sfn, operation)(**parameters)
        about = answer.pop("ResponseMetadata")
        same(f"{operation}: status", about["HTTPStatusCode"], 200)
        holds(f"{operation}: a request ID is there", about.get("RequestId"), about)
        return answer

    def refused(self, operation, code, message=None, **parameters):
        """Makes a call that has to be refused with this error, and gives the members of the error."""
        try:
            answer = self(operation, **parameters)
        except ClientError as error:
            same(f"{operation}: code of the error", error.response["Error"]["Code"], code)
            same(f"{operation}: status of the error", error.response["ResponseMetadata"]["HTTPStatusCode"], 400)
            # Code that handles errors names them so.
            holds(f"{operation}: class", type(error).__name__ in (code, "ClientError"), type(error).__name__)
            if message is not None:
                same(f"{operation}: message of the error", error.response["Error"]["Message"], message)
            return error.response
        raise Difference(f"{operation}: got {answer!r}, wanted the error {code}")

    def ended(self, execution, status):
        """What an execution is when it has ended, as it has to."""
        until = time.monotonic() + PATIENCE
        while True:
            told = self("describe_execution", executionArn=execution)
            if told["status"] not in ("RUNNING", "PENDING_REDRIVE"):
                same(f"status of {execution}: {told.get('error')} {told.get('cause')}", told["status"], status)
                return told
            holds(f"{execution} ends in time", time.monotonic() < until, told)
            time.sleep(0.02)

    def pages(self, operation, member, **parameters):
        """What a listing has, page by page."""
        pages, token = [], {}
        while True:
            page = self(operation, **parameters, **token)
            pages.append(page[member])
            if "nextToken" not in page:
                return pages
            token = {"nextToken": page["nextToken"]}


def text(value):
    return json.dumps(value, separators=(",", ":"))


def machine(**states):
    """The text of a definition that starts with the first of these states."""
    return text({"StartAt": next(iter(states)), "States": states})


class Scenario:
    def __init__(self, url):
        self.call = Client(url)
        self.suffix = uuid.uuid4().hex[:10]
        self.machines = []

    def name(self, stem):
        return f"{stem}-{self.suffix}"

    def create(self, stem, definition, **more):
        made = self.call("create_state_machine", name=self.name(stem), definition=definition, roleArn=ROLE, **more)
        arn = made["stateMachineArn"]
        self.machines.append(arn)
        holds("ARN of a state machine", arn.endswith(f":stateMachine:{self.name(stem)}"), arn)
        holds("creationDate", isinstance(made["creationDate"], datetime), made)
        return arn

    def start(self, arn, **more):
        started = self.call("start_execution", stateMachineArn=arn, **more)
        same("members of StartExecution", set(started), {"executionArn", "startDate"})
        return started["executionArn"]

    def run(self):
        self.state_machines()
        self.executions()
        self.stop_and_redrive()
        self.versions_and_aliases()
        self.lists()
        self.tags()
        self.activities()
        self.map_runs()
        self.express()
        self.states_and_definitions()
        self.delete()
        operations = set(self.call.sfn.meta.method_to_api_mapping)
        same("operations that were not called", operations - self.call.called, set())

    def state_machines(self):
        call, name = self.call, self.name("double")
        self.definition = machine(
            Double={"Type": "Pass", "Parameters": {"doubled.$": "States.MathAdd($.n, $.n)"}, "Next": "Done"},
            Done={"Type": "Succeed"},
        )
        self.double = self.create("double", self.definition)
        told = call("describe_state_machine", stateMachineArn=self.double)
        created = told.pop("creationDate")
        wanted = {
            "stateMachineArn": self.double,
            "name": name,
            "status": "ACTIVE",
            "definition": self.definition,
            "roleArn": ROLE,
            "type": "STANDARD",
            "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
            "tracingConfiguration": {"enabled": False},
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
        }
        same("DescribeStateMachine", told, wanted)
        again = call("create_state_machine", name=name, definition=self.definition, roleArn=ROLE)
        same("creating the same again", again, {"stateMachineArn": self.double, "creationDate": created})
        call.refused(
            "create_state_machine",
            "StateMachineAlreadyExists",
            f"State Machine Already Exists: '{self.double}'",
            name=name,
            definition=self.definition + " ",
            roleArn=ROLE,
        )
        call.refused("create_state_machine", "InvalidName", name="a b", definition=self.definition, roleArn=ROLE)
        call.refused(
            "create_state_machine",
            "InvalidDefinition",
            "Invalid State Machine Definition: "
            "'SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /'",
            name=self.name("none"),
            definition='{"States":{"P":{"Type":"Pass","End":true}}}',
            roleArn=ROLE,
        )
        nowhere = self.double + "-not"
        call.refused(
            "describe_state_machine",
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{nowhere}'",
            stateMachineArn=nowhere,
        )
        call.refused(
            "describe_state_machine", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'", stateMachineArn="x"
        )

    def executions(self):
        call, name = self.call, self.name("once")
        arn = self.start(self.double, name=name, input='{"n": 21}')
        holds("ARN of an execution", arn == f"{self.double}:{name}".replace(":stateMachine:", ":execution:"), arn)
        told = call.ended(arn, "SUCCEEDED")
        dates = [told.pop(date) for date in ("startDate", "stopDate")]
        holds("startDate and stopDate", dates[0].tzinfo and dates[0] <= dates[1], dates)
        wanted = {
            "executionArn": arn,
            "stateMachineArn": self.double,
            "name": name,
            "status": "SUCCEEDED",
            "input": '{"n": 21}',
            "inputDetails": {"included": True},
            "output": '{"doubled":42}',
            "outputDetails": {"included": True},
            "redriveCount": 0,
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        }
        same("DescribeExecution", told, wanted)
        call.refused(
            "start_execution",
            "ExecutionAlreadyExists",
            f"Execution Already Exists: '{arn}'",
            stateMachineArn=self.double,
            name=name,
            input='{"n": 22}',
        )
        call.refused("start_execution", "InvalidExecutionInput", stateMachineArn=self.double, input="{")

        pages = call.pages("get_execution_history", "events", executionArn=arn, maxResults=2)
        same("sizes of the pages of the history", [len(page) for page in pages], [2, 2, 2])
        events = [event for page in pages for event in page]
        steps = [(event["id"], event["previousEventId"], event["type"]) for event in events]
        wanted = [
            (1, 0, "ExecutionStarted"),
            (2, 0, "PassStateEntered"),
            (3, 2, "PassStateExited"),
            (4, 3, "SucceedStateEntered"),
            (5, 4, "SucceedStateExited"),
            (6, 5, "ExecutionSucceeded"),
        ]
        same("the history", steps, wanted)
        details = events[0]["executionStartedEventDetails"]
        wanted = {"input": '{"n": 21}', "inputDetails": {"truncated": False}, "roleArn": ROLE}
        same("details of ExecutionStarted", details, wanted)
        whole = call("get_execution_history", executionArn=arn)
        same("the history in one page", whole, {"events": events})
        pages = call.pages("get_execution_history", "events", executionArn=arn, maxResults=4, reverseOrder=True)
        same("the history from its end", [event for page in pages for event in page], events[::-1])
        same("the paginator of boto3", self.paginated(arn), events)
        bare = call("get_execution_history", executionArn=arn, includeExecutionData=False)
        shown = json.dumps(bare, default=str)
        holds("a history without data", not any(name in shown for name in ('"input"', '"output"')), bare)
        call.refused(
            "get_execution_history",
            "InvalidToken",
            "Invalid Token: 'Invalid token'",
            executionArn=arn,
            nextToken="no token",
        )
        machine_told = call("describe_state_machine_for_execution", executionArn=arn)
        got = [machine_told[member] for member in ("stateMachineArn", "name", "definition", "roleArn")]
        same("DescribeStateMachineForExecution", got, [self.double, self.name("double"), self.definition, ROLE])

        choice = {"Variable": "$.i", "NumericLessThan": 100, "Next": "More"}
        more = {"Type": "Pass", "Parameters": {"i.$": "States.MathAdd($.i, 1)"}, "Next": "Check"}
        counting = machine(
            Check={"Type": "Choice", "Choices": [choice], "Default": "Done"}, More=more, Done={"Type": "Succeed"}
        )
        told = call.ended(self.start(self.create("counting", counting), input='{"i":0}'), "SUCCEEDED")
        same("output of a loop", told["output"], '{"i":100}')

        failing = self.create("failing", machine(No={"Type": "Fail", "Error": "Wrong", "Cause": "it is"}))
        told = call.ended(self.start(failing), "FAILED")
        same("why an execution failed", (told["error"], told["cause"]), ("Wrong", "it is"))
        holds("an execution that failed has no output", "output" not in told, told)
        nowhere = arn + "-not"
        call.refused(
            "describe_execution",
            "ExecutionDoesNotExist",
            f"Execution Does Not Exist: '{nowhere}'",
            executionArn=nowhere,
        )

    def paginated(self, arn):
        pages = self.call.sfn.get_paginator("get_execution_history").paginate(
            executionArn=arn, PaginationConfig={"PageSize": 1}
        )
        events = [event for page in pages for event in page["events"]]
        self.call.calls += len(events)
        return events

    def stop_and_redrive(self):
        call = self.call
        waiting = self.create("waiting", machine(W={"Type": "Wait", "Seconds": 3600, "End": True}))
        arn = self.start(waiting, name=self.name("stopped"), input='{"a":1}')
        same("the same start again", self.start(waiting, name=self.name("stopped"), input='{"a":1}'), arn)
        told = call("describe_execution", executionArn=arn)
        holds("an execution that runs has no stopDate", "stopDate" not in told, told)
        why = "Execution is RUNNING and cannot be redriven"
        same("redrive of what runs", (told["redriveStatus"], told["redriveStatusReason"]), ("NOT_REDRIVABLE", why))
        call.refused("redrive_execution", "ExecutionNotRedrivable", executionArn=arn)
        stopped = call("stop_execution", executionArn=arn, error="Enough", cause="of it")
        told = call.ended(arn, "ABORTED")
        same("stopDate", told["stopDate"], stopped["stopDate"])
        same("why it was stopped", (told["error"], told["cause"]), ("Enough", "of it"))
        same("redriveStatus", told["redriveStatus"], "REDRIVABLE")
        holds("no reason against a redrive", "redriveStatusReason" not in told, told)
        last = call("get_execution_history", executionArn=arn, reverseOrder=True, maxResults=1)["events"][0]
        got = (last["type"], last["previousEventId"], last["executionAbortedEventDetails"])
        same("the last event", got, ("ExecutionAborted", 0, {"error": "Enough", "cause": "of it"}))

        redriven = call("redrive_execution", executionArn=arn)
        told = call("describe_execution", executionArn=arn)
        got = (told["status"], told["redriveCount"], told["redriveDate"])
        same("a redriven execution", got, ("RUNNING", 1, redriven["redriveDate"]))
        holds("an execution that runs again has no end", not {"stopDate", "error", "cause"} & set(told), told)
        events = call("get_execution_history", executionArn=arn)["events"]
        event = next(event for event in events if event["type"] == "ExecutionRedriven")
        same("ExecutionRedriven", event["executionRedrivenEventDetails"], {"redriveCount": 1})
        listed = call("list_executions", stateMachineArn=waiting, redriveFilter="REDRIVEN")["executions"]
        same("executions that were redriven", [one["executionArn"] for one in listed], [arn])
        call("stop_execution", executionArn=arn)
        told = call.ended(arn, "ABORTED")
        holds("stopped without a reason", "error" not in told and "cause" not in told, told)
        call.refused("stop_execution", "ExecutionDoesNotExist", executionArn=arn + "-not")
        self.waiting, self.stopped = waiting, arn

    def versions_and_aliases(self):
        call, arn = self.call, self.double
        first = call("publish_state_machine_version", stateMachineArn=arn, description="the first")
        same("the first version", first["stateMachineVersionArn"], f"{arn}:1")
        again = call("publish_state_machine_version", stateMachineArn=arn)
        same("publishing what is published", again, first)
        definition = machine(Triple={"Type": "Pass", "Parameters": {"tripled": True}, "End": True})
        updated = call("update_state_machine", stateMachineArn=arn, definition=definition, publish=True)
        same("members of UpdateStateMachine", set(updated), {"updateDate", "revisionId", "stateMachineVersionArn"})
        same("the second version", updated["stateMachineVersionArn"], f"{arn}:2")
        told = call("describe_state_machine", stateMachineArn=arn)
        got = (told["revisionId"], told["definition"])
        same("an updated state machine", got, (updated["revisionId"], definition))
        told = call("describe_state_machine", stateMachineArn=f"{arn}:1")
        got = (told["stateMachineArn"], told["definition"], told["description"])
        same("a version", got, (f"{arn}:1", self.definition, "the first"))
        call.refused(
            "update_state_machine",
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
            stateMachineArn=arn,
        )
        revision = updated["revisionId"]
        call.refused(
            "publish_state_machine_version",
            "ConflictException",
            "Failed to publish the State Machine version for revision nonsense. "
            f"The current State Machine revision is {revision}.",
            stateMachineArn=arn,
            revisionId="nonsense",
        )
        pages = call.pages("list_state_machine_versions", "stateMachineVersions", stateMachineArn=arn, maxResults=1)
        got = [version["stateMachineVersionArn"] for page in pages for version in page]
        same("versions, the newest first", got, [f"{arn}:2", f"{arn}:1"])

        def routing(*weights):
            arns = enumerate(weights, start=1)
            return [{"stateMachineVersionArn": f"{arn}:{number}", "weight": weight} for number, weight in arns]

        alias = call(
            "create_state_machine_alias", name="live", description="an alias", routingConfiguration=routing(0, 100)
        )["stateMachineAliasArn"]
        same("ARN of an alias", alias, f"{arn}:live")
        call.refused(
            "create_state_machine_alias",
            "ValidationException",
            "Sum of routing configuration weights must equal 100. Received: [70, 29]",
            name="other",
            routingConfiguration=routing(70, 29),
        )
        for weights, version, output in [((0, 100), 2, '{"tripled":true}'), ((100, 0), 1, '{"doubled":2}')]:
            call("update_state_machine_alias", stateMachineAliasArn=alias, routingConfiguration=routing(*weights))
            told = call.ended(self.start(alias, input='{"n":1}'), "SUCCEEDED")
            got = [told[member] for member in ("stateMachineArn", "stateMachineVersionArn", "stateMachineAliasArn")]
            same("what an alias has started", got, [arn, f"{arn}:{version}", alias])
            same("output of a version", told["output"], output)
        told = call("describe_state_machine_alias", stateMachineAliasArn=alias)
        got = (told["name"], told["description"], told["routingConfiguration"])
        same("an alias", got, ("live", "an alias", routing(100, 0)))
        listed = call("list_executions", stateMachineArn=alias)["executions"]
        same("executions of an alias", {one["stateMachineAliasArn"] for one in listed}, {alias})
        same("how many an alias has started", len(listed), 2)
        listed = call("list_state_machine_aliases", stateMachineArn=arn)["stateMachineAliases"]
        same("aliases", [one["stateMachineAliasArn"] for one in listed], [alias])
        call.refused(
            "delete_state_machine_version",
            "ConflictException",
            "Version to be deleted must not be referenced by an alias. "
            "Current list of aliases referencing this version: [live]",
            stateMachineVersionArn=f"{arn}:1",
        )
        told = call.ended(self.start(f"{arn}:1", input='{"n":4}'), "SUCCEEDED")
        same("what a version has started", told["stateMachineVersionArn"], f"{arn}:1")
        holds("without an alias", "stateMachineAliasArn" not in told, told)
        for _ in range(2):
            same("DeleteStateMachineAlias", call("delete_state_machine_alias", stateMachineAliasArn=alias), {})
        call.refused("describe_state_machine_alias", "ResourceNotFound", stateMachineAliasArn=alias)
        same("DeleteStateMachineVersion", call("delete_state_machine_version", stateMachineVersionArn=f"{arn}:1"), {})

    def lists(self):
        call = self.call
        listed = [one for page in call.pages("list_state_machines", "stateMachines", maxResults=2) for one in page]
        own = [one for one in listed if self.suffix in one["name"]]
        same("state machines", {one["stateMachineArn"] for one in own}, set(self.machines))
        same("members of one", set(own[0]), {"stateMachineArn", "name", "type", "creationDate"})
        pages = call.pages("list_executions", "executions", stateMachineArn=self.double, maxResults=1)
        same("executions, one a page", [len(page) for page in pages], [1, 1, 1, 1])
        dates = [page[0]["stopDate"] for page in pages]
        same("executions, the newest first", dates, sorted(dates, reverse=True))
        filtered = call("list_executions", stateMachineArn=self.waiting, statusFilter="ABORTED")["executions"]
        same("executions of a status", [one["executionArn"] for one in filtered], [self.stopped])
        filtered = call("list_executions", stateMachineArn=self.waiting, statusFilter="RUNNING")["executions"]
        same("executions of another status", filtered, [])
        call.refused("list_executions", "ValidationException")

    def tags(self):
        call = self.call
        arn = self.create("tagged", self.definition, tags=[{"key": "team", "value": "blue"}])
        call("tag_resource", resourceArn=arn, tags=[{"key": "stage", "value": "test"}, {"key": "empty", "value": ""}])
        call("untag_resource", resourceArn=arn, tagKeys=["team", "unknown"])
        tags = call("list_tags_for_resource", resourceArn=arn)["tags"]
        same("tags", {tag["key"]: tag["value"] for tag in tags}, {"stage": "test", "empty": ""})
        call.refused(
            "list_tags_for_resource",
            "ResourceNotFound",
            f"Resource not found: '{arn}-not'",
            resourceArn=arn + "-not",
        )

    def activities(self):
        call = self.call
        made = call("create_activity", name=self.name("work"))
        self.activity = activity = made["activityArn"]
        same("creating an activity again", call("create_activity", name=self.name("work")), made)
        told = call("describe_activity", activityArn=activity)
        wanted = {**made, "name": self.name("work"), "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}
        same("DescribeActivity", told, wanted)
        listed = [one for page in call.pages("list_activities", "activities", maxResults=1) for one in page]
        same("activities", [one["activityArn"] for one in listed if self.suffix in one["name"]], [activity])

        work = machine(Work={"Type": "Task", "Resource": activity, "HeartbeatSeconds": 600, "End": True})
        arn = self.start(self.create("worker", work), input='{"job":7}')
        task = call("get_activity_task", activityArn=activity, workerName="one")
        same("input of a task", task["input"], '{"job":7}')
        same("SendTaskHeartbeat", call("send_task_heartbeat", taskToken=task["taskToken"]), {})
        call.refused("send_task_success", "InvalidOutput", taskToken=task["taskToken"], output="{")
        same("SendTaskFailure", call("send_task_failure", taskToken=task["taskToken"], error="Broken"), {})
        told = call.ended(arn, "FAILED")
        same("an execution whose task fails", (told["error"], told["redriveStatus"]), ("Broken", "REDRIVABLE"))
        call.refused(
            "send_task_success",
            "TaskTimedOut",
            "Task Timed Out: 'Provided task does not exist anymore'",
            taskToken=task["taskToken"],
            output="1",
        )
        call("redrive_execution", executionArn=arn)
        again = call("get_activity_task", activityArn=activity)
        holds("a new token", again["taskToken"] != task["taskToken"], again)
        same("SendTaskSuccess", call("send_task_success", taskToken=again["taskToken"], output='{"done":7}'), {})
        told = call.ended(arn, "SUCCEEDED")
        same("an execution that was redriven", (told["output"], told["redriveCount"]), ('{"done":7}', 1))
        types = [event["type"] for event in call("get_execution_history", executionArn=arn)["events"]]
        wanted = [
            "ExecutionStarted",
            "TaskStateEntered",
            "ActivityScheduled",
            "ActivityStarted",
            "ActivityFailed",
            "ExecutionFailed",
            "ExecutionRedriven",
            "ActivityScheduled",
            "ActivityStarted",
            "ActivitySucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ]
        same("history of a redriven execution", types, wanted)
        call.refused(
            "send_task_heartbeat", "InvalidToken", "Invalid Token: 'Invalid token'", taskToken="no token at all"
        )
        call.refused(
            "get_activity_task",
            "ActivityDoesNotExist",
            f"Activity Does Not Exist: '{activity}-not'",
            activityArn=activity + "-not",
        )

    def map_runs(self):
        call = self.call

        def distributed(state, **more):
            processor = {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Each",
                "States": {"Each": state},
            }
            return machine(All={"Type": "Map", "Label": "All", "ItemProcessor": processor, "End": True, **more})

        machine_arn = self.create("map", distributed({"Type": "Pass", "End": True}))
        arn = self.start(machine_arn, input="[1,2,3]")
        same("output of a Map Run", json.loads(call.ended(arn, "SUCCEEDED")["output"]), [1, 2, 3])
        runs = call("list_map_runs", executionArn=arn)["mapRuns"]
        same("how many Map Runs", len(runs), 1)
        same("whose Map Run", (runs[0]["executionArn"], runs[0]["stateMachineArn"]), (arn, f"{machine_arn}/All"))
        run = runs[0]["mapRunArn"]
        told = call("describe_map_run", mapRunArn=run)
        same("status of a Map Run", (told["status"], told["redriveCount"]), ("SUCCEEDED", 0))
        for counts in ("itemCounts", "executionCounts"):
            got = {name: count for name, count in told[counts].items() if count}
            same(f"{counts} of a Map Run", got, {"succeeded": 3, "total": 3})
        pages = call.pages("list_executions", "executions", mapRunArn=run, maxResults=2)
        children = [one for page in pages for one in page]
        same("children", [(one["status"], one["mapRunArn"]) for one in children], [("SUCCEEDED", run)] * 3)
        child = call("describe_execution", executionArn=children[0]["executionArn"])
        same("a child", (child["mapRunArn"], child["stateMachineArn"]), (run, f"{machine_arn}/All"))
        error = call.refused("update_map_run", "ValidationException", mapRunArn=run, maxConcurrency=2)
        same("reason of the error", error.get("reason"), "CANNOT_UPDATE_COMPLETED_MAP_RUN")

        slow = distributed({"Type": "Wait", "Seconds": 3600, "End": True}, MaxConcurrency=1)
        arn = self.start(self.create("slow-map", slow), input="[1,2,3,4]")
        run = self.until(lambda: call("list_map_runs", executionArn=arn)["mapRuns"])[0]["mapRunArn"]
        self.until(lambda: call("describe_map_run", mapRunArn=run)["executionCounts"]["running"] == 1)
        told = call("describe_map_run", mapRunArn=run)
        holds("a Map Run that runs has no stopDate", told["status"] == "RUNNING" and "stopDate" not in told, told)
        changes = {"maxConcurrency": 3, "toleratedFailurePercentage": 12.5, "toleratedFailureCount": 2}
        same("UpdateMapRun", call("update_map_run", mapRunArn=run, **changes), {})
        self.until(lambda: call("describe_map_run", mapRunArn=run)["executionCounts"]["running"] == 3)
        told = call("describe_map_run", mapRunArn=run)
        same("a changed Map Run", {name: told[name] for name in changes}, changes)
        call("stop_execution", executionArn=arn)
        call.ended(arn, "ABORTED")
        told = call("describe_map_run", mapRunArn=run)
        same("a Map Run whose execution is stopped", told["status"], "ABORTED")
        call.refused("describe_map_run", "ResourceNotFound", mapRunArn=run[:-1] + ("0" if run[-1] != "0" else "1"))

    def until(self, look):
        """What `look` finds, which is looked for until it is there."""
        ends = time.monotonic() + PATIENCE
        while True:
            found = look()
            if found:
                return found
            holds("it comes in time", time.monotonic() < ends, found)
            time.sleep(0.02)

    def express(self):
        call = self.call
        definition = machine(
            Check={
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Large"}],
                "Default": "Small",
            },
            Large={"Type": "Pass", "Result": "large", "End": True},
            Small={"Type": "Fail", "Error": "TooSmall"},
        )
        arn = self.create("quick", definition, type="EXPRESS")
        told = call("start_sync_execution", stateMachineArn=arn, name="now", input='{"n":2}')
        got = [told[member] for member in ("stateMachineArn", "name", "status", "input", "output")]
        same("StartSyncExecution", got, [arn, "now", "SUCCEEDED", '{"n":2}', '"large"'])
        prefix = arn.replace(":stateMachine:", ":express:") + ":now:"
        holds("ARN of an Express execution", told["executionArn"].startswith(prefix), told)
        billed = told["billingDetails"]["billedDurationInMilliseconds"]
        holds("what is billed", billed >= 0 and billed % 100 == 0, told)
        holds("dates", told["startDate"] <= told["stopDate"], told)
        told = call("start_sync_execution", stateMachineArn=arn, input='{"n":0}')
        same("one that fails", (told["status"], told["error"], "output" in told), ("FAILED", "TooSmall", False))
        call.refused(
            "start_sync_execution",
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
            stateMachineArn=self.double,
        )
        started = self.start(arn, input='{"n":2}')
        call.refused(
            "describe_execution",
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: express'",
            executionArn=started,
        )
        call.refused("list_executions", "StateMachineTypeNotSupported", stateMachineArn=arn)

    def states_and_definitions(self):
        call = self.call
        state = {"Type": "Pass", "Parameters": {"b.$": "$.a"}, "ResultPath": "$.c", "Next": "N"}
        told = call("test_state", definition=text(state), input='{"a":1}', inspectionLevel="DEBUG")
        got = (told["status"], json.loads(told["output"]), told["nextState"])
        same("TestState", got, ("SUCCEEDED", {"a": 1, "c": {"b": 1}}, "N"))
        same("inspectionData", json.loads(told["inspectionData"]["afterParameters"]), {"b": 1})
        task = {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}, "End": True}
        task["Catch"] = [{"ErrorEquals": ["Broken"], "Next": "Caught"}]
        broken = {"errorOutput": {"error": "Broken", "cause": "it is"}}
        told = call("test_state", definition=text(task), input="{}", mock=broken)
        got = (told["status"], told["error"], told["cause"], told["nextState"])
        same("TestState of a mocked task", got, ("CAUGHT_ERROR", "Broken", "it is", "Caught"))
        call.refused(
            "test_state",
            "ValidationException",
            "RoleArn must be specified when testing a Task state",
            definition=text(task),
            input="{}",
        )
        waits = {"Type": "Task", "Resource": self.activity, "End": True}
        call.refused(
            "test_state",
            "InvalidDefinition",
            "TestState API supports Activity tasks and the '.sync' and '.waitForTaskToken' service integration patterns "
            "only when a mock is specified",
            definition=text(waits),
            input="{}",
            roleArn=ROLE,
        )
        told = call("validate_state_machine_definition", definition=self.definition)
        same("a valid definition", told, {"result": "OK", "diagnostics": [], "truncated": False})
        told = call("validate_state_machine_definition", definition="{}", type="STANDARD")
        wanted = {
            "severity": "ERROR",
            "code": "SCHEMA_VALIDATION_FAILED",
            "message": "These fields are required: [States, StartAt]",
            "location": "/",
        }
        same("an empty definition", told, {"result": "FAIL", "diagnostics": [wanted], "truncated": False})

    def delete(self):
        call = self.call
        for arn in self.machines:
            same("DeleteStateMachine", call("delete_state_machine", stateMachineArn=arn), {})
        for arn in self.machines:
            # One whose execution is just being stopped may be DELETING for a moment.
            self.until(lambda: self.is_gone(arn))
        for _ in range(2):
            same("DeleteActivity", call("delete_activity", activityArn=self.activity), {})
        call.refused("describe_activity", "ActivityDoesNotExist", activityArn=self.activity)
        call.refused("start_execution", "StateMachineDoesNotExist", stateMachineArn=self.double)

    def is_gone(self, arn):
        try:
            told = self.call("describe_state_machine", stateMachineArn=arn)
        except self.call.sfn.exceptions.StateMachineDoesNotExist:
            return True
        same("status of what is deleted", told["status"], "DELETING")
        return False


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: boto3_client.py URL")
    scenario = Scenario(sys.argv[1])
    try:
        scenario.run()
    except (Difference, BotoCoreError, ClientError) as difference:
        sys.exit(f"boto3 {boto3.__version__}: after {scenario.call.calls} calls: {difference}")
    print(f"ok: {scenario.call.calls} calls")


if __name__ == "__main__":
    main()
