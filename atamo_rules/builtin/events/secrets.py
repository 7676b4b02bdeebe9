"""Secrets by reference: which variable or file holds each, never the text itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from atamo_rules.hub.project.files import read_regular

LARGEST = 64 << 10
REFERENCE: Mapping[str, Any] = MappingProxyType(
    {
        "type": "object",
        "properties": {"env": {"type": "string", "minLength": 1}, "file": {"type": "string", "minLength": 1}},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "writeOnly": True,
        "description": "write `{ env: NAME }` or `{ file: PATH }`: where the secret is, and not the secret",
    }
)
"""JSON Schema of one reference: `{env: NAME}` or `{file: PATH}`."""


def secret(reference: Mapping[str, str], folder: str) -> str:
    """The text a reference stands for, without blanks around it. A path is taken from the project's folder. Raises
    ValueError, a sentence that does not say the text."""
    if "env" in reference:
        text, where = os.environ.get(reference["env"], ""), f"the variable {reference['env']}"
    else:
        where = f"the file `{reference['file']}`"
        try:
            text = read_regular(Path(folder) / reference["file"], LARGEST).decode("utf-8")
        except OSError as error:
            raise ValueError(f"{where} cannot be read: {(error.strerror or str(error)).lower()}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{where} is not UTF-8") from None
    if not text.strip():
        raise ValueError(f"{where} holds no secret")
    return text.strip()


def secrets(references: Sequence[Mapping[str, str]], folder: str) -> tuple[str, ...]:
    """The texts of all references that hold one now. Raises ValueError where none does: a secret that is being replaced
    may be gone, while the other is there."""
    found: list[str] = []
    why: ValueError | None = None
    for one in references:
        try:
            found.append(secret(one, folder))
        except ValueError as error:
            why = error
    if not found:
        raise why or ValueError("there is no secret")
    return tuple(found)
