"""Compares what a server answered with what was recorded of AWS: every difference, with its path.

A recording has wildcards in the place of what changes from day to day. `Bindings` knows what they stand for in one
case, `differences` walks through both values, and `is_grave` tells the differences that count in the lax mode.
"""

import copy
import datetime
import json
import re
from typing import Any, NamedTuple

import events  # which imports this module, too: neither uses the other before a comparison

# Names that the recorder gave to executions that AWS had named; number 0 is one that a test made up.
FAKE = r"(?:exec-|(?<![\w-]))00000000-0000-4000-8000-(?!0{12})\d{12}"
TOKEN = re.compile(rf"<<[^<>\"'\n]+>(?::\d+)?>|<[A-Za-z][\w .-]*(?::\d+)?>|{FAKE}")
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
CLIENT_ERROR = re.compile(
    r"An error occurred \((?P<Code>[^)]*)\) when calling the (?P<Operation>\w+) operation: (?P<Message>.*)", re.DOTALL
)

# Words that stand for any value where they are the whole value.
ANYTHING = {"timestamp", "date", "datetime", "start-date", "stop-date", "RequestId", "x-amzn-RequestId", "x-amz-crc32"}

# Members that say nothing about the behaviour.
DROPPED = {"timestamp", "SdkHttpMetadata", "SdkResponseMetadata", "billingDetails", "requestId", "RequestId"}

# When AWS's API got a member. A recording from before that day cannot have it, and no server is to blame for it.
SINCE = {
    "stateMachineVersionArn": datetime.date(2023, 6, 22),
    "stateMachineAliasArn": datetime.date(2023, 6, 22),
    "revisionId": datetime.date(2023, 6, 22),
    "redriveCount": datetime.date(2023, 11, 15),
    "redriveStatus": datetime.date(2023, 11, 15),
    "redriveStatusReason": datetime.date(2023, 11, 15),
    "encryptionConfiguration": datetime.date(2024, 7, 25),
    "variableReferences": datetime.date(2024, 11, 20),
}

# The members that the lax mode compares.
GRAVE = {"status", "output", "error", "Code", "exception_typename", "answered"}


