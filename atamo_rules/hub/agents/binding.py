"""Agents of a ruleset to plug-ins that do their work; wrong settings are said at their place in the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from atamo_rules.errors import NotAllowed, PluginBroken, PluginTwice, UnknownName
from atamo_rules.hub.agents.code import allow, is_code, load, named, remedy
from atamo_rules.hub.agents.limits import elsewhere, limits_of, too_many
from atamo_rules.hub.agents.patience import OURS, breaker_of, ours, retry_of
from atamo_rules.hub.agents.reading import unready
from atamo_rules.hub.plugins import NEEDS, contained, offered, plugin
from atamo_rules.model.fitting import Reason, unfit
from atamo_rules.model.rule import AgentUse, Ruleset
from atamo_rules.model.types import Record
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic

GROUP = "atamo.agents"
FALLBACK = "log"
"""Does the work of agents that name no plug-in: it only writes down what would have been done."""


def bind(
    ruleset: Ruleset, folder: str, before: Mapping[str, Any] | None = None, code: Sequence[str] = ()
) -> tuple[dict[str, Bound], tuple[Diagnostic, ...]]:
    """An agent for every name the rules use. Agents whose declaration did not change are kept from `before`. `code` is
    what code they may name; see `hub.code`."""
    made: dict[str, Bound] = {}
    found: list[Diagnostic] = []
    uses = dict(ruleset.agents)
    for rule in ruleset.rules:
        for plan in rule.plans:
            if plan.agent:
                uses.setdefault(plan.agent, AgentUse(plan.agent))
    for name, use in uses.items():
        old = (before or {}).get(name)
        if old is not None and old.declared == (use.plugin, dict(use.settings)):
            made[name] = old
            continue
        agent = _one(use, folder, code, found)
        if agent is not None:
            made[name] = agent
    found.extend(unready(ruleset, {name: bound.agent for name, bound in made.items()}))
    found.extend(_never_answered(ruleset, made))
    return made, tuple(found)


def _never_answered(ruleset: Ruleset, made: Mapping[str, Bound]) -> Iterator[Diagnostic]:
    """Every `ask` of an agent that only writes things down, where the answer has fields that must be there."""
    stack = [plan for rule in ruleset.rules for plan in rule.plans]
    while stack:
        plan = stack.pop(0)
        stack += plan.on_timeout
        bound, action = made.get(plan.agent), ruleset.actions.get(plan.target)
        if plan.verb != "ask" or bound is None or getattr(bound.agent, "answers", True):
            continue
        if not bound.declared[0]:
            continue  # it says not yet who does its work
        answer = action.answer if action is not None else None
        members = answer.members if isinstance(answer, Record) else {}
        needed = [name for name, one in members.items() if not (one.optional or one.has_default)]
        if needed:
            yield codes.NEVER_ANSWERS.at(
                plan.span,
                f"`{plan.agent}` uses `{bound.plugin}`, which never answers: "
                f"this comes back without `{needed[0]}`, and fails",
                help="use a plug-in that answers, such as `http`, or give the fields of `answer` a default",
            )


class Bound:
    """A plug-in's agent with the declaration it was made from."""

    def __init__(self, use: AgentUse, agent: Any) -> None:
        self.name = use.name
        self.plugin = use.plugin or FALLBACK
        self.declared = (use.plugin, dict(use.settings))
        self.agent = agent
        self.retry = retry_of(use.settings.get("retry"))
        self.breaker = breaker_of(use.settings.get("breaker"))
        self.limits = limits_of(use.settings.get("limits"))

    def at_once(self) -> int:
        """How many attempts may run at once."""
        return self.limits.at_once or int(self.agent.concurrency)


def _one(use: AgentUse, folder: str, code: Sequence[str], found: list[Diagnostic]) -> Bound | None:
    reasons: list[Reason]
    try:
        kind = _kind(use, folder, code)
        own = {name: value for name, value in use.settings.items() if name not in OURS}
        reasons = _limits_elsewhere(use, own, kind.settings_schema)
        reasons += unfit(replace(use, settings=own), kind.settings_schema, FALLBACK)
        reasons += [
            reason for name in OURS if name in use.settings for reason in ours(name, use.settings[name])
        ]
        if not reasons:
            for where in named(kind.settings_schema, own):
                allow(where, code, folder)
            name = use.plugin or FALLBACK
            agent = contained(name, lambda: kind(use.name, own, folder), (ValueError, OSError))
            bound = Bound(use, agent)
            reasons = too_many(agent, name, bound.limits)
            if not reasons:
                return bound
    except UnknownName as unknown:
        hint = f"did you mean `{unknown.near[0]}`? " if unknown.near else ""
        reasons = [(f"there is no agent plug-in `{use.plugin}`", f"{hint}there are {_known()}")]
    except NotAllowed as refused:
        where = str(refused).split("`")[1]
        reasons = [(str(refused), remedy(where))]
    except (PluginBroken, PluginTwice) as broken:
        absent = isinstance(broken, PluginBroken) and isinstance(broken.cause, ModuleNotFoundError)
        reasons = [(str(broken), "install what it needs where the hub runs" if absent else None)]
    except (ValueError, OSError) as error:
        reasons = [(str(error), None)]
    if use.span is not None:
        found.extend(
            codes.BAD_AGENT.at(use.span, f"the agent `{use.name}` cannot be used: {reason}", help=help)
            for reason, help in reasons
        )
    return None


def _limits_elsewhere(use: AgentUse, own: dict[str, Any], schema: Mapping[str, Any]) -> list[Reason]:
    """Settings that the plug-in does not have and that say what `limits` says; they are taken out of its `own`."""
    found: list[Reason] = []
    for name in [one for one in own if one not in schema.get("properties", {})]:
        instead = elsewhere(name, own[name])
        if instead is not None and schema.get("additionalProperties") is False:
            found.append((f"`{use.plugin or FALLBACK}` has no setting `{name}`", instead))
            del own[name]
    return found


def _kind(use: AgentUse, folder: str, code: Sequence[str]) -> Any:
    """The class that does an agent's work: a plug-in by its name, or code by its place."""
    name = use.plugin or FALLBACK
    if not is_code(name):
        return plugin(GROUP, name)
    allow(name, code, folder)
    kind = load(name, folder)
    missing = [one for one in NEEDS[GROUP] if not hasattr(kind, one)]
    if missing:
        raise PluginBroken(name, TypeError(f"it has no `{missing[0]}`"))
    return kind


def _known() -> str:
    return ", ".join(sorted(offered(GROUP)))
