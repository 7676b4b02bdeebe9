"""Actions: from `do` to plans, checked against the agents' action types, the event types and the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from atamo_rules.compiler import arguments, delays
from atamo_rules.compiler.context import Binding, Context, Facts, near
from atamo_rules.compiler.paths import taken
from atamo_rules.compiler.proven import held
from atamo_rules.model.meaning import Get, MakeRecord, Term
from atamo_rules.model.people import Who
from atamo_rules.model.rule import Plan
from atamo_rules.model.types import ActionType, Anything, Member, Policy, Record, Text
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix, Label
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

TELLING = {"send", "track"}
"""Verbs that differ only in who is told what became of it."""

TRACKED = Record({"id": Member(Text())})


def plans(written: Sequence[decl.Do], context: Context, facts: Facts) -> tuple[Plan, ...]:
    """The plans of a list of actions. An answer named by `as` is known to what follows it."""
    made: list[Plan] = []
    index = 0
    for do in written:
        agents = (do,) if not _is_type(do, context) else _each(do, context)
        for one in agents:
            plan, context = _plan(index, one, context, facts)
            if plan is not None:
                made.append(plan)
            index += 1
    return tuple(made)


def _is_type(do: decl.Do, context: Context) -> bool:
    return (
        do.verb not in ("", "reply", "emit")
        and do.target is not None
        and do.target.text in context.environment.types
    )


def _each(do: decl.Do, context: Context) -> tuple[decl.Do, ...]:
    """An action of a type as the same action of every agent that does it. Where an answer or an id is waited for, there
    can be one agent only."""
    assert do.target is not None
    name = do.target.text
    doers = context.environment.doers.get(name, ())
    trouble: Diagnostic | None = None
    if not doers and not context.environment.is_lost(name):
        trouble = codes.NOBODY_DOES.at(
            do.target.span,
            f"no agent does `{name}`",
            help=f"write `does {name}` below an agent that can do it",
        )
    elif context.environment.types[name].verb != ("send" if do.verb in TELLING else do.verb):
        doers = doers[:1]  # it is said once that it is done with another verb
    elif len(doers) > 1 and (do.verb == "ask" or do.alias is not None):
        trouble = codes.WHICH_AGENT.at(
            do.target.span,
            f"{len(doers)} agents do `{name}`, and here one is needed: {', '.join(f'`{one}`' for one in doers)}",
            help=f"say which: `{do.verb} {doers[0]}.{name}`",
        )
    if trouble is not None:
        context.report.append(trouble)
    if trouble is not None or not doers:
        # What follows is checked all the same: its alias stands for anything.
        return (replace(do, verb="", target=None),)
    return tuple(replace(do, target=replace(do.target, text=f"{agent}.{name}")) for agent in doers)


def _plan(index: int, do: decl.Do, context: Context, facts: Facts) -> tuple[Plan | None, Context]:
    if not do.verb:
        return None, _named(do.alias, Anything(), context) if do.alias else context
    if do.verb == "reply":
        return _reply(index, do, context, facts), context
    if do.verb == "emit":
        return _emit(index, do, context, facts), context
    assert do.target is not None
    agent, action = _parts(do.target.text, context)
    offered = _action(do, agent, action, context)
    if offered is None:
        return None, _named(do.alias, Anything(), context) if do.alias else context
    made = arguments.record(
        do.arguments, offered.parameters, offered.id, do.target.span, context, facts, whole=not do.unread
    )
    timeout = plans(do.on_timeout, context, facts)
    alias = do.alias.text if do.alias else ""
    if do.alias is not None:
        answer = (offered.answer or Anything()) if do.verb == "ask" else TRACKED
        context = _named(do.alias, answer, context)
    if do.verb == "ask" and do.within is None:
        context.report.append(
            codes.MISSING_ARGUMENT.at(
                do.target.span, "`ask` needs to know how long to wait", help="add `within 5 seconds`"
            )
        )
    plan = Plan(
        index,
        do.verb,
        agent,
        action,
        made,
        do.span,
        _who(do),
        delays.patience(do, context.report),
        alias,
        None,
        timeout,
        do.retry if do.retry is not None else offered.retry,
        delays.seconds(do, context.report),
        held(made, offered.parameters, context.event),
    )
    return plan, context


def _parts(target: str, context: Context) -> tuple[str, str]:
    """Agent and action of `agent.action`. The name of an action's type has dots of its own."""
    found = context.environment.actions.get(target)
    if found is not None:
        return found.agent, found.name
    agent, _, action = target.partition(".")
    if agent in context.environment.agents:
        return agent, action
    agent, _, action = target.rpartition(".")
    return agent, action


def _named(alias: tree.Name, answer: Record | Anything, context: Context) -> Context:
    if taken(alias.text, context):
        context.report.append(
            codes.NAME_CLASH.at(
                alias.span, f"`{alias.text}` already means something here", help="choose another name"
            )
        )
    here = Get(alias.text, (), answer, span=alias.span)
    return context.bind(alias.text, Binding(here, answer, alias.span))


