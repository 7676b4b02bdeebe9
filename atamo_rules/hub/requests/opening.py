"""Who is expected to answer a request, from what was decided about it; and a request as plain data, to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

from atamo_rules.hub.requests.completion import read_completion
from atamo_rules.hub.requests.happenings import Answered, Asked, Broke, Ended, Happened, More, Routed
from atamo_rules.hub.requests.request import Clocks, Part, Request, Terms
from atamo_rules.model.decision import Action, Decision, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.rule import Plan, Ruleset
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.types import Json

BUCKET = "requests"
"""Where the store keeps how each request stands: when it begins, and when it is over."""
SILENT = "it ended without an answer"


def rule_part(rule: str) -> str:
    """The name of the part that a rule answers by its `reply`."""
    return f"rule {rule}"


def feed_part(action: Action) -> Part:
    """The part of an agent that a rule lets publish to whoever asked."""
    return Part(action.id, action.rule, action.agent, action.action, feed=True)


def parts_of(decision: Decision, ruleset: Ruleset) -> tuple[Part, ...]:
    """Who is expected: rules that reply, now or after what they ask, and agents that publish. What is sent to be done
    beside is nobody's answer."""
    plans = {rule.id: rule.plans for rule in ruleset.rules}
    parts: list[Part] = []
    for fired in decision.fired:
        if fired.shadow:
            continue
        parts += [feed_part(action) for action in fired.actions if action.verb == "publish"]
        later = fired.waiting is not None and _answers(plans[fired.rule], ("reply", "publish"))
        if later or _answers(plans[fired.rule], ("reply",)):
            asked = _asked(fired)
            names = (asked.agent, asked.action) if asked is not None else ("", "")
            asks = asked.id if asked is not None else ""
            parts.append(Part(rule_part(fired.rule), fired.rule, *names, asks=asks))
    return tuple(parts)


def begun(decision: Decision) -> Iterable[Happened]:
    """What the rules of a decision have answered with it."""
    for fired in decision.fired:
        if not fired.shadow:
            yield from said(fired.rule, fired.actions, fired.problems, waiting=fired.waiting is not None)


def went_on(
    rule: str, actions: Iterable[Action], problems: Iterable[str], asked: Action | None
) -> Iterable[Happened]:
    """What a rule has answered now that it went on; `asked` is the action it waits for next."""
    actions = tuple(actions)
    feeds = tuple(feed_part(action) for action in actions if action.verb == "publish")
    if feeds:
        yield More(feeds)
    if asked is not None:
        yield Asked(rule_part(rule), asked.agent, asked.action, asked.id)
    yield from said(rule, actions, problems, waiting=asked is not None, handed_on=bool(feeds))


def said(
    rule: str, actions: Iterable[Action], problems: Iterable[str], *, waiting: bool, handed_on: bool = False
) -> Iterable[Happened]:
    """The replies among a rule's actions; unless it is `waiting` it answers no more after them."""
    part, answers = rule_part(rule), 0
    for action in actions:
        if action.verb == "reply" and action.error is not None:
            yield Broke(part, action.error, told=True)
            answers += 1
        elif action.verb == "reply":
            yield Answered(part)
            answers += 1
    if not waiting:
        yield Ended(part) if answers or handed_on else Broke(part, "; ".join(problems)[:500] or SILENT)


def _answers(plans: Iterable[Plan], verbs: tuple[str, ...]) -> bool:
    return any(plan.verb in verbs or _answers(plan.on_timeout, verbs) for plan in plans)


def _asked(fired: Fired) -> Action | None:
    waiting = fired.waiting
    if waiting is None:
        return None
    return next((action for action in fired.actions if action.id == waiting.action_id), None)


# --- kept -----------------------------------------------------------------------------------------------


def fingerprint(event: Event, digest: str, how: Terms) -> str:
    """What two requests share that may have the same answers: type and data, the rules, and everything that rules may
    know of who asks. Another generation of rules is another fingerprint."""
    user = event.user
    who: Json = None if user is None else [user.name, *sorted(user.groups), user.organisation]
    facts: list[Json] = [event.type, event.body, digest, who, str(how.policy)]
    return sha256(encode_sorted(facts).encode("utf-8", "surrogatepass")).hexdigest()


