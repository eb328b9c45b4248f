"""Tells whether every status code of a list is 200."""

import task_input


def handler(event, context):
    if not isinstance(event, list):
        raise TypeError(f"the input must be a list of status codes, not {task_input.kind(event)}")
    return all(code == 200 for code in event)
