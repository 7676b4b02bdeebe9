"""Action messages of a provider as actions, held to what the rules declare: agents, types of actions, arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from atamo_rules.engine.filling import action_id
from atamo_rules.model.contribution import ActionMessage
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.given_json import exact
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import JsonRefused
from atamo_rules.model.types import ActionType, Json, ListOf, MapOf, Record, Type

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation

LONGEST_WHY = 200
"""Characters of a message's reason that are kept."""
SENT = ("send", "track")
"""What actions that are sent were declared with."""


class Refused(ValueError):
    """A message that is not taken; it says why, in one sentence."""


def message_of(value: Json) -> ActionMessage:
    """A message that is written as JSON: `{"send": "oncall.page", "with": {…}, "why": "…"}`, or `emit` in place of
    `send`. Raises Refused."""
    if not isinstance(value, dict):
        raise Refused(f"a message is an object, and this is a {type(value).__name__}")
    strange = sorted(str(key) for key in value.keys() - {"send", "emit", "with", "why"})
    if strange:
        raise Refused(f"a message has no `{strange[0]}`: it has `send` or `emit`, `with` and `why`")
    if ("send" in value) == ("emit" in value):
        raise Refused("a message has one of `send` and `emit`")
    emits = "emit" in value
    target, body, why = value["emit" if emits else "send"], value.get("with", {}), value.get("why", "")
    if not isinstance(target, str) or not isinstance(body, dict) or not isinstance(why, str):
        raise Refused("`send`, `emit` and `why` of a message are texts, and `with` is an object")
    return ActionMessage(target, body, "emit" if emits else "send", why)


def event_json(event: Event) -> dict[str, Json]:
    """An event as providers that work on JSON see it: `id`, `type`, `time`, `source`, `data`, and the `user` it came
    from as name, groups and organisation, or null."""
    user = event.user
    who: Json = None
    if user is not None:
        who = {"name": user.name, "groups": [*sorted(user.groups)], "organisation": user.organisation}
    time = event.at.isoformat().replace("+00:00", "Z")
    made: dict[str, Json] = {"id": event.id, "type": event.type, "time": time, "source": event.source}
    return {**made, "user": who, "data": event.body}


def actions_of(
    message: object, position: int, provider: str, event: Event, generation: Generation
) -> tuple[Action, ...]:
    """The actions of one message: one, or of a type of action one for every agent that does it. Raises Refused."""
    if not isinstance(message, ActionMessage):
        raise Refused(f"it is a {type(message).__name__}, and no action message")
    target, why = message.target, message.why
    if not isinstance(target, str) or not isinstance(why, str):
        raise Refused("its target and its reason are texts")
    try:
        body = exact(message.body if isinstance(message.body, dict) else dict(message.body))
    except (JsonRefused, TypeError, ValueError) as error:
        raise Refused(f"`{target}`: its arguments are no JSON object: {error}") from None
    assert isinstance(body, dict)
    name = provider.partition(" ")[0]
    rule = rule_name(name)
    because = (why or f"the provider {provider}")[:LONGEST_WHY]

    def made(verb: str, agent: str, action: str, body: Json, part: str, retry: int | None = None) -> Action:
        id = action_id(event.key, rule, f"provider/{position}{part}")
        return Action(id, verb, agent, action, body, rule, because, position, retry=retry, provider=provider)

    if message.verb == "emit":
        _event_type(target, generation.ruleset)
        return (made("emit", "", target, body, ""),)
    if message.verb != "send":
        raise Refused(f"`{target}`: a provider sends or emits, and this says `{message.verb}`")
    kinds = _doers(target, generation.ruleset)
    found: list[Action] = []
    for one in kinds:
        part = f"/{one.agent}" if len(kinds) > 1 else ""
        found.append(made("send", one.agent, one.name, _fitting(body, one, generation), part, one.retry))
    return tuple(found)


def rule_name(provider: str) -> str:
    """What stands where a rule is named, for an action that no rule asked for: `provider:NAME`."""
    return f"provider:{provider}"


def _event_type(name: str, ruleset: Ruleset) -> None:
    """Raises Refused where an event of that name cannot be emitted."""
    kind = ruleset.events.get(name)
    if kind is None:
        raise Refused(f"there is no event type `{name}`{_near(name, ruleset.events)}")
    if kind.request:
        raise Refused(f"`{name}` is a request, and only events are emitted")


def _doers(target: str, ruleset: Ruleset) -> tuple[ActionType, ...]:
    """The action that is meant, of every agent that does it. Raises Refused."""
    own = ruleset.actions.get(target)
    kinds = (own,) if own is not None and own.agent else tuple(
        ruleset.actions[id] for id in sorted(ruleset.messages) if ruleset.actions[id].name == target
    )  # fmt: skip
    if not kinds:
        types = {ruleset.actions[id].name for id in ruleset.messages}
        known = [*types, *(name for name, one in ruleset.actions.items() if one.agent)]
        raise Refused(f"no agent does `{target}`{_near(target, known)}")
    for one in kinds:
        if one.verb not in SENT:
            raise Refused(f"`{one.id}` is for `{one.verb}`, and a provider can only send")
    return kinds


def _fitting(body: Mapping[str, Json], kind: ActionType, generation: Generation) -> Json:
    """The arguments, as a rule would hand them on. Raises Refused where they are not as they were declared."""
    given: Json = dict(body)
    if not isinstance(kind.parameters, Record):
        return given
    unknown = next(_strange(given, kind.parameters, ""), None)
    if unknown is not None:
        near = _near(unknown, list(kind.parameters.members))
        raise Refused(f"`{kind.id}` has no argument `{unknown}`{near}")
    action = Action("", "send", kind.agent, kind.name, given, "", "", 0)
    reasons = generation.asked(action, given)
    if reasons:
        raise Refused(f"`{kind.id}`: {'; '.join(reasons)}")
    return given


def _strange(value: Any, type: Type, path: str) -> Iterator[str]:
    """Dotted paths that a declared record does not have: rules cannot write them either."""
    match type:
        case Record() if isinstance(value, dict):
            for key, one in value.items():
                here = f"{path}.{key}" if path else key
                if key not in type.members:
                    yield here
                else:
                    yield from _strange(one, type.members[key].type, here)
        case ListOf() if isinstance(value, list):
            for one in value:
                yield from _strange(one, type.item, path)
        case MapOf() if isinstance(value, dict):
            for key, one in value.items():
                yield from _strange(one, type.value, f"{path}.{key}")


def _near(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
