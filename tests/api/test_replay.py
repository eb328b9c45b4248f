"""Tests of the comparison, and of what a play binds. Run in this folder: `python -m unittest`."""

import datetime
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import compare
import functions
import play
import recording
from compare import MISSING, Bindings

MACHINE = "arn:aws:states:us-east-1:111111111111:stateMachine:m"
EXECUTION = "arn:aws:states:us-east-1:111111111111:execution:m:"
FAKE = "exec-00000000-0000-4000-8000-000000000004"


def paths(expected, actual, bindings=None):
    """Where two values differ."""
    found = compare.differences(expected, actual, bindings or Bindings())
    return [compare.path_text(difference.path) for difference in found]


class Wildcards(unittest.TestCase):
    def test_one_stands_for_the_same_text_everywhere(self):
        expected = {"a": "<uuid:1>", "b": ["x <uuid:1> y <uuid:2>"]}
        self.assertEqual(paths(expected, {"a": "u", "b": ["x u y v"]}), [])
        self.assertEqual(paths(expected, {"a": "u", "b": ["x w y v"]}), ["b[0]"])

    def test_names_that_the_recorder_gave_are_wildcards(self):
        bindings = Bindings()
        self.assertEqual(paths(EXECUTION + FAKE, EXECUTION + "real", bindings), [])
        self.assertEqual(paths(FAKE, "other", bindings), [""])
        self.assertEqual(bindings.fill(EXECUTION + FAKE), EXECUTION + "real")
        made_up = "exec-00000000-0000-4000-8000-000000000000"
        self.assertEqual(paths(made_up, "real"), [""])

    def test_words_are_wildcards_where_they_are_the_whole_value(self):
        rules = {"jsonpath": [{"jsonpath": "$..stop", "replacement": "stop-time", "reference": False}]}
        bindings = Bindings(rules)
        self.assertEqual(paths({"at": "datetime"}, {"at": datetime.datetime.now()}), [])
        self.assertEqual(paths(["stop-time"], [None], bindings), [])
        self.assertEqual(paths({"a": "stop-time"}, {}, bindings), ["a"])
        self.assertEqual(paths("at stop-time", "at noon", bindings), [""])

    def test_dates_within_texts(self):
        self.assertEqual(paths("not before date", "not before 2024-05-06T07:08:09.123Z"), [])
        self.assertEqual(paths("the date palm", "the date palm"), [])

    def test_what_a_pattern_replaced_stands_for_another_text_at_each_place(self):
        rules = {"regex": [{"regex": r"\\\"id\\\":\\\"\w+\\\"", "replacement": r"\"id\":<id>\""}]}
        bindings = Bindings(rules)
        expected = ['{"id":<id>"}', '{"id":<id>"}']
        self.assertEqual(paths(expected, ['{"id":"one"}', '{"id":"two"}'], bindings), [])
        self.assertEqual(paths(expected, ['{"id":"one"}', '{"no":"two"}'], bindings), ["[1]"])

    def test_one_placeholder_for_two_values(self):
        rules = {"substituted": [{"placeholder": "group", "value": "one"}, {"placeholder": "group", "value": "two"}]}
        self.assertEqual(paths("group one!", "group two!", Bindings(rules)), [])
        self.assertEqual(paths("group one!", "group six!", Bindings(rules)), [""])


