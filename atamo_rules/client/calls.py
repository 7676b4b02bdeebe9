"""Every call as a value: what is asked and how the answer is read. Both clients only carry it there and back."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx2

from atamo_rules.client import told
from atamo_rules.client.told import Answered, Problem, Taken
from atamo_rules.model.strict_json import JsonRefused, decode, encode
from atamo_rules.model.types import Json

Result = TypeVar("Result", covariant=True)
URL = "http://127.0.0.1:8080"
TRIES = 4
LATER = frozenset({429, 502, 503, 504})
"""Answers after which the same is asked again: nothing was taken."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Result]):
    """One HTTP request. All of them may be sent again: messages have ids, everything else asks or comes to the same."""

    method: str
    path: str
    read: Callable[[Any], Result]
    query: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: float = 0.0
    """Seconds that the hub may take beyond the usual, as it was asked to."""


def whole(value: Any) -> Any:
    """An answer as it came."""
    return value


def address(url: str) -> str:
    """The address of a hub, as paths are put behind it. Raises ValueError, a sentence."""
    try:
        read = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise ValueError(f"`{url}` is no address: {error}") from None
    if read.scheme not in ("http", "https") or not read.host:
        raise ValueError(f"`{url}` is no address of a hub: write `http://…` or `https://…`, and a host")
    return url.rstrip("/")


def trusted(url: str) -> ssl.SSLContext | bool:
    """Whose certificates are believed at an address, as httpx2 takes it: those of the system. Without TLS nobody shows
    one, no redirect is followed, and nobody is believed: to read the system's takes longer than to send an event."""
    return True if httpx2.URL(url).scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def send(type: str, data: Json, id: str | None, **more: Json) -> Call[Taken]:
    """One event. One without an id is given one, so that sending it again is safe."""
    return Call("POST", "/v1/events", told.taken, body=_message(type, data, id, more), headers=_JSON)


def send_all(messages: Sequence[Mapping[str, Json]]) -> Call[tuple[Taken, ...]]:
    """Many events in one request, each `{type, data, …}`; a result for each."""
    named = [{"id": uuid.uuid4().hex, **message} for message in messages]
    return Call(
        "POST", "/v1/events", lambda value: tuple(told.taken(one) for one in value["results"]),
        body=encode(named), headers=_JSON,
    )  # fmt: skip


def open_request(
    type: str, data: Json, id: str | None, wait: float, how: Mapping[str, Any]
) -> Call[Answered]:
    """A request; with `wait` the hub has so many seconds to answer it whole."""
    headers = {**_JSON, **({"Prefer": f"wait={int(wait)}"} if wait >= 1 else {})}
    query = {name: _text(value) for name, value in how.items() if value is not None}
    return Call(
        "POST", "/v1/requests", told.answered, query, _message(type, data, id, {}), headers, patience=wait
    )


def page(id: str, after: int, wait: float) -> Call[Answered]:
    """Frames of a request after a cursor."""
    return Call("GET", f"/v1/requests/{_step(id)}", told.answered, {"after": str(after), "wait": f"{wait:g}"},
                patience=wait)  # fmt: skip


def get(path: str, **query: Any) -> Call[Any]:
    """Anything that is read, as JSON."""
    given = {name: _text(value) for name, value in query.items() if value not in (None, "")}
    return Call("GET", path, whole, given)


def order(method: str, path: str, body: Json = None, **query: Any) -> Call[Any]:
    """Anything that is done, as JSON."""
    given = {name: _text(value) for name, value in query.items() if value not in (None, "")}
    return Call(
        method,
        path,
        whole,
        given,
        encode(body) if body is not None else None,
        _JSON if body is not None else {},
    )


def asked(
    method: str, path: str, body: Json, query: Mapping[str, Any], headers: Mapping[str, str], wait: float
) -> Call[Any]:
    """Anything at all, as JSON; with `wait` the hub may take so many seconds to have news."""
    made = order(method, path, body, **query)
    given = {**made.headers, **headers, **({"Prefer": f"wait={max(1, int(wait))}"} if wait else {})}
    return replace(made, headers=given, patience=wait)


def unreached(url: object, error: Exception, connected: bool) -> told.Unreachable:
    """What is said of an address that nothing answers at, or that breaks off."""
    why = str(error) or type(error).__name__
    if connected:
        return told.Unreachable(f"{url} broke off: {why}", "broken")
    return told.Unreachable(f"no hub answers at {url}: {why}")


def message_path(id: str, *more: str) -> str:
    """Where a message is told of."""
    return "/".join(("/v1/events", _step(id), *more))


def people_path(kind: str, *name: str) -> str:
    """Where people of one kind are told of, or one of them."""
    return "/".join(("/v1/people", _step(kind), *(_step(one) for one in name)))


def request_path(id: str, *more: str) -> str:
    """Where a request is told of."""
    return "/".join(("/v1/requests", _step(id), *more))


def answer(call: Call[Result], status: int, raw: bytes) -> Result:
    """What a call comes to. Raises Problem, and told.Unreachable for what is no hub."""
    try:
        value = decode(raw) if raw.strip() else None
    except JsonRefused:
        raise told.Unreachable("what answers there is not a hub", "no hub") from None
    if 300 <= status < 400:
        raise told.Unreachable("what answers there is not a hub: it leads elsewhere", "no hub")
    if status >= 400:
        raise Problem(status, value if isinstance(value, dict) else {})
    try:
        return call.read(value)
    except (KeyError, TypeError):
        raise told.Unreachable(
            "what answers there is not a hub, or one of another release", "no hub"
        ) from None


def pause(tried: int, retry_after: str | None) -> float:
    """Seconds before the next try: what the hub asks for, at most a minute, else doubling from a quarter."""
    if retry_after is not None and retry_after.isdigit():
        return min(60.0, float(retry_after))
    return float(min(8.0, 0.25 * 2**tried))


class Events:
    """Server-sent events out of lines (WHATWG HTML, 9.2.6), as far as a hub writes them."""

    def __init__(self) -> None:
        self.kind, self.data, self.last = "", "", ""

    def line(self, line: str) -> Iterator[tuple[str, Any]]:
        """Take one line; gives an event when it is whole: its name and its value."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self.kind = value
        elif name == "data":
            self.data += value
        elif name == "id":
            self.last = value
        elif not line and self.data:
            kind, data = self.kind, decode(self.data)
            self.kind = self.data = ""
            yield kind, data


def is_frame(value: Any) -> bool:
    """Whether an event carries a frame, and does not only say how the stream goes."""
    return isinstance(value, dict) and "seq" in value


def is_last(frame: Mapping[str, Any]) -> bool:
    """Whether a frame ends its request: each part of one, an agent's or a rule's, has an end of its own."""
    return frame["kind"] == "end" and "agent" not in frame and "rule" not in frame


_JSON = {"Content-Type": "application/json"}


def _message(type: str, data: Json, id: str | None, more: Mapping[str, Json]) -> str:
    given = {name: value for name, value in more.items() if value is not None}
    return encode({"type": type, "id": id or uuid.uuid4().hex, "data": data, **given})


def _step(text: str) -> str:
    return quote(text, safe="")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value)
