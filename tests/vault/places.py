"""A hub with a vault, agents that ask for what a user has, and rules of several owners."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from atamo_rules.builtin.vaults.keys import KeySource, new_key
from atamo_rules.builtin.vaults.sealed import SealedVault
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Failed, Outcome
from atamo_rules.model.people import Directory, User
from atamo_rules.model.types import Json
from tests.hub.stage import Heard, stage

RULES = """
event tick
  by: text

agent crm
  send call
    n: whole

rule of_eve
  owner "user eve"
  on tick
  when by is "eve"
  do
    send crm.call as user ann
      n: 1

rule of_project
  on tick
  when by is "project"
  do
    send crm.call
      n: 2

rule of_ann
  owner "user ann"
  on tick
  when by is "ann"
  do
    send crm.call
      n: 3

rule for_desk
  on tick
  when by is "desk"
  do
    send crm.call as group desk
      n: 4
"""
PEOPLE = Directory(
    {
        "ann": User("ann", frozenset({"desk"}), "acme"),
        "eve": User("eve", frozenset({"desk"}), "acme"),
        "bob": User("bob", frozenset(), "birch"),
    }
)


class Asking:
    """An agent that asks for what its user has at a host, remembers it, and says it as `say` would."""

    settings_schema: ClassVar[dict[str, Any]] = {}
    timeout = 5.0
    concurrency = 4

    def __init__(self, host: str = "crm.example") -> None:
        self.host = host
        self.got: list[str | None] = []

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        secret = await reply.credential(self.host)
        self.got.append(secret.reveal() if secret is not None else None)
        return self.say(self.got[-1] or "")

    def say(self, text: str) -> Outcome:
        return Done({})

    async def close(self) -> None: ...


class Blabbing(Asking):
    """One whose other side says back what it was sent."""

    def __init__(self, what: Any, *, fails: bool = False) -> None:
        super().__init__()
        self.what, self.fails = what, fails

    def say(self, text: str) -> Outcome:
        said: Json = self.what(text)
        return Failed(str(said), "refused") if self.fails else Done({"said": said})


def key_file(folder: Path) -> Path:
    path = folder / "vault.key"
    path.touch(0o600)
    path.write_text(f"{new_key()}\n")
    return path


def staged(folder: Path, agent: Asking, rules: str = RULES, **more: Any) -> tuple[Hub, Heard, SealedVault]:
    """A hub with a sealed vault; start it before anything is kept."""
    hub, heard = stage(rules, {"crm": agent}, people=PEOPLE)  # type: ignore[dict-item]
    vault = SealedVault(KeySource(str(key_file(folder))), **more)
    hub.vault = vault
    return hub, heard, vault


async def tick(hub: Hub, id: str, by: str, user: str = "") -> None:
    """One event of a user, else of the owner of the rule that it is for, to its end."""
    user = user or ("eve" if by == "eve" else "ann")
    taken, _ = await hub.submit_json({"type": "tick", "id": id, "data": {"by": by}}, user=PEOPLE.user(user))
    assert taken.event is not None, taken.refused
    await hub.wait(taken.event.key, 60)
