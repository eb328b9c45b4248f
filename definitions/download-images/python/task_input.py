"""What the functions read from their input, and what they say where it is not as they need it."""

import json
from urllib.parse import SplitResult, urlsplit


def member(of, name):
    """The member `name` of `of`, which stands for the whole input or for a member of it."""
    if not isinstance(of, dict):
        raise TypeError(f"the input must be an object, not {kind(of)}")
    if name not in of:
        raise KeyError(f"the input has no {name}")
    return of[name]


def resource_paths(event) -> list[str]:
    """The list of texts `resourcePaths`."""
    paths = member(event, "resourcePaths")
    if not isinstance(paths, list):
        raise TypeError(f"resourcePaths must be a list, not {kind(paths)}")
    for at, path in enumerate(paths):
        if not isinstance(path, str):
            raise TypeError(f"resourcePaths[{at}] must be a text, not {kind(path)}")
    return paths


def base_url(event) -> tuple[str, SplitResult]:
    """The text `baseUrl`, an absolute http or https URL, and its parts."""
    text = member(event, "baseUrl")
    if not isinstance(text, str):
        raise TypeError(f"baseUrl must be a text, not {kind(text)}")
    url = urlsplit(text)
    if not url.scheme:
        raise ValueError(f"baseUrl is no URL (relative URL without a base): {text}")
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(f"baseUrl is no http or https URL: {text}")
    return text, url


def lambda_concur(event) -> int:
    """The number `lambdaConcur`, also as a text: how many requests one download task makes at once."""
    value = member(event, "lambdaConcur")
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(f"lambdaConcur must be a number, not {kind(value)}")
    try:
        number = int(value)
    except (ValueError, OverflowError):
        number = 0
    if number < 1 or (isinstance(value, float) and value != number):
        raise ValueError(f"lambdaConcur must be a whole number from 1 on, not {json.dumps(value)}")
    return number


def kind(value) -> str:
    """What `value` is, for a message. Never the value itself: it can be long, and it can be a secret."""
    if value is None:
        return "null"
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list"}
    return kinds.get(type(value), "an object")
