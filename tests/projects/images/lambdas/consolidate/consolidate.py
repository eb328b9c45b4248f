def handler(event, context):
    return all(status == 200 for status in event)
