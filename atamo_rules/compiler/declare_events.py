"""Events and requests, as rules declare them: their fields or schema, and what is done with one that is invalid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from atamo_rules.compiler.completing import completing
from atamo_rules.compiler.declared import Declared
from atamo_rules.compiler.written_types import places_of, record_of
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.types import Anything, EventType, Policy, Record, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import declarations as decl

Read = Callable[[str, str], str]
"""Gives the text of a file named in a rule file: (name of the rule file, path as written) -> text. Raises OSError
or ValueError with a sentence when it may not or cannot."""


class Imported(Protocol):
    """What reading a schema gives; see `compiler.schema_file`."""

    def __call__(
        self, declared: decl.EventDecl, read: Read
    ) -> tuple[Type, Mapping[str, object] | bool | None, Sequence[Diagnostic]]: ...


def event(declared: Declared, item: decl.EventDecl, read: Read, imported: Imported) -> EventType:
    """The type of an event or a request; one with a mistake in it is known, and noted as broken."""
    name = item.name.text
    before = len(declared.report)
    schema: Mapping[str, object] | bool | None = None
    type: Type
    if item.schema is not None:
        type, schema, found = imported(item, read)
        declared.report.extend(found)
    elif item.anything:
        type = Anything(item.through_lists, item.as_text)
    else:
        type = record_of(item.fields, declared.report, closed=item.closed)
        places_of(item.fields, f"{name}.", lambda path, span: declared.places.update({("field", path): span}))
        schema = schema_of(type, title=name)
    if any(d.severity is codes.ERROR for d in declared.report[before:]):
        declared.broken.add(("event", name))
    answer = record_of(item.answer, declared.report) if item.answer is not None else None
    if item.request and answer is None:
        answer = Record({})
    return EventType(
        name,
        type if isinstance(type, Record | Anything) else Anything(),
        schema,
        item.request,
        answer,
        _policy(declared, item),
        str(item.about.value) if item.about else "",
        item.schema is not None,
        completing(item.completing, declared.report),
    )


def _policy(declared: Declared, item: decl.EventDecl) -> str:
    if item.invalid is None:
        return Policy.REJECT
    word = item.invalid.text
    if word not in Policy.ALL:
        declared.report.append(
            codes.BAD_POLICY.at(
                item.invalid.span,
                f"`{word}` is not something to do with an invalid event",
                help=f"write one of {', '.join(Policy.ALL)}",
            )
        )
        return Policy.REJECT
    return word
