"""Writes src/api/members.json: the members of the requests of the Step Functions API, with their bounds.

The facts are those of AWS's own model, as botocore has it: `python api-members.py`, with botocore installed.
"""

import gzip
import json
import pathlib

import botocore

FOLDER = pathlib.Path(botocore.__file__).parent / "data" / "stepfunctions"


def model():
    [file] = sorted(FOLDER.glob("*/service-2.json*"))
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8") as text:
        return json.load(text)


def described(shapes, name):
    """One member: its type, its bounds, and what is in it."""
    shape = shapes[name]
    told = {"type": shape["type"]}
    for bound in ("min", "max", "pattern", "enum"):
        if bound in shape:
            told[bound] = shape[bound]
    if shape["type"] == "structure":
        told["members"] = members(shapes, shape)
    if shape["type"] == "list":
        told["member"] = described(shapes, shape["member"]["shape"])
        if shapes[shape["member"]["shape"]]["type"] == "structure":
            told["member"]["name"] = shape["member"]["shape"]
    return told


def members(shapes, shape):
    told = {}
    for name, member in shape["members"].items():
        told[name] = described(shapes, member["shape"])
        if name in shape.get("required", []):
            told[name]["required"] = True
    return told


def main():
    found = model()
    shapes = found["shapes"]
    operations = {name: members(shapes, shapes[operation["input"]["shape"]]) for name, operation in found["operations"].items()}
    lines = [f"{json.dumps(name)}: {json.dumps(told)}" for name, told in sorted(operations.items())]
    file = pathlib.Path(__file__).parent / "src" / "api" / "members.json"
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
