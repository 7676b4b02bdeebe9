"""The canonical text of values, conditions and types: what `fmt` writes for them, in either container.

Precedence is the grammar's, so parentheses stand exactly where the tree needs them. Where the author broke a line
behind an opening bracket, or before an `and`, it stays broken; everything else goes on one line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from atamo_rules.source.span import Span
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.rows import STEP, Row, Rows, joined, listed, row, shifted
from atamo_rules.syntax.words import NAME, NOT_VALUES, path_text, text_literal

CHAIN, NOT, COMPARISON, SUM, PRODUCT, FACTOR = range(6)
"""How tightly an operator binds, loosest first."""

_GOES_ON = re.compile(r"(not|present|absent|null|empty|like|between|one|in|any|all)\b")
_HOW_MANY = re.compile(r"(any|all)\b")


def inline(rows: Rows) -> str:
    """What was written with `flat`: always one line."""
    (one,) = rows
    return one.text


def expression(expr: tree.Value, level: int = CHAIN, *, flat: bool = False) -> Rows:
    """The text of an expression where something of a level may stand; in parentheses where it binds more loosely."""
    text, own = _expression(expr, flat)
    if own >= level:
        return text
    if not flat and breaks_after("(", expr.span):
        return (Row("("), *shifted(text, STEP), Row(")"))
    return joined("(", text, ")")


def words(expr: tree.Value, level: int = CHAIN) -> str:
    """The same on one line."""
    return inline(expression(expr, level, flat=True))


def _expression(expr: tree.Value, flat: bool) -> tuple[Rows, int]:
    here = expr.span
    match expr:
        case tree.Literal() | tree.Path():  # first, since there are most of them
            return row(_atom(expr), 0, here), _level(expr)
        case tree.AllOf():
            return chain(expr.parts, "and", flat), CHAIN
        case tree.AnyOf():
            return chain(expr.parts, "or", flat), CHAIN
        case tree.Not():
            return joined("not ", expression(expr.part, SUM, flat=flat)), NOT
        case tree.State():
            return joined(expression(expr.operand, SUM, flat=flat), " ", expr.operator), COMPARISON
        case tree.Compare():
            return compare(expr, flat), COMPARISON
        case tree.Arithmetic():
            own = SUM if expr.operator in "+-" else PRODUCT
            left = expression(expr.left, own, flat=flat)
            return joined(left, f" {expr.operator} ", expression(expr.right, own + 1, flat=flat)), own
        case tree.Negative():
            loose = isinstance(expr.operand, tree.Negative | tree.Literal)
            return joined("-", expression(expr.operand, FACTOR + 1 if loose else FACTOR, flat=flat)), FACTOR
        case tree.Else():
            parts = (expression(expr.value, flat=flat), " else ", expression(expr.fallback, flat=flat))
            return joined("(", *parts, ")"), FACTOR + 1
        case tree.Quantified():
            head = f"{expr.quantifier} {expr.variable.text} in "
            return joined(head, _within(expr.collection, expr.condition, flat)), FACTOR + 1
        case tree.Count():
            inner = _within(expr.collection, expr.condition, flat)
            return joined(f"count({expr.variable.text} in ", inner, ")"), FACTOR + 1
        case tree.Call():
            arguments = [expression(one, flat=flat) for one in expr.arguments]
            return listed(arguments, f"{expr.function.text}(", ")", broken=False), FACTOR + 1
        case tree.ListValue():
            items = [_part(item, flat) for item in expr.items]
            broken = not flat and bool(expr.items) and breaks(here.start + 1, expr.items[0].span)
            return listed(items, "[", "]", broken=broken), FACTOR + 1
        case tree.ObjectValue():
            return entries(expr, flat=flat), FACTOR + 1
        case _:
            return row(_atom(expr), 0, here), _level(expr)


def _level(expr: tree.Value) -> int:
    value = expr.value if isinstance(expr, tree.Literal) else None
    negative = (
        isinstance(value, int | Decimal) and not isinstance(value, bool) and number(value).startswith("-")
    )
    return FACTOR if negative else FACTOR + 1


def _atom(expr: tree.Value) -> str:
    match expr:
        case tree.Literal():
            return literal(expr.value)
        case tree.Template():
            return text_literal(expr.text)
        case tree.Path():
            return path_text(tuple(step.key for step in expr.steps))
        case tree.AnyField():
            return "any field"
        case tree.Quantity():
            return quantity(expr)
        case tree.Regex():
            return "/" + expr.pattern.replace("/", "\\/") + "/"
    raise AssertionError(f"{type(expr).__name__} is written elsewhere")


def chain(parts: Sequence[tree.Expr], word: str, flat: bool) -> Rows:
    """`a and b`; a part that began a line of its own still does, behind its `and`."""
    done = expression(parts[0], NOT, flat=flat)
    for before, part in pairwise(parts):
        one = expression(part, NOT, flat=flat)
        if not flat and breaks(before.span.end, part.span):
            first, *rest = joined(f"{word} ", one)
            done = (*done, Row(first.text, 0, part.span), *rest)
        else:
            done = joined(done, f" {word} ", one)
    return done


def compare(expr: tree.Compare, flat: bool, right: Rows | None = None) -> Rows:
    """`left operator right`; the right side may be given as somebody broke it."""
    operator = f"{expr.operator} {expr.quantifier} of" if expr.quantifier else expr.operator
    left = joined(expression(expr.left, SUM, flat=flat), f" {operator} ")
    tail = " ignoring case" if expr.ignoring_case else ""
    if expr.operator == "is between" and isinstance(expr.right, tree.ListValue):
        low, high = (expression(one, SUM, flat=flat) for one in expr.right.items)
        return joined(left, low, " and ", high)
    right = right or expression(expr.right, SUM, flat=flat)
    goes_on = _GOES_ON if expr.operator in ("is", "is not") else _HOW_MANY
    if not expr.quantifier and goes_on.match(right[0].text):  # `x is null` means something else
        right = joined("(", right, ")")
    return joined(left, right, tail)


def _within(collection: tree.Expr, condition: tree.Expr, flat: bool) -> Rows:
    """`tags has (condition)`."""
    begun = joined(expression(collection, SUM, flat=flat), " has (")
    inner = expression(condition, flat=flat)
    if not flat and breaks(collection.span.end, condition.span):
        return joined(begun, (Row(""), *shifted(inner, STEP), Row(")")))
    return joined(begun, inner, ")")


def _part(value: tree.Value, flat: bool) -> Rows:
    rows = expression(value, flat=flat)
    first, *rest = rows
    return (Row(first.text, first.indent, value.span), *rest)


def entries(value: tree.ObjectValue, *, flat: bool = False, broken: bool = False) -> Rows:
    """`{ a: 1, b: "x" }`."""
    parts = [_part_of(entry, flat) for entry in value.entries]
    broken = broken or (not flat and bool(parts) and breaks(value.span.start + 1, value.entries[0].span))
    return listed(parts, "{", "}", broken=broken, blanks=" ")


def _part_of(entry: tree.Argument, flat: bool) -> Rows:
    first, *rest = joined(keys(entry.keys), ": ", expression(entry.value, flat=flat))
    return (Row(first.text, first.indent, entry.span), *rest)


# --- words ----------------------------------------------------------------------------------------------


def literal(value: object) -> str:
    """A text in double quotes, a number, `true`, `false` or `null`."""
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    assert isinstance(value, int | Decimal)
    return number(value)


def number(value: int | Decimal) -> str:
    """A number that reads back as the same kind: a decimal keeps its point."""
    text = str(value)
    plain = isinstance(value, Decimal) and "." not in text and "E" not in text
    return text + ".0" if plain else text


def quantity(length: tree.Quantity) -> str:
    """`1 hour`, `15 minutes`."""
    return f"{number(length.amount)} {length.unit}{'' if length.amount == 1 else 's'}"


def worded(value: tree.Literal) -> str:
    """A value where words need no quotes, as its author wrote it: bare if it was bare, else in quotes."""
    return str(value.value) if is_bare(value) else literal(value.value)


def is_bare(value: tree.Literal) -> bool:
    """Whether a value is a word that its author wrote without quotes."""
    word = value.value
    return (
        isinstance(word, str)
        and NAME.match(word) is not None
        and word not in NOT_VALUES
        and value.span.text[:1] not in ('"', "'")
    )


def unquoted(value: tree.Value) -> tree.Value:
    """The body of a test with its bare words as the words they were."""
    match value:
        case tree.Literal() if is_bare(value):
            return tree.Path((tree.Step(str(value.value), span=value.span),), span=value.span)
        case tree.ListValue():
            return replace(value, items=tuple(unquoted(item) for item in value.items))
        case tree.ObjectValue():
            entries = (replace(entry, value=unquoted(entry.value)) for entry in value.entries)
            return replace(value, entries=tuple(entries))
    return value


def keys(steps: Sequence[tree.Step]) -> str:
    """The key of an entry: `a`, `"+1"`, `a.b[0]`."""
    first, *rest = (step.key for step in steps)
    begun = first if isinstance(first, str) and NAME.match(first) else text_literal(str(first))
    return str(begun) + path_text(("", *rest))


# --- types ----------------------------------------------------------------------------------------------


def type_text(written: type_tree.TypeExpr) -> str:
    """A type on one line; the fields of a record stand elsewhere."""
    match written:
        case type_tree.Plain(low=None, high=None):
            return written.word
        case type_tree.Plain():
            low, high = ("" if bound is None else number(bound) for bound in (written.low, written.high))
            return f"{written.word} {low}..{high}"
        case type_tree.OneOf():
            return "one of " + ", ".join(worded(value) for value in written.values)
        case type_tree.ListOf():
            return (
                "list of"
                if isinstance(written.item, type_tree.RecordOf)
                else f"list of {type_text(written.item)}"
            )
        case type_tree.MapOf():
            return f"map of {type_text(written.value)}"
        case type_tree.RecordOf():
            return ""


def default_text(value: tree.Value) -> str:
    """What stands behind the `=` of a field or parameter."""
    if isinstance(value, tree.ListValue):
        return f"[{', '.join(default_text(one) for one in value.items)}]"
    return worded(value) if isinstance(value, tree.Literal) else words(value)


def field_text(type: str, optional: bool, default: tree.Value | None, about: tree.Literal | None) -> str:
    """`money? = 0 "about"`."""
    text = type + "?" * optional
    text += f" = {default_text(default)}" if default is not None else ""
    text += f" {literal(about.value)}" if about is not None else ""
    return text.strip()


# --- where the author broke lines -----------------------------------------------------------------------


def breaks(end: int, after: Span) -> bool:
    """Whether a line ends between an offset and a span of the same `.atamo` file."""
    source = after.source
    return source.name.endswith(".atamo") and "\n" in source.text[end : after.start]


def breaks_after(bracket: str, inner: Span) -> bool:
    """Whether the author broke the line behind the bracket that stands before a span."""
    opened = inner.source.text.rfind(bracket, 0, inner.start)
    return opened != -1 and breaks(opened, inner)


def breaks_anywhere(span: Span) -> bool:
    """Whether something stands on several lines in the author's `.atamo` file."""
    return span.source.name.endswith(".atamo") and "\n" in span.text
