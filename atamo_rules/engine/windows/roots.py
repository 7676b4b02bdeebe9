"""Which events a condition reads, by the roots of its paths."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from atamo_rules.model.meaning import Get, Lookup, Meant, Now, Term

MAIN = "event"
"""The event whose bare names a rule reads; the user and the time are those of that event."""


def roots_of(node: Any, aliases: Collection[str], lets: Mapping[str, Term]) -> set[str]:
    """`MAIN`, and the aliases, that something reads; a name given by `let` reads what its value reads."""
    found: set[str] = set()
    waiting = [node]
    seen: set[str] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(one)
            continue
        if not isinstance(one, Meant):
            continue
        if isinstance(one, Now | Lookup):
            found.add(MAIN)
        if isinstance(one, Get):
            if one.root in aliases:
                found.add(one.root)
            elif one.root in (MAIN, "user"):
                found.add(MAIN)
            elif one.root in lets and one.root not in seen:
                seen.add(one.root)
                waiting.append(lets[one.root])
            continue
        waiting.extend(getattr(one, field.name) for field in fields(one) if field.name != "span")
    return found
