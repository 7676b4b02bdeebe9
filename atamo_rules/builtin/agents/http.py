"""An agent that calls a REST interface: one address for every action, or a call of its own for each below a base.

uses http
  url: "https://desk.example/api"
  actions:
    open: { method: POST, path: "/queues/{{ queue }}/tickets", answer: { id: "{{ body.ticket.id }}" } }
    find: { method: GET, path: "/tickets", query: { q: "{{ words }}" } }
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from atamo_rules.builtin.agents.masking import Mask
from atamo_rules.builtin.agents.web import calls
from atamo_rules.builtin.agents.web.answers import failure
from atamo_rules.builtin.agents.web.credentials import AUTH, Proof, Tokens, given, needed, sent
from atamo_rules.builtin.agents.web.exchange import Answer, Broken, Request
from atamo_rules.builtin.agents.web.health import PAGE, health
from atamo_rules.builtin.agents.web.settings import ADDRESS, CONNECTION, base_address, exchange
from atamo_rules.builtin.agents.web.signing import signed
from atamo_rules.builtin.agents.web.templates import Unfilled
from atamo_rules.hub.agents.reading import Reads
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Failed, Outcome

_AUTH: dict[str, Any] = {
    "anyOf": [
        {"enum": [*AUTH["enum"], "webhook"]},
        {
            "type": "object",
            "properties": {
                "token_url": ADDRESS,
                "scope": {"type": "string"},
                "audience": {"type": "string"},
            },
            "required": ["token_url"],
            "additionalProperties": False,
        },
    ]
}


class HttpAgent:
    """Settings: `url`; `actions`, what each action sends (without it every action posts its arguments to `url` as
    JSON); `method` and `headers` of all of them; `auth`, how the user's credential is used: `user` (sent as its kind
    says, and needed), `optional` (sent where there is one), `webhook` (signs the message), `none`, or `{token_url,
    scope, audience}` (OAuth 2.0 client credentials); left out, it is needed by what is done as somebody in a hub with
    a vault; `timeout` in seconds for everything together (10); `private`, whether private and local addresses may be
    called, or which networks; `redirects`, how many are followed (0); `ca`, a file of certificates to trust; `health`,
    a page below `url` that `atamo doctor --agents` asks: without one it connects, and says nothing."""

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "url": ADDRESS,
            "method": {"enum": calls.METHODS},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "redirects": {"type": "integer", "minimum": 0, "maximum": 10},
            "auth": _AUTH,
            "actions": calls.SETTING,
            "health": PAGE,
            **CONNECTION,
        },
        "required": ["url"],
        "additionalProperties": False,
    }
    concurrency = 16

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        self.url = base_address(str(settings["url"]))
        self.timeout = float(settings.get("timeout", 10))
        method, headers = settings.get("method", "POST"), settings.get("headers", {})
        self.calls = {
            action: calls.call(one, action, method, headers)
            for action, one in settings.get("actions", {}).items()
        }
        self.takes = {action: Reads(one.needs()) for action, one in self.calls.items()} or None
        self.every = None if self.calls else calls.call({}, "", method, headers)
        self.exchange = exchange(settings, folder, redirects=int(settings.get("redirects", 0)))
        self.page = str(settings.get("health", ""))
        auth = settings.get("auth")
        self.signs = auth == "webhook"
        self.tokens = None
        if isinstance(auth, dict):
            base_address(str(auth["token_url"]), "auth.token_url")
            self.tokens = Tokens(self.exchange, auth)
        self.need = "required" if self.signs or self.tokens is not None else needed(settings)

    async def health(self) -> str:
        """Whether the page `health` says that all is well, or somebody is there at all."""
        return await health(self.exchange, self.url, self.page)

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        call = self.calls.get(action.action, self.every)
        if call is None:
            return Failed(
                f"`{self.name}` has no action `{action.action}`; it has {', '.join(sorted(self.calls))}"
            )
        try:
            request = call.request(self.url, action)
        except Unfilled as error:
            return Failed(f"`{action.target}` cannot be sent: {error}", "arguments")
        proof = Proof()
        try:
            proof = await self._proof(action, request, reply)
            answer = await self._send(request, proof)
            if answer.status == 401 and self.tokens is not None:
                self.tokens.forget(proof)
                proof = await self.tokens.proof(reply)
                answer = await self._send(request, proof)
            outcome = failure(answer) or Done(call.said(answer))
        except Broken as broken:
            outcome = broken.outcome
        return Mask(proof.secrets).outcome(outcome)

    async def _proof(self, action: Action, request: Request, reply: Reply) -> Proof:
        """What shows the other side who calls. Raises Broken."""
        if self.tokens is not None:
            return await self.tokens.proof(reply)
        secret = await given(reply, self.url.hostname or "", self.need)
        if secret is None:
            return Proof()
        if not self.signs:
            return sent(secret)
        try:
            headers = signed(secret.reveal(), action.id, int(time.time()), request.content or b"")
        except ValueError as error:
            raise Broken(Failed(str(error), "credential")) from None
        return Proof(headers, tuple(key.removeprefix("whsec_") for key in secret.reveal().split()))

    async def _send(self, request: Request, proof: Proof) -> Answer:
        own = {name.lower() for name in proof.headers}
        headers = {name: text for name, text in request.headers.items() if name.lower() not in own}
        return await self.exchange.send(
            Request(request.method, request.url, {**headers, **proof.headers}, request.content)
        )

    async def close(self) -> None:
        await self.exchange.close()