class _Missing:
    """What a side has where the other has something."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


class Difference(NamedTuple):
    """Where the two sides part, and what they have there."""

    path: tuple[str | int, ...]
    expected: Any
    actual: Any

    def tell(self, width: int) -> str:
        """`path: expected … got …`, each value cut to `width` characters."""
        return f"{path_text(self.path)}: expected {short(self.expected, width)} got {short(self.actual, width)}"


def path_text(path: tuple[str | int, ...]) -> str:
    """`events[3].type`"""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def short(value: Any, width: int) -> str:
    """The value as JSON, cut."""
    text = repr(value) if value is MISSING else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= width else text[:width] + "…"


class Bindings:
    """What the wildcards of one case stand for."""

    def __init__(self, placeholders: dict | None = None, recorded: datetime.date = datetime.date.max) -> None:
        placeholders = placeholders or {}
        self.recorded = recorded
        self.bound: dict[str, str] = {}
        # What the recording calls so, and the server otherwise: ARNs and URLs that it chose.
        self.known: dict[str, str] = {}
        self.words = set(ANYTHING)
        # These stand for another text at each place: they replaced whatever a pattern met.
        self.free = {"<date>"}
        self.rewrites: list[tuple[re.Pattern, str]] = []
        for rule in placeholders.get("jsonpath", ()):
            self.words.add(rule["replacement"])
            if not rule.get("reference"):
                self.free.add(rule["replacement"])
        for rule in placeholders.get("regex", ()):
            self.words.add(rule["replacement"])
            self.free.update(TOKEN.findall(rule["replacement"]))
            self.rewrites.append((re.compile(rule["regex"]), rule["replacement"]))
        # One placeholder for several values: which of them it was is lost.
        values: dict[str, list[str]] = {}
        for rule in placeholders.get("substituted", ()):
            values.setdefault(rule["placeholder"], []).append(rule["value"])
        groups = [sorted(set(group)) for group in values.values() if len(set(group)) > 1]
        self.alike = {value: group for group in groups for value in group}

    def copy(self) -> "Bindings":
        """For a comparison that may be given up."""
        other = copy.copy(self)
        other.bound = dict(self.bound)
        return other

    def take(self, other: "Bindings") -> None:
        """What `other` found."""
        self.bound = other.bound

    def fill(self, text: str) -> str:
        """`text` with what is bound in the place of wildcards."""
        return TOKEN.sub(lambda token: self.bound.get(token[0], token[0]), self._with_known(text))

    def match(self, recorded: str, text: str) -> bool:
        """Whether `text` is what was recorded; binds the wildcards when it is."""
        if recorded == text:
            return True
        recorded = self._with_known(recorded)
        return any(self._match(recorded, variant) for variant in self._variants(text))

    def _with_known(self, text: str) -> str:
        for name in sorted(self.known, key=len, reverse=True):
            text = text.replace(name, self.known[name])
        return text

    def _variants(self, text: str):
        """`text`, and as the recorder would have rewritten it."""
        yield text
        dated = ISO_DATE.sub("date", text)
        if dated != text:
            yield dated
        rewritten = json.dumps(dated)
        # The recorder replaced within the JSON text of the whole recording, hence the patterns with escaped quotes.
        for pattern, replacement in self.rewrites:
            rewritten = pattern.sub(replacement, rewritten)
        try:
            if (rewritten := json.loads(rewritten)) != dated:
                yield rewritten
        except ValueError:
            pass

    def _match(self, recorded: str, text: str) -> bool:
        pattern, start = "", 0
        groups: dict[str, str] = {}
        for token in TOKEN.finditer(recorded):
            pattern += self._literal(recorded[start : token.start()])
            start = token.end()
            name = token[0]
            if name in self.free:
                pattern += "(?:.+?)"
            elif name in self.bound:
                pattern += re.escape(self.bound[name])
            elif name in groups:
                pattern += f"(?P={groups[name]})"
            else:
                groups[name] = f"t{len(groups)}"
                pattern += f"(?P<{groups[name]}>.+?)"
        pattern += self._literal(recorded[start:])
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            self.bound.update({name: found[group] for name, group in groups.items()})
        return found is not None

    def _literal(self, text: str) -> str:
        if not self.alike:
            return re.escape(text)
        values = "|".join(map(re.escape, sorted(self.alike, key=len, reverse=True)))
        pattern = ""
        for place, piece in enumerate(re.split(f"({values})", text)):
            pattern += "(?:" + "|".join(map(re.escape, self.alike[piece])) + ")" if place % 2 else re.escape(piece)
        return pattern


def parsed(text: str) -> Any:
    """The JSON in `text`, or `MISSING`."""
    try:
        return json.loads(text)
    except ValueError:
        return MISSING


def differences(expected: Any, actual: Any, bindings: Bindings, path: tuple = ()) -> list[Difference]:
    """All differences; none where both agree."""
    here = [Difference(path, expected, actual)]
    if isinstance(expected, str) and expected in bindings.words and actual is not MISSING:
        return []
    if isinstance(actual, datetime.datetime):
        actual = actual.isoformat()
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _of_members(expected, actual, bindings, path)
    if isinstance(expected, list) and isinstance(actual, list):
        if path and path[-1] == "events":
            return events.differences(expected, actual, bindings, path)
        return of_items(expected, actual, bindings, path)
    if isinstance(expected, str) and isinstance(actual, str):
        if bindings.match(expected, actual):
            return []
        left, right = CLIENT_ERROR.fullmatch(expected), CLIENT_ERROR.fullmatch(actual)
        if left and right:
            return _of_members(left.groupdict(), right.groupdict(), bindings, path)
        # Only texts of objects and lists: "1" is not 1.0.
        left, right = parsed(expected), parsed(actual)
        if isinstance(left, dict | list) and isinstance(right, dict | list):
            return differences(left, right, bindings, path)
        return here
    # The recorder read JSON texts, and a rewrite of it may have made a text of one again.
    if isinstance(actual, str) and (right := parsed(actual)) is not MISSING and not isinstance(right, str):
        return differences(expected, right, bindings, path)
    if isinstance(expected, str) and isinstance(actual, dict) and isinstance(left := parsed(expected), dict):
        return differences(left, actual, bindings, path)
    same_kind = isinstance(expected, bool) == isinstance(actual, bool)
    return [] if same_kind and expected == actual else here


def _of_members(expected: dict, actual: dict, bindings: Bindings, path: tuple) -> list[Difference]:
    found = []
    for name, value in expected.items():
        if name == "ResponseMetadata":
            # The headers and the request id are the transport's; the status is a part of the answer.
            status = [side.get(name, {}).get("HTTPStatusCode") for side in (expected, actual)]
            if None not in status and status[0] != status[1]:
                found.append(Difference((*path, "HTTPStatusCode"), *status))
        elif name not in DROPPED:
            found += differences(value, actual.get(name, MISSING), bindings, (*path, name))
    for name, value in actual.items():
        if name in expected or name in DROPPED or name == "ResponseMetadata":
            continue
        if SINCE.get(name, datetime.date.min) <= bindings.recorded:
            found.append(Difference((*path, name), MISSING, value))
    return found


def of_items(expected: list, actual: list, bindings: Bindings, path: tuple) -> list[Difference]:
    """Lists, place by place."""
    found = []
    for index in range(max(len(expected), len(actual))):
        left, right = (side[index] if index < len(side) else MISSING for side in (expected, actual))
        found += differences(left, right, bindings, (*path, index))
    return found


def closest(expected: Any, candidates: list, bindings: Bindings, path: tuple) -> list[Difference]:
    """The differences to the candidate that is closest; for values of which it is not told how they were derived."""
    best, best_bindings = [Difference(path, expected, MISSING)], bindings
    for candidate in [one for one in candidates if type(one) is type(expected)] or candidates:
        tried = bindings.copy()
        found = differences(expected, candidate, tried, path)
        if best_bindings is bindings or _weight(found) < _weight(best):
            best, best_bindings = found, tried
        if not best:
            break
    bindings.take(best_bindings)
    return best


def _weight(found: list[Difference]) -> int:
    """How much differs: a whole object more than one of its members."""
    return sum(_leaves(difference.expected) + _leaves(difference.actual) for difference in found)


def _leaves(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_leaves, items))


def of_any_order(expected: list, actual: list, bindings: Bindings, path: tuple) -> list[Difference]:
    """Lists as multisets: each expected item takes the item that is closest to it."""
    left, found = list(enumerate(actual)), []
    for index, item in enumerate(expected):
        tries = []
        for place, (_, candidate) in enumerate(left):
            tried = bindings.copy()
            tries.append((differences(item, candidate, tried, (*path, index)), place, tried))
            if not tries[-1][0]:
                break
        if not tries:
            found.append(Difference((*path, index), item, MISSING))
            continue
        best, place, tried = min(tries, key=lambda attempt: (_weight(attempt[0]), attempt[1]))
        found += best
        bindings.take(tried)
        del left[place]
    return found + [Difference((*path, index), MISSING, item) for index, item in left]


def is_grave(difference: Difference) -> bool:
    """Whether it counts in the lax mode: an error code, a status or an output, or what holds one and is missing."""
    _, expected, actual = difference
    if not GRAVE.isdisjoint(difference.path):
        return True
    return expected is MISSING and _holds_grave(actual) or actual is MISSING and _holds_grave(expected)


def _holds_grave(value: Any) -> bool:
    if isinstance(value, dict):
        return not GRAVE.isdisjoint(value) or any(map(_holds_grave, value.values()))
    return isinstance(value, list) and any(map(_holds_grave, value))
