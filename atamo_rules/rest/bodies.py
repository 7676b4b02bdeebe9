"""Messages out of an HTTP request: bare data, CloudEvents 1.0 (structured, batched, binary), or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from starlette.requests import ClientDisconnect, Request

from atamo_rules.hub.intake import LONGEST_ID
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.rest import cloudevents
from atamo_rules.rest.encodings import opened
from atamo_rules.rest.parameters import digits, header, named
from atamo_rules.rest.problem import Problem, refusal

LARGEST = 25 << 20
"""Bytes of a body, unless said otherwise: what GitHub's largest webhooks have."""
MOST = 1000
"""Messages of one batch."""

_STRUCTURED = "application/cloudevents+json"
_ONE = ("application/json", _STRUCTURED)
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines")
_BATCH = "application/cloudevents-batch+json"
_KINDS = (*_ONE, _BATCH, *_LINES)


class Message(NamedTuple):
    """One message: a value, or a line still to be read, whose faults are its own and not the batch's. `type_name`
    is set for bare data; `wrong` are reasons why it is not what it is called."""

    raw: bytes | None
    value: Any = None
    type_name: str | None = None
    wrong: tuple[str, ...] = ()


class Messages(NamedTuple):
    """What a request holds; `batch` says whether it is answered as one or as many."""

    items: tuple[Message, ...]
    batch: bool


async def read(request: Request, largest: int = LARGEST) -> Messages:
    """The messages of a request whose body has at most so many bytes. Raises Problem: 400, 413, 415."""
    media = header(request, b"content-type").split(";")[0].strip().lower()
    if media not in _KINDS:
        found = f"the content type is `{media[:80]}`" if media else "there is no content type"
        kinds = ", ".join((*_ONE, _BATCH, _LINES[0]))
        raise Problem(
            415, "media-type", "this kind of body is not understood", found, f"send {kinds}",
            headers=(("Accept", kinds),),
        )  # fmt: skip
    type_name = request.query_params.get("type") if request.scope["query_string"] else None
    if type_name == "":
        raise Problem(
            400, "parameter", "`type` is the name of an event type", remedy="GET /v1/types lists them"
        )
    raw = await bounded(request, largest)
    if media == "application/json":
        for name in named(request.scope):
            if name.startswith(b"ce-"):
                return Messages((_binary(request, raw),), False)
    elif media in _LINES:
        lines = [line for line in raw.split(b"\n") if line.strip()]
        return Messages(tuple(Message(line, None, type_name) for line in _few(lines)), True)
    if media == _BATCH or raw.lstrip()[:1] == b"[":
        value = _json(raw)
        if not isinstance(value, list):
            raise refusal("envelope", 400, ("a batch is a list of events",))
        if media == _BATCH:
            return Messages(tuple(_structured(item) for item in _few(value, 0)), True)
        return Messages(tuple(Message(None, item, type_name) for item in _few(value)), True)
    if media == _STRUCTURED:
        return Messages((_structured(_json(raw)),), False)
    return Messages((Message(None, _json(raw), type_name),), False)


def _few(items: list[Any], least: int = 1) -> list[Any]:
    if len(items) > MOST:
        raise Problem(
            413, "too-many", f"a batch has at most {MOST} messages", f"this one has {len(items)}",
            "send it in parts",
        )  # fmt: skip
    if len(items) < least:
        raise refusal("envelope", 400, ("there is no message in the body",))
    return items


def _json(raw: bytes) -> Any:
    try:
        return decode(raw)
    except JsonRefused as error:
        raise refusal("malformed", 400, (str(error),)) from None


def _structured(value: Any) -> Message:
    envelope, wrong = cloudevents.structured(value)
    return Message(None, envelope, None, wrong)


def _binary(request: Request, raw: bytes) -> Message:
    try:
        envelope, wrong = cloudevents.binary(request.headers.items(), raw)
    except JsonRefused as error:
        raise refusal("malformed", 400, (str(error),)) from None
    return Message(None, envelope, None, wrong)


async def bounded(request: Request, limit: int) -> bytes:
    """The body of a request, opened where it is compressed; neither as it comes nor as it is has it more bytes than the
    limit. Raises Problem: 400, 408, 413, 415."""
    gzip = opened(request, limit)
    if (digits(header(request, b"content-length")) or 0) > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    came = size = 0
    more = True
    while more:  # as `Request.stream` does, whose generator costs as much as all that is read here
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece, more = message.get("body", b""), message.get("more_body", False)
        came += len(piece)
        if gzip is not None:
            piece = gzip.feed(piece)
        pieces.append(piece)
        size += len(piece)
        if came > limit or size > limit:
            raise _too_large(limit)
    if gzip is not None:
        gzip.end()
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large(limit: int) -> Problem:
    return Problem(
        413, "too-large", f"the body has more than {limit} bytes",
        remedy="send less at once, or run with a larger --max-body",
        headers=(("Connection", "close"),),
    )  # fmt: skip


def idempotency_key(request: Request) -> str:
    """What the `Idempotency-Key` header says (IETF draft-07: a quoted text; bare ones are common), or nothing. Raises
    Problem."""
    key = header(request, b"idempotency-key")
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if key and (len(key) > LONGEST_ID or any(ord(char) < 32 for char in key)):
        why = f"an `Idempotency-Key` has at most {LONGEST_ID} characters, none of them a control character"
        raise refusal("envelope", 400, (why,))
    return key


def prefer_wait(request: Request) -> float:
    """Seconds of `Prefer: wait=N` (RFC 7240), at most 60; 0 when it is not asked."""
    for part in _parts(request.headers.get("prefer", "")):
        name, _, value = part.partition("=")
        if name.strip().lower() == "wait" and (seconds := digits(value.strip())) is not None:
            return min(float(seconds), 60.0)
    return 0.0


def _parts(text: str) -> Iterator[str]:
    for comma in text.split(","):
        yield from comma.split(";")
