"""Writes the JSON files in outputs/: what each operation of a service answers, and within which bounds.

Run with botocore installed, whose data folder holds the models that AWS publishes (Apache-2.0). The files were made from
botocore 1.41.0, of November 2025, because AWS held the recorded mocks against the models of that time:

    pip install botocore==1.41.0 && python3 outputs.py

Kept of a model: the output of each operation, and of its shapes the kind, the members, which of them are required, and
the bounds of texts and numbers. Names are written as Step Functions writes them, with a capital first letter.
"""

import gzip
import json
import pathlib

import botocore

SERVICES = """
athena batch bedrock-runtime cloudwatch codebuild dynamodb ecs events kinesis kms lambda logs rds-data redshift-data
s3 scheduler secretsmanager sesv2 sns sqs ssm stepfunctions sts textract translate
""".split()

DATA = pathlib.Path(botocore.__file__).parent / "data"
NUMBERS = {"integer", "long", "float", "double"}
SCALARS = NUMBERS | {"string", "boolean", "blob", "timestamp"}


def load(service):
    newest = max(path for path in (DATA / service).iterdir() if path.is_dir())
    packed = newest / "service-2.json.gz"
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads((newest / "service-2.json").read_text())


def capital(name):
    return name[:1].upper() + name[1:]


def strip(model):
    found = {}

    def scalar(name, shape):
        kind = "number" if shape["type"] in NUMBERS else "boolean" if shape["type"] == "boolean" else "string"
        bounds = {key: shape[key] for key in ("enum", "min", "max") if key in shape and shape["type"] != "timestamp"}
        if kind == "string" and bounds.get("min") == 0:
            del bounds["min"]
        if not bounds:
            return kind
        found[name] = {"type": kind, **bounds}
        return "#" + name

    def reference(name):
        shape = model["shapes"][name]
        if shape.get("document"):
            return "any"
        if shape["type"] in SCALARS:
            return scalar(name, shape)
        if name in found:
            return "#" + name
        found[name] = {}
        if shape["type"] == "structure":
            members = shape.get("members", {})
            found[name] = {
                "type": "object",
                "members": {capital(member): reference(target["shape"]) for member, target in members.items()},
            }
            if shape.get("required"):
                found[name]["required"] = [capital(member) for member in shape["required"]]
        elif shape["type"] == "list":
            found[name] = {"type": "array", "items": reference(shape["member"]["shape"])}
        else:
            found[name] = {"type": "map", "values": reference(shape["value"]["shape"])}
        return "#" + name

    outputs = {
        name: reference(operation["output"]["shape"])[1:]
        for name, operation in model["operations"].items()
        if "output" in operation
    }
    return outputs, found


def write(service):
    outputs, shapes = strip(load(service))

    def lines(members):
        texts = (f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in sorted(members.items()))
        return "{\n" + ",\n".join(texts) + "\n}"

    file = pathlib.Path(__file__).parent / "outputs" / (service + ".json")
    file.write_text(f'{{"outputs":{lines(outputs)},\n"shapes":{lines(shapes)}}}\n')


for service in SERVICES:
    write(service)
