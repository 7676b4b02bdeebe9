"""Answers posted to whoever sent a request by a webhook: to one address of the settings, signed (Standard Webhooks)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from atamo_rules.builtin.agents.web.answers import wait_of
from atamo_rules.builtin.agents.web.exchange import Broken, Request
from atamo_rules.builtin.agents.web.settings import ADDRESS, CONNECTION, base_address, exchange
from atamo_rules.builtin.agents.web.signing import signed
from atamo_rules.builtin.events.secrets import REFERENCE, secrets
from atamo_rules.hub.receiving import NotYet, Undeliverable
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.model.strict_json import encode

SETTING: dict[str, Any] = {
    "type": "object",
    "properties": {
        "url": ADDRESS,
        "secrets": {"type": "array", "items": dict(REFERENCE), "minItems": 1, "maxItems": 8},
        **CONNECTION,
    },
    "required": ["url", "secrets"],
    "additionalProperties": False,
}
"""The schema of the setting `answers`."""


class Callback:
    """Posts `{type, data}` with the answers as data, under the id of the request on every attempt. No message chooses
    the address. Raises ValueError for settings that cannot work."""

    def __init__(self, settings: Mapping[str, Any], folder: str) -> None:
        self.url = base_address(str(settings["url"]), "answers.url")
        self.references, self.settings, self.folder = settings["secrets"], settings, folder
        exchange(settings, folder)
        signed(" ".join(secrets(self.references, folder)), "id", 0, b"")

    async def post(self, id: str, answers: Answers) -> None:
        """One attempt. Raises NotYet, and Undeliverable where the address is gone: 410, as the specification has it."""
        said = {"type": f"{answers.request.type}.answered", "data": answers.document(id)}
        body = encode(said).encode()
        # Answers are far apart, and no connection is kept from one to the next.
        there = exchange(self.settings, self.folder)
        try:
            proof = signed(" ".join(secrets(self.references, self.folder)), id, int(time.time()), body)
            headers = {"Content-Type": "application/json", **proof}
            answer = await there.send(Request("POST", self.url.geturl(), headers, body))
        except Broken as broken:
            raise NotYet(f"{self.url.hostname}: {broken.outcome.why}") from None
        finally:
            await there.close()
        if answer.status == 410:
            raise Undeliverable(f"{self.url.hostname} wants no answers any more: 410")
        if not 200 <= answer.status < 300:
            raise NotYet(f"{self.url.hostname} answered {answer.status}", wait_of(answer.headers))
