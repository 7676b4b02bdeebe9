"""Declarations of all files to one environment: what each name means, and who said it twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from atamo_rules.compiler import declare_agents, declare_constants, declare_events
from atamo_rules.compiler.context import Environment
from atamo_rules.compiler.declare_events import Imported, Read
from atamo_rules.compiler.declared import Declared
from atamo_rules.compiler.packs import packs
from atamo_rules.model.types import Json
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import declarations as decl


def declare(
    files: Sequence[decl.File],
    read: Read,
    values: Mapping[str, Json],
    imported: Imported,
    report: list[Diagnostic],
) -> Environment:
    """The environment of a set of files, without its tables (they need it to be checked). What is an organisation's
    own is left to `own`."""
    declared = Declared(report)
    for file in files:
        if not file.source.space:
            declared.broken.update(file.unread)
        for item in file.declarations:
            if not (file.source.space and isinstance(item, OWN)):
                _take(declared, item, read, values, imported)
    packs(declared, files)
    declare_agents.doing(declared)
    return Environment(
        events=declared.events,
        actions=declared.actions,
        agents=declared.agents,
        params=declared.params,
        lists=declared.lists,
        defines=declared.defines,
        tables={},
        places=declared.places,
        types=declared.types,
        doers=declared.doers,
        broken=frozenset(declared.broken),
    )


OWN = (decl.Param, decl.ListDecl, decl.Define)
"""What an organisation declares for itself, beside rules: in its own files these names go before those of all."""


def own(files: Sequence[decl.File], around: Environment, report: list[Diagnostic]) -> Environment:
    """The environment of an organisation's files. Two that declare one name do not know of one another, and what is
    declared for all by that name goes on meaning what it means to all others. Parameters have the values that are
    written: those given from outside are of the parameters of all."""
    declared = Declared(report)
    for file in files:
        declared.broken.update(file.unread)
        for item in file.declarations:
            _take_own(declared, item, {})
    return replace(
        around,
        params={**around.params, **declared.params},
        lists={**around.lists, **declared.lists},
        defines={**around.defines, **declared.defines},
        places={**around.places, **declared.places},
        broken=around.broken | declared.broken,
        around=around,
    )


def _take(
    declared: Declared, item: decl.Declaration, read: Read, values: Mapping[str, Json], imported: Imported
) -> None:
    match item:
        case decl.EventDecl():
            if declared.new("event", item.name):
                declared.events[item.name.text] = declare_events.event(declared, item, read, imported)
        case decl.ActionTypeDecl():
            if declared.new("action", item.name):
                declare_agents.action_type(declared, item)
        case decl.AgentDecl():
            if declared.new("agent", item.name):
                declare_agents.agent(declared, item)
        case decl.Table():
            declared.new("table", item.name)
        case _:
            _take_own(declared, item, values)


def _take_own(declared: Declared, item: decl.Declaration, values: Mapping[str, Json]) -> None:
    match item:
        case decl.Param():
            if declared.new("param", item.name):
                declare_constants.parameter(declared, item, values)
        case decl.ListDecl():
            if declared.new("list", item.name):
                declare_constants.listed(declared, item)
        case decl.Define():
            if declared.new("define", item.name):
                declared.defines[item.name.text] = item
        case _:
            pass
