"""The JSON object that a client sends with an order, held to the shape that the document promises for it.

What a shape cannot say (that a moment is still to come, that a name is known) is asked afterwards, and is 422.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

from starlette.requests import Request

from atamo_rules.model.schema_check import validator
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.rest.bodies import bounded
from atamo_rules.rest.ordered import Schema
from atamo_rules.rest.problem import Problem
from atamo_rules.rest.shapes import SHAPES, ref

LARGEST = 1 << 20


async def order(
    request: Request, shape: str, largest: int = LARGEST, *, empty: bool = False
) -> dict[str, Any]:
    """The order, which is of that shape. `empty` says that no body is an empty order. Raises Problem, 400 or 413, which
    says what is wanted and never what was given: it may be a secret."""
    raw = await bounded(request, largest)
    if empty and not raw.strip():
        return {}
    try:
        value = decode(raw)
    except JsonRefused:
        raise wrong(
            "the body is not JSON", "send one JSON object in UTF-8, each of its members once"
        ) from None
    if not isinstance(value, dict):
        raise wrong("the body is an object", _members(SHAPES[shape]))
    return held(value, shape)


def held(value: dict[str, Any], shape: str) -> dict[str, Any]:
    """An order, held to its shape. Raises Problem, 400."""
    for error in _check(shape).iter_errors(value):
        raise wrong(_sentence(SHAPES[shape], value, list(error.instance_path)), _members(SHAPES[shape]))
    return {name: _whole(SHAPES[shape]["properties"][name], given) for name, given in value.items()}


def unmeant(what: str, remedy: str = "") -> Problem:
    """The problem of an order that is well formed, and cannot be meant."""
    return Problem(422, "order", "this cannot be done", what, remedy)


def wrong(what: str, remedy: str = "") -> Problem:
    """The problem of an order that is not of its shape."""
    return Problem(400, "order", "this cannot be done", what, remedy)


def _whole(schema: Schema, given: Any) -> Any:
    """A whole number as one: to JSON Schema `1.0` is an integer, and to a store it is none."""
    of = [one.get("type") for one in schema.get("anyOf", (schema,))]
    return int(given) if isinstance(given, Decimal) and "integer" in of else given


@cache
def _check(shape: str) -> Any:
    return validator({**ref(shape), "components": {"schemas": SHAPES}}, formats=True)


def _sentence(schema: Schema, value: dict[str, Any], path: list[Any]) -> str:
    """What is wrong, from where it is: what the shape says of a member is written to follow `is`."""
    members = schema["properties"]
    if path:
        name = str(path[0])
        return (
            f"`{name[:80]}` is {members[name]['description']}"
            if name in members
            else f"`{name[:80]}` is wrong"
        )
    unknown = sorted(set(value) - set(members))
    if unknown and not schema.get("additionalProperties", True):
        return f"there is no `{unknown[0][:80]}`"
    for name in schema.get("required", ()):
        if name not in value:
            return f"`{name}` is missing: it is {members[name]['description']}"
    for name, others in schema.get("dependentRequired", {}).items():
        if name in value and not set(others) <= set(value):
            return f"`{name}` is given together with `{others[0]}`"
    return str(schema["description"])


def _members(schema: Schema) -> str:
    return f"there are {', '.join(schema['properties'])}" if schema["properties"] else "there are no members"
