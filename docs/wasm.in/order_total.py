"""Adds up what an order costs: {"items": [{"price": 250, "count": 2}]} gives {"total": 500}."""

import json

from componentize_py_types import Err
from wit_world import Error


class WitWorld:
    def handle(self, input: str) -> str:
        order = json.loads(input)
        if not order["items"]:
            raise Err(Error("Order.Empty", "an order has at least one item"))
        return json.dumps({"total": sum(item["price"] * item["count"] for item in order["items"])})
