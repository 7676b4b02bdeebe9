"""A test against a constant as a question about one value: the hot path of every rule that no shape answers."""

from __future__ import annotations

import operator as python
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from atamo_rules.engine.operators import (
    TYPES,
    Check,
    Operator,
    at_least,
    at_most,
    contains,
    equal,
    in_list,
    in_text,
    less,
    member,
    more,
    operator_of,
    prefix,
    suffix,
)
from atamo_rules.engine.patterns import compiled, glob_pattern
from atamo_rules.model.meaning import Const, Test

_HOLDS: dict[Operator, tuple[bool, bool]] = {
    contains: (True, True),
    in_list: (False, True),
    in_text: (True, False),
}
"""Whether it asks for a part of a text, and whether for an element of a list."""


_OF_TEXTS: tuple[Operator, ...] = (equal, member, in_text, prefix, suffix)
"""Asked of texts, these ignore case by asking the folded text about folded constants."""


_OF_WHOLES: dict[Operator, Callable[[int, int], bool]] = {
    equal: python.eq,
    less: python.lt,
    at_most: python.le,
    more: python.gt,
    at_least: python.ge,
}
"""What Python asks of two whole numbers."""


def _folded(constant: Any) -> str | tuple[str, ...] | None:
    if isinstance(constant, str):
        return constant.casefold()
    if isinstance(constant, list | tuple) and all(isinstance(item, str) for item in constant):
        return tuple(item.casefold() for item in constant)
    return None


def single(node: Test) -> Check:
    """A test against a constant, as a question about one value; the hot path of every rule."""
    assert isinstance(node.right, Const)
    constant, kind, fold = node.right.value, node.kind, node.ignore_case
    operator = operator_of(node)
    if fold and operator in _OF_TEXTS and (folded := _folded(constant)) is not None:
        ask = single(replace(node, right=Const(folded, span=node.right.span), ignore_case=False))
        return lambda value: isinstance(value, str) and ask(value.casefold())
    if node.many and isinstance(constant, list | tuple):
        return _of_many(node, tuple(constant))
    if not fold and isinstance(constant, str):
        text: str = constant
        if node.operator == "eq":
            return lambda value: value == text
        if node.operator == "prefix":
            return lambda value: isinstance(value, str) and value.startswith(text)
        if node.operator == "suffix":
            return lambda value: isinstance(value, str) and value.endswith(text)
        if operator is in_text:
            return lambda value: isinstance(value, str) and text in value
        if operator is in_list:
            return lambda value: isinstance(value, list | tuple) and text in value
    if node.operator == "regex" and isinstance(constant, str):
        search = compiled(constant, fold)
        return lambda value: isinstance(value, str) and search(value)
    if node.operator == "glob" and isinstance(constant, str):
        match = compiled(glob_pattern(constant), fold)
        return lambda value: isinstance(value, str) and match(value)
    if type(constant) is int and operator in _OF_WHOLES:
        whole, compare = constant, _OF_WHOLES[operator]
        return lambda value: (
            compare(value, whole) if type(value) is int else operator(value, whole, kind, fold)
        )
    if node.operator == "type" and isinstance(constant, str):
        return TYPES[constant]
    listed = constant if isinstance(constant, list | tuple) else ()
    if node.operator == "in" and not fold and listed and all(isinstance(item, str) for item in listed):
        members = frozenset(str(item) for item in listed)
        return lambda value: isinstance(value, str) and value in members
    return lambda value: operator(value, constant, kind, fold)


def _of_many(node: Test, items: tuple[Any, ...]) -> Check:
    """`any of` and `all of`, one question after another until the answer is known."""
    every = node.many == "all"
    of_texts, of_lists = _HOLDS.get(operator_of(node), (False, False))
    if (of_texts or of_lists) and not node.ignore_case and all(isinstance(item, str) for item in items):

        def holds(value: Any) -> bool:
            """A text is part of a text, and is equal to no element of a list but a text: Python says both by `in`."""
            if of_texts if isinstance(value, str) else of_lists and isinstance(value, list | tuple):
                for item in items:
                    if (item in value) is not every:
                        return not every
                return every
            return every and not items

        return holds
    checks = [single(replace(node, right=Const(item, span=node.right.span), many="")) for item in items]

    def run(value: Any) -> bool:
        for check in checks:
            if check(value) is not every:
                return not every
        return every

    return run
