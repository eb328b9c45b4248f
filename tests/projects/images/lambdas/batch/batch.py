import os

SIZE = int(os.environ["BATCH_SIZE"])


def handler(event, context):
    paths = event["resourcePaths"]
    rest = {"baseUrl": event["baseUrl"], "lambdaConcur": event["lambdaConcur"]}
    batches = [paths[at : at + SIZE] for at in range(0, len(paths), SIZE)]
    return {"tasks": [{"resourcePaths": batch, "batchInput": rest} for batch in batches]}
