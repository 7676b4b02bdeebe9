"""A mail from an action's arguments: every header one line, every address one address, or none at all."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Any

from atamo_rules.builtin.agents.web.exchange import blemished
from atamo_rules.model.types import Json

LARGEST = 10 << 20
"""Bytes of all attachments of a mail together."""
MOST = 100
"""Recipients of one mail."""
_ADDRESS = re.compile(
    r"(?:([^<>]*)<)?\s*([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@([^\s<>@,;:()\"\[\]\\]{1,253})\s*(>)?"
)
_TYPE = re.compile(r"([a-z0-9.+-]{1,60})/([a-z0-9.+-]{1,60})")
_HEADERS = ("to", "cc", "bcc", "reply_to")
KNOWN = frozenset({*_HEADERS, "subject", "text", "html", "attachments"})
"""The arguments of a mail."""


class Unwritten(ValueError):
    """Arguments that no mail is made of; the message is a sentence, and repeats no value."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail and its envelope."""

    message: EmailMessage
    sender: str
    recipients: tuple[str, ...]
    id: str


def letter(body: Mapping[str, Json], sender: str, action: str) -> Letter:
    """The mail of an action. Raises Unwritten."""
    unknown = sorted(set(body) - KNOWN)
    if unknown:
        raise Unwritten(f"a mail has no `{unknown[0]}`; it has {', '.join(sorted(KNOWN))}")
    people = {name: _addresses(name, body.get(name)) for name in _HEADERS}
    recipients = tuple(dict.fromkeys(one.addr_spec for name in ("to", "cc", "bcc") for one in people[name]))
    if not recipients:
        raise Unwritten("it has no recipient: give `to`, `cc` or `bcc`")
    if len(recipients) > MOST:
        raise Unwritten(f"it has {len(recipients)} recipients, and {MOST} are the most")
    origin = address("from", sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = origin
    for name, header in (("to", "To"), ("cc", "Cc"), ("reply_to", "Reply-To")):
        if people[name]:
            message[header] = people[name]
    message["Subject"] = line("subject", body.get("subject", ""))
    message["Date"] = datetime.now(UTC)
    id = message_id(action, origin.domain)
    message["Message-ID"] = id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice answers it
    _content(message, body)
    return Letter(message, origin.addr_spec, recipients, id)


def message_id(action: str, domain: str) -> str:
    """The same for every attempt at an action, so that a second copy is known as one (RFC 5322, 3.6.4)."""
    return f"<{sha256(action.encode()).hexdigest()[:40]}@{domain}>"


def address(name: str, text: Json) -> Address:
    """One address, `ann@example.com` or `Ann <ann@example.com>`. Raises Unwritten."""
    found = _ADDRESS.fullmatch(line(name, text).strip())
    if found is None or bool(found[4]) != (found[1] is not None):
        raise Unwritten(f"`{name}` is no address such as `ann@example.com` or `Ann <ann@example.com>`")
    shown, local, domain = (found[1] or "").strip().strip('"'), found[2], found[3]
    try:
        return Address(shown, local, domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError, IndexError):
        raise Unwritten(f"`{name}` has a domain that there cannot be") from None


def line(name: str, value: Json) -> str:
    """A text that stays in its header. Checked here, and not left to a library (CVE-2026-1299)."""
    if not isinstance(value, str):
        raise Unwritten(f"`{name}` is no text")
    if blemished(value) or any("\ud800" <= char <= "\udfff" for char in value):
        raise Unwritten(f"`{name}` holds a line end or a control character, which would end its header")
    if len(value) > 2_000:
        raise Unwritten(f"`{name}` is longer than 2000 characters")
    return value


def _addresses(name: str, value: Json) -> tuple[Address, ...]:
    if value is None or value == []:
        return ()
    return tuple(address(name, one) for one in (value if isinstance(value, list) else [value]))


def _content(message: EmailMessage, body: Mapping[str, Json]) -> None:
    text, html = body.get("text"), body.get("html")
    for name, value in (("text", text), ("html", html)):
        if value is not None and not isinstance(value, str):
            raise Unwritten(f"`{name}` is no text")
    if not text and not html:
        raise Unwritten("it says nothing: give `text` or `html`")
    if text:
        message.set_content(_lines(str(text)))
    if html and text:
        message.add_alternative(_lines(str(html)), subtype="html")
    elif html:
        message.set_content(_lines(str(html)), subtype="html")
    attachments = body.get("attachments") or []
    if not isinstance(attachments, list):
        raise Unwritten("`attachments` is no list")
    _attach(message, attachments)


def _attach(message: EmailMessage, attachments: Sequence[Json]) -> None:
    size = 0
    for number, one in enumerate(attachments):
        place = f"attachments.{number}"
        if not isinstance(one, dict) or not {"name", "content"} <= set(one) <= {"name", "content", "type"}:
            raise Unwritten(f"`{place}` needs `name` and `content` (base64), and may have `type`")
        name = line(f"{place}.name", one["name"])
        kind = _TYPE.fullmatch(line(f"{place}.type", one.get("type", "application/octet-stream")).lower())
        if not name or "/" in name or "\\" in name or kind is None:
            raise Unwritten(f"`{place}` has no name of a file, or no type such as `text/csv`")
        if kind[1] in ("message", "multipart"):
            raise Unwritten(f"`{place}.type` is no type of a file")
        data = _decoded(place, one["content"])
        size += len(data)
        if size > LARGEST:
            raise Unwritten(f"the attachments have more than {LARGEST >> 20} MiB")
        message.add_attachment(data, maintype=kind[1], subtype=kind[2], filename=name)


def _decoded(place: str, content: Any) -> bytes:
    try:
        if isinstance(content, str):
            return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise Unwritten(f"`{place}.content` is no base64")


def _lines(text: str) -> str:
    return "".join(
        char if char == "\t" or char == "\n" or ord(char) >= 32 else "\ufffd"
        for char in text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    )