class Values(unittest.TestCase):
    def test_json_texts(self):
        self.assertEqual(paths({"output": {"a": [1]}}, {"output": '{"a":[1.0]}'}), [])
        self.assertEqual(paths({"output": "[1, 2]"}, {"output": "[1,2]"}), [])
        self.assertEqual(
            paths({"output": {"cause": {"b": 1}}}, {"output": '{"cause":"{\\"b\\":2}"}'}), ["output.cause.b"]
        )
        self.assertEqual(paths("1", "1.0"), [""])

    def test_kinds_of_values(self):
        self.assertEqual(paths(1, 1.0), [])
        self.assertEqual(paths(1, True), [""])
        self.assertEqual(paths({"a": None}, {}), ["a"])
        self.assertEqual(paths([1, 2], [1]), ["[1]"])

    def test_members_that_do_not_count(self):
        self.assertEqual(paths({"timestamp": 1, "billingDetails": 2}, {"requestId": 3}), [])
        recorded, actual = ({"ResponseMetadata": {"HTTPStatusCode": code, "x": code}} for code in (200, 400))
        self.assertEqual(paths(recorded, actual), ["HTTPStatusCode"])

    def test_members_that_came_after_the_recording(self):
        actual = {"a": 1, "redriveCount": 0}
        self.assertEqual(paths({"a": 1}, actual, Bindings(recorded=datetime.date(2023, 8, 17))), [])
        self.assertEqual(paths({"a": 1}, actual, Bindings(recorded=datetime.date(2024, 8, 17))), ["redriveCount"])

    def test_texts_of_errors_differ_by_code_and_message(self):
        text = "An error occurred ({}) when calling the TagResource operation: {}".format
        self.assertEqual(paths({"error_text": text("A", "b")}, {"error_text": text("A", "c")}), ["error_text.Message"])
        self.assertEqual(paths(text("A", "b"), text("B", "b")), ["Code"])

    def test_any_order(self):
        bindings = Bindings()
        found = compare.of_any_order(
            [{"a": "<x:1>", "b": 1}, {"a": "<x:1>", "b": 2}], [{"a": "t", "b": 2}, {"a": "t", "b": 1}], bindings, ()
        )
        self.assertEqual(found, [])
        self.assertEqual(len(compare.of_any_order([1, 1], [1, 2, 3], bindings, ())), 2)


class Lax(unittest.TestCase):
    def grave(self, expected, actual):
        return [compare.is_grave(difference) for difference in compare.differences(expected, actual, Bindings())]

    def test_what_counts(self):
        self.assertEqual(
            self.grave({"Error": {"Code": "A", "Message": "b"}}, {"Error": {"Code": "A", "Message": "c"}}), [False]
        )
        self.assertEqual(self.grave({"Error": {"Code": "A"}}, {"Error": {"Code": "B"}}), [True])
        self.assertEqual(self.grave({"output": {"a": 1}}, {"output": {"a": 2}}), [True])
        self.assertEqual(self.grave({"name": "a", "events": []}, {"name": "b", "events": []}), [False])
        self.assertEqual(self.grave({"executions": [{"status": "SUCCEEDED"}]}, {"executions": []}), [True])


class Histories(unittest.TestCase):
    def history(self, *iterations):
        """A Map over as many items, whose iterations took turns as told: `0 1 1 0` and so on."""
        events = [
            {"type": "ExecutionStarted", "previousEventId": 0},
            {"type": "MapStateEntered", "previousEventId": 0},
            {"type": "MapStateStarted", "previousEventId": 2},
        ]
        last = {}
        for item in iterations:
            step = {"type": "PassStateEntered" if item in last else "MapIterationStarted", "item": item}
            events.append({**step, "previousEventId": last.get(item, 3)})
            last[item] = len(events)
        events.append({"type": "MapStateSucceeded", "previousEventId": len(events)})
        events.append({"type": "MapStateExited", "previousEventId": len(events)})
        return {"events": [{"id": number, **event} for number, event in enumerate(events, 1)]}

    def test_iterations_have_no_order(self):
        self.assertEqual(paths(self.history(0, 1, 0, 1), self.history(1, 1, 0, 0)), [])
        self.assertNotEqual(paths(self.history(0, 1, 0, 1), self.history(1, 0, 0)), [])
        self.assertNotEqual(paths(self.history(0, 0), self.history(1, 1)), [])

    def test_what_comes_one_by_one_has_an_order(self):
        events = [{"id": 1, "type": "A", "previousEventId": 0}, {"id": 2, "type": "B", "previousEventId": 1}]
        self.assertEqual(paths({"events": events}, {"events": events[::-1]})[:1], ["events[0].id"])

    def test_ids_of_zero_are_a_set(self):
        kinds = ["ParallelStateStarted", "PassStateEntered", "PassStateExited"]
        recorded = [{"id": 0, "previousEventId": 0, "type": kind} for kind in kinds]
        actual = [
            {"id": number, "previousEventId": number - 1, "type": kind}
            for number, kind in enumerate([kinds[0], kinds[2], kinds[1], "ParallelStateSucceeded"], 1)
        ]
        self.assertEqual(paths({"events": recorded}, {"events": actual}), [])


