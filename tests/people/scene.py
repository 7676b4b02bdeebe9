"""Two organisations in one hub that asks for keys: its rules, its people, a client for each, an agent that gives up."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx2

from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Failed, Outcome
from tests.rest.conftest import Serving

RULES = """
event tick
  word: text

request ask
  word: text
  answer
    word: text

agent desk
  send send
    word: text

rule give_up
  on tick
  do
    send desk.send
      word: word

rule answer
  on request ask
  do
    reply
      word: word

rule birch_secret_rule
  owner "organisation birch"
  on tick
  when word is "no"
  stop
"""
PEOPLE = """
organisations: { acme: {}, birch: {} }
groups:
  birch_staff: { organisation: birch }
users:
  ann: { organisation: acme }
  bob: { organisation: birch }
  eve: { organisation: acme }
  root: {}
grants:
  - { to: organisation acme, role: sender, over: organisation acme }
  - { to: organisation birch, role: sender, over: organisation birch }
  - { to: user ann, role: admin, over: organisation acme }
  - { to: user bob, role: admin, over: organisation birch }
  - { to: user root, role: admin, over: everything }
"""


class Door:
    """A hub that asks for keys, and a client for each of its users."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        ring = serving.controller.hub.keyring
        self.keys = {n: serving.run(ring.make(n, organisation=o)) for n, o in
                     (("root", ""), ("ann", "acme"), ("bob", "birch"), ("eve", "acme"))}  # fmt: skip

    def web(self, name: str) -> httpx2.Client:
        self.serving.web.headers["authorization"] = f"Bearer {self.keys[name][0]}"
        return self.serving.web

    def ask(self, name: str, method: str, path: str, **more: Any) -> httpx2.Response:
        return self.web(name).request(method, path, timeout=10, **more)

    def send(self, name: str, id: str, word: str, **more: Any) -> httpx2.Response:
        value = {"type": "tick", "id": id, "data": {"word": word}, **more}
        return self.web(name).post("/v1/events", json=value)


class Refusing:
    """An agent that gives up whatever it is asked."""

    settings_schema: ClassVar[dict[str, Any]] = {}
    timeout = 5.0
    concurrency = 1

    async def perform(self, action: Action, reply: Any) -> Outcome:
        return Failed(f"will not send {action.body}", "refused")

    async def close(self) -> None: ...
