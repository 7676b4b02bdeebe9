"""What a name or a function that is not there was most likely meant to be: words of other languages and places."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.compiler.context import Context
from atamo_rules.compiler.describe import value_text
from atamo_rules.functions.registry import FUNCTIONS
from atamo_rules.model.types import OneOf, Record, Type
from atamo_rules.syntax import tree

_CONSTANTS = {"true": "true", "yes": "true", "false": "false", "no": "false", "none": "null", "nil": "null",
              "undefined": "null", "null": "null", "nan": "null"}  # fmt: skip
NULLS = frozenset(word for word, meant in _CONSTANTS.items() if meant == "null")
_PARAMETERS = ("params", "parameter", "parameters", "var", "vars", "config", "settings", "input", "inputs")
_ENVELOPES = (
    "data",
    "body",
    "payload",
    "message",
    "msg",
    "e",
    "evt",
    "ev",
    "this",
    "self",
    "it",
    "trigger",
    "detail",
)
_FUNCTIONS = {"len": "length", "size": "length", "strlen": "length", "tolower": "lower", "lowercase": "lower",
              "lcase": "lower", "toupper": "upper", "uppercase": "upper", "ucase": "upper", "strip": "trim",
              "ceiling": "ceil"}  # fmt: skip
_OPERATORS = {"startswith": "starts with", "starts_with": "starts with", "endswith": "ends with",
              "ends_with": "ends with", "contains": "contains", "icontains": "contains"}  # fmt: skip
"""What is a function of a text and another elsewhere."""
_MOMENTS = (
    "now",
    "today",
    "current_date",
    "current_time",
    "current_timestamp",
    "getdate",
    "utcnow",
    "datetime",
)
_MEANS = ("avg", "mean", "average")
_STATES = {"exists": "exists", "defined": "is present", "is_defined": "is present", "isset": "is present",
           "is_present": "is present", "isnull": "is absent", "is_null": "is absent", "isempty": "is empty",
           "is_empty": "is empty", "empty": "is empty"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meant:
    """What to say, and what to write in the place of the whole path where that is certain."""

    help: str
    text: str = ""


def path(written: tree.Path, context: Context) -> Meant | None:
    """What a path that begins with no name of the event was meant to be."""
    first = str(written.steps[0].key)
    rest = written.steps[1:]
    following = str(rest[0].key) if rest else ""
    params = context.environment.params
    constant = _CONSTANTS.get(first.lower())
    if constant is not None and not rest:
        if constant == "null":
            return Meant("there is no such word: write `is absent` or `is present`")
        return Meant(f"write `{constant}`", constant)
    if first in params and not rest:
        return Meant(f"it is a parameter: write `param.{first}`", f"param.{first}")
    if first in _PARAMETERS and following in params:
        return Meant(f"write `param.{following}`", f"param.{following}")
    type = context.event.type if context.event is not None else None
    if not isinstance(type, Record):
        return None
    parts = context.event.name.split(".") if context.event is not None else []
    if following in type.members and (first in _ENVELOPES or first in parts):
        text = written.span.text[rest[0].span.start - written.span.start :]
        return Meant(f"fields of the event are read by their own names: `{text}`", text)
    return None if rest else _value(first, type)


def enveloped(step: tree.Step, written: tree.Path, type: Type) -> Meant | None:
    """`event.data.x`, where `x` is a field of the event itself."""
    steps = written.steps
    at = steps.index(step)
    if not isinstance(type, Record) or at + 1 >= len(steps) or str(step.key) not in _ENVELOPES:
        return None
    if str(steps[at + 1].key) not in type.members:
        return None
    text = written.span.text[steps[at + 1].span.start - written.span.start :]
    return Meant(f"fields of the event are read by their own names: `{text}`", text)


def function(call: tree.Call) -> Meant | None:
    """What a function of another language is called here, or how it is said without one."""
    name = call.function.text
    small = name.lower()
    inside = call.arguments[0].span.text if len(call.arguments) == 1 else ""
    if small in _MOMENTS and not call.arguments:
        text = "date(now)" if small in ("today", "current_date") else "now"
        what = "the day" if text != "now" else "the moment"
        return Meant(f"{what} of the event is `{text}`", text)
    if small in _STATES and inside:
        text = f"{inside} {_STATES[small]}"
        return Meant(f"write `{text}`", text)
    if small in _OPERATORS and len(call.arguments) == 2:
        text = f"{call.arguments[0].span.text} {_OPERATORS[small]} {call.arguments[1].span.text}"
        return Meant(f"write it as an operator: `{text}`", text)
    if small in _MEANS and inside:
        return Meant(f"an average is a sum and a count: write `sum({inside}) > 10 * count({inside})`")
    if small in ("match", "search", "regex"):
        return Meant(f"write it as an operator: `… matches /{'^' if small == 'match' else ''}…/`")
    if small in ("select", "selectattr", "reject", "rejectattr"):
        return Meant("elements are asked by name: `any item in LIST has (item …)`")
    meant = _FUNCTIONS.get(small, small)
    if meant in FUNCTIONS:
        return Meant(f"it is called `{meant}` here", f"{meant}{call.span.text[len(name) :]}")
    return None


def _value(word: str, type: Record) -> Meant | None:
    """A value of some field, standing alone: `priority is urgent or high`."""
    owners = [
        name
        for name, member in type.members.items()
        if isinstance(member.type, OneOf) and word in member.type.values
    ]
    if not owners:
        return None
    owner, value = owners[0], value_text(word)
    several = f"`{owner} is one of [{value}, …]`"
    return Meant(
        f"`{word}` is a value of `{owner}`: write `{owner} is {value}`; for one of several, {several}"
    )
