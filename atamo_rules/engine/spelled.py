"""Values read as text: those of events `of anything as text`, and those of `any field`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from atamo_rules.engine import terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.questions import single
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import known
from atamo_rules.functions.numbers import number_of
from atamo_rules.functions.printing import printed
from atamo_rules.model.meaning import Const, Spelled, Test


def test(node: Test, left: Spelled) -> Callable[[Frame], bool]:
    """A test of texts that may have been written as numbers, or stand in a list. Nearly always it is one text."""
    if not left.numbers and not left.get.many:
        fetch, ask = terms.direct(left.get), of_value(node, left)
        return lambda frame: ask(fetch(frame))
    walk, held = texts(left), _of_texts(node)
    return lambda frame: held(walk(frame))


def of_value(node: Test, left: Spelled) -> Callable[[Any], bool]:
    """The same test of what stands at the path."""
    held, everywhere = _of_texts(node), left.everywhere
    if everywhere or node.many == "all":
        return lambda value: held(texts_of(value, everywhere=everywhere))
    check = single(node)

    def run(value: Any) -> bool:
        if isinstance(value, str):
            return check(value)
        return any(check(text) for text in texts_of(value))

    return run


def _of_texts(node: Test) -> Callable[[Iterable[Any]], bool]:
    """The test of some texts, or numbers: one of them meets it, or each of its items, as a list `contains all of`
    them."""
    if node.many != "all":
        check = single(node)
        return lambda found: any(map(check, found))
    assert isinstance(node.right, Const)
    assert isinstance(node.right.value, tuple | list)
    checks = [
        single(replace(node, many="", right=replace(node.right, value=item))) for item in node.right.value
    ]

    def run_all(found: Iterable[Any]) -> bool:
        known = list(found)
        return all(any(map(check, known)) for check in checks)

    return run_all


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


def joined(value: Any) -> str:
    """All texts in a value, those of objects too, each on lines of its own: what holds no end of a line is in one of
    them where it is in this."""
    values = value.values() if isinstance(value, dict) else (value,)
    return "\n".join([item if item.__class__ is str else _lines(item) for item in values])


def _lines(value: Any) -> str:
    if value.__class__ is int:
        return str(value)
    return "\n".join(texts_of(value, everywhere=True))


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
