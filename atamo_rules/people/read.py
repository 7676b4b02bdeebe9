"""People files to a directory: who there is, what they belong to, which roles there are, and who has which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import jsonschema_rs

from atamo_rules.model.authority import Grant, Reach, ReachKind, Verb
from atamo_rules.model.fitting import reasons
from atamo_rules.model.people import Directory, Given, User, Who
from atamo_rules.people.nesting import nested, way_back
from atamo_rules.people.roles import ROLES
from atamo_rules.people.shape import PEOPLE
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax.yaml_nodes import Mapping as Table
from atamo_rules.syntax.yaml_nodes import Node, to_json
from atamo_rules.syntax.yaml_nodes import Sequence as List
from atamo_rules.syntax.yaml_reading import read_yaml

NAMED = ("organisations", "groups", "users", "services", "roles")


def read_sources(sources: Sequence[Source]) -> tuple[Directory, tuple[Diagnostic, ...]]:
    """The directory that some files make together, or an empty one and everything that is wrong with them."""
    files: list[tuple[Node, Any]] = []
    found: list[Diagnostic] = []
    for source in sources:
        node, wrong = read_yaml(source)
        found += wrong
        if node is None or wrong:
            continue
        value: Any = to_json(node)
        errors = list(jsonschema_rs.Draft202012Validator(PEOPLE).iter_errors(value))
        if errors:
            at = place_of(node, errors[0].instance_path)
            found += [
                codes.BAD_PEOPLE.at(at, message, help=help) for message, help in reasons(errors[0], PEOPLE)
            ]
        else:
            files.append((node, value))
    if found:
        return Directory(), tuple(found)
    found += _twice(files)
    merged = {kind: _merged(files, kind) for kind in NAMED}
    above = {name: tuple(entry.get("in", ())) for name, entry in merged["groups"].items()}
    found += _circles(files, above)
    found += _services_that_are_users(files, merged)
    roles = _roles(files, merged["roles"], found)
    grants = tuple(_grants(files, roles, merged, found))
    if found:
        return Directory(), tuple(found)
    users = {
        name: User(name, nested(entry.get("groups", ()), above), entry.get("organisation", ""))
        for kind in ("users", "services")
        for name, entry in merged[kind].items()
    }
    organisations = set(merged["organisations"]) | {user.organisation for user in users.values()}
    return (
        Directory(
            users,
            frozenset(merged["services"]),
            frozenset(above),
            frozenset(organisations - {""}),
            grants,
            {kind: merged[kind] for kind in NAMED if kind != "roles"},
        ),
        (),
    )


def _merged(files: Iterable[tuple[Node, Any]], kind: str) -> dict[str, Any]:
    return {name: entry or {} for _, value in files for name, entry in value.get(kind, {}).items()}


# --- what files may not say -----------------------------------------------------------------------------


def _twice(files: Iterable[tuple[Node, Any]]) -> Iterable[Diagnostic]:
    """Names that two files give: neither would be the whole truth."""
    seen: set[tuple[str, str]] = set()
    for node, value in files:
        for kind in NAMED:
            for name in value.get(kind, {}):
                if (kind, name) in seen:
                    message = f"`{kind}.{name}` is in another people file too"
                    yield codes.BAD_PEOPLE.at(_key(node, kind, name), message, help="keep one of them")
                seen.add((kind, name))


def _services_that_are_users(
    files: Iterable[tuple[Node, Any]], merged: Mapping[str, Any]
) -> Iterable[Diagnostic]:
    for node, value in files:
        for name in value.get("services", {}):
            if name in merged["users"]:
                message = f"`{name}` is a user and a service account"
                yield codes.BAD_PEOPLE.at(_key(node, "services", name), message, help="give one another name")


def _circles(files: Iterable[tuple[Node, Any]], above: Mapping[str, tuple[str, ...]]) -> Iterable[Diagnostic]:
    """Groups that are in themselves, by way of others or at once: said once for each circle."""
    said: set[str] = set()
    for node, value in files:
        for name in value.get("groups", {}):
            path = way_back(name, above)
            if path and not said.intersection(path):
                said.update(path)
                round_ = " in ".join(f"`{step}`" for step in path)
                yield codes.BAD_PEOPLE.at(
                    _key(node, "groups", name),
                    f"a group is in itself: {round_}",
                    help="take one of them out of the other",
                )


# --- roles and grants -----------------------------------------------------------------------------------


def _roles(
    files: Iterable[tuple[Node, Any]], written: Mapping[str, Any], found: list[Diagnostic]
) -> dict[str, frozenset[Verb]]:
    """The built-in roles and those that files declare, each with the verbs of the roles it is made `with`."""
    roles = dict(ROLES)
    for node, value in files:
        for name, entry in value.get("roles", {}).items():
            if name in ROLES:
                message = f"`{name}` is a role that every hub has"
                found.append(
                    codes.BAD_PEOPLE.at(_key(node, "roles", name), message, help="choose another name")
                )
                continue
            for index, other in enumerate(entry.get("with", ())):
                if other not in ROLES and other not in written:
                    place = place_of(node, ("roles", name, "with", index))
                    found.append(_unknown("role", other, {*ROLES, *written}, place))
            made_of = nested([name], {one: tuple(more.get("with", ())) for one, more in written.items()})
            verbs = {verb for part in made_of for verb in written.get(part, {}).get("may", ())}
            for part in made_of & set(ROLES):
                verbs |= ROLES[part]
            roles[name] = frozenset(verbs)
    return roles


def _grants(
    files: Iterable[tuple[Node, Any]],
    roles: Mapping[str, frozenset[Verb]],
    merged: Mapping[str, Any],
    found: list[Diagnostic],
) -> Iterable[Given]:
    for node, value in files:
        for index, entry in enumerate(value.get("grants", ())):
            place = ("grants", index)
            to = _words(entry["to"], ("user", "group", "organisation"), place_of(node, (*place, "to")), found)
            over = (
                (entry["over"], "")
                if entry["over"] in ("everything", "own")
                else _words(
                    entry["over"], ("user", "group", "organisation"), place_of(node, (*place, "over")), found,
                    "everything, own, ",
                )
            )  # fmt: skip
            if entry["role"] not in roles:
                found.append(_unknown("role", entry["role"], roles, place_of(node, (*place, "role"))))
            elif to is not None and over is not None:
                if to[0] == "user" and to[1] not in {*merged["users"], *merged["services"]}:
                    known = {*merged["users"], *merged["services"]}
                    found.append(_unknown("user", to[1], known, place_of(node, (*place, "to"))))
                where = str(place_of(node, place))
                reach = Reach(over[0], over[1])
                verbs = roles[entry["role"]]
                yield Given(
                    Who(*to), Grant(entry["role"], verbs, reach, tuple(entry.get("types", ())), where)
                )


def _words(
    text: str, kinds: tuple[ReachKind, ...], place: Span, found: list[Diagnostic], also: str = ""
) -> tuple[ReachKind, str] | None:
    """`group support` as its two words; says what is wrong with any other text."""
    word, _, name = text.partition(" ")
    kind = next((one for one in kinds if one == word), None)
    if kind is None or not name.strip():
        message = f"`{text}` names nobody"
        found.append(
            codes.BAD_PEOPLE.at(
                place, message, help=f"write {also}user NAME, group NAME or organisation NAME"
            )
        )
        return None
    return kind, name.strip()


def _unknown(kind: str, name: str, known: Iterable[str], place: Span) -> Diagnostic:
    near = get_close_matches(name, sorted(known), n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(sorted(known)) or 'none'}"
    return codes.BAD_PEOPLE.at(place, f"there is no {kind} `{name}`", help=hint)


# --- places ---------------------------------------------------------------------------------------------


def place_of(node: Node, path: Iterable[str | int]) -> Span:
    """Where in the file the value at a path stands, as near as can be said."""
    for step in path:
        if isinstance(node, Table) and isinstance(step, str):
            node = next((value for key, value in node.entries if key.text == step), node)
        elif isinstance(node, List) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
    return node.span


def _key(node: Node, kind: str, name: str) -> Span:
    """Where a name is given."""
    if isinstance(node, Table):
        for key, value in node.entries:
            if key.text == kind and isinstance(value, Table):
                return next((one.span for one, _ in value.entries if one.text == name), value.span)
    return node.span
