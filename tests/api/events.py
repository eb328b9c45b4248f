"""Compares histories. What runs side by side, iterations and branches, has no fixed order."""

from __future__ import annotations

from typing import Any

import compare

CLOSES = {
    f"{kind}State{how}": f"{kind}StateStarted"
    for kind in ("Map", "Parallel")
    for how in ("Succeeded", "Failed", "Aborted")
}
OPENS = ("MapStateStarted", "ParallelStateStarted")


def differences(expected: list, actual: list, bindings: compare.Bindings, path: tuple) -> list:
    """Event by event; where that fails and something ran side by side, group by group."""
    tried = bindings.copy()
    exact = compare.of_items(_settled(expected), _settled(actual), tried, path)
    if not exact or not any(_member(event, "type") in OPENS for event in expected):
        bindings.take(tried)
        return exact
    if any(event.get("id") in (0, [0]) for event in expected):
        # The recorder set the ids to zero, sorted by text, and lost the event that closes the state.
        if not any(_member(event, "type") == "ParallelStateSucceeded" for event in expected):
            actual = [event for event in actual if _member(event, "type") != "ParallelStateSucceeded"]
        return compare.of_any_order(
            [_bare(event) for event in expected], [_bare(event) for event in actual], bindings, path
        )
    tried = bindings.copy()
    grouped = _of_groups(_tree(expected), _tree(actual), tried, path)
    bindings.take(tried)
    # Both failed: the order is not the trouble, and the plain comparison has the better paths.
    return grouped and exact


def _settled(events: list) -> list:
    """AWS changed in 2024 what the exit of a distributed Map follows: both count as the same."""
    types = {
        _member(event, "id"): _member(event, "type") for event in events if not isinstance(_member(event, "id"), list)
    }
    runs = ("MapRunStarted", "MapRunSucceeded", "MapRunFailed")

    def settle(event: Any) -> Any:
        if _member(event, "type") == "MapStateExited" and types.get(event.get("previousEventId")) in runs:
            return {**event, "previousEventId": "of the Map Run"}
        return event

    return [settle(event) for event in events]


def _member(event: Any, name: str) -> Any:
    return event.get(name) if isinstance(event, dict) else None


def _bare(event: dict) -> dict:
    """Without the ids, which depend on the order."""
    return {name: value for name, value in event.items() if name not in ("id", "previousEventId", "timestamp")}


class _Group(list):
    """Events that follow each other; `inside` has the groups that the event at an index opened."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: dict[int, list[_Group]] = {}


def _tree(events: list) -> _Group:
    """The main line of a history, with its iterations and branches as groups."""
    main = _Group()
    # Of each event its group and its place in it; of each group the event that opened it.
    places: dict[int, tuple[_Group, int]] = {}
    types: dict[int, str] = {}
    opened_by: dict[int, int] = {}
    for event in sorted(events, key=lambda event: event["id"]):
        previous, kind = event.get("previousEventId", 0), event["type"]
        group = places[previous][0] if previous in places else main
        opener = "MapStateStarted" if kind == "MapIterationStarted" else CLOSES.get(kind)
        while opener and id(group) in opened_by and types[previous] != opener:
            previous = opened_by[id(group)]
            group = places[previous][0]
        if kind.startswith("Execution"):
            group = main
        elif (
            kind == "MapIterationStarted" or types.get(previous) == "ParallelStateStarted" and kind.endswith("Entered")
        ):
            around, place = places.get(previous, (main, 0))
            group = _Group()
            around.inside.setdefault(place, []).append(group)
            opened_by[id(group)] = previous
        places[event["id"]] = (group, len(group))
        types[event["id"]] = kind
        group.append(_bare(event))
    return main


def _of_groups(expected: _Group, actual: _Group, bindings: compare.Bindings, path: tuple) -> list:
    found = compare.of_items(list(expected), list(actual), bindings, path)
    for place in sorted({*expected.inside, *actual.inside}):
        left = list(actual.inside.get(place, ()))
        for group in expected.inside.get(place, ()):
            for index, candidate in enumerate(left):
                tried = bindings.copy()
                if not _of_groups(group, candidate, tried, path):
                    bindings.take(tried)
                    del left[index]
                    break
            else:
                found.append(compare.Difference((*path, place), list(group), compare.MISSING))
        found += [compare.Difference((*path, place), compare.MISSING, list(group)) for group in left]
    return found
