"""Values read as text: those of events `of anything as text`, and those of `any field`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from atamo_rules.engine import terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.operators import single
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import known
from atamo_rules.functions.numbers import number_of
from atamo_rules.functions.printing import printed
from atamo_rules.model.meaning import Const, Spelled, Test


def test(node: Test, left: Spelled) -> Callable[[Frame], bool]:
    """A test of texts that may have been written as numbers, or stand in a list. Nearly always it is one text."""
    walk = texts(left)
    if node.many == "all":
        # Each of the items is met by one of the texts, as a list `contains all of` them.
        assert isinstance(node.right, Const)
        assert isinstance(node.right.value, tuple | list)
        checks = [
            single(replace(node, many="", right=replace(node.right, value=item))) for item in node.right.value
        ]

        def run_all(frame: Frame) -> bool:
            found = list(walk(frame))
            return all(any(check(text) for text in found) for check in checks)

        return run_all
    check = single(node)
    if left.everywhere or left.numbers or left.get.many:
        return lambda frame: any(check(text) for text in walk(frame))
    fetch = terms.direct(left.get)

    def run(frame: Frame) -> bool:
        value = fetch(frame)
        if isinstance(value, str):
            return check(value)
        return any(check(text) for text in texts_of(value))

    return run


def texts(node: Spelled) -> Callable[[Frame], Iterator[Any]]:
    """Every text that stands at a path, or the numbers they write."""
    walk, everywhere = terms.values(node.get), node.everywhere
    if not node.numbers:
        return lambda frame: (
            text for value in walk(frame) for text in texts_of(value, everywhere=everywhere)
        )

    def numbers(frame: Frame) -> Iterator[Any]:
        for value in walk(frame):
            for text in texts_of(value, everywhere=everywhere):
                number = number_of(text)
                if number is not ABSENT:
                    yield number

    return numbers


def texts_of(value: Any, *, everywhere: bool = False) -> Iterator[str]:
    """The texts in a value: its own, or those of the elements of a list; with `everywhere`, of objects too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item, everywhere=everywhere)
    elif isinstance(value, dict):
        for item in value.values() if everywhere else ():
            yield from texts_of(item, everywhere=everywhere)
    elif known(value) is not ABSENT and value is not None:
        yield printed(value)


def listed(node: Spelled) -> Callable[[Frame], Any]:
    """The texts or numbers at a path, as a list."""
    walk = texts(node)
    return lambda frame: list(walk(frame))


def value(node: Spelled) -> Callable[[Frame], Any]:
    """The one text there is, a list of several, or ABSENT."""
    walk = texts(node)

    def run(frame: Frame) -> Any:
        found = list(walk(frame))
        return ABSENT if not found else found[0] if len(found) == 1 else found

    return run
