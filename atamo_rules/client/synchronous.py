"""A hub over HTTP for programs that wait."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx2

from atamo_rules.client import calls, told
from atamo_rules.client.calls import LATER, TRIES, URL, Call, Events, Result
from atamo_rules.client.told import Answered, Frame, Taken
from atamo_rules.model.types import Json

AWAY = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)
"""What there is where nothing answers at all."""


class Client:
    """A hub by its address; `key` says who calls, where a hub asks. What cannot be reached, or has no time for now, is
    tried again, up to `tries` times in all. Every method raises `Problem` for what the hub refuses, and `Unreachable`.
    Raises ValueError for what is no address."""

    def __init__(self, url: str = URL, key: str = "", *, timeout: float = 10.0, tries: int = TRIES) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.timeout, self.tries = timeout, tries
        self._web = httpx2.Client(
            base_url=(base := calls.address(url)),
            verify=calls.trusted(base),
            headers=headers,
            trust_env=False,
            timeout=timeout,
        )

    # --- hand in ----------------------------------------------------------------------------------------

    def send(self, type: str, data: Json = None, *, id: str | None = None, **more: Json) -> Taken:
        """Hand in one event; `more` are `source`, `time` or `user`. Comes back when the hub has kept it."""
        return self.run(calls.send(type, data, id, **more))

    def send_all(self, messages: Sequence[Mapping[str, Json]]) -> tuple[Taken, ...]:
        """Hand in up to 1,000 events at once, each `{"type": …, "data": …}`."""
        return self.run(calls.send_all(messages))

    def request(
        self, type: str, data: Json = None, *, id: str | None = None, wait: float = 0.0, **how: Any
    ) -> Answered:
        """Ask, and come back with what there is after `wait` seconds (60 at most). `how` is `mode`, `policy`,
        `deadline`, `keep_alive` or `retain`. What is missing is fetched by `page` or followed by `frames`."""
        return self.run(calls.open_request(type, data, id, wait, how))

    def ask(self, type: str, data: Json = None, *, id: str | None = None, **how: Any) -> Iterator[Frame]:
        """Ask, and be given every frame as it comes, to the last one."""
        opened = self.request(type, data, id=id, **how)
        yield from opened.frames
        if not opened.over:
            yield from self.frames(opened.id, opened.cursor)

    # --- answers ----------------------------------------------------------------------------------------

    def page(self, id: str, after: int = 0, wait: float = 0.0) -> Answered:
        """Frames of a request after a cursor, waiting up to `wait` seconds for the first."""
        return self.run(calls.page(id, after, wait))

    def frames(self, id: str, after: int = 0) -> Iterator[Frame]:
        """Every frame of a request as it comes, each once: a broken connection is taken up where it broke."""
        for value in self.raw_frames(id, after):
            yield told.frame(value)

    def raw_frames(self, id: str, after: int = 0) -> Iterator[dict[str, Any]]:
        """The same, as the hub writes them."""
        tried = 0
        while True:
            events = Events()
            try:
                with self._web.stream(
                    "GET", calls.request_path(id, "events"), headers={"Last-Event-ID": str(after)},
                    timeout=httpx2.Timeout(self.timeout, read=60.0),
                ) as stream:  # fmt: skip
                    if stream.status_code == 204:
                        return
                    if stream.status_code >= 400:
                        calls.answer(calls.get(""), stream.status_code, stream.read())
                    for line in stream.iter_lines():
                        for _, value in events.line(line):
                            if calls.is_frame(value) and value["seq"] > after:
                                after, tried = value["seq"], 0
                                yield value
                                if calls.is_last(value):
                                    return
            except httpx2.TransportError as error:
                if tried + 1 >= TRIES:
                    raise calls.unreached(self._web.base_url, error, True) from None
                time.sleep(calls.pause(tried, None))
            tried += 1

    def cancel_request(self, id: str) -> Any:
        """End a request; its agents are told to stop."""
        return self.run(calls.order("DELETE", calls.request_path(id)))

    # --- look, operate ----------------------------------------------------------------------------------

    def message(self, id: str) -> Any:
        """All that is kept of a message."""
        return self.run(calls.get(calls.message_path(id)))

    def trace(self, id: str) -> Any:
        """The whole story of a message."""
        return self.run(calls.get(calls.message_path(id, "trace")))

    def why(self, id: str, rule: str) -> Any:
        """Why a rule does or does not fire on a message."""
        return self.run(calls.get(calls.message_path(id, "why"), rule=rule))

    def cancel(self, id: str) -> Any:
        """End what is open of a message."""
        return self.run(calls.order("DELETE", calls.message_path(id)))

    def agents(self) -> Any:
        """Every agent: how it was set up, how it stands, what it did."""
        return (self.get("/v1/agents"))["agents"]

    def get(self, path: str, **query: Any) -> Any:
        """Anything else that is read, such as `/v1/rules` or `/v1/audit`."""
        return self.run(calls.get(path, **query))

    def order(self, method: str, path: str, body: Json = None, **query: Any) -> Any:
        """Anything else that is done, such as `PUT /v1/holds/agent/crm`."""
        return self.run(calls.order(method, path, body, **query))

    # --- people -----------------------------------------------------------------------------------------

    def people(self, kind: str) -> Any:
        """Everybody of one kind, `organisations`, `groups`, `users` or `services`, whom the key may manage."""
        return (self.get(calls.people_path(kind)))[kind]

    def set_person(self, kind: str, name: str, **entry: Json) -> Any:
        """Make or change one, in the words of the people files."""
        return self.order("PUT", calls.people_path(kind, name), dict(entry))

    def remove_person(self, kind: str, name: str) -> Any:
        """Remove one; the keys of a user or service account open nothing any more."""
        return self.order("DELETE", calls.people_path(kind, name))

    # --- carry ------------------------------------------------------------------------------------------

    def run(self, call: Call[Result]) -> Result:
        """Carry one call to the hub and back."""
        for tried in range(self.tries):
            try:
                found = self._web.request(
                    call.method, call.path, params=dict(call.query), content=call.body, headers=dict(call.headers),
                    timeout=self.timeout + call.patience,
                )  # fmt: skip
            except httpx2.TransportError as error:
                if tried + 1 >= self.tries:
                    connected = not isinstance(error, AWAY)
                    raise calls.unreached(self._web.base_url, error, connected) from None
                time.sleep(calls.pause(tried, None))
                continue
            if found.status_code not in LATER or tried + 1 >= self.tries:
                break
            time.sleep(calls.pause(tried, found.headers.get("retry-after")))
        return calls.answer(call, found.status_code, found.content)

    def close(self) -> None:
        """Give back the connections."""
        self._web.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
