"""What a client of the tests finds to be otherwise than on AWS."""


class Difference(Exception):
    """The server answers something else than AWS."""


def same(what, got, wanted):
    if got != wanted:
        raise Difference(f"{what}: got {got!r}, wanted {wanted!r}")


def holds(what, condition, got):
    if not condition:
        raise Difference(f"{what}: got {got!r}")
