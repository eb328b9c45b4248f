"""Writes the JSON files in inputs/: the fields of each optimized integration, which of them are required, and their kinds.

Run with botocore installed, whose data folder holds the models that AWS publishes (Apache-2.0). The files were made from
botocore 1.44.8:

    pip install botocore==1.44.8 && python3 inputs.py

What is no operation of an API is written here by hand, after the pages of the AWS developer guide below "Integrating optimized
services with Step Functions". Names are written as Step Functions writes them, with a capital first letter.

A file has the `actions` of a service, each with its shape (`#` and a name), and the `shapes`, each of which is one of

    {"members": {NAME: KIND}, "required": [NAME]}    an object
    {"items": KIND}                                  a list
    {"values": KIND}                                 an object with any names

KIND is STRING, INTEGER, NUMBER, BOOLEAN, ANY, `LISTS` (an object whose members are lists, as API Gateway has its query parameters),
`HEADERS` (the same without the headers that are not for the caller to set), or `#` and the name of a shape.
"""

import gzip
import json
import pathlib

import botocore

DATA = pathlib.Path(botocore.__file__).parent / "data"
KINDS = {
    "string": "STRING", "character": "STRING", "blob": "STRING", "timestamp": "ANY", "boolean": "BOOLEAN",
    "integer": "INTEGER", "long": "INTEGER", "float": "NUMBER", "double": "NUMBER",
}

# The model of each service, with the actions that are one of its operations.
SERVICES = {
    "athena": ("athena", "startQueryExecution stopQueryExecution getQueryExecution getQueryResults"),
    "batch": ("batch", "submitJob"),
    "codebuild": (
        "codebuild",
        "startBuild stopBuild batchDeleteBuilds batchGetReports startBuildBatch stopBuildBatch retryBuildBatch"
        " deleteBuildBatch",
    ),
    "databrew": ("databrew", "startJobRun"),
    "dynamodb": ("dynamodb", "getItem putItem updateItem deleteItem"),
    "ecs": ("ecs", "runTask"),
    "eks": (
        "eks",
        "createCluster deleteCluster createFargateProfile deleteFargateProfile createNodegroup deleteNodegroup",
    ),
    "elasticmapreduce": ("emr", "createCluster=RunJobFlow"),
    "emr-containers": ("emr-containers", "createVirtualCluster deleteVirtualCluster startJobRun"),
    "emr-serverless": (
        "emr-serverless",
        "createApplication startApplication stopApplication deleteApplication startJobRun cancelJobRun",
    ),
    "events": ("events", "putEvents"),
    "glue": ("glue", "startJobRun"),
    "lambda": ("lambda", "invoke"),
    "mediaconvert": ("mediaconvert", "createJob"),
    "sagemaker": (
        "sagemaker",
        "createEndpoint createEndpointConfig createHyperParameterTuningJob createLabelingJob createModel"
        " createProcessingJob createTrainingJob createTransformJob updateEndpoint",
    ),
    "sns": ("sns", "publish"),
    "sqs": ("sqs", "sendMessage"),
    "states": ("stepfunctions", "startExecution"),
}

