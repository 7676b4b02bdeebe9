"""Agents of a ruleset to plug-ins that do their work; wrong settings are said at their place in the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atamo_rules.errors import PluginBroken, UnknownName
from atamo_rules.hub.plugins import offered, plugin
from atamo_rules.model.rule import AgentUse, Ruleset
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic

GROUP = "atamo.agents"
FALLBACK = "log"
"""Does the work of agents that name no plug-in: it only writes down what would have been done."""


def bind(
    ruleset: Ruleset, folder: str, before: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """An agent for every name the rules use. Agents whose declaration did not change are kept from `before`."""
    made: dict[str, Any] = {}
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
        agent = _one(use, folder, found)
        if agent is not None:
            made[name] = agent
    return made, tuple(found)


class Bound:
    """A plug-in's agent with the declaration it was made from."""

    def __init__(self, use: AgentUse, agent: Any) -> None:
        self.name = use.name
        self.plugin = use.plugin or FALLBACK
        self.declared = (use.plugin, dict(use.settings))
        self.agent = agent


def _one(use: AgentUse, folder: str, found: list[Diagnostic]) -> Bound | None:
    help: str | None = None
    try:
        kind = plugin(GROUP, use.plugin or FALLBACK)
        reasons = _reasons(use, kind)
        if not reasons:
            return Bound(use, kind(use.name, dict(use.settings), folder))
    except UnknownName as unknown:
        hint = f"did you mean `{unknown.near[0]}`? " if unknown.near else ""
        reasons, help = [f"there is no agent plug-in `{use.plugin}`"], f"{hint}there are {_known()}"
    except PluginBroken as broken:
        reasons = [str(broken)]
    except (ValueError, OSError) as error:
        reasons = [str(error)]
    if use.span is not None:
        found.extend(
            codes.BAD_AGENT.at(use.span, f"the agent `{use.name}` cannot be used: {reason}", help=help)
            for reason in reasons
        )
    return None


def _known() -> str:
    return ", ".join(sorted(offered(GROUP)))


def _reasons(use: AgentUse, kind: Any) -> list[str]:
    import jsonschema_rs

    check = jsonschema_rs.Draft202012Validator(dict(kind.settings_schema))
    found = []
    for error in check.iter_errors(dict(use.settings)):
        place = ".".join(str(step) for step in error.instance_path)
        found.append(f"{f'`{place}`: ' if place else ''}{error.message}")
    return found
