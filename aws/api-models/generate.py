"""Writes the files beside it: how the services of AWS are called.

Run with botocore installed, whose data folder holds the models that AWS publishes (Apache-2.0). The files were made from
botocore 1.43.11:

    pip install botocore==1.43.11 && python3 generate.py

`services.txt` has a line for each service, with these words:

    name          as it stands in `arn:aws:states:::aws-sdk:NAME:action`
    prefix        what the names of its errors start with
    protocol      json/VERSION/TARGET (awsJson), rest-json, query/VERSION, ec2/VERSION, rest-xml/NAMESPACE
    host          of its requests; {} stands for the region
    signing       the name that requests are signed for, and a region where it is not the caller's: NAME or NAME/REGION
    start, size   of its part of shapes.z, in bytes

A part of `shapes.z` is a raw deflate stream of lines:

    Action INPUT OUTPUT [METHOD URI] [~HOSTPREFIX] [-]      an operation; "-" at the end: requests are not signed
    !CODE[=SHAPE][>NAME] …                                   the errors: code, shape, and name in the SDK for Java 2
    MEMBER …                                                 a structure; the n-th such line is structure n

INPUT and OUTPUT are numbers of structures or `.`. A member is

    Name[=wire][^query][@LOCATION][+][:TYPE]

with LOCATION one of h(eader), p(refix of headers), q(uery), u(ri), s(tatus), b(ody) and a(ttribute of XML), `+` where an absent
value is made up (idempotency tokens), and TYPE, `s` where it is absent:

    s b t o n *          text, blob, timestamp, boolean, number, any document
    ti tu tr             timestamps: ISO 8601, Unix seconds, RFC 822
    5                    structure 5
    [TYPE  {TYPE         list, map; `~` after the bracket: flattened in XML; then (name) of the items, or (key;value)
"""

import gzip
import json
import pathlib
import re
import zlib

import botocore
import botocore.session

HERE = pathlib.Path(__file__).parent
DATA = pathlib.Path(botocore.__file__).parent / "data"
PROTOCOLS = ["json", "rest-json", "query", "ec2", "rest-xml"]
SCALARS = {
    "string": "s", "character": "s", "blob": "b", "boolean": "o",
    "integer": "n", "long": "n", "float": "n", "double": "n",
}
TIMESTAMPS = {"iso8601": "ti", "unixTimestamp": "tu", "rfc822": "tr"}
# Names that the SDK for Java 2 gives otherwise: `renameShapes` and `emitPropertyName` in its customization.config of a service.
# What follows from a rule, and `NULL` of DynamoDB, which optimized integrations call so, are in `sdk_names.rs` of the engine.
RENAMED_ERRORS = {
    "elb": {
        "AccessPointNotFoundException": "LoadBalancerNotFoundException",
        "DuplicateAccessPointNameException": "DuplicateLoadBalancerNameException",
        "InvalidEndPointException": "InvalidInstanceException",
        "TooManyAccessPointsException": "TooManyLoadBalancersException",
    },
    "marketplacecommerceanalytics": {
        "MarketplaceCommerceAnalyticsException": "MarketplaceCommerceAnalyticsServiceException",
    },
}
RENAMED_MEMBERS = {
    "cloudsearchdomain": {("SearchRequest", "return"): "ReturnValues"},
    "elasticbeanstalk": {("CreatePlatformVersionResult", "Builder"): "PlatformBuilder"},
    "ec2": {("FpgaImage", "Public"): "IsPublic", ("Image", "Public"): "PublicLaunchPermissions"},
}
LOCATIONS = {"header": "h", "headers": "p", "querystring": "q", "uri": "u", "statusCode": "s"}


def words(name):
    """Splits a name as the SDK for Java does to make the names of its classes."""
    name = re.sub(r"[^A-Za-z0-9]+", " ", name)
    name = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", name)
    name = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", name)
    name = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", name)
    name = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", name)
    return name.split()


