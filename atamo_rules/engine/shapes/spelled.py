"""Questions about what is read as text. Nearly always it is one text, which is asked at once; whatever else stands
there is printed, or taken apart, and asked by a closure that is made when it is first needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atamo_rules.engine import spelled
from atamo_rules.engine.questions import single
from atamo_rules.engine.search import Search, search
from atamo_rules.engine.shapes.comparisons import has_null
from atamo_rules.engine.shapes.kept import BODY, kept
from atamo_rules.engine.shapes.paths import plain, read
from atamo_rules.engine.shapes.piece import (
    CALL,
    ELEMENTS,
    EQUAL,
    HOLE,
    MARK,
    ORDER,
    PART,
    PATTERN,
    Here,
    Piece,
)
from atamo_rules.model.meaning import Const, Get, Spelled, Test

MANY = 12
"""Parts of a text that are looked for in one pass over it; fewer are looked for one by one."""


def piece(node: Test, left: Spelled, here: Here) -> Piece | None:
    """The expression of a test of texts against constants; None where only a frame can tell. Raises Beyond."""
    if left.numbers or not plain(left.get.steps) or not isinstance(node.right, Const):
        return None
    if has_null(node.right.value):
        return None
    text, _ = read(left.get, here, soft=True)
    otherwise = _Otherwise(node, left)
    if left.everywhere:
        return _everywhere(node, text) or Piece(ELEMENTS + PATTERN, f"{MARK}({text})", (otherwise,))
    cost, fold, asked, constant = _of_text(node, node.right.value)
    return Piece(cost, _of_one(left.get, text, here, fold, asked), (constant, otherwise))


def _of_one(get: Get, text: str, here: Here, fold: bool, asked: str) -> str:
    """A question of the one text that stands at a path; of whatever else stands there, `otherwise`.

    A whole number, as many logs number their kinds of events, is one text too. What the path is read as is kept, for
    other questions of it: they need not fold it again. It is kept where it is not empty, so that it need not be asked
    whether it is there.
    """
    value = here.value
    folded = ".casefold()" if fold else ""
    name = kept(get.steps, fold) if here.names.get(get.root) == BODY else ""
    found = name or value
    known = f"{name} or " if name else ""
    of_text = f" and ({name} := {value}{folded})" if name else ""
    if not name and fold:
        asked = asked.replace(HOLE, f"{value}.casefold()")
    whole = f"{value}.__class__ is int and ({found} := str({value}))"
    return (
        f"({asked.replace(HOLE, found)} if {known}({value} := {text}).__class__ is str{of_text} or {whole}"
        f" else {value} is not None and {MARK}({value}))"
    )


def _everywhere(node: Test, text: str) -> Piece | None:
    """Parts of any of the texts of an event, looked for in all of them at once; None where one could reach from a text
    into the next."""
    assert isinstance(node.right, Const)
    constant = node.right.value
    many = isinstance(constant, list | tuple)
    parts: tuple[Any, ...] = tuple(constant) if many else (constant,)  # type: ignore[arg-type]
    if node.operator != "contains" or many is not bool(node.many) or not apart(parts):
        return None
    if node.ignore_case:
        parts = tuple([one.casefold() for one in parts])
    asked = f"J({text}).casefold()" if node.ignore_case else f"J({text})"
    return Piece(ELEMENTS + PATTERN, f"{'Q' if node.many == 'all' else 'P'}({asked}, {MARK})", (parts,))


def apart(parts: Sequence[Any]) -> bool:
    """Whether each of some parts, where it is in joined texts, is in one of them."""
    return bool(parts) and all(isinstance(one, str) and one and "\n" not in one for one in parts)


def _of_text(node: Test, constant: Any) -> tuple[int, bool, str, Any]:
    """What a test costs, whether it is of the folded text, and its question, with a HOLE for the text and a MARK for
    its one constant."""
    many = isinstance(constant, list | tuple)
    texts = tuple(constant) if many else (constant,)
    if (
        texts
        and (many is (node.operator == "in" or node.many != ""))
        and all(isinstance(one, str) for one in texts)
    ):
        fold = node.ignore_case
        if fold:
            texts = tuple([one.casefold() for one in texts])
        match node.operator, node.many:
            case "eq", "":
                return (ORDER if fold else EQUAL), fold, f"{HOLE} == {MARK}", texts[0]
            case ("in", "") | ("eq", "any"):
                return (ORDER if fold else EQUAL), fold, f"{HOLE} in {MARK}", frozenset(texts)
            case "contains", "":
                return PART, fold, f"{MARK} in {HOLE}", texts[0]
            case "contains", "any" if len(texts) > MANY and all(texts):
                return CALL, fold, f"{MARK}({HOLE})", _AnyPart(texts)
            case "contains", "any" | "all":
                return CALL, fold, f"{'P' if node.many == 'any' else 'Q'}({HOLE}, {MARK})", texts
            case ("prefix", "" | "any") | ("suffix", "" | "any"):
                method = "startswith" if node.operator == "prefix" else "endswith"
                return PART, fold, f"{HOLE}.{method}({MARK})", texts
    pattern = node.operator in ("regex", "glob", "cidr")
    return (PATTERN if pattern else CALL), False, f"{MARK}({HOLE})", single(node)


class _AnyPart:
    """Whether one of many texts is in a text, in one pass over it. The search is made when it is first needed."""

    __slots__ = ("_search", "_texts")

    def __init__(self, texts: tuple[str, ...]) -> None:
        self._texts = texts
        self._search: Search | None = None

    def __call__(self, text: str) -> bool:
        if self._search is None:
            self._search = search(self._texts) or self._each
        return bool(self._search(text.encode()))

    def _each(self, text: bytes) -> list[int]:
        return [n for n, one in enumerate(self._texts) if one.encode("utf-8", "surrogatepass") in text]


class _Otherwise:
    """Asks whatever else than a text stands there."""

    __slots__ = ("_ask", "_left", "_node")

    def __init__(self, node: Test, left: Spelled) -> None:
        self._node, self._left = node, left
        self._ask: Any = None

    def __call__(self, value: Any) -> bool:
        if self._ask is None:
            self._ask = spelled.of_value(self._node, self._left)
        held: bool = self._ask(value)
        return held
