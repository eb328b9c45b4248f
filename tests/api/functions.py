"""Writes the functions that cases call, and a routing file for them.

The recordings name the functions and the files that they came from, not their source. What they did shows in what they
answered, so they are written anew here.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recording import Case, placeholder

ECHO = "def handler(event, context):\n    return event\n"

# By the name of the file. The line of a `raise` and the names show in recorded stack traces.
SOURCES = {
    "id_function.py": ECHO,
    "echo_function.py": ECHO,
    "raise_exception.py": """\
def handler(event, context):
    raise Exception("Some exception was raised.")
""",
    "raise_custom_exception.py": """\
class CustomException(Exception):
    \"\"\"An error without a message.\"\"\"

    def __init__(self):
        super().__init__("")


def handler(event, context):
    raise CustomException()
""",
    "return_bytes_str.py": """\
def handler(event, context):
    return "HelloWorld!"
""",
    "wait_60_seconds.py": """\
import time


def handler(event, context):
    time.sleep(60)
""",
}

# On Lambda, the code is in /var/task: this module runs it under that name, for stack traces.
LOADER = """import linecache
import pathlib

source = pathlib.Path(__file__).with_name("function.py").read_text()
name = "/var/task/handler.py"
linecache.cache[name] = (len(source), None, source.splitlines(True), name)
exec(compile(source, name, "exec"))
"""

ROUTE = """[[routes]]
resource = "arn:aws:lambda:*:*:function:{name}"
handler = "function"
runtime = "python3.12"
code = "functions/{code}"
entry = "handler.handler"
timeout_seconds = 70

"""


def prepare(cases: Iterable[Case], folder: Path) -> None:
    """Writes `routes.toml` and a folder for each source that some function has."""
    routes = {}
    for case in cases:
        for name, code, source in _functions(case):
            # The digits after `zq` tell the run, which is not known yet.
            head, found, tail = name.partition("zq")
            routes[f"{head}zq*{tail[2:]}" if found else name] = code
            place = folder / "functions" / code
            place.mkdir(parents=True, exist_ok=True)
            (place / "handler.py").write_text(LOADER)
            (place / "function.py").write_text(source)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "routes.toml").write_text("".join(ROUTE.format(name=name, code=code) for name, code in routes.items()))


def _functions(case: Case) -> Iterable[tuple[str, str, str]]:
    """Name, folder and source of each function of a case."""
    for name, told in (case.raw.get("lambdas") or {}).items():
        file = Path(told["file"]).name
        # A function of which nothing is known sends back what it gets, as most do.
        yield name, Path(file).stem, SOURCES.get(file, ECHO)
    if responses := (case.raw.get("mockConfig") or {}).get("MockedResponses"):
        name = placeholder(case.raw, "lambda_function_name")
        if name and name not in (case.raw.get("lambdas") or {}):
            yield name, f"mock-{Path(case.file).stem}", _mocked(next(iter(responses.values())))


def _mocked(response: dict[str, Any]) -> str:
    """A function that answers as the first attempt of a mocked response does."""
    first = next(iter(response.values()))
    if "Throw" in first:
        error, cause = first["Throw"]["Error"], first["Throw"]["Cause"]
        return f"def handler(event, context):\n    raise type({error!r}, (Exception,), {{}})({cause!r})\n"
    answer = first["Return"]
    if isinstance(answer, dict) and {"StatusCode", "Payload"} <= set(answer):
        answer = answer["Payload"]
    return f"import json\n\n\ndef handler(event, context):\n    return json.loads({json.dumps(answer)!r})\n"
