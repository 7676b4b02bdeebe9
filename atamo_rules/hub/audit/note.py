"""Notes as C2SP writes them: a few lines of text, an empty line, and who signed it (c2sp.org/signed-note).

A note without a signature line is read and written too. It proves nothing by itself; kept where the hub cannot
reach it, it proves what it says.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

DASH = "— "
"""What a signature line begins with."""
KEY_ID = 4
"""Bytes of a key's id."""


class NoteBroken(ValueError):
    """A text is not a note; the message is a sentence, `line` counts from 1 in the text that was read."""

    def __init__(self, line: int, why: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {why}")


@dataclass(frozen=True, slots=True)
class Signature:
    """Whose key, and what it signed the text with."""

    name: str
    key_id: bytes
    made: bytes

    @property
    def line(self) -> str:
        """The signature as its note writes it, without the newline."""
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.made).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """`text` ends with a newline. `line` is where it began in what it was read from."""

    text: str
    signatures: tuple[Signature, ...] = ()
    line: int = 1

    @property
    def written(self) -> str:
        """The whole note; notes may be written after one another."""
        return f"{self.text}\n{''.join(f'{one.line}' + chr(10) for one in self.signatures)}"


def read_notes(text: str) -> Iterator[Note]:
    """The notes that stand after one another in a text; the texts in them have no empty lines. Raises NoteBroken."""
    lines = text.split("\n")
    if lines.pop():
        raise NoteBroken(len(lines) + 1, "the last line has no end: it was cut off")
    at = 0
    while at < len(lines):
        begin = at
        while at < len(lines) and lines[at]:
            if any(ord(char) < 32 for char in lines[at]):
                raise NoteBroken(at + 1, "a control character")
            at += 1
        if at == begin:
            raise NoteBroken(at + 1, "an empty line where a note begins")
        if at == len(lines):
            raise NoteBroken(at, "the note has no end: it was cut off")
        body = "".join(f"{line}\n" for line in lines[begin:at])
        at += 1
        signatures: list[Signature] = []
        while at < len(lines) and lines[at].startswith(DASH):
            signatures.append(_signature(lines[at], at + 1))
            at += 1
        yield Note(body, tuple(signatures), begin + 1)


def _signature(line: str, number: int) -> Signature:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    raw = unbase64(encoded)
    if not is_key_name(name) or raw is None or len(raw) <= KEY_ID:
        raise NoteBroken(number, "a signature is `— NAME BASE64`")
    return Signature(name, raw[:KEY_ID], raw[KEY_ID:])


def is_key_name(name: str) -> bool:
    """Whether a text may name a key: not empty, no space of any kind, no plus."""
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


def unbase64(text: str) -> bytes | None:
    """The bytes of canonical standard base64; None for anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