# "Call API Gateway", "Call HTTPS APIs", "Run Kubernetes on EKS", "Create and manage Amazon EMR clusters", "Invoke Bedrock models".
BY_HAND = {
    "apigateway": {
        "invoke": {
            "members": {
                "ApiEndpoint": "STRING", "Method": "STRING", "Headers": "HEADERS", "Stage": "STRING", "Path": "STRING",
                "QueryParameters": "LISTS", "RequestBody": "ANY", "AllowNullValues": "BOOLEAN", "AuthType": "STRING",
            },
            "required": ["ApiEndpoint", "Method"],
        },
    },
    "bedrock": {
        "invokeModel": {
            "members": {
                "ModelId": "STRING", "Accept": "STRING", "ContentType": "STRING", "Body": "ANY",
                "Input": {"members": {"S3Uri": "STRING"}, "required": ["S3Uri"]},
                "Output": {"members": {"S3Uri": "STRING"}, "required": ["S3Uri"]},
                "Trace": "STRING", "GuardrailIdentifier": "STRING", "GuardrailVersion": "STRING",
                "PerformanceConfigLatency": "STRING", "ServiceTier": "STRING",
            },
            "required": ["ModelId"],
        },
    },
    "eks": {
        "call": {
            "members": {
                "ClusterName": "STRING", "CertificateAuthority": "STRING", "Endpoint": "STRING", "Method": "STRING",
                "Path": "STRING", "Headers": "LISTS", "QueryParameters": "LISTS", "RequestBody": "ANY",
            },
            "required": ["ClusterName", "CertificateAuthority", "Endpoint", "Method", "Path"],
        },
        "runJob": {
            "members": {
                "ClusterName": "STRING", "CertificateAuthority": "STRING", "Endpoint": "STRING", "Namespace": "STRING",
                "Job": "ANY",
                "LogOptions": {
                    "members": {"RetrieveLogs": "BOOLEAN", "RawLogs": "BOOLEAN", "LogParameters": {"values": "ANY"}},
                    "required": [],
                },
            },
            "required": ["ClusterName", "CertificateAuthority", "Endpoint", "Job"],
        },
    },
    "elasticmapreduce": {
        "terminateCluster": {"members": {"ClusterId": "STRING"}, "required": ["ClusterId"]},
        "addStep": {
            "members": {"ClusterId": "STRING", "Step": "#StepConfig", "ExecutionRoleArn": "STRING"},
            "required": ["ClusterId", "Step"],
        },
        "cancelStep": {
            "members": {"ClusterId": "STRING", "StepId": "STRING"},
            "required": ["ClusterId", "StepId"],
        },
        "setClusterTerminationProtection": {
            "members": {"ClusterId": "STRING", "TerminationProtected": "BOOLEAN"},
            "required": ["ClusterId", "TerminationProtected"],
        },
        "modifyInstanceFleetByName": {
            "members": {"ClusterId": "STRING", "InstanceFleetName": "STRING", "InstanceFleet": {"values": "ANY"}},
            "required": ["ClusterId", "InstanceFleetName", "InstanceFleet"],
        },
        "modifyInstanceGroupByName": {
            "members": {"ClusterId": "STRING", "InstanceGroupName": "STRING", "InstanceGroup": {"values": "ANY"}},
            "required": ["ClusterId", "InstanceGroupName", "InstanceGroup"],
        },
    },
    "http": {
        "invoke": {
            "members": {
                "ApiEndpoint": "STRING", "Method": "STRING", "Authentication": "ANY", "InvocationConfig": "ANY",
                "Headers": "ANY", "QueryParameters": "ANY", "RequestBody": "ANY", "Transform": "ANY",
            },
            "required": ["ApiEndpoint", "Method"],
        },
    },
}


def load(service):
    newest = max(path for path in (DATA / service).iterdir() if path.is_dir())
    return json.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))


def capital(name):
    return name[:1].upper() + name[1:]


class Shapes:
    def __init__(self, model):
        self.shapes, self.found = model["shapes"], {}

    def kind(self, name):
        shape = self.shapes[name]
        if shape.get("document"):
            return "ANY"
        if shape["type"] in KINDS:
            return KINDS[shape["type"]]
        if name not in self.found:
            self.found[name] = {}
            self.found[name] = self.described(shape)
        return "#" + name

    def described(self, shape):
        if shape["type"] == "list":
            return {"items": self.kind(shape["member"]["shape"])}
        if shape["type"] == "map":
            return {"values": self.kind(shape["value"]["shape"])}
        members = shape.get("members", {})
        # Step Functions makes up tokens that make a request idempotent.
        required = [name for name in shape.get("required", []) if not members[name].get("idempotencyToken")]
        return {
            "members": {capital(name): self.kind(member["shape"]) for name, member in members.items()},
            "required": [capital(name) for name in required],
        }

    def by_hand(self, name, shape):
        """Names the shapes that are written inside of others."""
        if isinstance(shape, str):
            return shape
        for member, kind in shape.get("members", {}).items():
            shape["members"][member] = self.by_hand(name + member, kind)
        self.found[name] = shape
        return "#" + name


def lines(members):
    texts = (f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in sorted(members.items()))
    return "{\n" + ",\n".join(texts) + "\n}"


def write(service):
    model, names = SERVICES.get(service, (None, ""))
    model = load(model) if model else {"shapes": {}}
    shapes, actions = Shapes(model), {}
    for name in names.split():
        action, _, operation = name.partition("=")
        actions[action] = shapes.kind(model["operations"][operation or capital(action)]["input"]["shape"])
    if service == "bedrock":
        model = load("bedrock")
        shapes.shapes = model["shapes"]
        actions["createModelCustomizationJob"] = shapes.kind("CreateModelCustomizationJobRequest")
    for action, shape in BY_HAND.get(service, {}).items():
        actions[action] = shapes.by_hand(capital(action), shape)
    file = pathlib.Path(__file__).parent / "inputs" / (service + ".json")
    file.write_text(f'{{"actions":{lines(actions)},\n"shapes":{lines(shapes.found)}}}\n')


for service in sorted({*SERVICES, *BY_HAND}):
    write(service)
