"""Constants with names: parameters, which a deployment may give other values, and lists."""

from __future__ import annotations

from collections.abc import Mapping

from atamo_rules.compiler.constants import SECONDS, literal_type
from atamo_rules.compiler.context import Constant
from atamo_rules.compiler.declared import Declared
from atamo_rules.compiler.describe import describe
from atamo_rules.compiler.written_types import fits, type_of_expression
from atamo_rules.model.types import Anything, Json, ListOf
from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree


def parameter(declared: Declared, item: decl.Param, values: Mapping[str, Json]) -> None:
    """A parameter, with the value that was given from outside, or else its default."""
    name = item.name.text
    type = type_of_expression(item.type, declared.report)
    value: Json = None
    if name in values:
        value = values[name]
    elif isinstance(item.default, tree.Literal):
        value = item.default.value
    elif isinstance(item.default, tree.ListValue):
        value = [part.value for part in item.default.items if isinstance(part, tree.Literal)]
    elif isinstance(item.default, tree.Path) and len(item.default.steps) == 1:
        value = str(item.default.steps[0].key)
    elif isinstance(item.default, tree.Quantity):
        value = _iso(item.default)
    else:
        declared.report.append(
            codes.BAD_PARAM.at(item.span, f"the parameter `{name}` has no value", help="give it a default")
        )
        declared.broken.add(("param", name))
        return
    if not fits(value, type):
        at = item.default.span if item.default is not None and name not in values else item.name.span
        declared.report.append(codes.BAD_PARAM.at(at, f"the value of `{name}` is not {describe(type)}"))
        declared.broken.add(("param", name))
        return
    declared.params[name] = Constant(name, type, value, item.span)


def listed(declared: Declared, item: decl.ListDecl) -> None:
    """A list; where its items are of several types it is a list of anything."""
    types = {literal_type(literal.value) for literal in item.items}
    kind = types.pop() if len(types) == 1 else Anything()
    values = tuple(literal.value for literal in item.items)
    declared.lists[item.name.text] = Constant(item.name.text, ListOf(kind), values, item.span)  # type: ignore[arg-type]


def _iso(quantity: tree.Quantity) -> str:
    return f"PT{quantity.amount * SECONDS[quantity.unit]}S"
