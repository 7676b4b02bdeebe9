"""Every built-in function, once, by name: callable in conditions, and as a filter in templates."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atamo_rules.functions import lists, loose, loose_math, net, numbers, text, time
from atamo_rules.functions.signature import Function, Parameter

__all__ = ["FUNCTIONS", "Function", "Parameter"]

FAMILIES = (
    text.FUNCTIONS,
    numbers.FUNCTIONS,
    lists.FUNCTIONS,
    net.FUNCTIONS,
    time.FUNCTIONS,
    loose.FUNCTIONS,
    loose_math.FUNCTIONS,
)
"""In the order of the reference page."""

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name: function for family in FAMILIES for function in family}
)
