"""An agent is given what its user has, where its rule may use it, and says it nowhere."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from atamo_rules.cli.ink import Ink
from atamo_rules.cli.timeline import one_line
from atamo_rules.hub.agents.masking import SHORTEST, mask
from atamo_rules.hub.hub import Hub
from atamo_rules.model.secret import Secret
from atamo_rules.people.tokens import Binding, Consent
from tests.vault.places import Asking, Blabbing, staged, tick

CRM = Binding("acme", "user ann", "crm", ("crm.example",))
DESK = Binding("acme", "group desk", "crm", ("crm.example",))


def agreed(to: str, who: str = "user ann", hosts: tuple[str, ...] = ("crm.example",)) -> Consent:
    return Consent("acme", who, "crm", hosts, to)


async def ended(hub: Hub) -> None:
    await hub.drain(5)
    await hub.end()


def test_a_rule_of_ones_own_and_those_one_agreed_to_may_use_it(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Asking()
        hub, heard, vault = staged(tmp_path, agent)
        await hub.start()
        token = await vault.keep(CRM, "bearer", "ann's own token", by="ann")
        await tick(hub, "e1", "ann")
        assert agent.got == ["ann's own token"]
        for number, (by, to) in enumerate((("eve", "user eve"), ("project", "project"))):
            await tick(hub, f"no{number}", by)
            assert len(agent.got) == 1 + number, "a rule that may not is no attempt with it"
            consent = await hub.consents.give(agreed(to), "ann")
            await tick(hub, f"yes{number}", by)
            assert agent.got[-1] == "ann's own token"
            await hub.consents.withdraw(consent, "ann")
            await tick(hub, f"again{number}", by)
            assert len(agent.got) == 2 + number
        used = heard.what("secret.used")
        assert [(one["secret"], one["version"], one["rule"]) for one in used] == [
            (token.id, 1, "of_ann"), (token.id, 1, "of_eve"), (token.id, 1, "of_project"),
        ]  # fmt: skip
        denied = heard.what("access.denied")
        assert [one["reason"] for one in denied[::2]] == [
            f"`user ann` did not agree to rules of `{to}` using `crm`: "
            f"they do by `atamo secret consent crm --to '{to}' --host crm.example`"
            for to in ("user eve", "project")
        ]
        assert len(heard.what("action.failed")) == 4, "it is not tried again"
        await ended(hub)

    asyncio.run(story())


def test_the_story_of_an_event_says_whose_token_was_handed_over_and_whose_was_not(tmp_path: Path) -> None:
    async def story() -> dict[str, str]:
        hub, heard, vault = staged(tmp_path, Asking())
        await hub.start()
        await vault.keep(CRM, "bearer", "ann's own token", by="ann")
        await tick(hub, "own", "ann")
        await tick(hub, "not", "eve")
        await ended(hub)
        return {
            record.kind: one_line(
                {"kind": record.kind, "what": record.what, "at": "2026-11-26T00:00:00Z"}, Ink(False)
            )
            for record in heard.records
            if record.kind in ("secret.used", "access.denied")
        }

    told = asyncio.run(story())
    assert told["secret.used"].endswith("crm.call was handed the token of user ann at crm.example, version 1")
    assert "crm.call was not handed the token of user ann at crm.example: `user ann` did not agree" in told[
        "access.denied"
    ]  # fmt: skip


def test_an_agent_at_another_address_is_given_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Asking()
        hub, heard, vault = staged(tmp_path, agent)
        await hub.start()
        await vault.keep(CRM, "bearer", "ann's own token")
        await hub.consents.give(agreed("user eve", hosts=("crm.example", "evil.example")), "ann")
        for number, host in enumerate(("evil.example", "crm.example.evil.example", "")):
            agent.host = host
            await tick(hub, f"e{number}", "ann")
            await tick(hub, f"f{number}", "eve")
        assert agent.got == []
        assert len(heard.what("access.denied")) == 6
        await ended(hub)

    asyncio.run(story())


def test_a_group_has_tokens_and_its_members_of_now_use_them(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Asking()
        hub, _, vault = staged(tmp_path, agent)
        await hub.start()
        await vault.keep(DESK, "bearer", "the desk's token")
        await hub.consents.give(agreed("project", "group desk"), "ann")
        await tick(hub, "e1", "desk", "eve")
        await tick(hub, "e2", "project", "eve")
        await vault.keep(Binding("acme", "user eve", "crm", ("crm.example",)), "bearer", "eve's own")
        await hub.consents.give(agreed("project", "user eve"), "eve")
        await tick(hub, "e3", "project", "eve")
        assert agent.got == ["the desk's token", "the desk's token", "eve's own"]
        await tick(hub, "e4", "project", "bob")
        assert agent.got[-1] is None, "who is in no group has nothing"
        await ended(hub)

    asyncio.run(story())


def test_nothing_is_used_for_an_event_of_another_organisation(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Asking()
        rules = """
        event tick
          by: text
        agent crm
          send call
            n: whole
        rule anybody
          on tick
          do
            send crm.call as user ann
              n: 1
        """
        hub, heard, vault = staged(tmp_path, agent, rules)
        await hub.start()
        await vault.keep(CRM, "bearer", "ann's own token")
        await hub.consents.give(agreed("project"), "ann")
        await tick(hub, "e1", "x", "bob")
        assert agent.got == []
        assert heard.what("access.denied")[0]["reason"] == "they are of another organisation than the event"
        await tick(hub, "e2", "x", "eve")
        assert agent.got == ["ann's own token"]
        await ended(hub)

    asyncio.run(story())


def test_without_a_token_nothing_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Asking()
        hub, heard, _ = staged(tmp_path, agent)
        await hub.start()
        for by in ("ann", "eve", "project", "desk"):
            await tick(hub, by, by)
        assert agent.got == [None] * 4
        assert "access.denied" not in heard.kinds()
        assert "secret.used" not in heard.kinds()
        await ended(hub)

    asyncio.run(story())


def test_an_answer_that_one_rule_shares_is_not_given_to_another_owners(tmp_path: Path) -> None:
    """Equal calls as the same user are one, but not across owners: who agreed to one of them did not to the other."""

    async def story() -> None:
        agent = Blabbing(lambda text: f"{len(text)} characters")
        rules = """
        event tick
          by: text
        agent crm
          ask look
            safe fresh 1 hour shared by organisation
            answer
              said: text
        rule of_ann
          owner "user ann"
          on tick
          when by is "ann"
          do
            ask crm.look as user ann within 1 minute
        rule of_eve
          owner "user eve"
          on tick
          when by is "eve"
          do
            ask crm.look as user ann within 1 minute
        """
        hub, heard, vault = staged(tmp_path, agent, rules)
        await hub.start()
        await vault.keep(CRM, "bearer", "ann's own token")
        await tick(hub, "e1", "ann")
        await tick(hub, "e2", "ann")
        assert len(agent.got) == 1, "the second call is spared"
        await tick(hub, "e3", "eve")
        assert len(agent.got) == 1
        assert len(heard.what("access.denied")) == 1
        await ended(hub)

    asyncio.run(story())


TEXT = "sk-Zm9v/bar+baz==42"
FORMS = {
    "plain": lambda text: {"headers": [f"Authorization: Bearer {text}"], text: 1},
    "base64": lambda text: base64.b64encode(f"ann:{text}".encode()).decode(),
    "base64 inside": lambda text: base64.urlsafe_b64encode(f"xy{text}zz".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "address": lambda text: f"https://crm.example/?token={quote(text, safe='')}",
}


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_what_the_other_side_says_back_is_masked(tmp_path: Path, form: str, fails: bool) -> None:
    async def story() -> None:
        agent = Blabbing(FORMS[form], fails=fails)
        hub, heard, vault = staged(tmp_path, agent)
        await hub.start()
        await vault.keep(CRM, "bearer", TEXT)
        await tick(hub, "e1", "ann")
        assert agent.got == [TEXT]
        told = repr(
            (await hub.store.told("e1") or await hub.store.told("#e1"), await hub.store.dead(), heard.records)
        )
        told = told or ""
        assert "[secret]" in told
        for one in FORMS.values():
            core = str(one(TEXT))[8:-8]
            assert core not in told
        await ended(hub)

    asyncio.run(story())


@pytest.mark.parametrize("value", [None, True, 7, "", [], {"a": [1, "b"]}])
def test_what_holds_no_secret_is_as_it_was(value: Any) -> None:
    assert mask(value, [Secret("a long enough one")]) == value
    assert mask(value, []) == value


def test_a_text_that_is_too_short_to_be_one_is_left() -> None:
    assert mask("aaaaaaaa", [Secret("a" * (SHORTEST - 1))]) == "aaaaaaaa"
    assert mask("aaaaaaaa", [Secret("a" * SHORTEST)]) == "[secret]"