class Server:
    """Answers from a list, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def call(self, service, operation, params, account=None, on_client=False):
        self.asked.append((operation, params))
        return self.answers.pop(0) if self.answers else {}


def call(operation, params, recorded=MISSING, derived=False):
    expected = [] if recorded is MISSING else [{"snapshotKey": "k", "derived": derived, "recorded": recorded}]
    return {"service": "stepfunctions", "op": operation, "params": params, "raises": False, "expected": expected}


def played(server, *calls):
    """The differences of a case of these calls."""
    raw = {"kind": "api", "recorded": "01-01-2025, 00:00:00", "placeholders": {}, "calls": list(calls)}
    found = play.Play(server, recording.case("case", raw), None).run()
    return [difference.tell(60) for difference in found]


class Plays(unittest.TestCase):
    def test_an_execution_gets_the_name_that_the_server_chose(self):
        server = Server({"executionArn": EXECUTION + "real"}, {"events": []}, {"status": "SUCCEEDED"}, {"name": "real"})
        calls = [
            call("start_execution", {"stateMachineArn": MACHINE}),
            call("get_execution_history", {"executionArn": EXECUTION + FAKE}),
            call("describe_execution", {"executionArn": EXECUTION + FAKE}, {"name": FAKE}),
        ]
        self.assertEqual(played(server, *calls), [])
        self.assertEqual([params["executionArn"] for _, params in server.asked[1:]], [EXECUTION + "real"] * 3)

    def test_a_page_begins_where_the_last_one_ended(self):
        server = Server({"nextToken": "t1"}, {})
        played(
            server,
            call("list_activities", {}),
            call("list_activities", {"nextToken": None}),
            call("list_activities", {"nextToken": None}),
        )
        self.assertEqual([params for _, params in server.asked], [{}, {"nextToken": "t1"}, {}])

    def test_a_derived_list_has_what_the_case_created(self):
        other, own = ({"name": name, "stateMachineArn": MACHINE + name} for name in "ab")
        server = Server({"stateMachineArn": own["stateMachineArn"]}, {"stateMachines": [other, own]})
        calls = [
            call("create_state_machine", {"name": "b", "definition": {}}),
            call("list_state_machines", {}, [own], True),
        ]
        self.assertEqual(played(server, *calls), [])
        self.assertEqual(server.asked[-1][0], "delete_state_machine")

    def test_definitions_that_aws_told_apart_are_written_in_two_ways(self):
        create = call("create_state_machine", {"name": "m", "definition": {"a": 1}})
        server = Server({"stateMachineArn": MACHINE}, {"stateMachineArn": MACHINE}, {"stateMachineArn": MACHINE})
        self.assertEqual(len(played(server, create, create, {**create, "raises": True})), 1)
        texts = [params["definition"] for operation, params in server.asked if operation.startswith("create")]
        self.assertEqual(texts[0], texts[1])
        self.assertNotEqual(texts[0], texts[2])


class Recordings(unittest.TestCase):
    def test_names_keep_their_length(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        raw = {
            "kind": "api",
            "recorded": "01-01-2025, 00:00:00",
            "placeholders": {},
            "calls": [call("create_activity", {"name": "a-zq000012"})],
        }
        for name in "ab":
            (folder / f"{name}.json").write_text(json.dumps(raw))
        names = [case.calls[0]["params"]["name"] for case in recording.load(folder, "r1")]
        self.assertEqual(names, ["a-zqr1000c", "a-zqr1010c"])

    def test_functions_of_a_case(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        raw = {
            "kind": "api",
            "recorded": "01-01-2025, 00:00:00",
            "placeholders": {"substituted": []},
            "lambdas": {"f_zqr1000c": {"file": "x/raise_exception.py"}},
        }
        functions.prepare([recording.case("case", raw)], folder)
        self.assertIn(':function:f_zq*000c"', (folder / "routes.toml").read_text())
        self.assertTrue((folder / "functions" / "raise_exception" / "function.py").is_file())


if __name__ == "__main__":
    unittest.main()