def pascal(name):
    return "".join(word.lower().capitalize() for word in words(name))


def prefix(service_id):
    name = pascal(service_id)
    for start in ("Amazon", "Aws"):
        name = name.removeprefix(start)
    return name.removesuffix("Service")


def exception(shape):
    if shape.endswith("Fault"):
        return pascal(shape.removesuffix("Fault")) + "Exception"
    return pascal(shape) if shape.endswith("Exception") else pascal(shape) + "Exception"


def protocol(metadata):
    offered = metadata.get("protocols") or [metadata["protocol"]]
    return next((protocol for protocol in PROTOCOLS if protocol in offered), None)


class Unsupported(Exception):
    """An operation that is not one request and one answer."""


class Shapes:
    def __init__(self, model, protocol, renamed):
        self.shapes, self.protocol, self.renamed = model["shapes"], protocol, renamed
        self.numbers, self.lines = {}, []

    def type(self, name, member=None):
        shape = self.shapes[name]
        kind = shape["type"]
        if shape.get("eventstream"):
            raise Unsupported
        if shape.get("document") or (member or {}).get("document"):
            return "*"
        if kind == "timestamp":
            form = (member or {}).get("timestampFormat") or shape.get("timestampFormat")
            return TIMESTAMPS.get(form, "t")
        if kind in SCALARS:
            return SCALARS[kind]
        xml = self.protocol in ("query", "ec2", "rest-xml")
        flat = "~" if xml and (shape.get("flattened") or (member or {}).get("flattened")) else ""
        if kind == "list":
            item = shape["member"].get("locationName", "member") if xml else "member"
            names = "" if item == "member" else f"({item})"
            return "[" + flat + names + self.type(shape["member"]["shape"], shape["member"])
        if kind == "map":
            names = ""
            if xml:
                key, value = (shape[part].get("locationName", part) for part in ("key", "value"))
                names = "" if (key, value) == ("key", "value") else f"({key};{value})"
            return "{" + flat + names + self.type(shape["value"]["shape"], shape["value"])
        return self.structure(name)

    def structure(self, name):
        if name in self.numbers:
            return str(self.numbers[name])
        self.numbers[name] = number = len(self.lines)
        self.lines.append("")
        shape = self.shapes[name]
        members = (self.member(name, shape, *member) for member in shape.get("members", {}).items())
        self.lines[number] = " ".join(members)
        return str(number)

    def member(self, structure, shape, name, member):
        target = self.shapes[member["shape"]]
        wire = member.get("locationName") or name
        # A flattened list is named by its items where the list itself has no name.
        if self.protocol in ("query", "rest-xml") and target["type"] == "list" and "locationName" not in member:
            if target.get("flattened") or member.get("flattened"):
                wire = target["member"].get("locationName", name)
        shown = self.renamed.get((structure, name), name)
        text = shown if wire == shown else f"{shown}={wire}"
        if self.protocol == "ec2":
            query = member.get("queryName") or wire[:1].upper() + wire[1:]
            if query != wire:
                text += "^" + query
        if "location" in member:
            text += "@" + LOCATIONS[member["location"]]
        elif shape.get("payload") == name:
            text += "@b"
        elif member.get("xmlAttribute"):
            text += "@a"
        if member.get("idempotencyToken"):
            text += "+"
        kind = self.type(member["shape"], member)
        return text if kind == "s" else f"{text}:{kind}"


def operation(shapes, protocol, name, model):
    def number(part):
        return shapes.structure(model[part]["shape"]) if part in model else "."

    line = [name, number("input"), number("output")]
    if protocol.startswith("rest"):
        line += [model["http"]["method"], model["http"]["requestUri"]]
    host_prefix = model.get("endpoint", {}).get("hostPrefix")
    if host_prefix:
        line.append("~" + host_prefix)
    if model.get("authtype") == "none" or model.get("auth") == ["smithy.api#noAuth"]:
        line.append("-")
    return " ".join(line)


