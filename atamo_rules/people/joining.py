"""People that a hub keeps, beside those of the people files: one directory of both, in which the files win.

A change to what is kept gives nobody more than whoever makes it may give: see `refusal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias, get_args

from atamo_rules.model.authority import Deny, Principal, Resource
from atamo_rules.model.people import Directory, User
from atamo_rules.people.decide import decide, holds
from atamo_rules.people.nesting import Above, nested

Kind: TypeAlias = Literal["organisations", "groups", "users", "services"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Entry: TypeAlias = Mapping[str, Any]
Kept: TypeAlias = Mapping[tuple[str, str], Entry]
"""What a hub keeps, by kind and name."""


def joined(files: Directory, kept: Kept) -> Directory:
    """The directory of the files and of what is kept. What both have is as the files say; a name that is a user here
    and a service account there is what the files make of it."""
    if not kept:
        return files
    entries: dict[str, dict[str, Entry]] = {kind: {} for kind in KINDS}
    for (kind, name), entry in kept.items():
        if not written(files, kind, name):
            entries[kind][name] = entry
    for kind in KINDS:
        entries[kind].update(files.entries.get(kind, {}))
    above = above_of(entries)
    users = {name: replace(user, groups=nested(user.groups, above)) for name, user in files.users.items()}
    for kind in ("users", "services"):
        for name, entry in entries[kind].items():
            if name not in users:
                groups = nested(entry.get("groups", ()), above)
                users[name] = User(name, groups, entry.get("organisation", ""))
    return Directory(
        users,
        files.services | set(entries["services"]),
        files.groups | set(entries["groups"]),
        files.organisations | set(entries["organisations"]) | {u.organisation for u in users.values()} - {""},
        files.grants,
        entries,
    )


def written(files: Directory, kind: str, name: str) -> bool:
    """Whether the people files have a name, so that nothing else may say what it is."""
    if kind in ("users", "services"):
        return name in files.users
    return name in files.entries.get(kind, {})


def above_of(entries: Mapping[str, Mapping[str, Entry]]) -> Above:
    """Which groups each group is in."""
    return {name: tuple(entry.get("in", ())) for name, entry in entries.get("groups", {}).items()}


def resource(kind: str, name: str, entry: Entry, people: Directory) -> Resource:
    """Somebody or something of a directory, as what is asked about."""
    tenant = str(entry.get("organisation", ""))
    match kind:
        case "organisations":
            return Resource("organisation", name)
        case "groups":
            return Resource("group", tenant, groups=frozenset({name}))
        case _:
            known = people.users.get(name)
            return Resource("user", tenant, name, known.groups if known is not None else frozenset())


def uses(people: Directory, kind: str, name: str) -> int:
    """How many entries name an organisation or a group."""
    if kind not in ("organisations", "groups"):
        return 0
    members = "organisation" if kind == "organisations" else "groups"
    return sum(
        name == entry.get("organisation")
        if members == "organisation"
        else name in entry.get("in" if other == "groups" else "groups", ())
        for other in KINDS
        for entry in people.entries.get(other, {}).values()
    )


def refusal(who: Principal, before: Directory, after: Directory, kind: str, name: str) -> str:
    """Why somebody may not change one entry so that a directory becomes another; empty when they may. It takes
    `people.manage` over what it was, what it becomes, and each group and organisation that is joined or left; and
    nobody is given by it what whoever makes the change does not have."""
    was, becomes = (one.entries.get(kind, {}).get(name) for one in (before, after))
    asked = [resource(kind, name, entry, people) for entry, people in ((was, before), (becomes, after))
             if entry is not None]  # fmt: skip
    asked += _joined_or_left(before, after, was or {}, becomes or {}, kind)
    for one in asked:
        decided = decide(who, "people.manage", one)
        if isinstance(decided, Deny):
            return decided.reason
    for user in after.users.values():
        old = before.users.get(user.name)
        if old == user:
            continue
        had = before.grants_of(old) if old is not None else ()
        for grant in after.grants_of(user):
            if grant not in had and not holds(who, grant, user.organisation):
                return f"{who.name} has no {grant} to hand on"
    return ""


def _joined_or_left(
    before: Directory, after: Directory, was: Entry, becomes: Entry, kind: str
) -> Iterator[Resource]:
    old, new = str(was.get("organisation", "")), str(becomes.get("organisation", ""))
    if kind != "organisations" and old != new:
        yield from (Resource("organisation", one) for one in (old, new) if one or (was and becomes))
    member = "in" if kind == "groups" else "groups"
    for group in sorted(set(was.get(member, ())) ^ set(becomes.get(member, ()))):
        for people in (before, after):
            yield resource("groups", group, people.entries.get("groups", {}).get(group, {}), people)
