"""Whether what the sources of a project bring fits what its rules declare: the types of the messages, and their data.

A provider says which messages it makes before it makes any: `messages(settings)` names the event types, each with the
template of its data as rule text, or with an empty text where the data is its sender's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache, partial

from atamo_rules.compiler.describe import describe
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.errors import PluginBroken, PluginTwice
from atamo_rules.hub.plugins import contained, plugin
from atamo_rules.hub.project.files import schema_reader
from atamo_rules.hub.project.sources import GROUP, Declared
from atamo_rules.model.fitting import Reason
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.types import (
    Anything,
    Boolean,
    EventType,
    ListOf,
    MapOf,
    Member,
    Number,
    OneOf,
    Policy,
    Record,
    Type,
)
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source


def misfits(one: Declared, ruleset: Ruleset) -> Iterator[Diagnostic]:
    """Each way in which the messages of a source could never be taken, or not always."""
    try:
        made = _messages(one)
        found = [reason for name, text in made.items() for reason in _reasons(name, text, ruleset)]
    except (PluginBroken, PluginTwice, ValueError) as error:
        found = [(str(error), None)]
    for why, help in found:
        yield codes.BAD_SOURCE.at(one.span, f"the source `{one.name}` cannot be used: {why}", help=help)


def _messages(one: Declared) -> Mapping[str, str]:
    """What a source says of its messages. Raises PluginBroken, and ValueError for what is no such saying."""
    says = getattr(plugin(GROUP, one.plugin), "messages", None)
    made = contained(one.plugin, partial(says, one.settings)) if says is not None else {}
    if not isinstance(made, Mapping):
        raise ValueError(f"`messages` of `{one.plugin}` gave a {type(made).__name__} in place of a mapping")
    if any(not isinstance(part, str) for pair in made.items() for part in pair):
        raise ValueError(f"`messages` of `{one.plugin}` gave something beside texts by event types")
    return made


def _reasons(name: str, text: str, ruleset: Ruleset) -> Iterator[Reason]:
    declared = ruleset.events.get(name)
    if declared is None:
        near = get_close_matches(name, ruleset.events, n=1)
        help = f"did you mean `{near[0]}`?" if near else f"declare it in a rule file: `event {name}`"
        yield f"it brings `{name}`, and there is no event type `{name}`", help
    elif text:
        yield from _lacks(_template(name, text).type, declared.type, declared, "")


@lru_cache(maxsize=64)
def _template(name: str, text: str) -> EventType:
    """The template of a message's data. Raises ValueError where it is none."""
    made = compile_sources([Source(f"{name} as it is brought", text)], schema_reader([]))
    if made.ruleset is None:
        raise ValueError(f"its template of `{name}` cannot be read: {made.errors[0].message}")
    if len(made.ruleset.events) != 1:
        raise ValueError(f"its template of `{name}` is not the declaration of one event")
    return next(iter(made.ruleset.events.values()))


def _lacks(brought: Type, wanted: Type, event: EventType, path: str) -> Iterator[Reason]:
    """Where a message made by the template breaks the type. What depends on the values is left to the door."""
    if isinstance(brought, Anything) or isinstance(wanted, Anything):
        return
    if not _kinds(brought) & _kinds(wanted):
        why = f"`{path}` of `{event.name}` is {describe(wanted)}, and it brings {describe(brought)}"
        yield why, "declare the field as it is brought"
    elif isinstance(brought, ListOf) and isinstance(wanted, ListOf):
        yield from _lacks(brought.item, wanted.item, event, path)
    elif isinstance(brought, Record) and isinstance(wanted, Record):
        for name, member in wanted.members.items():
            yield from _lacking(brought.members.get(name), member, event, f"{path}.{name}".lstrip("."))
        others = [name for name in brought.members if name not in wanted.members]
        if wanted.closed and others:
            yield (
                f"it brings `{f'{path}.{others[0]}'.lstrip('.')}`, and `{event.name}` refuses other fields",
                "declare the field, or leave out `other fields refused`",
            )


def _lacking(brought: Member | None, wanted: Member, event: EventType, path: str) -> Iterator[Reason]:
    needed = not (wanted.optional or wanted.has_default)
    if brought is not None:
        yield from _lacks(brought.type, wanted.type, event, path)
        if needed and brought.optional and event.invalid == Policy.REJECT:
            yield f"`{event.name}` needs `{path}`, which what it brings has not always", _optional(path)
    elif needed:
        yield f"`{event.name}` needs `{path}`, which is not in what it brings", _optional(path)


def _optional(path: str) -> str:
    return f"declare `{path.rpartition('.')[2]}` as optional, with a `?` behind its type"


def _kinds(type: Type) -> frozenset[str]:
    """The kinds of JSON values that a type has."""
    match type:
        case OneOf():
            return frozenset(_kind(value) for value in type.values)
        case Number():
            return frozenset({"number"})
        case Boolean():
            return frozenset({"boolean"})
        case ListOf():
            return frozenset({"list"})
        case Record() | MapOf():
            return frozenset({"object"})
    return frozenset({"text"})  # moments and durations are texts, too


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "boolean" if value is not None else "null"
    return "text" if isinstance(value, str) else "number"