def request_record(request: Request) -> dict[str, Any]:
    """A request as plain data."""
    return {**asdict(request), "policy": str(request.policy)}


def read_record(value: Mapping[str, Any]) -> Request:
    """The request that `request_record` gave, also after it was JSON, where numbers are exact. Which `hub` keeps it is
    no part of it."""
    ended = value["ended"]
    return Request(
        **{
            **{name: one for name, one in value.items() if name != "hub"},
            "parts": tuple(Part(**part) for part in value["parts"]),
            "clocks": Clocks(**{name: float(seconds) for name, seconds in value["clocks"].items()}),
            "policy": read_completion(value["policy"]),
            "opened": float(value["opened"]),
            "heard": float(value["heard"]),
            "ended": None if ended is None else float(ended),
        }
    )


def not_ahead(request: Request, now: float) -> Request:
    """A request of a process whose wall clock was ahead of this one's: its clocks begin now at the latest."""
    ended = None if request.ended is None else min(request.ended, now)
    return replace(request, opened=min(request.opened, now), heard=min(request.heard, now), ended=ended)


def resumed(
    request: Request, frames: Iterable[Frame], told: Mapping[str, Any]
) -> tuple[Request, tuple[Happened, ...]]:
    """A request as its log says it stands, and what a process that ended in between has left to be said: parts whose
    actions are over will not answer any more."""
    actions = told.get("actions", [])
    request = replace(request, parts=(*request.parts, *_handed_on(request, actions)))
    names = {(part.rule, part.agent, part.action): part for part in request.parts}
    happened: list[Happened] = [Routed(request.parts)]
    for frame in frames:
        if frame.last:
            ended = frame.at.timestamp() if frame.at is not None else request.opened
            body: Mapping[str, Any] = frame.body if isinstance(frame.body, dict) else {}
            state, why = body.get("state", "complete"), str(body.get("why", ""))
            return replace(request, state=state, why=why, ended=ended), ()
        part = names.get((frame.rule, frame.agent, frame.action)) or request.part(rule_part(frame.rule))
        if part is not None and frame.kind == "error":
            happened.append(Broke(part.id, str(frame.body), told=True))
        elif part is not None and frame.kind not in ("progress", "end"):
            happened.append(Answered(part.id))
    still = {one["id"] for one in actions if one["state"] in ("waiting", "running", "again", "later")}
    asking = {one["rule"]: one for one in actions if one["id"] in still and one["verb"] == "ask"}
    handed_on = {part.rule for part in request.parts if part.feed}
    answered = {one.part for one in happened if isinstance(one, Answered)}
    reasons = {one["id"]: one["why"] for one in actions if one["state"] != "done"}
    for part in request.parts:
        if part.feed and part.id not in still:
            happened.append(
                Broke(part.id, reasons[part.id] or SILENT) if part.id in reasons else Ended(part.id)
            )
        elif not part.feed and part.rule in asking:
            happened.append(Asked(part.id, *_names(asking[part.rule]), asking[part.rule]["id"]))
        elif not part.feed:
            spoke = part.id in answered or part.rule in handed_on
            happened.append(Ended(part.id) if spoke else Broke(part.id, SILENT))
    return request, tuple(happened)


def _handed_on(request: Request, actions: Iterable[Mapping[str, Any]]) -> Iterable[Part]:
    """Agents that rules let publish when they went on: what is kept of a request is from its beginning."""
    for one in actions:
        known = request.part(one["id"]) is not None or request.part(rule_part(one["rule"])) is None
        if one["verb"] == "publish" and not known:
            yield Part(one["id"], one["rule"], *_names(one), feed=True)


def _names(action: Mapping[str, Any]) -> tuple[str, str]:
    agent, _, name = action["target"].rpartition(".")
    return agent, name
