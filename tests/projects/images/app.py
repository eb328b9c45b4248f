"""Stands in for an app of the CDK: it writes the cloud assembly that such an app writes, and nothing of it needs the CDK.

What it is told is what the CDK's own command tells: where to write (CDK_OUTDIR), the context (CDK_CONTEXT_JSON), and what to call in
the place of Docker (CDK_DOCKER).
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess

OUT = pathlib.Path(os.environ["CDK_OUTDIR"])
CONTEXT = json.loads(os.environ["CDK_CONTEXT_JSON"])
STACK = "ImagesStack"
BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def asset(folder: pathlib.Path) -> str:
    """Puts a folder of code into the assembly, bundled by the command that the app names; gives its hash."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(file.name.encode() + file.read_bytes())
    code = digest.hexdigest()
    place = OUT / f"asset.{code}"
    if not place.exists():
        place.mkdir(parents=True)
        volumes = ["-v", f"{folder.resolve()}:/asset-input:delegated", "-v", f"{place.resolve()}:/asset-output:delegated"]
        command = ["bash", "-c", "set -eu; cp -a . /asset-output; echo bundled > /asset-output/bundled.txt"]
        docker = [os.environ["CDK_DOCKER"], "run", "--rm", "-u", "1000:1000", *volumes, "-w", "/asset-input"]
        try:
            subprocess.run([*docker, "public.ecr.aws/sam/build-python3.11", *command], check=True)
        except BaseException:
            shutil.rmtree(place)
            raise
    return code


def function(name: str, handler: str, **properties) -> dict:
    code = asset(pathlib.Path("lambdas") / name)
    FILES[code] = {
        "displayName": f"{name}Lambda/Code",
        "source": {"path": f"asset.{code}", "packaging": "zip"},
        "destinations": {"current_account-current_region-1": {"bucketName": BUCKET, "objectKey": f"{code}.zip"}},
    }
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": f"{code}.zip"},
            "Handler": handler,
            "Role": {"Fn::GetAtt": [f"{name}LambdaServiceRole", "Arn"]},
            "Runtime": "python3.11",
            **properties,
        },
        "Metadata": {
            "aws:cdk:path": f"{STACK}/{name}Lambda/Resource",
            "aws:asset:path": f"asset.{code}",
            "aws:asset:is-bundled": True,
            "aws:asset:property": "Code",
        },
    }


def role(service: str) -> dict:
    trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [trust]}}}


def definition() -> dict:
    """The definition as text between which the names of resources stand, as the CDK writes it."""
    states = json.loads(pathlib.Path("definition.json").read_text())
    states["States"]["Download"]["MaxConcurrency"] = CONTEXT["max-concurrency"]
    text, parts = json.dumps(states), []
    while "<" in text:
        before, _, rest = text.partition("<")
        name, _, text = rest.partition(">")
        attribute = name.split(".")
        parts += [before, {"Fn::GetAtt": attribute} if len(attribute) == 2 else {"Ref": name}]
    return {"Fn::Join": ["", [*parts, text]]}


FILES: dict = {}
RESOURCES = {
    "imagesBucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": {}}},
    "urlToName": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "url", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "url", "KeyType": "HASH"}],
        },
    },
    "failedTopicKey": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}},
    "failedTopic": {
        "Type": "AWS::SNS::Topic",
        "Properties": {"KmsMasterKeyId": {"Fn::GetAtt": ["failedTopicKey", "Arn"]}},
    },
    "batchLambdaServiceRole": role("lambda"),
    "batchLambda": function("batch", "batch.handler", Environment={"Variables": {"BATCH_SIZE": "2"}}),
    "downloadLambdaServiceRole": role("lambda"),
    "downloadLambda": function(
        "download", "download.handler", Environment={"Variables": {"BUCKET": {"Ref": "imagesBucket"}}}, Timeout=30
    ),
    "consolidateLambdaServiceRole": role("lambda"),
    "consolidateLambda": function("consolidate", "consolidate.handler"),
    "machineRole": role("states"),
    "DownloadImages": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": definition(), "RoleArn": {"Fn::GetAtt": ["machineRole", "Arn"]}},
        "Metadata": {"aws:cdk:path": f"{STACK}/DownloadImages/Resource"},
    },
    "apiRole": role("apigateway"),
    "StateMachineApi": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "images", "ProtocolType": "HTTP"}},
    "StateMachineApiDefaultStage": {
        "Type": "AWS::ApiGatewayV2::Stage",
        "Properties": {"ApiId": {"Ref": "StateMachineApi"}, "AutoDeploy": True, "StageName": "$default"},
    },
    "startIntegration": {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": {"Ref": "StateMachineApi"},
            "ConnectionType": "INTERNET",
            "CredentialsArn": {"Fn::GetAtt": ["apiRole", "Arn"]},
            "IntegrationSubtype": "StepFunctions-StartExecution",
            "IntegrationType": "AWS_PROXY",
            "PayloadFormatVersion": "1.0",
            "RequestParameters": {"Input": "$request.body", "StateMachineArn": {"Ref": "DownloadImages"}},
        },
    },
    "DefaultRoute": {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": {"Ref": "StateMachineApi"},
            "RouteKey": "$default",
            "Target": {"Fn::Join": ["", ["integrations/", {"Ref": "startIntegration"}]]},
        },
    },
}
ADDRESS = ["https://", {"Ref": "StateMachineApi"}, ".execute-api.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}, "/"]
TEMPLATE = {
    "Resources": RESOURCES,
    "Outputs": {
        "HttpApiUrl": {"Value": {"Fn::Join": ["", ADDRESS]}},
        "Bucket": {"Value": {"Ref": "imagesBucket"}},
        "Table": {"Value": {"Ref": "urlToName"}},
    },
    "Parameters": {
        "BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}
    },
    "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
}
MANIFEST = {
    "version": "52.0.0",
    "artifacts": {
        f"{STACK}.assets": {"type": "cdk:asset-manifest", "properties": {"file": f"{STACK}.assets.json"}},
        STACK: {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": f"{STACK}.template.json"},
            "dependencies": [f"{STACK}.assets"],
        },
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
    },
}

OUT.mkdir(parents=True, exist_ok=True)
for name, content in [
    (f"{STACK}.template.json", TEMPLATE),
    (f"{STACK}.assets.json", {"version": "52.0.0", "files": FILES}),
    ("manifest.json", MANIFEST),
]:
    (OUT / name).write_text(json.dumps(content, indent=1))
