"""Calls an endpoint with boto3, as a test would, but without retries."""

import re
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
)
from botocore.parsers import ResponseParserError

ACCOUNT = "111111111111"
REGION = "us-east-1"

# What a call gives in the place of an answer: an error of the server or of boto3, no answer in time, or no sense in it.
Refusal = (BotoCoreError, ClientError, ResponseParserError)
NobodyThere = (ConnectTimeoutError, EndpointConnectionError)


class Endpoint:
    """One URL that answers for all services."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clients: dict[tuple, Any] = {}

    def client(self, service: str, account: str, validation: bool) -> Any:
        """The client of a service. Emulators take an access key of twelve digits for the account."""
        key = (service, account, validation)
        if key not in self.clients:
            self.clients[key] = self._new_client(*key)
        return self.clients[key]

    def _new_client(self, service: str, account: str, validation: bool) -> Any:
        config = Config(
            retries={"total_max_attempts": 1},
            parameter_validation=validation,
            inject_host_prefix=False,  # or StartSyncExecution would go to the host sync-127.0.0.1
            connect_timeout=5,
            read_timeout=70,  # GetActivityTask waits for 60 seconds
            s3={"addressing_style": "path"},
        )
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=account,
            aws_secret_access_key="secret",
            config=config,
        )

    def call(
        self, service: str, operation: str, params: dict, account: str | None = None, on_client: bool = False
    ) -> Any:
        """The answer, or the exception with which it was refused.

        With `on_client`, boto3 may refuse the call itself. Otherwise the server gets the call in any case: what boto3
        finds invalid depends on its version.
        """
        account = account or ACCOUNT
        try:
            return getattr(self.client(service, account, True), operation)(**params)
        except NobodyThere:
            raise
        except ParamValidationError as refusal:
            if on_client:
                return refusal
            invalid = refusal
        except Refusal as refusal:
            return refusal
        try:
            return getattr(self.client(service, account, False), operation)(**params)
        except NobodyThere:
            raise
        except Refusal as refusal:
            return refusal
        except (AttributeError, KeyError, TypeError, ValueError):
            return invalid  # there is no way to write it down for the server


def text(refusal: Exception) -> str:
    """The text of a refusal, without the remark of boto3 that it made no second attempt."""
    return re.sub(r" \(reached max retries: \d+\)", "", str(refusal), count=1)
