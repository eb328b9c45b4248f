"""Writes the files beside it: how the services of AWS are called.

Run with botocore installed, whose data folder holds the models that AWS publishes (Apache-2.0). The files were made from
botocore 1.44.8:

    pip install botocore==1.44.8 && python3 generate.py

`services.txt` has a line for each service, with these words:

    name          as it stands in `arn:aws:states:::aws-sdk:NAME:action`
    prefix        what the names of its errors start with
    id            what AWS calls it in settings, with `_` for a space: AWS_ENDPOINT_URL_ID
    protocol      json/VERSION/TARGET (awsJson), cbor/SERVICE (RPC v2 CBOR, where it is the only one), rest-json, query/VERSION, ec2/VERSION, rest-xml/NAMESPACE
    host          what the names of its hosts start with
    signing       the name that requests are signed for
    start, size   of its part of shapes.z, in bytes

`hosts.txt` starts with a line for each partition of AWS: `*NAME`, what the names of its regions start with (`*` for any other),
its domain, its domain for IPv6, and the region of the services that have one host for all regions. Lines of
`SERVICE WHERE HOW HOST` follow, where the rules that AWS publishes for a service have another host than
`HOST.REGION.DOMAIN` (`HOST-fips.…` for FIPS):

    where         `*`, a partition or a region; what is nearer is the later line
    how           `-`, `dual` (IPv6), `fips` or `fipsdual`
    host          {r}egion, {d}omain, domain for {6}, region for {a}ll, and `@REGION` where it is signed for another; `-`: none

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

import collections
import gzip
import json
import pathlib
import re
import zlib

import botocore
import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

HERE = pathlib.Path(__file__).parent
DATA = pathlib.Path(botocore.__file__).parent / "data"
PROTOCOLS = ["json", "rest-json", "query", "ec2", "rest-xml", "smithy-rpc-v2-cbor"]
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


HOW = ("-", "dual", "fips", "fipsdual")


def rendered(template, region, partition):
    outputs = partition["outputs"]
    named = {"{r}": region, "{d}": outputs["dnsSuffix"], "{6}": outputs["dualStackDnsSuffix"],
             "{a}": outputs["implicitGlobalRegion"]}
    for name, text in named.items():
        template = template.replace(name, text)
    host, _, signed = template.partition("@")
    return host, signed or region


def templates(host, signed, region, partition):
    """The templates that make `host` of `region`, the most general first."""
    outputs, found = partition["outputs"], []
    for there in ("{r}", "{a}"):
        text = host.replace(region if there == "{r}" else outputs["implicitGlobalRegion"], there)
        for name, suffix in (("{6}", outputs["dualStackDnsSuffix"]), ("{d}", outputs["dnsSuffix"])):
            if text.endswith(suffix):
                text = text.removesuffix(suffix) + name
                break
        for at in ("", "@{a}", "@" + signed):
            if rendered(text + at, region, partition) == (host, signed):
                found.append(text + at)
    return found


def hosts(loader, service, name, prefix):
    """The lines of hosts.txt for a service: what its rules have otherwise than all others."""
    partitions, rules = loader.load_data("partitions"), loader.load_service_model(service, "endpoint-rule-set-1")
    provider, lines = EndpointProvider(rules, partitions), []

    def resolved(how, region):
        given = {"Region": region, "UseFIPS": "fips" in how, "UseDualStack": "dual" in how, "ApiType": "ControlPlane"}
        try:
            found = provider.resolve_endpoint(**{key: given[key] for key in given if key in rules["parameters"]})
        except EndpointProviderError:
            return None
        scope = (found.properties.get("authSchemes") or [{}])[0]
        return found.url.removeprefix("https://"), scope.get("signingRegion", region)

    def most(wanted):
        """The template that makes the most of the hosts."""
        counted = collections.Counter()
        for (partition, region), host in wanted.items():
            counted.update(["-"] if host is None else templates(*host, region, of[partition]))
        return counted.most_common(1)[0][0]

    def fits(template, place):
        partition, region = place
        host = None if template == "-" else rendered(template, region, of[partition])
        return host == wanted[place]

    of = {partition["id"]: partition for partition in partitions["partitions"]}
    places = [(id, region) for id in of for region in of[id]["regions"] if "global" not in region]
    for how in HOW:
        wanted = {place: resolved(how, place[1]) for place in places}
        template = f"{prefix}{'-fips' * ('fips' in how)}.{{r}}.{'{6}' if 'dual' in how else '{d}'}"
        if (best := most(wanted)) != template:
            lines.append(f"{name} * {how} {best}")
        for id in of:
            there = {place: host for place, host in wanted.items() if place[0] == id}
            nearer = best if all(fits(best, place) for place in there) else most(there)
            if nearer != best:
                lines.append(f"{name} {id} {how} {nearer}")
            for place in there:
                if not fits(nearer, place):
                    lines.append(f"{name} {place[1]} {how} {most({place: wanted[place]})}")
    return lines


def partition_lines(loader):
    for partition in loader.load_data("partitions")["partitions"]:
        outputs = partition["outputs"]
        start = partition["regionRegex"].removeprefix("^").split(r"\w")[0].replace("\\", "").replace("(de)-", "")
        start = "*" if "(" in start else start
        words = [outputs["name"], start, outputs["dnsSuffix"], outputs["dualStackDnsSuffix"], outputs["implicitGlobalRegion"]]
        yield "*" + " ".join(words)


def main():
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    lines, parts, start, seen, elsewhere = [], [], 0, set(), list(partition_lines(loader))
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
            "smithy-rpc-v2-cbor": f"cbor/{metadata.get('targetPrefix')}",
            "query": f"query/{metadata['apiVersion']}",
            "ec2": f"ec2/{metadata['apiVersion']}",
            "rest-xml": "rest-xml/" + (metadata.get("xmlNamespace") or namespace(model)),
        }.get(kind, kind)
        host = metadata["endpointPrefix"]
        signing = metadata.get("signingName") or host
        if name.lower() in seen:
            # One service stands there under two names.
            continue
        seen.add(name.lower())
        id = metadata["serviceId"].replace(" ", "_")
        lines.append(f"{name.lower()} {name} {id} {details} {host} {signing} {start} {len(part)}")
        elsewhere += hosts(loader, service, name.lower(), host)
        parts.append(part)
        start += len(part)
    (HERE / "services.txt").write_text("\n".join(lines) + "\n")
    (HERE / "hosts.txt").write_text("\n".join(elsewhere) + "\n")
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