def _action(do: decl.Do, agent: str, action: str, context: Context) -> ActionType | None:
    environment = context.environment
    assert do.target is not None
    found = environment.actions.get(do.target.text)
    if found is not None:
        context.used.add(("agent", agent))
        if found.verb != do.verb and not {found.verb, do.verb} <= TELLING:
            _wrong_verb(do, found, context)
            return None
        return found
    if environment.is_lost(agent, do.target.text):
        return None
    if agent in environment.agents:
        offers = [a.name.text for a in environment.agents[agent].actions]
        offers += [does.action.text for does in environment.agents[agent].does]
        close = near(action, offers)
        context.report.append(
            codes.UNKNOWN_ACTION.at(
                do.target.span,
                f"the agent `{agent}` has no action `{action}`",
                label=f"did you mean `{close}`?" if close else "",
                also=[Label(environment.agents[agent].name.span, f"`{agent}` is declared here")],
                help=""
                if close
                else f"declare it below the agent: `{do.verb} {action}`, and what it is given",
                notes=[f"it offers: {', '.join(offers)}"] if offers else (),
                fixes=[Fix(f"write `{agent}.{close}`", (Edit(do.target.span, f"{agent}.{close}"),))]
                if close
                else (),
            )
        )
        return None
    return _undeclared(do, agent, action, context)


def _undeclared(do: decl.Do, agent: str, action: str, context: Context) -> ActionType | None:
    assert do.target is not None
    kind = near(do.target.text, context.environment.types)
    if kind is not None:
        context.report.append(
            codes.UNKNOWN_ACTION.at(
                do.target.span,
                f"there is no agent `{agent}`, and no action type `{do.target.text}`",
                label=f"did you mean `{kind}`?",
                fixes=[Fix(f"write `{kind}`", (Edit(do.target.span, kind),))],
            )
        )
        return None
    close = near(agent, context.environment.agents)
    if close is not None or not agent:
        context.report.append(
            codes.UNKNOWN_ACTION.at(
                do.target.span,
                f"there is no agent `{agent}`" if agent else f"`{action}` names no agent",
                label=f"did you mean `{close}`?" if close else "",
                help=None if close else "write `agent.action`",
                fixes=[Fix(f"write `{close}.{action}`", (Edit(do.target.span, f"{close}.{action}"),))]
                if close
                else (),
            )
        )
        return None
    if ("undeclared", agent) not in context.used:
        context.used.add(("undeclared", agent))
        context.report.append(
            codes.UNDECLARED_AGENT.at(
                do.target.span,
                f"the agent `{agent}` is not declared, so its arguments are not checked",
                help=f"declare it: `agent {agent}` with `{do.verb} {action}` and its parameters below",
            )
        )
    return ActionType(agent, action, do.verb, Anything(), Anything())


def _wrong_verb(do: decl.Do, found: ActionType, context: Context) -> None:
    assert do.target is not None
    start = do.span.start
    verb_span = Span(do.span.source, start, start + len(do.verb))
    context.report.append(
        codes.WRONG_VERB.at(
            do.target.span,
            f"`{found.id}` is done with `{found.verb}`, not `{do.verb}`",
            help=f"write `{found.verb} {found.id}{' within 5 seconds' if found.verb == 'ask' else ''}`",
            fixes=[Fix(f"write `{found.verb}`", (Edit(verb_span, found.verb),))]
            if verb_span.text == do.verb
            else (),
        )
    )


def _emit(index: int, do: decl.Do, context: Context, facts: Facts) -> Plan | None:
    assert do.target is not None
    name = do.target.text
    event = context.environment.events.get(name)
    if event is None:
        if not context.environment.is_lost(name):
            close = near(name, context.environment.events)
            context.report.append(
                codes.UNKNOWN_NAME.at(
                    do.target.span,
                    f"there is no event type `{name}`",
                    label=f"did you mean `{close}`?" if close else "",
                    fixes=[Fix(f"write `{close}`", (Edit(do.target.span, close),))] if close else (),
                )
            )
        return None
    context.used.add(("event", name))
    delays.seconds(do, context.report)
    made = arguments.record(
        do.arguments, event.type, name, do.target.span, context, facts, whole=not do.unread
    )
    # What a door of another policy or from elsewhere does with such an event is its own affair, and told there.
    strict = event.invalid == Policy.REJECT and not event.foreign
    open_to = held(made, event.type, context.event) if strict else None
    return Plan(index, "emit", "", name, made, do.span, _who(do), held=open_to)


def _reply(index: int, do: decl.Do, context: Context, facts: Facts) -> Plan | None:
    event = context.event
    if event is None or not event.request:
        context.report.append(
            codes.BAD_REPLY.at(
                do.span,
                "there is nobody to reply to: this rule is not on a request",
                help="declare a `request` and write `on request …`",
            )
        )
        return None
    if do.error is not None:
        found = arguments.value(do.error, Member(Text()), "error", context, facts)
        error: Term | None = found.term if found else None
        return Plan(index, "reply", "", "", MakeRecord((), span=do.span), do.span, error=error)
    span = replace(do.span, end=do.span.start + len("reply"))
    wanted, whole = event.answer or Anything(), not do.unread
    made = arguments.record(do.arguments, wanted, "reply", span, context, facts, whole=whole)
    return Plan(index, "reply", "", "", made, do.span, held=held(made, wanted, event))


def _who(do: decl.Do) -> Who | None:
    return Who(do.acting_as.kind, do.acting_as.name.text) if do.acting_as else None
