"""Splits the resource paths into the inputs of download tasks."""

import os

import task_input

# How many resource paths one download task gets.
SIZE = int(os.environ.get("BATCH_SIZE", "5"))


def handler(event, context):
    paths = task_input.resource_paths(event)
    # A wrong value is told here, before the first task downloads anything.
    task_input.base_url(event)
    task_input.lambda_concur(event)
    batch_input = {"baseUrl": event["baseUrl"], "lambdaConcur": event["lambdaConcur"]}
    batches = [paths[start : start + SIZE] for start in range(0, len(paths), SIZE)]
    return {"tasks": [{"resourcePaths": batch, "batchInput": batch_input} for batch in batches]}
