"""Nobody is called without a credential that is needed: a failure with a name, a record, and a word at the start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.agents.lacking import NO_VAULT
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.hub import Hub
from atamo_rules.model.secret import Need
from atamo_rules.people.tokens import Binding
from tests.agents.servers import Web, web
from tests.hub.stage import Heard, stage, state
from tests.vault.places import PEOPLE, RULES, Asking, staged, tick

HERE = "127.0.0.1"
OF_ANN = f"there is no credential of user ann for `crm` at {HERE}"


@pytest.fixture
def desk() -> Iterator[Web]:
    with web() as server:
        yield server


def agent(desk: Web, **settings: Any) -> HttpAgent:
    return HttpAgent("crm", {"url": desk.url, "private": True, **settings}, ".")


def told(
    desk: Web, place: Path, keep: bool = False, vault: bool = True, user: str = "", **settings: Any
) -> Heard:
    """What is recorded of one action of a rule of ann's, by an http agent with these settings."""

    async def story() -> Heard:
        crm = agent(desk, **settings)
        hub, heard, sealed = staged(place, crm)  # type: ignore[arg-type]
        hub.vault = sealed if vault else None
        await hub.start()
        if keep:
            await sealed.keep(Binding("acme", "user ann", "crm", (HERE,)), "bearer", "ann's own")
        await tick(hub, "e1", "ann", user)
        await hub.drain(5)
        await hub.end()
        await crm.close()
        return heard

    return asyncio.run(story())


@pytest.mark.parametrize("settings", [{}, {"auth": "user"}, {"auth": "webhook"}])
def test_nobody_is_called_without_it(desk: Web, tmp_path: Path, settings: dict[str, Any]) -> None:
    heard = told(desk, tmp_path, **settings)
    assert desk.asked == []
    (failed,) = heard.what("action.failed")
    assert (failed["why"], failed["error"], failed["attempt"]) == (OF_ANN, "credential", 1)
    (missing,) = heard.what("secret.missing")
    assert (missing["of"], missing["host"], missing["rule"]) == ("user ann", HERE, "of_ann")


def test_a_client_of_a_token_server_is_missed_there(desk: Web, tmp_path: Path) -> None:
    heard = told(desk, tmp_path, auth={"token_url": f"{desk.url}/token"})
    assert desk.asked == []
    assert heard.what("action.failed")[0]["why"] == OF_ANN


@pytest.mark.parametrize("auth", ["optional", "none"])
def test_it_is_called_where_the_settings_say_so(desk: Web, tmp_path: Path, auth: str) -> None:
    heard = told(desk, tmp_path, auth=auth)
    assert [one.headers.get("authorization") for one in desk.asked] == [None]
    assert heard.what("secret.missing") == heard.what("action.failed") == []


@pytest.mark.parametrize("settings", [{}, {"auth": "user"}, {"auth": "optional"}])
def test_it_is_sent_where_there_is_one(desk: Web, tmp_path: Path, settings: dict[str, Any]) -> None:
    heard = told(desk, tmp_path, keep=True, **settings)
    assert [one.headers.get("authorization") for one in desk.asked] == ["Bearer ann's own"]
    assert heard.what("secret.missing") == []


def test_a_hub_without_a_vault_calls_only_what_does_not_say_that_it_needs_one(
    desk: Web, tmp_path: Path
) -> None:
    assert told(desk, tmp_path, vault=False).what("action.failed") == []
    assert len(desk.asked) == 1
    heard = told(desk, tmp_path, vault=False, auth="user")
    assert len(desk.asked) == 1
    (failed,) = heard.what("action.failed")
    assert failed["why"] == f"there is no credential for `crm` at {HERE}: this hub has no vault"
    assert len(heard.what("secret.missing")) == 1


def test_what_is_done_as_nobody(desk: Web, tmp_path: Path) -> None:
    def story(**settings: Any) -> Heard:
        async def run() -> Heard:
            crm = agent(desk, **settings)
            hub, heard = stage(RULES.replace('owner "user ann"', ""), {"crm": crm})
            _, _, hub.vault = staged(tmp_path, Asking())
            await hub.start()
            await hub.submit_json({"type": "tick", "id": "e1", "data": {"by": "ann"}})
            await hub.wait("e1", 60)
            await hub.end()
            await crm.close()
            return heard

        return asyncio.run(run())

    assert story().what("action.failed") == []
    assert len(desk.asked) == 1
    (failed,) = story(auth="user").what("action.failed")
    assert failed["why"] == f"there is no credential for `crm` at {HERE}: it is done as nobody"
    assert len(desk.asked) == 1


# --- what is said before ------------------------------------------------------------------------------------


class Needing(Asking):
    def __init__(self, need: Need) -> None:
        super().__init__()
        self.need = need


class Rules:
    """A provider of two states, the second once it is asked for."""

    def __init__(self, *given: Generation) -> None:
        self.given = given
        self.more = asyncio.Event()

    async def states(self) -> Any:
        yield self.given[0]
        await self.more.wait()
        for one in self.given[1:]:
            yield one
        await asyncio.Event().wait()


def warned(need: Need, tmp_path: Path, vault: bool, keep: str = "", rules: str = RULES) -> list[str]:
    async def story() -> list[str]:
        alerts: list[Alert] = []
        _, _, sealed = staged(tmp_path, Asking())
        store = MemoryStore()
        if keep:
            await sealed.begin(store, Hub(state(RULES, {}), store).clock)
            await sealed.keep(Binding("acme", keep, "crm", ("crm.example",)), "bearer", "a token")
        made = Rules(state(rules, {"crm": Needing(need)}, PEOPLE))  # type: ignore[dict-item]
        controller = Controller(made, store, alarm=alerts.append, vault=sealed if vault else None)
        async with controller:
            return [one.message for one in alerts if one.kind == "credential"]

    return asyncio.run(story())


def test_a_start_says_what_will_be_missed(tmp_path: Path) -> None:
    assert warned("required", tmp_path, vault=False) == [f"`crm` {NO_VAULT}"]
    assert warned("expected", tmp_path, vault=False) == []
    nothing = ["`of_eve` does `crm.call` as user ann, of whom the vault has nothing for `crm`"]
    assert warned("required", tmp_path, vault=True) == nothing
    assert warned("expected", tmp_path, vault=True) == nothing
    assert warned("optional", tmp_path, vault=True) == []
    assert warned("required", tmp_path, vault=True, keep="user ann") == []
    assert warned("required", tmp_path, vault=True, keep="group desk") == [], "she is in that group"


def test_an_edit_says_so_too(tmp_path: Path) -> None:
    async def story() -> list[str]:
        alerts: list[Alert] = []
        agents: Any = {"crm": Needing("required")}
        made = Rules(state("event tick\n  by: text\n", agents, PEOPLE), state(RULES, agents, PEOPLE))
        async with Controller(made, MemoryStore(), alarm=alerts.append) as controller:
            assert alerts == []
            made.more.set()
            while not alerts:
                await asyncio.sleep(0)
            assert controller.hub.current.ruleset.rules
            return [one.message for one in alerts]

    assert asyncio.run(story()) == [f"`crm` {NO_VAULT}"]
