"""Ways to another's token that are no call of an agent: a shared rule that is edited, a template, a trial."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from atamo_rules.builtin.vaults.keys import KeySource
from atamo_rules.builtin.vaults.sealed import SealedVault
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.model.secret import Secret
from atamo_rules.people.tokens import Binding, Consent
from atamo_rules.source.span import Source
from tests.hub.stage import state
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.vault.places import PEOPLE, Asking, key_file, staged, tick

ANNS = Binding("acme", "user ann", "crm", ("crm.example",))
DESKS = Binding("acme", "group desk", "crm", ("crm.example",))
SHARED = """
event tick
  by: text

agent crm
  send call
    n: whole

rule shared
  owner "group desk"
  on tick
  do
    send crm.call as group desk
      n: 1
"""
EDITS = {
    "as another": SHARED.replace("as group desk", "as user ann"),
    "as whoever sends": SHARED.replace(" as group desk", ""),
    "of another owner": SHARED.replace('owner "group desk"', 'owner "user eve"').replace(
        "as group desk", "as user ann"
    ),
    "of nobody": SHARED.replace('  owner "group desk"\n', "").replace("as group desk", "as user ann"),
    "under another's name": SHARED.replace("rule shared", "rule of_bob").replace(
        "as group desk", "as user ann"
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_shared_rule_that_is_edited_borrows_nothing(tmp_path: Path, edit: str) -> None:
    """The group's rule uses the group's token. Ann agreed to rules of bob and of nobody else here: whatever the rule is
    made to say, her token is not handed to it."""

    async def story() -> None:
        agent = Asking()
        hub, heard, vault = staged(tmp_path, agent, SHARED)
        await hub.start()
        await vault.keep(ANNS, "bearer", "ann's own token", by="ann")
        of_desk = await vault.keep(DESKS, "bearer", "the desk's token", by="ann")
        await hub.consents.give(Consent("acme", "user ann", "crm", ("crm.example",), "user bob"), "ann")
        await tick(hub, "before", "desk")
        assert agent.got == ["the desk's token"]
        hub.swap(state(EDITS[edit], {"crm": agent}, PEOPLE))  # type: ignore[dict-item]
        await vault.remove(of_desk.id)  # else whoever is in the group has that
        for who in ("ann", "eve"):
            await tick(hub, f"after {who}", "desk", who)
        assert set(agent.got) == {"the desk's token", *([None] if edit == "as whoever sends" else ())}
        reasons = [one["reason"] for one in heard.what("access.denied")]
        assert reasons
        assert all(one.startswith("`user ann` did not agree to rules of ") for one in reasons)
        assert len(heard.what("secret.used")) == 1
        await hub.drain(5)
        await hub.end()

    asyncio.run(story())


WORDED = """
event tick
  by: text

agent crm
  send call
    word: text

rule worded
  on tick
  do
    send crm.call
      word: {}
"""


@pytest.mark.parametrize(
    "asked",
    ["tokens", "secrets.crm", "secret", "credential", "vault", "user.token", "user.tokens.crm", "crm.token",
     "consents", "reply.credential", "event.tokens"],
)  # fmt: skip
def test_no_template_and_no_expression_knows_a_token(asked: str) -> None:
    for word in (f'"{{{{ {asked} }}}}"', asked):
        made = compile_sources([Source("a.atamo", WORDED.format(word))], lambda *_: "")
        assert made.ruleset is None, word
        assert [one.code.id for one in made.diagnostics] == ["E0302" if word[0] == '"' else "E0201"]
    assert (
        compile_sources([Source("a.atamo", WORDED.format('"{{ by }}"'))], lambda *_: "").ruleset is not None
    )


class Watched(SealedVault):
    """A sealed vault, and how often it was asked for a token."""

    asked = 0

    async def credential(self, user: str, agent: str, host: str, *, organisation: str = "") -> Secret | None:
        self.asked += 1
        return await super().credential(user, agent, host, organisation=organisation)


FOLKS = """
users:
  ann: { organisation: acme }
  eve: { organisation: acme }
grants:
  - { to: organisation acme, role: sender, over: organisation acme }
  - { to: user eve, role: author, over: own }
  - { to: user eve, role: author, over: organisation acme }
"""
OWN = 'rule own\n  owner "user ann"\n  on tick\n  do\n    send crm.call\n      n: 1\n'
BORROWING = 'rule try\n  owner "{}"\n  on tick\n  do\n    send crm.call as user ann\n      n: 1\n'


def test_a_trial_and_a_proposal_ask_for_no_token(serve: Callable[..., Serving], tmp_path: Path) -> None:  # noqa: F811
    """Neither a trial of rules nor the run of a proposal over recent events comes to an agent, or to the vault."""
    write(tmp_path / "p0", {"people.yaml": FOLKS})
    agent = Asking()
    serving = serve(SHARED.partition("rule shared")[0] + OWN, crm=agent)
    hub = serving.controller.hub
    keys = {name: serving.run(hub.keyring.make(name, organisation="acme"))[0] for name in ("ann", "eve")}
    vault = hub.vault = Watched(KeySource(str(key_file(tmp_path))))
    serving.run(vault.begin(hub.store, hub.clock))
    serving.run(vault.keep(ANNS, "bearer", "ann's own token", by="ann"))
    event = {"type": "tick", "data": {"by": "x"}}

    def ask(who: str, path: str, value: object) -> tuple[int, str]:
        answer = serving.web.post(path, json=value, headers={"authorization": f"Bearer {keys[who]}"})
        return answer.status_code, answer.text

    assert ask("ann", "/v1/events", {**event, "id": "real"})[0] == 202
    serving.run(hub.wait("@acme/ann##real", 60))
    assert (agent.got, vault.asked) == (["ann's own token"], 1), "what really happens does ask"
    seen = []
    for level in ("user eve", "organisation acme"):
        order = {"level": level, "files": {"try.atamo": BORROWING.format(level)}}
        seen += [ask("eve", "/v1/try", {**order, "event": event}), ask("eve", "/v1/proposals", order)]
    assert {status for status, _ in seen} <= {200, 201, 422}, seen
    assert any(status == 200 for status, _ in seen), seen
    assert not any("ann's own token" in text for _, text in seen)
    assert (agent.got, vault.asked) == (["ann's own token"], 1)
