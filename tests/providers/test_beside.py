"""Providers beside the rules: what they say joins the decision, and whatever they do harms nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from atamo_rules.builtin.configuration.python import FunctionEvaluator
from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.hub.evaluators import panel
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.model.contribution import ActionMessage
from atamo_rules.model.decision import Action
from atamo_rules.testing.clock import ManualClock
from tests.providers.beside import Scripted, Stage, note


def test_two_providers_and_the_rules_decide_one_event_together() -> None:
    first = Scripted([note(7, why="they pay")])
    second = Scripted([note(8)], name="routing", version="3")

    async def story() -> Stage:
        stage = Stage(first, second)
        async with stage.controller:
            await stage.send()
        return stage

    stage = asyncio.run(story())
    desk = stage.agents["desk"].asked
    assert [(one.body, one.rule, one.provider, one.because) for one in desk[1:]] == [
        ({"n": 7}, "provider:pricing", "pricing 2.1", "they pay"),
        ({"n": 8}, "provider:routing", "routing 3", "the provider routing 3"),
    ]
    assert desk[0].provider == "rules"
    assert len({one.id for one in desk}) == 3
    (decided,) = stage.heard.what("event.decided")
    assert decided["matched"] == ["tell"], "a provider is no rule"
    assert decided["stopped_by"] == "tell", "and a rule's stop stops no provider"
    assert decided["providers"] == ["rules", "pricing 2.1", "routing 3"]
    assert [one["provider"] for one in stage.heard.what("action.created")] == list(decided["providers"])
    assert {one["provider"] for one in stage.heard.what("action.done")} == set(decided["providers"])
    activated = stage.heard.what("provider.activated")
    assert not any(record.rules for record in stage.heard.records if record.kind == "provider.activated")
    assert [(one["provider"], one["version"], one["state"]) for one in activated] == [
        ("pricing", "2.1", "pricing-2.1"), ("routing", "3", "routing-3"),
    ]  # fmt: skip
    assert (first.closed, second.closed) == (1, 1)


def test_what_it_says_is_kept_in_the_decisions_own_transaction() -> None:
    async def story() -> Stage:
        stage = Stage(Scripted([note()]))
        async with stage.controller:
            await stage.send(n=0)
        return stage

    kinds = asyncio.run(story()).heard.kinds("e1")
    assert kinds[:3] == ["event.accepted", "event.decided", "action.created"]
    assert "event.unrouted" not in kinds, "somebody wanted something"


def test_a_type_of_action_goes_to_every_agent_that_does_it() -> None:
    async def story() -> Stage:
        stage = Stage(Scripted([ActionMessage("ticket.open", {"title": "hi"})]))
        async with stage.controller:
            await stage.send(n=0)
        return stage

    stage = asyncio.run(story())
    bodies = [stage.agents[name].asked[0].body for name in ("crm", "erp")]
    assert bodies == [{"title": "hi"}] * 2
    assert len({stage.agents[name].asked[0].id for name in ("crm", "erp")}) == 2


def test_what_it_emits_comes_in_like_any_event() -> None:
    def once(event: Any) -> list[ActionMessage]:
        return [ActionMessage("thing.flagged", {"n": 3}, "emit")] if event.type == "thing.seen" else []

    async def story() -> Stage:
        stage = Stage(Scripted(once))
        async with stage.controller:
            await stage.send()
            await stage.until(lambda: len(stage.agents["crm"].asked) == 1)
        return stage

    accepted = asyncio.run(story()).heard.what("event.accepted")
    assert [(one["type"], one["source"]) for one in accepted] == [
        ("thing.seen", ""), ("thing.flagged", "rule:provider:pricing"),
    ]  # fmt: skip


def test_requests_are_evaluated_too() -> None:
    async def story() -> tuple[Stage, Answers]:
        stage = Stage(Scripted([note()]))
        async with stage.controller:
            answers = await stage.controller.hub.ask("thing.price", {"n": 4})
            await stage.until(lambda: len(stage.agents["desk"].asked) == 1)
        return stage, answers

    _, answers = asyncio.run(story())
    assert answers.first == {"price": 4}


BAD: dict[str, tuple[Any, str]] = {
    "it raises": (ValueError("no price"), "ValueError: no price"),
    "it exits": (SystemExit(3), "SystemExit: 3"),
    "it cancels": (asyncio.CancelledError(), "CancelledError"),
    "a text": ("desk.note", "it gave a str in place of a list of action messages"),
    "a number": (7, "it gave a int in place of a list of action messages"),
    "too many": ([note()] * 101, "it gave 101 action messages, and 100 are the most"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_provider_that_fails_is_told_and_the_others_go_on(what: str) -> None:
    given, why = BAD[what]

    async def story() -> Stage:
        stage = Stage(Scripted(given, name="bad"), Scripted([note()]))
        async with stage.controller:
            await stage.send()
        return stage

    stage = asyncio.run(story())
    assert [one.provider for one in stage.agents["desk"].asked] == ["rules", "pricing 2.1"]
    (failed,) = stage.heard.what("provider.failed")
    assert (failed["provider"], failed["why"], failed["problems"]) == ("bad 2.1", why, [])
    assert [(one.kind, one.message) for one in stage.alerts] == [
        ("provider", f"the provider `bad` failed: {why}")
    ]
    assert stage.heard.what("event.decided")[0]["problems"] == [f"provider bad 2.1: {why}"]


def noted(body: Any, verb: Any = "send") -> ActionMessage:
    return ActionMessage("desk.note", body, verb)


ASKS = "`desk.note`: a provider sends or emits, and this says `ask`"
NO_JSON = "`desk.note`: its arguments are no JSON object: "
NONSENSE: dict[str, tuple[Any, str]] = {
    "no message": ("x", "it is a str, and no action message"),
    "no agent": (ActionMessage("dask.note"), "no agent does `dask.note`; did you mean `desk.note`?"),
    "no action": (ActionMessage("desk.nota"), "no agent does `desk.nota`; did you mean `desk.note`?"),
    "no type": (ActionMessage("ticket.opened"), "no agent does `ticket.opened`; did you mean `ticket.open`?"),
    "it asks": (ActionMessage("desk.look"), "`desk.look` is for `ask`, and a provider can only send"),
    "another verb": (noted({"n": 1}, "ask"), ASKS),
    "another type": (noted({"n": "1"}), "`desk.note`: /n: its value is not of type "),
    "a truth value for a number": (noted({"n": True}), "`desk.note`: "),
    "a number that is none": (noted({"n": float("nan")}), f"{NO_JSON}nan is not a JSON number"),
    "too few": (noted({}), "`desk.note`: "),
    "too many": (noted({"n": 1, "tga": "x"}), "`desk.note` has no argument `tga`; did you mean `tag`?"),
    "no body": (noted(7), NO_JSON),
    "no event": (
        ActionMessage("thing.flaged", {}, "emit"),
        "there is no event type `thing.flaged`; did you mean",
    ),
    "a request": (
        ActionMessage("thing.price", {}, "emit"),
        "`thing.price` is a request, and only events are",
    ),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_a_message_that_is_nonsense_is_told_and_its_neighbours_stand(what: str) -> None:
    message, why = NONSENSE[what]

    async def story() -> Stage:
        stage = Stage(Scripted([message, note()]))
        async with stage.controller:
            await stage.send(n=0)
        return stage

    stage = asyncio.run(story())
    assert [one.body for one in stage.agents["desk"].asked] == [{"n": 7}]
    (failed,) = stage.heard.what("provider.failed")
    (problem,) = failed["problems"]
    assert problem.startswith(f"message 1 was not taken: {why}")
    assert failed["why"] == ""


def test_one_that_is_late_is_given_up_even_if_it_does_not_end() -> None:
    over = asyncio.Event

    async def story() -> Stage:
        end = over()

        async def deaf(event: Any) -> list[ActionMessage]:
            while not end.is_set():
                try:
                    await end.wait()
                except asyncio.CancelledError:
                    continue
            return []

        stage = Stage(Scripted(deaf, name="deaf", timeout=0.01), Scripted([note()]))
        async with stage.controller:
            await stage.send()
            assert len(stage.controller.hub.panel.left["deaf"]) == 1
            end.set()
            await stage.until(lambda: not stage.controller.hub.panel.left["deaf"])
        return stage

    stage = asyncio.run(story())
    assert [one["why"] for one in stage.heard.what("provider.failed")] == [
        "it did not answer within 0.01 seconds"
    ]
    assert len(stage.agents["desk"].asked) == 2


def test_what_it_does_to_the_event_is_seen_by_nobody() -> None:
    def spoil(event: Any) -> list[ActionMessage]:
        event.body["n"] = 99
        assert event.salt == ""
        return []

    async def story() -> Stage:
        stage = Stage(Scripted(spoil), Scripted(lambda event: [note(event.body["n"])], name="later"))
        async with stage.controller:
            await stage.send(n=5)
        return stage

    stage = asyncio.run(story())
    assert [one.body["n"] for one in stage.agents["desk"].asked] == [5, 5]  # type: ignore[index, call-overload]


def test_one_that_fails_again_and_again_is_left_alone_for_a_while_and_alerted_once() -> None:
    bad = Scripted(ValueError("no"), name="bad")

    async def story() -> Stage:
        stage = Stage(bad)
        async with stage.controller:
            for number in range(panel.POLICY.failures + 3):
                await stage.send(id=f"e{number}")
        return stage

    stage = asyncio.run(story())
    assert len(bad.asked) == panel.POLICY.failures
    assert len(stage.alerts) == 1
    failed = stage.heard.what("provider.failed")
    assert [one["why"] for one in failed[-3:]] == ["it is left alone for a while: ValueError: no"] * 3


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_function_is_an_evaluator(kind: str) -> None:
    seen: list[Any] = []

    def plain(event: Any) -> Any:
        seen.append(event)
        return [{"send": "desk.note", "with": {"n": event["data"]["n"] + 1}, "why": "it counts"}]

    async def waiting(event: Any) -> Any:
        return plain(event)

    function: Callable[[Any], Any] = plain if kind == "def" else waiting

    async def story() -> Stage:
        stage = Stage(FunctionEvaluator(function, name="counting"))
        async with stage.controller:
            await stage.send(n=0)
        return stage

    (done,) = asyncio.run(story()).agents["desk"].asked
    assert (done.body, done.because) == ({"n": 1}, "it counts")
    assert {**seen[0], "time": ""} == {
        "id": "e1", "type": "thing.seen", "time": "", "source": "", "user": None, "data": {"n": 0},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"send": "desk.note"}, "TypeError: `evaluate` gave a dict in place of a list"),
        ([["desk.note"]], "Refused: a message is an object, and this is a list"),
        ([{"send": "a.b", "emit": "c"}], "Refused: a message has one of `send` and `emit`"),
        ([{"send": "a.b", "as": "user root"}], "Refused: a message has no `as`: it has `send` or `emit`,"),
        ([{"send": 7}], "Refused: `send`, `emit` and `why` of a message are texts, and `with` is an object"),
    ],
)  # fmt: skip
def test_what_a_function_gives_is_read_strictly(given: Any, why: str) -> None:
    async def story() -> Stage:
        stage = Stage(FunctionEvaluator(lambda event: given, name="counting"))
        async with stage.controller:
            await stage.send()
        return stage

    (failed,) = asyncio.run(story()).heard.what("provider.failed")
    assert failed["why"].startswith(why)


def test_a_function_that_is_changed_is_another_state() -> None:
    one = FunctionEvaluator(lambda event: [], name="a")
    other = FunctionEvaluator(lambda event: None, name="a")
    assert one.digest != other.digest
    assert one.digest != FunctionEvaluator(one.function, name="a", version="2").digest


def test_alerts_about_one_provider_come_a_minute_apart() -> None:
    def now_and_then(event: Any) -> Any:
        return [] if event.body["n"] % 2 else "nonsense"

    async def story() -> Stage:
        stage = Stage(Scripted(now_and_then, name="bad"))
        async with stage.controller:
            clock = stage.controller.hub.clock = ManualClock()
            for number in range(8):
                await stage.send(id=f"e{number}", n=number)
                clock.move(panel.QUIET / 4 if number < 4 else 0.0)
        return stage

    stage = asyncio.run(story())
    assert len(stage.heard.what("provider.failed")) == 4
    assert len(stage.alerts) == 2


def test_a_store_keeps_who_asked_for_an_action() -> None:
    action = Action("a1", "send", "desk", "note", {"n": 1}, "provider:stock", "why", 0, provider="stock 1.4")
    plain = Action("a2", "send", "desk", "note", {"n": 1}, "tell", "a.atamo:1:1", 0)
    for one in (action, plain):
        assert values.to_action(values.of_action(one)) == one
    assert len(values.of_action(plain)) == 12, "as a release before wrote it"


def test_how_each_provider_stands_is_told() -> None:
    bad = Scripted(ValueError("no"), name="bad")
    half = Scripted([note(), {"no": "message"}], name="half", version="3")
    good = Scripted([note()], name="good")

    async def story() -> list[Any]:
        stage = Stage(bad, half, good)
        async with stage.controller:
            before = stage.controller.hub.panel.document()
            for number in range(panel.POLICY.failures + 1):
                await stage.send(id=f"e{number}")
            return [before, stage.controller.hub.panel.document()]

    before, after = asyncio.run(story())
    fresh = [{key: one[key] for key in ("name", "version", "state", "failures")} for one in before]
    assert fresh == [
        {"name": name, "version": version, "state": "asked", "failures": 0}
        for name, version in (("bad", "2.1"), ("half", "3"), ("good", "2.1"))
    ]
    assert [(one["name"], one["state"], one["failures"]) for one in after] == [
        ("bad", "left alone", panel.POLICY.failures),
        ("half", "asked", panel.POLICY.failures + 1),
        ("good", "asked", 0),
    ]
    assert after[0]["why"] == "ValueError: no"
    assert "message 2" in after[1]["why"]
    assert "why" not in after[2]
