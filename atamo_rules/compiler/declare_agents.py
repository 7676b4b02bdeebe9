"""Agents, and the types of actions that they do: what can be asked of each, and how equal calls are shared."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.compiler import constants
from atamo_rules.compiler.context import near
from atamo_rules.compiler.declared import Declared
from atamo_rules.compiler.written_types import record_of
from atamo_rules.model.people import Who
from atamo_rules.model.types import ActionType, Anything, Sharing
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree


def agent(declared: Declared, item: decl.AgentDecl) -> None:
    """An agent, and what it offers by itself; the types of actions that it does are known only when all are read."""
    declared.agents[item.name.text] = item
    for offered in item.actions:
        id = f"{item.name.text}.{offered.name.text}"
        if not declared.new("action", tree.Name(id, span=offered.name.span)):
            continue
        parameters = Anything() if offered.anything else record_of(offered.parameters, declared.report)
        answer = record_of(offered.answer, declared.report) if offered.answer is not None else None
        about = str(offered.about.value) if offered.about else ""
        declared.actions[id] = ActionType(
            item.name.text,
            offered.name.text,
            offered.verb,
            parameters,
            answer,
            about,
            _safe(declared, offered, offered.verb),
        )


def action_type(declared: Declared, item: decl.ActionTypeDecl) -> None:
    """A type of action: asked where it is answered, and else sent or tracked."""
    parameters = Anything() if item.anything else record_of(item.parameters, declared.report)
    answer = record_of(item.answer, declared.report) if item.answer is not None else None
    verb = "send" if answer is None else "ask"
    declared.types[item.name.text] = ActionType(
        "",
        item.name.text,
        verb,
        parameters,
        answer,
        str(item.about.value) if item.about else "",
        _safe(declared, item, verb),
        item.retry,
    )


def doing(declared: Declared) -> None:
    """Give every agent the types of actions that it does, as actions of its own."""
    for agent in sorted(declared.agents):
        for does in declared.agents[agent].does:
            name = does.action.text
            found = declared.types.get(name)
            if found is None:
                _no_type(declared, does)
            elif declared.new("action", tree.Name(f"{agent}.{name}", span=does.action.span)):
                declared.actions[f"{agent}.{name}"] = replace(found, agent=agent)
                declared.doers[name] = (*declared.doers.get(name, ()), agent)


def _no_type(declared: Declared, does: decl.Does) -> None:
    name = does.action.text
    if ("action", name) in declared.broken:
        return
    close = near(name, declared.types)
    exact = does.action.span.text == name
    declared.report.append(
        codes.UNKNOWN_NAME.at(
            does.action.span,
            f"there is no action type `{name}`",
            label=f"did you mean `{close}`?" if close else "",
            help=None if close else f"declare it at the left margin: `action {name}`",
            fixes=[Fix(f"write `{close}`", (Edit(does.action.span, close),))] if close and exact else (),
        )
    )


def _safe(declared: Declared, offered: decl.ActionDecl | decl.ActionTypeDecl, verb: str) -> Sharing | None:
    """How calls of an action are shared that says it is safe; only what brings something back can be."""
    said = offered.safe
    if said is None:
        return None
    if verb not in ("ask", "publish"):
        declared.report.append(
            codes.UNKNOWN_CLAUSE.at(
                said.span,
                f"`{verb}` cannot be `safe`: nothing comes back that equal calls could share",
                help="only `ask` and `publish` can",
            )
        )
        return None
    by = Who("group", said.group.text) if said.group is not None else said.by
    return Sharing(_seconds(said.fresh), _seconds(said.stale), by)


def _seconds(quantity: tree.Quantity | None) -> float:
    """A length of time; 0 for none."""
    return constants.quantity(quantity).total_seconds() if quantity is not None else 0.0
