"""Decision tables of a `.atamo` file: a mode, a header with `=>`, and rows between bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import pairwise

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix
from atamo_rules.source.span import Fragment
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clauses import Reader
from atamo_rules.syntax.outline import Line


def table(line: Line, reader: Reader) -> decl.Table | None:
    """`table NAME on EVENT`, a mode line, a header line and rows."""
    rest = line.after("table")
    name_text, on_word, _ = rest.text.partition(" on ")
    if not on_word:
        reader.say(
            codes.SYNTAX.at(line.span, "a table is on an event type", help="write `table name on event.type`")
        )
        return None
    name = reader.parse("name", rest.cut(0, len(name_text.rstrip())))
    on = reader.parse("on", _stripped(rest.cut(len(name_text) + 4, len(rest.text))))
    mode = ""
    bars: list[Line] = []
    for child in line.children:
        text = " ".join(child.text.split())
        if text.startswith("|"):
            bars.append(child)
        elif text in decl.MODES and not mode:
            mode = text
        else:
            meant = _unknown(child, text, reader)
            mode = mode or meant
    if not mode:
        reader.say(
            codes.MISSING_CLAUSE.at(
                line.span,
                "the table does not say how rows are picked",
                help=f"write one of: {', '.join(decl.MODES)}",
            )
        )
    if not bars:
        reader.say(
            codes.MISSING_CLAUSE.at(line.span, "the table has no rows", help="write `| column => answer |`")
        )
    if name is None or on is None or not mode or not bars:
        return None
    header = _columns(bars[0], reader)
    if header is None:
        return None
    inputs, outputs = header
    rows = tuple(row for row in [_row(bar, reader) for bar in bars[1:]] if row is not None)
    if len(rows) < len(bars) - 1:
        return None
    return decl.Table(name, on, mode, inputs, outputs, rows, span=line.whole)


def _unknown(line: Line, text: str, reader: Reader) -> str:
    """Say that a line is no clause of a table; gives the mode it was most likely meant to be, or nothing."""
    close = get_close_matches(text, decl.MODES, n=1, cutoff=0.7)
    reader.say(
        codes.UNKNOWN_CLAUSE.at(
            line.span,
            f"`{text}` is not a clause of a table",
            label=f"did you mean `{close[0]}`?" if close else "",
            help=f"write one of: {', '.join(decl.MODES)}; then rows between bars",
            fixes=[Fix(f"write `{close[0]}`", (Edit(line.span, close[0]),))] if close else (),
        )
    )
    return close[0] if close else ""


def _columns(line: Line, reader: Reader) -> tuple[tuple[tree.Expr, ...], tuple[tree.Name, ...]] | None:
    split = _split(line, reader)
    if split is None:
        return None
    left, right = split
    inputs = [reader.parse("expression", cell) for cell in left]
    outputs = [reader.parse("name", cell) for cell in right]
    if any(column is None for column in [*inputs, *outputs]):
        return None
    return tuple(inputs), tuple(outputs)


def _row(line: Line, reader: Reader) -> decl.Row | None:
    split = _split(line, reader)
    if split is None:
        return None
    left, right = split
    cells = [reader.parse("cell", cell) for cell in left]
    outputs = [reader.parse("expression", cell) for cell in right]
    if any(cell is None for cell in [*cells, *outputs]):
        return None
    return decl.Row(tuple(cells), tuple(outputs), span=line.span)


def _split(line: Line, reader: Reader) -> tuple[Sequence[Fragment], Sequence[Fragment]] | None:
    """The cells left and right of `=>`."""
    reader.no_children(line)
    pieces = cells_of(line.fragment)
    for position, piece in enumerate(pieces):
        arrow = _outside(piece.text, "=>")
        if arrow is not None:
            before = _stripped(piece.cut(0, arrow))
            after = _stripped(piece.cut(arrow + 2, len(piece.text)))
            left = [*pieces[:position], before] if before.text else pieces[:position]
            return left, [after, *pieces[position + 1 :]]
    reader.say(
        codes.BAD_TABLE.at(
            line.span, "this line of the table has no `=>`", help="write `| when | => | answer |`"
        )
    )
    return None


def cells_of(fragment: Fragment) -> list[Fragment]:
    """The pieces between bars, outside texts and regular expressions."""
    text = fragment.text
    cuts = [at for at in _bare(text) if text[at] == "|"]
    pieces = [fragment.cut(start + 1, end) for start, end in pairwise(cuts)]
    if cuts and text[cuts[-1] + 1 :].strip():
        pieces.append(fragment.cut(cuts[-1] + 1, len(text)))
    return [_stripped(piece) for piece in pieces]


def _bare(text: str) -> Iterator[int]:
    """Every position outside the text literals and regular expressions of a line."""
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'" or (
            char == "/" and text[max(0, at - 12) : at].rstrip().endswith(("matches", "match"))
        ):
            quote = char
        else:
            yield at
        at += 1


def _outside(text: str, what: str) -> int | None:
    return next((at for at in _bare(text) if text.startswith(what, at)), None)


def _stripped(fragment: Fragment) -> Fragment:
    text = fragment.text
    start = len(text) - len(text.lstrip())
    return fragment.cut(start, max(start, len(text.rstrip())))
