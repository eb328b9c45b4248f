#!/usr/bin/env python3
"""Holds an endpoint that speaks the API of Step Functions against recordings of AWS.

Makes the recorded calls with boto3 and compares the answers. A case agrees when everything that was recorded agrees;
it agrees laxly when error codes, statuses and outputs do. The server has to answer for the account 111111111111 and the
region us-east-1, which are in the recorded ARNs.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import compare
import functions
import recording
from endpoint import Endpoint, NobodyThere
from play import Play


def main() -> int:
    """The exit code: 0, or 1 when less agrees than `--at-least` asks for, or 2 when nothing can be said."""
    options = arguments()
    run = recording.this_run()
    if options.prepare:
        functions.prepare(recording.load(options.cases, run), options.prepare)
        return 0
    endpoint = Endpoint(options.endpoint)
    kinds = options.kinds.split(",")
    counts: dict[str, Counter] = {kind: Counter() for kind in kinds}
    for case in recording.load(options.cases, run):
        if case.kind not in kinds or options.only not in case.file:
            continue
        try:
            verdict, lines = judge(endpoint, case, options)
        except NobodyThere as error:
            print(f"replay: {case.file}: {error}", file=sys.stderr)
            return 2
        counts[case.kind][verdict] += 1
        print(f"{case.file}: {lines[0]}", *lines[1:], sep="\n    ", flush=True)
    return summary(counts, options.at_least)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default="http://127.0.0.1:8083", metavar="URL", help="the server (%(default)s)")
    parser.add_argument("--cases", type=Path, required=True, metavar="FOLDER", help="the recordings")
    parser.add_argument("--kinds", default=",".join(recording.KINDS), help="of these kinds only (%(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose file has TEXT in its name")
    parser.add_argument("--show", action="store_true", help="every difference, not the first alone")
    parser.add_argument("--logs", type=Path, metavar="FILE", help="what the server would send to CloudWatch Logs")
    parser.add_argument("--at-least", type=float, metavar="PERCENT", help="exit with 1 when fewer cases agree strictly")
    parser.add_argument(
        "--prepare", type=Path, metavar="FOLDER", help="write routes.toml and the functions of the cases"
    )
    return parser.parse_args()


def judge(endpoint: Endpoint, case: recording.Case, options: argparse.Namespace) -> tuple[str, list[str]]:
    """How a case went: `strict`, `lax` or `differs`, and what to print."""
    if reason := case.not_replayable:
        return "differs", [f"not replayable: {reason}"]
    play = Play(endpoint, case, options.logs)
    found = play.run()
    if not found:
        return "strict", ["agrees"]
    grave = [difference for difference in found if compare.is_grave(difference)]
    verdict = "differs" if grave else "lax"
    first = (grave or found)[0]
    lines = ["DIFFERS" if grave else "lax"]
    if options.show:
        lines += [difference.tell(2000) for difference in found] + play.notes
    else:
        lines[0] += f": {first.tell(200)}" + "".join(f" ({note})" for note in play.notes[:1])
    return verdict, lines


def summary(counts: dict[str, Counter], at_least: float | None) -> int:
    """Prints the counts; what agrees strictly agrees laxly, too."""
    strict = lax = total = 0
    for kind, count in counts.items():
        of_kind = count.total()
        print(f"{kind}: strict {count['strict']}, lax {count['strict'] + count['lax']}, of {of_kind}")
        strict, lax, total = strict + count["strict"], lax + count["strict"] + count["lax"], total + of_kind
    print(f"api surface: strict {strict}, lax {lax}, of {total}")
    return 1 if at_least is not None and strict * 100 < at_least * total else 0


if __name__ == "__main__":
    sys.exit(main())
