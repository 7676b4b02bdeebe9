"""Providers beside the rules that change while the hub runs: one swap for a good state, the last one for a bad."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atamo_rules.builtin.configuration.text import RefusedText, TextProvider
from atamo_rules.hub.evaluators import following
from atamo_rules.source import codes
from atamo_rules.source.span import Source
from tests.providers.beside import Scripted, Stage, Told, note


def test_a_new_state_is_asked_from_the_next_event_on_and_the_old_one_is_closed() -> None:
    first, second = Scripted([note(1)]), Scripted([note(2)], version="2.2")

    async def story() -> Stage:
        told = Told("pricing", first)
        stage = Stage(told)
        async with stage.controller:
            before = stage.controller.hub.current.digest
            await stage.send(id="a", n=0)
            told.news.put_nowait(second)
            await stage.until(lambda: stage.controller.hub.current.evaluators == (second,))
            await stage.send(id="b", n=0)
            assert stage.controller.hub.current.digest == before, "the rules are the same"
            await stage.until(lambda: first.closed == 1)
            assert second.closed == 0
        return stage

    stage = asyncio.run(story())
    assert [one.provider for one in stage.agents["desk"].asked] == ["pricing 2.1", "pricing 2.2"]
    assert [one["version"] for one in stage.heard.what("provider.activated")] == ["2.1", "2.2"]
    assert all(agent.closed == 1 for agent in stage.agents.values()), "agents outlive a change of providers"


def test_people_made_over_http_stay_in_force_when_a_provider_changes() -> None:
    async def story() -> None:
        told = Told("pricing", Scripted())
        stage = Stage(told)
        async with stage.controller:
            hub = stage.controller.hub
            await hub.members.change("users", "amy", {"organisation": "acme"}, "root")
            second = Scripted(version="2.2")
            told.news.put_nowait(second)
            await stage.until(lambda: hub.current.evaluators == (second,))
            assert hub.current.intake.people.user("amy").organisation == "acme"

    asyncio.run(story())


def test_an_event_ends_under_the_state_it_began_with() -> None:
    async def story() -> Stage:
        go = asyncio.Event()

        async def slow(event: Any) -> Any:
            await go.wait()
            return [note(1)]

        first, second = Scripted(slow), Scripted([note(2)], version="2.2")
        told = Told("pricing", first)
        stage = Stage(told)
        async with stage.controller:
            sending = asyncio.create_task(stage.send(n=0))
            await stage.until(lambda: len(first.asked) == 1)
            told.news.put_nowait(second)
            await stage.until(lambda: stage.controller.hub.current.evaluators == (second,))
            assert first.closed == 0, "somebody is still asking it"
            go.set()
            await sending
            await stage.until(lambda: first.closed == 1)
        return stage

    stage = asyncio.run(story())
    assert [one.provider for one in stage.agents["desk"].asked] == ["pricing 2.1"]


WRONG: dict[str, Any] = {
    "refused": RefusedText((codes.SYNTAX.at(Source("p.py", "def").whole, "it is no Python"),)),
    "no state": object(),
    "another name": Scripted(name="other"),
    "a version with blanks": Scripted(version="2 1"),
    "no time": Scripted(timeout=0),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_state_that_is_wrong_is_told_and_the_last_good_one_stays(what: str) -> None:
    good = Scripted([note()])

    async def story() -> Stage:
        told = Told("pricing", good)
        stage = Stage(told)
        async with stage.controller:
            told.news.put_nowait(WRONG[what])
            await stage.until(lambda: bool(stage.heard.what("provider.rejected")))
            await stage.send(n=0)
        return stage

    stage = asyncio.run(story())
    (rejected,) = stage.heard.what("provider.rejected")
    assert rejected["provider"] == "pricing"
    assert rejected["reasons"]
    (alert,) = stage.alerts
    assert (alert.kind, alert.message) == (
        "provider",
        f"the provider `pricing` told a state that is not taken: {'; '.join(rejected['reasons'])}",
    )
    assert [one.provider for one in stage.agents["desk"].asked] == ["pricing 2.1"]


def test_one_that_breaks_off_is_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FIRST", 0.0)

    async def story() -> tuple[Stage, Told]:
        told = Told("pricing", ValueError("no connection"), Scripted([note()]))
        stage = Stage(told)
        async with stage.controller:
            await stage.until(lambda: len(stage.controller.hub.current.evaluators) == 1)
            await stage.send(n=0)
        return stage, told

    stage, told = asyncio.run(story())
    assert told.called == 2
    assert [one["why"] for one in stage.heard.what("provider.broken")] == ["ValueError: no connection"]
    assert [one.message for one in stage.alerts] == [
        "the provider `pricing` broke off: ValueError: no connection"
    ]
    assert len(stage.agents["desk"].asked) == 1


def test_a_hub_begins_without_one_that_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE", 0.01)

    async def story() -> Stage:
        stage = Stage(Told("silent"), Scripted([note()]))
        async with stage.controller:
            await stage.send()
        return stage

    stage = asyncio.run(story())
    assert len(stage.agents["desk"].asked) == 2
    (broken,) = stage.heard.what("provider.broken")
    assert broken["provider"] == "silent"


@pytest.mark.parametrize(
    ("providers", "why"),
    [
        ((Scripted(), Scripted()), "two providers are called `pricing`"),
        ((Scripted(name="Bad Name"),), "'Bad Name' is no name for a provider: small letters, digits and `-`"),
        ((Scripted(name="rules"),), "`rules` is a provider of the project's own folder; call this one otherwise"),
        ((TextProvider(""),), "`TextProvider` cannot be asked beside the rules: it has neither `evaluate` nor a name"),
        ((Scripted(version=""),), "the provider `pricing` cannot be used: its `version` is a text of at most 40"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_at_once(providers: Any, why: str) -> None:
    with pytest.raises(ValueError, match=r"provider|rules") as raised:
        Stage(*providers)
    assert str(raised.value).startswith(why)
