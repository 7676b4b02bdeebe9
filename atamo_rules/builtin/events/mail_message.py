"""One mail as the data of an event: bounded, decoded, and never the reason that the next one is not read.

Message format: RFC 5322; MIME: RFC 2045 to 2047; automatic answers: RFC 3834.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from atamo_rules.model.types import Json

TEXT = 256 << 10
"""Characters of a body that are kept."""
PARTS = 100
"""Parts of a mail that are looked at."""
ADDRESSES = 200
"""Addresses of one header that are kept."""
HEADER = 2000
"""Characters of one header that are kept."""

DECLARED = """event mail.received "A mail arrived in a mailbox"
  mailbox: text
  sender:
    name: text
    address: text
  to: list of text
  cc: list of text
  subject: text
  date: time?
  message_id: text?
  in_reply_to: text?
  text: text
  html: text?
  attachments: list of
    name: text
    type: text
    size: whole
  size: whole
  automatic: boolean
  cut: boolean
"""
"""The event type that mails are, as rule text."""

_BLANKS = re.compile(r"\s+")


def data_of(raw: bytes, size: int, mailbox: str) -> dict[str, Json]:
    """The data of `mail.received`. `size` is how many bytes the whole mail has, of which `raw` may be the beginning.

    `automatic` is true of mail that a program sent, answers to which may go round in a circle; `cut` where something
    was left out: bytes, characters or parts.
    """
    cut = len(raw) < size
    try:
        message = BytesParser(policy=compat32).parsebytes(raw)
        parts = list(_leaves(message))
    except (RecursionError, ValueError, LookupError):  # nested deeper than Python goes, or no MIME at all
        head = raw.partition(b"\r\n\r\n")[0] or raw
        message, parts, cut = BytesParser(policy=compat32).parsebytes(head, headersonly=True), [], True
    cut = cut or len(parts) > PARTS
    made: dict[str, Any] = {
        "mailbox": mailbox,
        "sender": _people(message, "from", 1)[0],
        "to": [one["address"] for one in _people(message, "to")],
        "cc": [one["address"] for one in _people(message, "cc")],
        "subject": _header(message, "subject"),
        "text": "",
        "attachments": [],
        "size": size,
        "automatic": _automatic(message),
    }
    for name, header in (("message_id", "message-id"), ("in_reply_to", "in-reply-to")):
        if said := _header(message, header):
            made[name] = said
    if (at := _date(message)) is not None:
        made["date"] = at
    seen: set[str] = set()
    for part in parts[:PARTS]:
        kind, called = part.get_content_type(), _filename(part)
        into = {"text/plain": "text", "text/html": "html"}.get(kind, "")
        if into and into not in seen and called is None and part.get_content_disposition() != "attachment":
            seen.add(into)
            body = _text(part)
            cut = cut or len(body) > TEXT
            made[into] = body[:TEXT]
        elif called is not None or not into:
            held = part.get_payload(decode=True)
            size_of = len(held) if isinstance(held, bytes) else 0
            made["attachments"].append({"name": _clean(_words(called or "")), "type": kind, "size": size_of})
    return {**made, "cut": cut}


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, one more than are looked at."""
    count = 0
    for part in message.walk():
        if not part.is_multipart():
            yield part
            count += 1
        if count > PARTS:
            return


def _filename(part: Message) -> str | None:
    try:
        return part.get_filename()
    except (UnicodeError, LookupError, ValueError):  # written in a character set that is none
        return ""


def _text(part: Message) -> str:
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        text = body.decode(charset, "replace")
    except (LookupError, UnicodeError, ValueError):  # a character set that nobody knows
        text = body.decode("utf-8", "replace")
    return _sound(text.replace("\r\n", "\n"))


def _header(message: Message, name: str) -> str:
    found = message.get(name)
    return _clean(_words(str(found))) if found is not None else ""


def _words(text: str) -> str:
    """A header with its encoded words read (RFC 2047); one that cannot be read stays as it is."""
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return text


def _clean(text: str) -> str:
    """One line."""
    return _sound(_BLANKS.sub(" ", text[: 2 * HEADER]).strip())[:HEADER]


def _sound(text: str) -> str:
    """Without what no text may hold: halves of pairs, and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _people(message: Message, name: str, least: int = 0) -> list[dict[str, str]]:
    """The addresses of a header; at least so many, empty where there are none."""
    headers = [str(one)[: ADDRESSES * 320] for one in message.get_all(name, [])[:10]]
    found = [
        {"name": _clean(_words(shown)), "address": _clean(address)}
        for shown, address in getaddresses(headers)[:ADDRESSES]
        if address
    ]
    return found or [{"name": "", "address": ""}] * least


def _date(message: Message) -> str | None:
    try:
        at = parsedate_to_datetime(_header(message, "date"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _automatic(message: Message) -> bool:
    said = _header(message, "auto-submitted").lower().partition(";")[0].strip()
    bulk = _header(message, "precedence").lower() in ("bulk", "junk", "list", "auto_reply")
    return said not in ("", "no") or bulk or "list-id" in message or _header(message, "return-path") == "<>"
