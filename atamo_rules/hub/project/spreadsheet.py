"""The first sheet of a spreadsheet (`.xlsx`) as the text that the same rows have in a CSV file.

Rows keep their numbers, so that a line of the text is a row of the sheet, as long as no cell holds several lines.
Formulas are handed on as they are written, for the reader to refuse: what a spreadsheet program computed last is not
what stands there.
"""

from __future__ import annotations

import datetime as dates
import io
import re
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from atamo_rules.functions.printing import length_text

MOST_BYTES = 100 << 20
"""Bytes of everything in the file, unpacked."""
MOST_ROWS, MOST_COLUMNS = 50_000, 200
_OLD_OR_LOCKED = bytes.fromhex("d0cf11e0a1b11ae1")
"""What compound files begin with (MS-CFB, 2.2): `.xls`, and `.xlsx` behind a password."""
_LOOKS_OTHERWISE = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false", re.IGNORECASE)


def text_of(raw: bytes) -> str:
    """The rows of the first sheet, set apart by commas. Raises ValueError, a sentence, for what is no spreadsheet, is
    too large, or cannot be read because the extra is not installed."""
    try:
        import openpyxl
    except ImportError:
        raise ValueError("spreadsheets are read by the extra `xlsx`: install `atamo-rules[xlsx]`") from None
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                raise ValueError(f"it has more than {MOST_BYTES >> 20} MiB when it is unpacked")
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
        try:
            first, *others = book.worksheets
            text = "".join(_line(row) for row in _rows(first))
            if not text and any(True for sheet in others for _ in _rows(sheet)):
                raise ValueError(
                    f"its first sheet, `{first.title}`, is empty: put the one with the rules before it"
                )
            return text
        finally:
            book.close()
    except ValueError:
        raise
    except Exception:  # whatever a broken file makes of its reader
        if raw.startswith(_OLD_OR_LOCKED):
            raise ValueError(
                "it has a password, or is of the old form `.xls`: save it as `.xlsx` without one"
            ) from None
        raise ValueError(
            "it is no whole spreadsheet: save it as `.xlsx` again, or as `NAME.rules.csv`"
        ) from None


def _rows(sheet: Any) -> Iterable[list[Any]]:
    """The rows up to the last that holds anything; a row that is left out is an empty one."""
    waiting: list[list[Any]] = []
    for number, row in enumerate(sheet.iter_rows(), 1):
        if number > MOST_ROWS or len(row) > MOST_COLUMNS:
            raise ValueError(f"it has more than {MOST_ROWS} rows or {MOST_COLUMNS} columns")
        waiting.append(list(row))
        if any(cell.value is not None for cell in row):
            yield from waiting
            waiting = []


def _line(row: list[Any]) -> str:
    return ",".join(_quoted(_said(cell)) for cell in row).rstrip(",") + "\n"


def _said(cell: Any) -> str:
    """What stands in a cell. A text that looks like a number is put in quotes: its author made it a text."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"
        case dates.datetime() if value.time() == dates.time():
            return value.date().isoformat()
        case dates.datetime() | dates.date() | dates.time():
            return value.isoformat()
        case dates.timedelta():
            return length_text(value)
        case str():
            return f'"{value}"' if _LOOKS_OTHERWISE.fullmatch(value.strip()) else value
        case _:
            return f"={getattr(value, 'text', '')}"  # a formula that fills several cells


def _quoted(text: str) -> str:
    if any(char in text for char in ',"\n\r') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text
