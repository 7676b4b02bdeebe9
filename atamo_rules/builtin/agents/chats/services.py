"""The messages of Slack, Microsoft Teams and Discord, as their incoming webhooks take them.

Sources: Slack, "Sending messages using incoming webhooks" and "Formatting text"; Microsoft, "Create and send messages
with incoming webhooks" and the Adaptive Cards schema 1.4; Discord, "Execute Webhook" and "Allowed Mentions".

Words of an event are not to call a channel together, hide an address behind a text, or have pictures fetched. So text
is plain unless the settings say `markup`, nobody is called by a text alone where the service lets one say so, and
addresses in it are not opened for a preview.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from atamo_rules.builtin.agents.web.answers import failure
from atamo_rules.builtin.agents.web.exchange import Answer
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.model.types import Json

_ADDRESS = re.compile(r"(https?://[^\s<>()\[\]]+)")
_MARKS = re.compile(r"([\\*_~`|>#\[\]()<-])")
_CODE = re.compile(rb"[a-z]+(?:_[a-z]+)+")
_NESTED = re.compile(rb"HTTP error (\d{3})")


@dataclass(frozen=True, slots=True)
class Service:
    """A chat service: where its webhooks are (empty: each customer has a place of its own), the query they are called
    with, the most characters of a text and bytes of a message, how a message is made of title, text and `markup`, and
    what its answer means."""

    url: str
    query: Mapping[str, str]
    characters: int
    size: int
    message: Callable[[str, str, bool], dict[str, Any]]
    defaults: Mapping[str, Any]
    said: Callable[[Answer], Outcome]


def _slack(title: str, text: str, markup: bool) -> dict[str, Any]:
    shown = (lambda one: one) if markup else _escaped
    head = f"*{shown(title)}*\n" if title else ""
    return {"text": head + shown(text), "mrkdwn": bool(markup or title)}


def _escaped(text: str) -> str:
    """Without `<`, nothing in a Slack text is a mention, a link or a command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_said(answer: Answer) -> Outcome:
    return _failure(answer) or Done({})


def _discord(title: str, text: str, markup: bool) -> dict[str, Any]:
    shown = (lambda one: one) if markup else _unmarked
    head = f"**{shown(title)}**\n" if title else ""
    return {"content": head + shown(text)}


def _unmarked(text: str) -> str:
    """Every mark of Discord's Markdown with a backslash, except in addresses, which would lead elsewhere."""
    return "".join(
        part if at % 2 else _MARKS.sub(r"\\\1", part) for at, part in enumerate(_ADDRESS.split(text))
    )


def _discord_said(answer: Answer) -> Outcome:
    wrong = _failure(answer)
    body = _object(answer)
    if isinstance(wrong, Again) and answer.status == 429 and _seconds(body.get("retry_after")) is not None:
        return Again(wrong.why, _seconds(body.get("retry_after")), wrong.error)
    id = body.get("id")
    return wrong or Done({"id": id} if isinstance(id, str) else {})


def _teams(title: str, text: str, markup: bool) -> dict[str, Any]:
    def line(words: str, **more: Any) -> dict[str, Any]:
        if markup:
            return {"type": "TextBlock", "text": words, "wrap": True, **more}
        # A TextRun is not read as Markdown; a TextBlock is.
        return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": words, **more}]}

    lines = [text] if markup else text.splitlines() or [""]
    body = [line(title, weight="Bolder", size="Medium")] if title else []
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [*body, *(line(one or " ") for one in lines)],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _teams_said(answer: Answer) -> Outcome:
    """Connectors of Teams say 200 for what failed behind them, and tell its status in the text."""
    nested = _NESTED.search(answer.body[:2000]) if answer.status == 200 else None
    status = int(nested[1]) if nested else answer.status
    return _failure(Answer(status, answer.headers, answer.body, answer.cut)) or Done({})


def _failure(answer: Answer) -> Again | Failed | None:
    """What a status means, with the one word that services say beside it."""
    wrong = failure(answer)
    word = _CODE.fullmatch(answer.body.strip()[:60])
    if isinstance(wrong, Failed) and word:
        return Failed(f"{wrong.why}: {word[0].decode()}", wrong.error)
    return wrong


def _object(answer: Answer) -> dict[str, Json]:
    try:
        body = decode(answer.body)
    except JsonRefused:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value) if 0 <= float(value) < 10**6 else None
    except (TypeError, ValueError):
        return None


SERVICES: Mapping[str, Service] = {
    "slack": Service(
        "https://hooks.slack.com", {}, 40_000, 500_000, _slack,
        {"unfurl_links": False, "unfurl_media": False}, _slack_said,
    ),
    "teams": Service("", {}, 28_000, 28 * 1024, _teams, {}, _teams_said),
    "discord": Service(
        "https://discord.com", {"wait": "true"}, 2000, 500_000, _discord,
        {"allowed_mentions": {"parse": []}, "flags": 4}, _discord_said,
    ),
}  # fmt: skip
