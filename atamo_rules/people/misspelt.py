"""Names within people files that are nearly one which they declare.

A member of a group that is misspelt has none of what is granted to the group, and a grant over one is over nobody. What
belongs to a group or an organisation need not be declared, so a name that is like no other is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from atamo_rules.model.people import Who
from atamo_rules.people.nearly import meant
from atamo_rules.people.read import place_of
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax.yaml_nodes import to_json
from atamo_rules.syntax.yaml_reading import read_yaml

Path = tuple[str | int, ...]


def misspelt(sources: Sequence[Source]) -> Iterator[Diagnostic]:
    """Every name that looks like one that files declare, at its place. The files are sound: `read_sources` found
    nothing wrong with them."""
    files = [(node, to_json(node)) for node, _ in map(read_yaml, sources) if node is not None]
    known = {
        "user": _declared(files, "users") | _declared(files, "services"),
        "group": _declared(files, "groups"),
        "organisation": _declared(files, "organisations"),
    }
    for node, value in files:
        for path, who in _named(value):
            if near := meant(who, known[who.kind]):
                said = f"no people file declares `{who}`"
                yield codes.NEARLY_KNOWN.at(place_of(node, path), said, help=near)


def _declared(files: Sequence[tuple[Any, Any]], kind: str) -> set[str]:
    return {name for _, value in files for name in value.get(kind, {})}


def _named(value: Any) -> Iterator[tuple[Path, Who]]:
    """Every name that a file gives to somebody it does not declare there, and the path to it."""
    for kind, of in (("users", "groups"), ("services", "groups"), ("groups", "in")):
        for name, entry in value.get(kind, {}).items():
            for index, group in enumerate((entry or {}).get(of, ())):
                yield (kind, name, of, index), Who("group", group)
            if organisation := (entry or {}).get("organisation"):
                yield (kind, name, "organisation"), Who("organisation", organisation)
    for index, grant in enumerate(value.get("grants", ())):
        for side in ("to", "over"):
            word, _, name = grant[side].partition(" ")
            if name.strip():
                yield ("grants", index, side), Who(word, name.strip())
