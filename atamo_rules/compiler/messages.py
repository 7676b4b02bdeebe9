"""Messages that tell agents of the types of actions they do, checked against the type and the agent's own action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace

from atamo_rules.compiler import arguments
from atamo_rules.compiler.context import NOTHING, Context, Environment, near
from atamo_rules.compiler.proven import held, in_words, narrower
from atamo_rules.compiler.written_types import assignable
from atamo_rules.functions.printing import jsonable
from atamo_rules.model.meaning import Const, Get, MakeList, MakeRecord, Now, Term
from atamo_rules.model.rule import Held, Message, Unproven
from atamo_rules.model.types import ActionType, Anything, EventType, Json, Record
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl

TELLING = {"send", "track"}


def messages(environment: Environment, report: list[Diagnostic]) -> Mapping[str, Message]:
    """The message of every agent for every type of action it does. Paths in it read the action's arguments."""
    made: dict[str, Message] = {}
    for name, agent in environment.agents.items():
        for does in agent.does:
            id = f"{name}.{does.action.text}"
            if id in environment.actions and id not in made:
                made[id] = _message(does, agent, environment.actions[id], environment, report)
    return made


def _message(
    does: decl.Does,
    agent: decl.AgentDecl,
    kind: ActionType,
    environment: Environment,
    report: list[Diagnostic],
) -> Message:
    own = _own(does, agent, environment, report) if does.own is not None else None
    if own is not None:
        _agree(does, kind, own, report)
    if does.message is None:
        if own is not None and not assignable(kind.parameters, own.parameters):
            report.append(
                codes.WRONG_ARGUMENT.at(
                    does.action.span,
                    f"the arguments of `{kind.name}` do not fit `{own.id}` as they are",
                    help="say below how they make its message: `parameter: value`",
                )
            )
        return Message(own.name if own is not None else kind.name, held=_as_they_are(kind, own))
    # The arguments of an action are to its message what the body of an event is to a rule.
    context = Context(environment, EventType(kind.name, kind.parameters), report)
    wanted = own.parameters if own is not None else Anything()
    what = own.id if own is not None else kind.id
    body = arguments.record(does.message, wanted, what, does.action.span, context, NOTHING)
    for span in _outside(body):
        report.append(
            codes.NOT_A_VALUE_HERE.at(
                span,
                "a message is made of the arguments of its action alone",
                help=f"give `{kind.name}` a parameter for it, so that rules can say it",
            )
        )
    return Message(own.name if own is not None else kind.name, body, held(body, wanted, context.event))


def _as_they_are(kind: ActionType, own: ActionType | None) -> Held | None:
    """What the arguments of a type are held to where an agent's own action takes them as they are."""
    if own is None or not isinstance(own.parameters, Record) or narrower(kind.parameters, own.parameters):
        return None
    members = own.parameters.members.items()
    return Held(own.parameters, tuple(Unproven((key,), in_words(one.type), None) for key, one in members))


def _own(
    does: decl.Does, agent: decl.AgentDecl, environment: Environment, report: list[Diagnostic]
) -> ActionType | None:
    """The agent's own action that does it."""
    assert does.own is not None
    name = does.own.text
    offers = [one.name.text for one in agent.actions]
    if name in offers:
        return environment.actions.get(f"{agent.name.text}.{name}")
    if not environment.is_lost(agent.name.text, name):
        close = near(name, offers)
        exact = does.own.span.text == name
        report.append(
            codes.UNKNOWN_ACTION.at(
                does.own.span,
                f"the agent `{agent.name.text}` has no action `{name}`",
                label=f"did you mean `{close}`?" if close else "",
                notes=[f"it offers: {', '.join(offers)}"] if offers else (),
                fixes=[Fix(f"write `{close}`", (Edit(does.own.span, close),))] if close and exact else (),
            )
        )
    return None


def _agree(does: decl.Does, kind: ActionType, own: ActionType, report: list[Diagnostic]) -> None:
    """That an agent's own action is done in the same way, and answers what the type says."""
    assert does.own is not None
    if own.verb != kind.verb and not {own.verb, kind.verb} <= TELLING:
        report.append(
            codes.WRONG_VERB.at(
                does.own.span, f"`{own.id}` is done with `{own.verb}`, and `{kind.name}` with `{kind.verb}`"
            )
        )
    elif kind.answer is not None and not assignable(own.answer or Anything(), kind.answer):
        report.append(
            codes.WRONG_ARGUMENT.at(
                does.own.span, f"what `{own.id}` answers is not what `{kind.name}` is to answer"
            )
        )


def _outside(term: object) -> Iterator[Span]:
    """The places of a term that read the user or the time, which an action does not carry."""
    if isinstance(term, Now) or (isinstance(term, Get) and term.root == "user"):
        yield term.span
    if is_dataclass(term) and not isinstance(term, Span):
        for one in fields(term):
            if one.name not in ("span", "type"):
                yield from _outside(getattr(term, one.name))
    elif isinstance(term, tuple):
        for part in term:
            yield from _outside(part)


def examples(
    items: list[decl.ActionTypeDecl], environment: Environment, report: list[Diagnostic]
) -> Mapping[str, ActionType]:
    """The types of actions with their examples, each checked against the parameters; an example is made of values that
    are written out."""
    found = dict(environment.types)
    for item in items:
        kind = found.get(item.name.text)
        if kind is None or item.example is None:
            continue
        context = Context(environment, None, report)
        made = arguments.record(item.example, kind.parameters, kind.name, item.name.span, context, NOTHING)
        constant, value = _plain(made)
        if constant:
            found[kind.name] = replace(kind, example=value)
        else:
            report.append(
                codes.NOT_A_VALUE_HERE.at(
                    item.example[0].span, "an example is made of plain values", help="write each of them out"
                )
            )
    return found


def _plain(term: Term) -> tuple[bool, Json]:
    """Whether a term is written out, and the value."""
    match term:
        case Const():
            return True, jsonable(list(term.value) if isinstance(term.value, tuple) else term.value)
        case MakeRecord():
            entries = [(key, _plain(inner)) for key, inner, _ in term.entries]
            return all(one[0] for _, one in entries), {key: one[1] for key, one in entries}
        case MakeList():
            items = [_plain(item) for item in term.items]
            return all(one[0] for one in items), [one[1] for one in items]
        case _:
            return False, None
