"""One clause of text to a piece of the tree: the door between Lark and the rest.

`parse(start, fragment)` gives what the start symbol stands for (see `convert`), or diagnostics. Nothing of Lark
leaves this file and `convert`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment
from atamo_rules.syntax import tree
from atamo_rules.syntax.atoms import Misread
from atamo_rules.syntax.hints import unquoted_date
from atamo_rules.syntax.mistakes import explain
from atamo_rules.syntax.parts import Clause
from atamo_rules.syntax.texts import BadText, unescape

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedInput

    from atamo_rules.syntax.ingredients import Recipe
    from atamo_rules.syntax.parts import Part, Tokens
    from atamo_rules.syntax.shapes import Shapes

DEEPEST = 64
"""Brackets that may be open at once."""
LONGEST = 524_288
"""Characters a clause may have."""
SHORT = 120
"""Clauses of so many characters are worth remembering: `on order.placed`, `expect nothing`, `"room-7"`."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*(\.[A-Za-z0-9_\-]+)*")
"""The grammar's DOTTED: every third clause is a plain name, and needs no parser."""
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
"""The grammar's STRING: names of tests, what things are about, every line of metadata."""
_PLAIN = re.compile(r'"[^"\\{]*"')
"""One that needs no reading: no escapes in it, and nothing that a template could begin with."""
_LONE = ("name", "expression", "value")
"""Start symbols of clauses that may be nothing but a text in quotes."""
_TEMPLATE = re.compile(r"\{[{%#]")
STARTS = (
    "condition",
    "expression",
    "value",
    "object",
    "field",
    "param",
    "list_items",
    "define",
    "define_head",
    "trigger",
    "at_most",
    "schedule",
    "principals",
    "safe",
    "completing",
    "do_head",
    "let",
    "cell",
    "given",
    "expect",
    "mock",
    "keys",
    "name",
    "length",
    "on",
    "actor",
    "repeat",
)


def parse(start: str, fragment: Fragment) -> tuple[Any, tuple[Diagnostic, ...]]:
    """What a clause says, or None and why it cannot be read. `start` is one of STARTS."""
    text = fragment.text
    if start in _LONE and _PLAIN.fullmatch(text):
        kind = tree.Name if start == "name" else tree.Literal
        return kind(text[1:-1], span=fragment.span(0, len(text))), ()
    if start == "name" and _NAME.fullmatch(text):
        return tree.Name(text, span=fragment.span(0, len(text))), ()
    lone = _lone(start, text)
    if lone is not None:
        kind = tree.Name if start == "name" else tree.Literal
        return kind(lone, span=fragment.span(0, len(text))), ()
    trouble = _bounded(fragment) or unquoted_date(fragment)
    if trouble is not None:
        return None, (trouble,)
    try:
        recipe, tokens = remembered(start, text) if len(text) <= SHORT else _read(start, text)
    except _Unread as unread:
        return None, (explain(unread.error, start, fragment),)
    clause = Clause(fragment, tokens)
    try:
        made = recipe(clause)
    except Misread as misread:
        return None, (misread.diagnostic,)
    if clause.report:
        return None, tuple(clause.report)
    return made, ()


def _lone(start: str, text: str) -> str | None:
    """What a text in quotes says, where it is the whole clause and needs no parser."""
    if start not in _LONE or _TEXT.fullmatch(text) is None:
        return None
    if start == "value" and _TEMPLATE.search(text):
        return None
    try:
        return unescape(text[1:-1])[0]
    except BadText:  # the parser says where
        return None


class _Unread(Exception):
    """A clause that does not follow the grammar, with what Lark says of it."""

    def __init__(self, error: UnexpectedInput) -> None:
        self.error = error


@lru_cache(maxsize=4096)
def remembered(start: str, text: str) -> tuple[Recipe, Tokens]:
    """`_read` of a short clause, remembered: rule files say the same few things again and again."""
    return _read(start, text)


def _read(start: str, text: str) -> tuple[Recipe, Tokens]:
    """The recipe of a clause, and its tokens. Raises _Unread where it does not follow the grammar."""
    read = shapes().read(start, text)
    if read is not None:
        return read
    from lark.exceptions import UnexpectedInput as Unexpected

    from atamo_rules.syntax.shapes import by_lark

    lark = parser()
    try:
        lark.parse(text, start=start)
    except Unexpected as error:
        raise _Unread(error) from None
    part, tokens = by_lark(lark, start, text)
    return _recipe(part), tokens


@cache
def shapes() -> Shapes[Recipe]:
    """The shapes of clauses that were met so far in this process."""
    from atamo_rules.syntax.shapes import Shapes

    return Shapes(parser(), _recipe, blanks=" \n")


def _recipe(part: Part) -> Recipe:
    from atamo_rules.syntax.convert import Converter
    from atamo_rules.syntax.recipes import recipe

    return recipe(part, lambda clause, node: Converter(clause).take(node))


@cache
def parser() -> Lark:
    """The LALR parser of the clause grammar, with its start symbols; there is one in a process."""
    from atamo_rules.syntax import parse_tables

    folder = files("atamo_rules.grammar")
    grammar = folder.joinpath("atamo.lark").read_text("utf-8")
    tables = folder.joinpath("atamo.tables.json")
    made = None
    if tables.is_file():
        made = parse_tables.taken(tables.read_text("utf-8"), parse_tables.made_of(grammar, STARTS))
    return made or parse_tables.built(grammar, STARTS)


def _bounded(fragment: Fragment) -> Diagnostic | None:
    """Refuse what the parser should not even try: the grammar itself is linear, its recursion is ours to bound."""
    text = fragment.text
    if len(text) > LONGEST:
        return codes.TOO_DEEP.at(fragment.span(0, 1), f"this clause has more than {LONGEST} characters")
    if text.count("(") + text.count("[") + text.count("{") + text.count("not ") + text.count("-") <= DEEPEST:
        return None
    depth = run = 0
    quote = ""
    escaped = False
    for position, char in enumerate(text):
        if quote:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == quote:
                quote = ""
            continue
        if char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        if char == "-":
            run += 1
        elif not char.isspace():
            run = 0
        if depth > DEEPEST or run > DEEPEST:
            return codes.TOO_DEEP.at(
                fragment.span(position, position + 1),
                f"brackets are nested more than {DEEPEST} deep",
                help="name parts of it with `define` or `let`",
            )
    if _nots(text) > DEEPEST:
        return codes.TOO_DEEP.at(fragment.span(0, len(text)), f"more than {DEEPEST} `not` in a row")
    return None


def _nots(text: str) -> int:
    longest = run = 0
    for word in text.split():
        run = run + 1 if word == "not" else 0
        longest = max(longest, run)
    return longest
