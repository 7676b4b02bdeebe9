"""A rule's condition drawn as a tree: each part with whether it held, and the value it looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atamo_rules.cli.ink import Ink, plain
from atamo_rules.cli.rule_lines import by, was
from atamo_rules.cli.shown import condition

Json = Mapping[str, Any]

JOINED = {"and": "all of", "or": "any of", "not": "not"}


def drawn(why: Json, ink: Ink) -> Iterator[str]:
    """The lines of what the hub says of one rule and one event."""
    about = f"  {plain(why['about'])}" if why["about"] else ""
    yield f"{ink.strong(plain(why['rule']))}{about}  {ink.faint(plain(why['at']))}"
    if not why["right_type"]:
        yield f"  it is for {plain(why['on'])}, not for events of this type"
        return
    if not why["for_user"]:
        yield ink.nearly("  it is not for this event's user, and was not tried; as to its condition:")
    if why["status"] != "live":
        yield ink.faint(f"  it is {why['status']}: it does nothing")
    if why["condition"] is None:
        yield "  time made this event for it, and nothing is asked of it"
        yield from _windows(why)
        return
    yield from _lines(why["condition"], ink, "  ", "  ")
    missing = [one for one in _leaves(why["condition"]) if one["change"]]
    yield ""
    if why["condition"]["held"]:
        moved = [*_windows(why)]
        yield f"  {ink.good('it holds')}{'; what it counts and waits for:' if moved else ''}"
        yield from moved
        return
    yield f"  {ink.bad('it does not hold')}; the fewest that would have to change:"
    for one in missing:
        word = "would have to be false" if one["held"] else "would have to be true"
        yield f"    {condition(plain(one['text']), ink)} {ink.nearly(word)}{was(one['was'], ink)}"


def _lines(node: Json, ink: Ink, first: str, rest: str) -> Iterator[str]:
    mark = ink.good("yes") if node["held"] else ink.bad("no ")
    if node["op"] == "is":
        star = ink.nearly(" *") if node["change"] else ""
        text = plain(node["text"])
        text = condition(text, ink) if node["decided"] else ink.faint(text)
        yield f"{first}{mark} {text}{was(node['was'], ink)}{star}"
        return
    yield f"{first}{mark} {JOINED[node['op']]}"
    parts = node["parts"]
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        yield from _lines(part, ink, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}")


def _windows(why: Json) -> Iterator[str]:
    """What the event did to the windows of the rule, and whether it fired with that."""
    for one in why.get("windows", ()):
        word = "" if one.get("fires") else ": it does not fire"
        yield f"    {plain(one['window'])}{by(one)}{word}"


def _leaves(node: Json) -> Iterator[Json]:
    if node["op"] == "is":
        yield node
    for part in node.get("parts", ()):
        yield from _leaves(part)
