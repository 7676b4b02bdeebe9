"""The text of a sheet to cells that keep their places: RFC 4180, and what spreadsheets make of it.

Cells are set apart by commas, semicolons or tabs, whichever the first line has most of, or by what a first line `sep=;`
says. A cell in quotes may hold any of them, line ends, and quotes written twice.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment, Source, Span

SEPARATORS = ",;\t"
MOST = 200_000
"""Cells of one sheet."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell without the blanks around it. `column` counts from 0, `row` from 1 as spreadsheets count."""

    text: str
    row: int
    column: int
    fragment: Fragment = field(compare=False, repr=False)

    @property
    def span(self) -> Span:
        return self.fragment.outer

    @property
    def place(self) -> str:
        """Its name in a spreadsheet, such as `C4`."""
        letters, number = "", self.column + 1
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(65 + rest) + letters
        return f"{letters}{self.row}"


@dataclass(frozen=True)
class Sheet(Source):
    """A source that is a sheet: what stands in a cell is said with the head of its column."""

    starts: list[int] = field(default_factory=list, compare=False, repr=False)
    noted: list[tuple[str, Cell]] = field(default_factory=list, compare=False, repr=False)

    def note(self, head: str, cell: Cell) -> None:
        """Remember in whose column a cell is; in rising order."""
        self.starts.append(cell.span.start)
        self.noted.append((head, cell))

    def said(self, start: int, end: int) -> str:
        """What stands there, in the words of a condition: `priority: urgent`."""
        at = bisect_right(self.starts, start) - 1
        text = self.text[start:end]
        if at < 0:
            return text
        head, cell = self.noted[at]
        return f"{head}: {cell.text if text == cell.span.text else text}"


def rows(sheet: Source) -> tuple[list[list[Cell]], list[Diagnostic]]:
    """The rows of a sheet that hold anything and do not begin with a lone `#`, cell by cell; up to the first place
    where that cannot be said."""
    text = sheet.text
    report: list[Diagnostic] = []
    at = 1 if text.startswith("\ufeff") else 0
    separator, at, number = _separator(text, at)
    found: list[list[Cell]] = []
    row: list[Cell] = []
    count = 0
    while at < len(text) or row:
        cell, at, wrong = _cell(sheet, at, separator, number, len(row))
        if wrong is not None:
            report.append(wrong)
            return found, report
        row.append(cell)
        count += 1
        if count > MOST:
            report.append(codes.TOO_DEEP.at(cell.span, f"this sheet has more than {MOST} cells"))
            return found, report
        if at < len(text) and text[at] == separator:
            at += 1
            continue
        if any(one.text for one in row) and not (row[0].text + " ").startswith("# "):
            found.append(row)
        row = []
        number += 1
        if text.startswith("\r\n", at):
            at += 2
        else:
            at += 1
    return found, report


def _separator(text: str, at: int) -> tuple[str, int, int]:
    """What stands between cells, where the cells begin, and the number of their first row."""
    end = text.find("\n", at)
    first = text[at : end if end != -1 else len(text)].rstrip("\r")
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], len(text) if end == -1 else end + 1, 2
    bare, quoted = [], False
    for char in first:
        quoted ^= char == '"'
        if not quoted:
            bare.append(char)
    return max(SEPARATORS, key=bare.count), at, 1


def _cell(
    sheet: Source, at: int, separator: str, row: int, column: int
) -> tuple[Cell, int, Diagnostic | None]:
    """One cell, where it ends, and what is wrong with it."""
    text = sheet.text
    begin = at
    while begin < len(text) and text[begin] in " \t" and text[begin] != separator:
        begin += 1
    if begin < len(text) and text[begin] == '"':
        return _quoted(sheet, begin, separator, row, column)
    end = at
    while end < len(text) and text[end] not in (separator, "\n") and not text.startswith("\r\n", end):
        end += 1
    return Cell(*_stripped(sheet, at, end, row, column)), end, None


def _stripped(sheet: Source, start: int, end: int, row: int, column: int) -> tuple[str, int, int, Fragment]:
    raw = sheet.text[start:end]
    start += len(raw) - len(raw.lstrip())
    kept = raw.strip()
    return kept, row, column, Fragment.of(sheet.span(start, start + len(kept)))


def _quoted(
    sheet: Source, start: int, separator: str, row: int, column: int
) -> tuple[Cell, int, Diagnostic | None]:
    text = sheet.text
    pieces: list[str] = []
    segments = [(0, start + 1)]
    length, at = 0, start + 1
    while True:
        quote = text.find('"', at)
        if quote == -1:
            where = sheet.span(start, start + 1)
            wrong = codes.BAD_SHEET.at(
                where, "this quote is never closed", help="close it, or write it twice"
            )
            return Cell("", row, column, Fragment.of(where)), len(text), wrong
        pieces.append(text[at:quote])
        length += quote - at
        if text[quote + 1 : quote + 2] != '"':
            break
        pieces.append('"')
        length += 1
        at = quote + 2
        segments.append((length, at))
    end = quote + 1
    while end < len(text) and text[end] in " \t" and text[end] != separator:
        end += 1
    whole = Fragment("".join(pieces), sheet.span(start, quote + 1), tuple(segments))
    kept = whole.text.strip()
    before = len(whole.text) - len(whole.text.lstrip())
    cut = whole.cut(before, before + len(kept)) if before or len(kept) < len(whole.text) else whole
    cell = Cell(kept, row, column, Fragment(cut.text, sheet.span(start, quote + 1), cut.segments))
    if end < len(text) and text[end] != separator and not text.startswith(("\n", "\r\n"), end):
        wrong = codes.BAD_SHEET.at(
            sheet.span(end, end + 1),
            f"cell {cell.place} goes on behind its closing quote",
            help="put the whole cell in quotes, and quotes inside it twice",
        )
        return cell, len(text), wrong
    return cell, end, None
