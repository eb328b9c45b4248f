import os


def handler(event, context):
    print("greeting", event["name"])
    return {"text": f"{os.environ['GREETING']}, {event['name']}!"}
