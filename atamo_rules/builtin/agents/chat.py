"""An agent that posts into a channel of Slack, Microsoft Teams or Discord, by a webhook that its user has.

uses chat
  service: slack
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlunsplit

from atamo_rules.builtin.agents.chats.services import SERVICES
from atamo_rules.builtin.agents.masking import Mask
from atamo_rules.builtin.agents.web.credentials import given
from atamo_rules.builtin.agents.web.exchange import Broken, Request
from atamo_rules.builtin.agents.web.health import health
from atamo_rules.builtin.agents.web.patience import Patience
from atamo_rules.builtin.agents.web.settings import ADDRESS, CONNECTION, base_address, exchange
from atamo_rules.hub.agents.reading import EVERY, Reads
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Failed, Outcome
from atamo_rules.model.secret import Need
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json

_ARGUMENTS = ("text", "title", "message")


class ChatAgent:
    """Settings: `service`; `url`, where its webhooks are, which Teams needs and the others have; `markup`, whether text
    is read as the service's own markup; `timeout`, `private` and `ca` as for `http`.

    An action has a `text` and may have a `title`; or a `message`, an object that is sent as it is. The address of the
    webhook is the user's credential: whoever knows it can post.
    """

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "service": {"enum": list(SERVICES)},
            "url": ADDRESS,
            "markup": {"type": "boolean"},
            **CONNECTION,
        },
        "required": ["service"],
        "additionalProperties": False,
    }
    takes: ClassVar[Mapping[str, Reads]] = {EVERY: Reads(known=frozenset(_ARGUMENTS))}
    need: ClassVar[Need] = "required"
    concurrency = 1  # a channel is read from top to bottom
    most_at_once = 1
    more_at_once = (
        "messages are posted one after the other; an agent for each channel posts beside the others"
    )

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        self.service = SERVICES[settings["service"]]
        url = str(settings.get("url", self.service.url))
        if not url:
            raise ValueError(
                f"`url` is needed for {settings['service']}: where its webhooks are,"
                " such as https://NAME.webhook.office.com"
            )
        self.url = base_address(url)
        if self.url.query or self.url.path.strip("/"):
            raise ValueError(
                "`url` ends after the host: the rest of a webhook's address is a secret of its user's"
            )
        self.markup = bool(settings.get("markup", False))
        self.timeout = float(settings.get("timeout", 10))
        self.exchange = exchange(settings, folder)
        self.patience = Patience()

    async def health(self) -> str:
        """Whether the service is there. Its webhooks are known to their users alone, so none is asked."""
        return await health(self.exchange, self.url)

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        try:
            content = self._content(action.body)
        except ValueError as error:
            return Failed(f"`{action.target}` cannot be posted: {error}", "arguments")
        mask = Mask(())
        try:
            hook, mask = await self._hook(reply)
            place = hashlib.sha256(hook.encode()).digest()
            early = self.patience.left(place)
            if early is not None:
                return early
            answer = await self.exchange.send(
                Request("POST", hook, {"Content-Type": "application/json"}, content)
            )
            outcome = self.service.said(answer)
            if isinstance(outcome, Again) and outcome.error == "http 429" and outcome.after:
                self.patience.asked(place, outcome.after)
        except Broken as broken:
            outcome = broken.outcome
        return mask.outcome(outcome)

    def _content(self, body: Json) -> bytes:
        """The message as JSON. Raises ValueError, a sentence."""
        given = body if isinstance(body, dict) else {}
        others = sorted(set(given) - set(_ARGUMENTS))
        if others:
            raise ValueError(f"it takes {', '.join(_ARGUMENTS)}, and not {', '.join(others)}")
        message, text, title = given.get("message"), given.get("text"), given.get("title")
        if (message is None) == (text is None):
            raise ValueError("it needs either `text` or `message`")
        if message is not None:
            if not isinstance(message, dict) or title is not None:
                raise ValueError("`message` is an object, with no `title` beside it")
            made: dict[str, Any] = message
        else:
            if not isinstance(text, str) or not isinstance(title, str | None):
                raise ValueError("`text` and `title` are texts")
            if not text.strip():
                raise ValueError("`text` is empty")
            heading = " ".join((title or "").split())
            made = self.service.message(heading, text, self.markup)
            length = max(
                len(text) + len(heading), *(len(one) for one in made.values() if isinstance(one, str))
            )
            if length > self.service.characters:
                raise ValueError(f"it is longer than {self.service.characters} characters, marks included")
        content = encode({**self.service.defaults, **made}).encode()
        if len(content) > self.service.size:
            raise ValueError(f"it is larger than {self.service.size} bytes")
        return content

    async def _hook(self, reply: Reply) -> tuple[str, Mask]:
        """The address of the user's webhook, and what keeps it out of whatever is said. Raises Broken."""
        host = self.url.hostname or ""
        secret = await given(reply, host, self.need)
        text = secret.reveal().strip() if secret is not None else ""
        try:
            hook = base_address(text, "the credential")
        except ValueError as error:
            raise Broken(Failed(str(error), "credential")) from None
        if _origin(hook) != _origin(self.url):
            raise Broken(Failed(f"the credential is no webhook below {self.url.geturl()}", "credential"))
        own = self.service.query
        kept = [pair for pair in parse_qsl(hook.query, keep_blank_values=True) if pair[0] not in own]
        query = urlencode([*kept, *own.items()]) if own else hook.query
        return urlunsplit((hook.scheme, hook.netloc, hook.path, query, "")), Mask(_parts(hook))

    async def close(self) -> None:
        await self.exchange.close()


def _origin(url: SplitResult) -> tuple[str, str, int | None]:
    return url.scheme, url.hostname or "", url.port or {"http": 80, "https": 443}.get(url.scheme)


def _parts(hook: SplitResult) -> tuple[str, ...]:
    """What of a webhook's address nobody else knows: long segments of its path, long values of its query. Where there
    is none, all that follows the host."""
    parts = [unquote(one) for one in hook.path.split("/")]
    parts += [value for _, value in parse_qsl(hook.query)]
    return tuple(one for one in parts if len(one) >= 16) or (hook.path, hook.query)
