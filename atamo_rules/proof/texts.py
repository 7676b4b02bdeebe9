"""Texts that may satisfy tests, and tests that no text satisfies together.

Made are texts put together of what the tests name, which often do; whether they do is for the engine to say. That none
does is claimed only where one test that holds implies another that does not, or two beginnings or ends exclude each
other: an argument about pairs, silent about everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from atamo_rules.model.meaning import Const, Test
from atamo_rules.proof.formula import Lit

_FIXED = ("prefix", "suffix", "contains")


def made(literals: Sequence[Lit], plain: Sequence[str]) -> Iterator[str]:
    """Texts to try: `plain` ones, all that a test names, and those put together of what is asked for."""
    yield from plain
    wanted: dict[str, list[str]] = {name: [] for name in (*_FIXED, "glob", "regex")}
    for atom, positive in literals:
        test = atom.condition
        if not isinstance(test, Test):
            continue
        named = list(_named(test))
        yield from named
        if positive and test.operator in wanted:
            # Of what may be any of several the first will do.
            wanted[test.operator] += named if test.many == "all" or not test.many else named[:1]
    globs = [text.replace("*", "").replace("?", "a") for text in wanted["glob"]]
    regexes = [_stripped(text) for text in wanted["regex"]]
    yield from globs
    yield from regexes
    first = max(wanted["prefix"], key=len, default="")
    last = max(wanted["suffix"], key=len, default="")
    inside = _dense(wanted["contains"])
    for filler, between in product(("", *plain[:1], " "), ("", " ")):
        yield between.join(part for part in (first, *globs, *regexes, filler, *inside, last) if part)


def excluded(literals: Sequence[Lit], shortest: int, longest: int | None) -> bool:
    """Whether certainly no text satisfies them all."""
    known = [
        (test.operator, text, positive)
        for test, positive in _plain(literals)
        for text in _named(test)
        if test.operator in _FIXED
    ]
    if longest is not None and any(positive and len(text) > longest for _, text, positive in known):
        return True
    for (one, first, held), (two, second, other) in combinations(known, 2):
        if held and other and one == two and _apart(one, first, second):
            return True
        if held is not other:
            strong, weak = ((one, first), (two, second)) if held else ((two, second), (one, first))
            if _implies(*strong, *weak):
                return True
    return any(not positive and not text for _, text, positive in known)


def _plain(literals: Sequence[Lit]) -> Iterator[tuple[Test, bool]]:
    """Tests for one text each, as it is written."""
    for atom, positive in literals:
        test = atom.condition
        if isinstance(test, Test) and not test.ignore_case and not test.many:
            yield test, positive


def _named(test: Test) -> Iterator[str]:
    value = test.right.value if isinstance(test.right, Const) else None
    for one in value if isinstance(value, tuple | list) else (value,):
        if isinstance(one, str):
            yield one


def _apart(operator: str, one: str, two: str) -> bool:
    if operator == "prefix":
        return not (one.startswith(two) or two.startswith(one))
    return operator == "suffix" and not (one.endswith(two) or two.endswith(one))


def _implies(strong: str, has: str, weak: str, wants: str) -> bool:
    """Whether a text of which the one holds satisfies the other."""
    if weak == "contains":
        return wants in has
    if strong != weak:
        return False
    return has.startswith(wants) if weak == "prefix" else has.endswith(wants)


def _dense(parts: Sequence[str]) -> list[str]:
    """Without those that stand within another."""
    return [one for one in dict.fromkeys(parts) if not any(one != two and one in two for two in parts)]


def _stripped(pattern: str) -> str:
    """A pattern without its signs: of the plainest ones, a text that it finds."""
    text = pattern.removeprefix("^").removesuffix("$")
    for sign in (".*", ".+", r"\b"):
        text = text.replace(sign, "")
    return text.replace("\\", "")
