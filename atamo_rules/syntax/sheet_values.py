"""Cells of a sheet as tests and values: what is written plainly is plain, and what only a spreadsheet understands is
refused with its remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.sheet_cells import Cell
from atamo_rules.syntax.substitution import filled

Say = Callable[[Diagnostic], None]
ANY = ("", "any", "-")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_COMMA = re.compile(r"(?<![\w\"'])-?[0-9]+(\.[0-9]{3})*,[0-9]+(?![\w\"'])")
_FAULT = re.compile(r"#(REF|N/A|DIV/0|NAME|VALUE|NUM|NULL)[!?]?", re.IGNORECASE)
_CURLY = re.compile("[“”„‘’]")
_WORDS = re.compile(r"\w[\w .@:/+-]*")
_LENGTH = re.compile(r"[0-9.]+ +[a-z]+")
_CLAUSES = re.compile(r"(is|not|contains|does|starts|ends|matches|between|in|exists|any|all)\b")
LONGEST_DIGITS = 4300


def test_of(cell: Cell, column: tree.Expr, say: Say) -> tree.Expr | None:
    """The condition that a cell makes of its column, None where any value will do or it cannot be read."""
    if cell.text in ANY or foreign(cell, say, condition=True):
        return None
    made, found = parse("cell", cell.fragment)
    if made is None and _WORDS.fullmatch(cell.text) and not _CLAUSES.match(cell.text):
        made, found = decl.Cell((("is", tree.Literal(cell.text, span=cell.span)),), span=cell.span), ()
    for one in found:
        say(one)
    if made is None or not made.tests:
        return None
    tests = [(operator, _plain(right)) for operator, right in made.tests]
    if len(tests) > 1 and all(operator == "is" and right is not None for operator, right in tests):
        values = tuple(right for _, right in tests if right is not None)
        return tree.Compare(
            "is one of", column, tree.ListValue(values, span=cell.span), span=cell.span
        )  # fmt: skip
    parts = tuple(_test(operator, right, column, cell.span) for operator, right in tests)
    return parts[0] if len(parts) == 1 else tree.AnyOf(parts, span=cell.span)


def _test(operator: str, right: tree.Expr | None, column: tree.Expr, span: Span) -> tree.Expr:
    if right is None:
        return tree.State(operator, column, span=span)
    return tree.Compare(operator, column, right, span=span)


def _plain(right: tree.Expr | None) -> tree.Expr | None:
    """A lone word in a cell is a value, whether or not a field has its name."""
    if isinstance(right, tree.Path) and len(right.steps) == 1 and isinstance(right.steps[0].key, str):
        return tree.Literal(right.steps[0].key, span=right.span)
    return right


def value_of(cell: Cell, say: Say) -> tree.Value | None:
    """What a cell hands on: a number, a truth value, a length of time, a list, else text in which fields are filled
    in. None where it cannot be read."""
    text = cell.text
    if foreign(cell, say, condition=False):
        return None
    if _NUMBER.fullmatch(text):
        if len(text) > LONGEST_DIGITS:
            say(codes.BAD_LITERAL.at(cell.span, f"a number has more than {LONGEST_DIGITS} digits"))
            return None
        return tree.Literal(Decimal(text) if "." in text else int(text), span=cell.span)
    if text.lower() in ("true", "false"):
        return tree.Literal(text.lower() == "true", span=cell.span)
    if len(text) > 1 and text[0] == text[-1] == '"':
        return filled(cell.fragment.cut(1, len(text) - 1), cell.span)
    if text[0] == "[" and text[-1] == "]":
        made, found = parse("value", cell.fragment)
        for one in found:
            say(one)
        return made  # type: ignore[no-any-return]
    if _LENGTH.fullmatch(text):
        made, found = parse("length", cell.fragment)
        if made is not None and not found:
            return made  # type: ignore[no-any-return]
    return filled(cell.fragment, cell.span)


def truth_of(cell: Cell, say: Say) -> bool:
    """`yes` or `no`; an empty cell is no."""
    word = cell.text.lower()
    if word in ("yes", "true", "x"):
        return True
    if word not in ("", "no", "false"):
        say(_said(cell, f"`{cell.text}` is neither yes nor no", "write `yes`, or leave the cell empty"))
    return False


def foreign(cell: Cell, say: Say, *, condition: bool) -> bool:
    """Whether a cell is written as only a spreadsheet reads it; that is said."""
    text = cell.text
    if _FAULT.fullmatch(text):
        say(_said(cell, f"`{text}` is a mistake of the spreadsheet", "mend the formula, and save its values"))
    elif text.startswith("=") and not (condition and text.startswith("==")):
        remedy = "save the sheet with values in place of formulas"
        if not condition:
            remedy += ", or fill in fields: `{{ total * 2 }}`"
        say(_said(cell, "a formula is of the spreadsheet, and is not computed here", remedy))
    elif (comma := _COMMA.search(text)) is not None and (condition or comma[0] == text):
        dotted = comma[0].replace(".", "").replace(",", ".")
        two = comma[0].replace(",", ", ")
        other = f"; for two values `{two}`" if condition and "." not in two else ""
        say(_said(cell, f"`{comma[0]}` is written with a decimal comma", f"write `{dotted}`{other}"))
    elif condition and _CURLY.search(text):
        say(_said(cell, "these are typographic quotes", "write `\"` or `'`; one word needs none"))
    else:
        return False
    return True


def _said(cell: Cell, message: str, remedy: str) -> Diagnostic:
    return codes.SHEET_CELL.at(cell.span, f"cell {cell.place}: {message}", help=remedy)
