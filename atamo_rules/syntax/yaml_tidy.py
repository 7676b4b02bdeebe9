"""A YAML rule file with every clause in its canonical text, and everything else as its author laid it out.

YAML has many layouts and people have reasons for theirs, so a file that stays YAML is edited, not written anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atamo_rules.source.span import Fragment, Source
from atamo_rules.syntax.clause_wording import (
    action_head,
    actor_text,
    at_most_text,
    cell_text,
    completing_text,
    on_text,
    principal_text,
    repeat_text,
    safe_text,
    trigger_text,
)
from atamo_rules.syntax.wording import field_text, quantity, type_text, words
from atamo_rules.syntax.yaml_clauses import Clauses
from atamo_rules.syntax.yaml_layout import plain_reads_back


class _Noting(Clauses):
    """Reads as ever, and notes every clause that was read."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[str, Fragment, Any]] = []

    def clause(self, start: str, fragment: Fragment) -> Any:
        made = super().clause(start, fragment)
        if made is not None:
            self.noted.append((start, fragment, made))
        return made


def tidied(source: Source) -> str:
    """The text of a YAML file that was read without a mistake, with its clauses in their canonical text."""
    from atamo_rules.syntax.yaml_file import read_clauses

    clauses = _Noting()
    read_clauses(source, clauses)
    edits: list[tuple[int, int, str]] = []
    for start, fragment, made in clauses.noted:
        text = _TEXTS[start](made) if start in _TEXTS else fragment.text
        if text != fragment.text and len(fragment.segments) == 1 and _fits(fragment, text):
            begin = fragment.segments[0][1]
            edits.append((begin, begin + len(fragment.text), text))
    done = source.text
    for begin, end, text in sorted(set(edits), reverse=True):
        done = done[:begin] + text + done[end:]
    return done if not done or done.endswith("\n") else done + "\n"


def _fits(fragment: Fragment, text: str) -> bool:
    """Whether a text may stand where another stood, in the quotes that are there or in none."""
    source, outer = fragment.outer.source, fragment.outer
    begin = fragment.segments[0][1]
    if source.text[begin : begin + len(fragment.text)] != fragment.text:
        return False
    quote = _quote(source.text, outer.start, begin)
    if quote:
        return quote not in text and "\\" not in text
    before = source.text[outer.start : begin] if outer.start <= begin else ""
    return plain_reads_back(before + text, flow=True)


def _quote(text: str, start: int, begin: int) -> str:
    """The quote that a scalar stands in, if any; a fragment may begin before, at or behind it."""
    for at in (start, start - 1, begin - 1):
        if 0 <= at <= begin and text[at : at + 1] in ('"', "'"):
            return text[at]
    return ""


def _field(line: Any) -> str:
    type = type_text(line.type) if line.type is not None else "list of"
    return field_text(type, line.optional, line.default, line.about)


def _do(do: Any) -> str:
    return action_head(do) if do.error is None else f"reply error {words(do.error)}"


_TEXTS: dict[str, Callable[[Any], str]] = {
    "condition": words,
    "expression": words,
    "field": _field,
    "trigger": trigger_text,
    "schedule": trigger_text,
    "on": on_text,
    "at_most": at_most_text,
    "principals": lambda made: ", ".join(principal_text(one) for one in made),
    "safe": safe_text,
    "completing": completing_text,
    "do_head": _do,
    "cell": cell_text,
    "actor": actor_text,
    "repeat": repeat_text,
    "length": quantity,
}
"""How each kind of clause is written. Names, keys and the lines of tests stay as they are."""