def errors(model, renamed):
    found = []
    for name, shape in sorted(model["shapes"].items()):
        if shape.get("exception") or "error" in shape:
            code = shape.get("error", {}).get("code", name)
            text = code if code == name else f"{code}={name}"
            shown = exception(renamed.get(name, name))
            found.append(text if shown == name else f"{text}>{shown}")
    return "!" + " ".join(found)


def endpoint(session, service):
    """The host with {} for the region, and the region that requests are signed for where it is a fixed one."""

    def client(region):
        return session.create_client(service, region, aws_access_key_id="none", aws_secret_access_key="none")

    def resolved(region):
        made = client(region)
        host = made.meta.endpoint_url.removeprefix("https://")
        parameters = {"Region": region, "UseFIPS": False, "UseDualStack": False}
        try:
            found = made._ruleset_resolver._provider.resolve_endpoint(**parameters)
            scope = (found.properties.get("authSchemes") or [{}])[0]
            signed = scope.get("signingRegion", region)
        except Exception:
            signed = region
        return host.split("/")[0], signed

    (host, here), (_, there) = resolved("eu-west-1"), resolved("us-west-1")
    fixed = here if here == there else None
    return host.replace("eu-west-1", "{}"), fixed


def main():
    session = botocore.session.Session()
    lines, parts, start, seen = [], [], 0, set()
    for service in sorted(path.name for path in DATA.iterdir() if path.is_dir()):
        versions = [path for path in (DATA / service).iterdir() if path.is_dir()]
        file = max(versions, default=DATA) / "service-2.json.gz"
        if not file.exists():
            continue
        model = json.loads(gzip.decompress(file.read_bytes()))
        metadata = model["metadata"]
        kind = protocol(metadata)
        signature = metadata.get("signatureVersion") in ("v4", "s3", "s3v4") or "aws.auth#sigv4" in metadata.get("auth", [])
        if kind is None or not signature:
            continue
        shapes, operations = Shapes(model, kind, RENAMED_MEMBERS.get(service, {})), []
        for name, described in model["operations"].items():
            before = dict(shapes.numbers), list(shapes.lines)
            try:
                operations.append(operation(shapes, kind, name, described))
            except Unsupported:
                shapes.numbers, shapes.lines = before
        told = errors(model, RENAMED_ERRORS.get(service, {}))
        text = "\n".join([*operations, told, *shapes.lines]) + "\n"
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
        part = deflate.compress(text.encode()) + deflate.flush()
        name = prefix(metadata["serviceId"])
        details = {
            "json": f"json/{metadata.get('jsonVersion')}/{metadata.get('targetPrefix')}",
            "query": f"query/{metadata['apiVersion']}",
            "ec2": f"ec2/{metadata['apiVersion']}",
            "rest-xml": "rest-xml/" + (metadata.get("xmlNamespace") or namespace(model)),
        }.get(kind, kind)
        host, fixed = endpoint(session, service)
        signing = metadata.get("signingName") or metadata["endpointPrefix"]
        signing += f"/{fixed}" if fixed else ""
        if name.lower() in seen:
            # One service stands there under two names.
            continue
        seen.add(name.lower())
        lines.append(f"{name.lower()} {name} {details} {host} {signing} {start} {len(part)}")
        parts.append(part)
        start += len(part)
    (HERE / "services.txt").write_text("\n".join(lines) + "\n")
    (HERE / "shapes.z").write_bytes(b"".join(parts))
    print(len(lines), "services,", start, "bytes")


def namespace(model):
    """The namespace of XML that the shapes of a service name one by one."""
    inputs = [operation["input"] for operation in model["operations"].values() if "input" in operation]
    members = [member for shape in model["shapes"].values() for member in shape.get("members", {}).values()]
    named = (part["xmlNamespace"] for part in [*inputs, *members] if "xmlNamespace" in part)
    return next((namespace["uri"] for namespace in named if "prefix" not in namespace), "")


if __name__ == "__main__":
    main()
