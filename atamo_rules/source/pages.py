"""The pages of docs/codes, which travel with the package: one for every code."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Code


def all_codes() -> tuple[Code, ...]:
    """Every code there is, by id."""
    found = {value.id: value for value in vars(codes).values() if isinstance(value, Code)}
    return tuple(found[id] for id in sorted(found, key=lambda id: id[1:]))


def page(id: str) -> str | None:
    """The text of a code's page, or None when there is no such code."""
    if not any(code.id == id for code in all_codes()):
        return None
    return files("atamo_rules.codes").joinpath(f"{id}.md").read_text("utf-8")


def near(id: str) -> str | None:
    """The code that looks most like an unknown one."""
    found = get_close_matches(id, [code.id for code in all_codes()], n=1)
    return found[0] if found else None
