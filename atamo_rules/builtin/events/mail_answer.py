"""Answers to mail, by mail: to whoever sent it, in its thread, and never to a machine (RFC 3834, RFC 5322)."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from atamo_rules.builtin.agents.letters import Letter, Unwritten, address, letter
from atamo_rules.builtin.agents.mail import MailAgent
from atamo_rules.builtin.agents.web.exchange import blemished
from atamo_rules.builtin.agents.web.settings import CONNECTION
from atamo_rules.builtin.events.secrets import REFERENCE, secret
from atamo_rules.hub.receiving import NotYet, Undeliverable
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.model.outcome import Done, Failed
from atamo_rules.model.secret import Secret
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json

SETTING: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: MailAgent.settings_schema["properties"][name] for name in ("host", "port", "from", "tls")},
        "login": {"type": "string", "minLength": 1},
        "password": dict(REFERENCE),
        **CONNECTION,
    },
    "required": ["host", "from"],
    "dependentRequired": {"login": ["password"], "password": ["login"]},
    "additionalProperties": False,
}
"""The schema of the setting `answers`."""
MOST, HOUR = 20, 3600.0
"""Answers that one address is sent, in so many seconds: two programs that answer each other come to an end."""
_MACHINES = re.compile(
    r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|listserv|owner-.*|.*-request)([+-].*)?"
)
_FINAL = {"unknown", "smtp 550", "smtp 551", "smtp 553", "smtp 554"}
"""Failures after which it is not sent again: it may have been, or nobody is there (RFC 5321, 4.2.3)."""
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,400}>")
_RE = re.compile(r"(re|aw|sv|antw)\s*:\s*", re.IGNORECASE)


class MailAnswers:
    """Sends answers by the server of its settings. Raises ValueError for settings that cannot work."""

    def __init__(self, settings: Mapping[str, Any], folder: str) -> None:
        own = {name: value for name, value in settings.items() if name not in ("login", "password")}
        self.agent = MailAgent("answers", own, folder)
        self.login, self.reference, self.folder = settings.get("login", ""), settings.get("password"), folder
        self.own = address("from", self.agent.sender).addr_spec.lower()
        self.sent: dict[str, deque[float]] = {}
        if self.login and self.agent.tls == "none":
            raise ValueError("`answers`: a password is not sent without TLS")
        self._secret()

    async def respond(self, id: str, answers: Answers) -> None:
        """One attempt. Raises NotYet, and Undeliverable for mail that is not to be answered, what cannot be said, and
        where it may have been sent."""
        mail = answers.event.body if answers.event is not None else None
        mail = mail if isinstance(mail, dict) else {}
        to = self._answerable(mail)
        if not answers.all:
            raise Undeliverable(f"there is no answer: the request is {answers.state}")
        try:
            made = answer(mail, answers.all, to, self.agent.sender, f"answer {answers.request.id}")
        except Unwritten as error:
            raise Undeliverable(f"it is no mail: {error}") from None
        # Counted before it is sent: answers to one address may be on their way side by side.
        self._count(to)
        try:
            outcome = await self.agent.deliver(made, self._secret())
        except ValueError as error:
            self.sent[to.lower()].pop()
            raise NotYet(str(error)) from None
        if isinstance(outcome, Done):
            return
        self.sent[to.lower()].pop()
        if isinstance(outcome, Failed) and outcome.error in _FINAL:
            raise Undeliverable(outcome.why)
        raise NotYet(outcome.why)

    def _answerable(self, mail: Mapping[str, Json]) -> str:
        """Whom to answer. Raises Undeliverable."""
        sender = mail.get("sender")
        to = str(sender.get("address", "")) if isinstance(sender, dict) else ""
        if mail.get("automatic") is not False:
            raise Undeliverable("a program sent it, and an answer might go round in a circle")
        if not to or to.lower() == self.own or _MACHINES.fullmatch(to.partition("@")[0].lower()):
            raise Undeliverable("nobody who sent it can be answered")
        now = time.monotonic()
        self.sent = {one: kept for one, kept in self.sent.items() if kept and kept[-1] > now - HOUR}
        lately = self.sent.get(to.lower(), ())
        if sum(at > now - HOUR for at in lately) >= MOST:
            raise Undeliverable(f"{MOST} answers went to this address in the last hour")
        return to

    def _count(self, to: str) -> None:
        self.sent.setdefault(to.lower(), deque(maxlen=2 * MOST)).append(time.monotonic())

    def _secret(self) -> Secret | None:
        if self.reference is None:
            return None
        return Secret(f"{self.login}:{secret(self.reference, self.folder)}", "basic")


def answer(mail: Mapping[str, Any], said: tuple[Json, ...], to: str, sender: str, id: str) -> Letter:
    """The mail that answers another. An answer with a `text`, and perhaps `subject` and `html`, is taken by its word,
    and any other is written as JSON. Raises Unwritten."""
    first: Mapping[str, Any] = said[0] if isinstance(said[0], dict) else {}
    asked = "".join(char for char in str(mail.get("subject", "")) if not blemished(char))
    subject = first.get("subject", f"Re: {_RE.sub('', asked, count=1)}"[:900])
    body: dict[str, Json] = {"to": to, "subject": subject, "text": "\n\n".join(map(_text, said))}
    if len(said) == 1 and isinstance(first.get("html"), str) and isinstance(first.get("text"), str):
        body["html"] = first["html"]
    made = letter(body, sender, id)
    del made.message["Auto-Submitted"]
    made.message["Auto-Submitted"] = "auto-replied"
    made.message["X-Auto-Response-Suppress"] = "All"
    thread = [str(mail.get(name, "")) for name in ("in_reply_to", "message_id")]
    known = [one for one in thread if _ID.fullmatch(one)]
    if known and known[-1] == thread[-1]:
        made.message["In-Reply-To"] = known[-1]
        made.message["References"] = " ".join(known)
    return made


def _text(one: Json) -> str:
    if isinstance(one, str):
        return one
    text = one.get("text") if isinstance(one, dict) else None
    return text if isinstance(text, str) else encode(one)
