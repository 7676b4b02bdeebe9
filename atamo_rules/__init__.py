"""Atamo: an auditable event hub, driven by rules that people write in text files.

from pathlib import Path
import atamo_rules as atamo

async with atamo.Controller(atamo.FolderProvider(Path("rules")), atamo.MemoryStore()) as controller:
    taken, _ = await controller.hub.submit(b'{"type": "order.placed", "data": {"total": 120}}')
    await controller.hub.wait(taken.id, 10)
    print(await controller.store.told(taken.id))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from atamo_rules.builtin.agents.functions import LOADED, FunctionAgent, Value
    from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
    from atamo_rules.builtin.auditors.opentelemetry import OpenTelemetryAuditor
    from atamo_rules.builtin.configuration.folder import FolderProvider
    from atamo_rules.builtin.configuration.python import FunctionEvaluator
    from atamo_rules.builtin.configuration.text import TextProvider
    from atamo_rules.builtin.events.iterated import IteratedEvents
    from atamo_rules.builtin.stores.memory import MemoryStore
    from atamo_rules.builtin.stores.sqlite.store import SqliteStore
    from atamo_rules.builtin.witnesses.file import FileWitness
    from atamo_rules.compiler.texts import compile_rules
    from atamo_rules.embed.portal import Portal
    from atamo_rules.engine.index.matcher import Matcher, matcher
    from atamo_rules.engine.index.report import Filing, Report
    from atamo_rules.errors import (
        AtamoError,
        Busy,
        EventRejected,
        PluginBroken,
        RulesetRejected,
        StoreUnavailable,
        UnknownName,
    )
    from atamo_rules.hub.alerts import Alert
    from atamo_rules.hub.audit.witness import Witness
    from atamo_rules.hub.controller import Controller
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.ports import (
        Agent,
        Auditor,
        ConfigurationProvider,
        Evaluator,
        EvaluatorProvider,
        EventProvider,
    )
    from atamo_rules.hub.project.rulebook import Rulebook
    from atamo_rules.hub.requests.asking import Answers
    from atamo_rules.hub.requests.completion import ALL, FIRST, any_of, by
    from atamo_rules.hub.store import Store
    from atamo_rules.hub.telemetry.thresholds import Threshold
    from atamo_rules.hub.ways import Way
    from atamo_rules.model.contribution import ActionMessage, NotTaken
    from atamo_rules.model.decision import Action, Decision
    from atamo_rules.model.event import Event
    from atamo_rules.model.frame import Frame
    from atamo_rules.model.outcome import Again, Done, Failed
    from atamo_rules.model.people import User
    from atamo_rules.model.rule import Rule, Ruleset
    from atamo_rules.model.work import Hold, Selector
    from atamo_rules.sandbox.code import SandboxedCode
    from atamo_rules.sandbox.faults import CodeFailed, NoSandbox
    from atamo_rules.sandbox.limits import CodeLimits

_HOMES = {
    "Controller": "hub.controller",
    "Hub": "hub.hub",
    "Agent": "hub.ports",
    "Alert": "hub.alerts",
    "Auditor": "hub.ports",
    "ConfigurationProvider": "hub.ports",
    "Evaluator": "hub.ports",
    "EvaluatorProvider": "hub.ports",
    "EventProvider": "hub.ports",
    "ActionMessage": "model.contribution",
    "NotTaken": "model.contribution",
    "FunctionEvaluator": "builtin.configuration.python",
    "Store": "hub.store",
    "Rulebook": "hub.project.rulebook",
    "FolderProvider": "builtin.configuration.folder",
    "MemoryStore": "builtin.stores.memory",
    "SqliteStore": "builtin.stores.sqlite.store",
    "JsonLinesAuditor": "builtin.auditors.jsonl",
    "compile_rules": "compiler.texts",
    "Matcher": "engine.index.matcher",
    "matcher": "engine.index.matcher",
    "Filing": "engine.index.report",
    "Report": "engine.index.report",
    "User": "model.people",
    "Rule": "model.rule",
    "Ruleset": "model.rule",
    "FileWitness": "builtin.witnesses.file",
    "Witness": "hub.audit.witness",
    "Action": "model.decision",
    "Decision": "model.decision",
    "Event": "model.event",
    "Again": "model.outcome",
    "Done": "model.outcome",
    "Failed": "model.outcome",
    "Hold": "model.work",
    "Selector": "model.work",
    "AtamoError": "errors",
    "Busy": "errors",
    "PluginBroken": "errors",
    "RulesetRejected": "errors",
    "StoreUnavailable": "errors",
    "UnknownName": "errors",
    "Answers": "hub.requests.asking",
    "Frame": "model.frame",
    "FIRST": "hub.requests.completion",
    "ALL": "hub.requests.completion",
    "any_of": "hub.requests.completion",
    "by": "hub.requests.completion",
    "FunctionAgent": "builtin.agents.functions",
    "LOADED": "builtin.agents.functions",
    "Value": "builtin.agents.functions",
    "TextProvider": "builtin.configuration.text",
    "IteratedEvents": "builtin.events.iterated",
    "Portal": "embed.portal",
    "SandboxedCode": "sandbox.code",
    "CodeFailed": "sandbox.faults",
    "NoSandbox": "sandbox.faults",
    "CodeLimits": "sandbox.limits",
    "Threshold": "hub.telemetry.thresholds",
    "Way": "hub.ways",
    "EventRejected": "errors",
    "OpenTelemetryAuditor": "builtin.auditors.opentelemetry",
}
__all__ = [
    "ALL",
    "FIRST",
    "LOADED",
    "Action",
    "ActionMessage",
    "Again",
    "Agent",
    "Alert",
    "Answers",
    "AtamoError",
    "Auditor",
    "Busy",
    "CodeFailed",
    "CodeLimits",
    "ConfigurationProvider",
    "Controller",
    "Decision",
    "Done",
    "Evaluator",
    "EvaluatorProvider",
    "Event",
    "EventProvider",
    "EventRejected",
    "Failed",
    "FileWitness",
    "Filing",
    "FolderProvider",
    "Frame",
    "FunctionAgent",
    "FunctionEvaluator",
    "Hold",
    "Hub",
    "IteratedEvents",
    "JsonLinesAuditor",
    "Matcher",
    "MemoryStore",
    "NoSandbox",
    "NotTaken",
    "OpenTelemetryAuditor",
    "PluginBroken",
    "Portal",
    "Report",
    "Rule",
    "Rulebook",
    "Ruleset",
    "RulesetRejected",
    "SandboxedCode",
    "Selector",
    "SqliteStore",
    "Store",
    "StoreUnavailable",
    "TextProvider",
    "Threshold",
    "UnknownName",
    "User",
    "Value",
    "Way",
    "Witness",
    "__version__",
    "any_of",
    "by",
    "compile_rules",
    "matcher",
]


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: `atamo --version` pays for none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
