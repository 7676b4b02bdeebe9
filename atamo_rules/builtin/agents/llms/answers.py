"""What a model says, taken as an answer: JSON of the kind that was declared, or the reasons why it is none."""

from __future__ import annotations

from collections.abc import Callable

from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.model.types import Json


def answer(text: str, reasons: Callable[[Json], tuple[str, ...]]) -> tuple[Json, tuple[str, ...]]:
    """The value that a text writes, alone or in one fence of Markdown, and why it is no answer, if it is none."""
    try:
        value = decode(_unfenced(text.strip()))
    except JsonRefused as error:
        return None, (str(error),)
    return value, reasons(value)


def _unfenced(text: str) -> str:
    head, line, rest = text.partition("\n")
    if line and head.strip() in ("```", "```json") and rest.endswith("```") and rest.count("```") == 1:
        return rest.removesuffix("```").strip()
    return text
