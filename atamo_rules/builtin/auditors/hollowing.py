"""Making lines of an audit hollow: the same line where it stood, without what it said, and blanks up to its old end.

Lines rise by position, so that one is found by halving the file. A line that would be longer than before has the file
written anew beside, which then takes its place whole. What a kill cuts off is done when the erasure is told again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from atamo_rules.hub.audit.erased import hollowed
from atamo_rules.hub.audit.form import position_of, read_record, record_bytes
from atamo_rules.model.audit import AuditRecord

PIECE = 1 << 12
"""Bytes that are read together on the way to the beginning of a line."""


def hollow_out(path: Path, erasure: AuditRecord) -> bool:
    """Make the lines of a file hollow that an erasure names; lines that are missing or hollow already are passed by.
    True where another file was put in its place. Raises OSError."""
    positions = erasure.what.get("records")
    longer: dict[int, bytes] = {}
    with path.open("r+b") as file:
        for text in positions if isinstance(positions, Mapping) else ():
            found = _line(file, int(text))
            if found is None:
                continue
            begin, line = found
            left = _hollow(line)
            if left is not None and len(left) > len(line):
                longer[begin] = left
            elif left is not None:
                file.seek(begin)
                file.write(left.ljust(len(line)))
        file.flush()
        os.fsync(file.fileno())
    if longer:
        _written_anew(path, longer)
    return bool(longer)


def _hollow(line: bytes) -> bytes | None:
    """A line without its end, as it is from here on; None for one that stays as it is."""
    try:
        record = read_record(line)
    except ValueError:
        return None
    found = hollowed(record)
    return record_bytes(replace(record, what=found[0])) if found is not None else None


def _line(file: BinaryIO, position: int) -> tuple[int, bytes] | None:
    """Where the line of a record begins, and the line without its end; None where there is none."""
    low, high = 0, file.seek(0, 2)
    while low < high:
        begin = _beginning(file, (low + high) // 2)
        file.seek(begin)
        line = file.readline()
        at = position_of(line)
        if at is None:
            return _searched(file, position)
        if at == position:
            return begin, line.rstrip(b"\n")
        if at < position:
            low = begin + len(line)
        else:
            high = begin
    return None


def _beginning(file: BinaryIO, within: int) -> int:
    """Where the line begins in which a byte stands."""
    end = within
    while end:
        begin = max(0, end - PIECE)
        file.seek(begin)
        at = file.read(end - begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0


def _searched(file: BinaryIO, position: int) -> tuple[int, bytes] | None:
    """`_line`, found by reading every line: some line is not ours, so the order of the others is not known."""
    begin = file.seek(0)
    for line in file:
        if position_of(line) == position:
            return begin, line.rstrip(b"\n")
        begin += len(line)
    return None


def _written_anew(path: Path, lines: Mapping[int, bytes]) -> None:
    """Write the file again with other lines, by where each begins."""
    beside = path.with_name(f"{path.name}.part")
    with path.open("rb") as old, beside.open("wb") as new:
        begin = 0
        for line in old:
            new.write(lines[begin] + b"\n" if begin in lines else line)
            begin += len(line)
        new.flush()
        os.fsync(new.fileno())
    shutil.copymode(path, beside)
    beside.replace(path)
