"""A hub over HTTP for programs that are asynchronous: `Client`, word for word, with `await`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx2

from atamo_rules.client import calls, told
from atamo_rules.client.calls import LATER, TRIES, URL, Call, Events, Result
from atamo_rules.client.told import Answered, Frame, Taken
from atamo_rules.model.types import Json

AWAY = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)
"""What there is where nothing answers at all."""


class AsyncClient:
    """A hub by its address; `key` says who calls, where a hub asks. What cannot be reached, or has no time for now, is
    tried again, up to `tries` times in all. Every method raises `Problem` for what the hub refuses, and `Unreachable`.
    Raises ValueError for what is no address."""

    def __init__(self, url: str = URL, key: str = "", *, timeout: float = 10.0, tries: int = TRIES) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.timeout, self.tries = timeout, tries
        self._web = httpx2.AsyncClient(
            base_url=(base := calls.address(url)),
            verify=calls.trusted(base),
            headers=headers,
            trust_env=False,
            timeout=timeout,
        )

    # --- hand in ----------------------------------------------------------------------------------------

    async def send(self, type: str, data: Json = None, *, id: str | None = None, **more: Json) -> Taken:
        """Hand in one event; `more` are `source`, `time` or `user`. Comes back when the hub has kept it."""
        return await self.run(calls.send(type, data, id, **more))

    async def send_all(self, messages: Sequence[Mapping[str, Json]]) -> tuple[Taken, ...]:
        """Hand in up to 1,000 events at once, each `{"type": …, "data": …}`."""
        return await self.run(calls.send_all(messages))

    async def request(
        self, type: str, data: Json = None, *, id: str | None = None, wait: float = 0.0, **how: Any
    ) -> Answered:
        """Ask, and come back with what there is after `wait` seconds (60 at most). `how` is `mode`, `policy`,
        `deadline`, `keep_alive` or `retain`. What is missing is fetched by `page` or followed by `frames`."""
        return await self.run(calls.open_request(type, data, id, wait, how))

    async def ask(
        self, type: str, data: Json = None, *, id: str | None = None, **how: Any
    ) -> AsyncIterator[Frame]:
        """Ask, and be given every frame as it comes, to the last one."""
        opened = await self.request(type, data, id=id, **how)
        for frame in opened.frames:
            yield frame
        if not opened.over:
            async for frame in self.frames(opened.id, opened.cursor):
                yield frame

    # --- answers ----------------------------------------------------------------------------------------

    async def page(self, id: str, after: int = 0, wait: float = 0.0) -> Answered:
        """Frames of a request after a cursor, waiting up to `wait` seconds for the first."""
        return await self.run(calls.page(id, after, wait))

    async def frames(self, id: str, after: int = 0) -> AsyncIterator[Frame]:
        """Every frame of a request as it comes, each once: a broken connection is taken up where it broke."""
        async for value in self.raw_frames(id, after):
            yield told.frame(value)

    async def raw_frames(self, id: str, after: int = 0) -> AsyncIterator[dict[str, Any]]:
        """The same, as the hub writes them."""
        tried = 0
        while True:
            events = Events()
            try:
                async with self._web.stream(
                    "GET", calls.request_path(id, "events"), headers={"Last-Event-ID": str(after)},
                    timeout=httpx2.Timeout(self.timeout, read=60.0),
                ) as stream:  # fmt: skip
                    if stream.status_code == 204:
                        return
                    if stream.status_code >= 400:
                        calls.answer(calls.get(""), stream.status_code, await stream.aread())
                    async for line in stream.aiter_lines():
                        for _, value in events.line(line):
                            if calls.is_frame(value) and value["seq"] > after:
                                after, tried = value["seq"], 0
                                yield value
                                if calls.is_last(value):
                                    return
            except httpx2.TransportError as error:
                if tried + 1 >= TRIES:
                    raise calls.unreached(self._web.base_url, error, True) from None
                await asyncio.sleep(calls.pause(tried, None))
            tried += 1

    async def cancel_request(self, id: str) -> Any:
        """End a request; its agents are told to stop."""
        return await self.run(calls.order("DELETE", calls.request_path(id)))

    # --- look, operate ----------------------------------------------------------------------------------

    async def message(self, id: str) -> Any:
        """All that is kept of a message."""
        return await self.run(calls.get(calls.message_path(id)))

    async def trace(self, id: str) -> Any:
        """The whole story of a message."""
        return await self.run(calls.get(calls.message_path(id, "trace")))

    async def why(self, id: str, rule: str) -> Any:
        """Why a rule does or does not fire on a message."""
        return await self.run(calls.get(calls.message_path(id, "why"), rule=rule))

    async def cancel(self, id: str) -> Any:
        """End what is open of a message."""
        return await self.run(calls.order("DELETE", calls.message_path(id)))

    async def agents(self) -> Any:
        """Every agent: how it was set up, how it stands, what it did."""
        return (await self.get("/v1/agents"))["agents"]

    async def get(self, path: str, **query: Any) -> Any:
        """Anything else that is read, such as `/v1/rules` or `/v1/audit`."""
        return await self.run(calls.get(path, **query))

    async def order(self, method: str, path: str, body: Json = None, **query: Any) -> Any:
        """Anything else that is done, such as `PUT /v1/holds/agent/crm`."""
        return await self.run(calls.order(method, path, body, **query))

    # --- people -----------------------------------------------------------------------------------------

    async def people(self, kind: str) -> Any:
        """Everybody of one kind, `organisations`, `groups`, `users` or `services`, whom the key may manage."""
        return (await self.get(calls.people_path(kind)))[kind]

    async def set_person(self, kind: str, name: str, **entry: Json) -> Any:
        """Make or change one, in the words of the people files."""
        return await self.order("PUT", calls.people_path(kind, name), dict(entry))

    async def remove_person(self, kind: str, name: str) -> Any:
        """Remove one; the keys of a user or service account open nothing any more."""
        return await self.order("DELETE", calls.people_path(kind, name))

    # --- carry ------------------------------------------------------------------------------------------

    async def run(self, call: Call[Result]) -> Result:
        """Carry one call to the hub and back."""
        for tried in range(self.tries):
            try:
                found = await self._web.request(
                    call.method, call.path, params=dict(call.query), content=call.body, headers=dict(call.headers),
                    timeout=self.timeout + call.patience,
                )  # fmt: skip
            except httpx2.TransportError as error:
                if tried + 1 >= self.tries:
                    connected = not isinstance(error, AWAY)
                    raise calls.unreached(self._web.base_url, error, connected) from None
                await asyncio.sleep(calls.pause(tried, None))
                continue
            if found.status_code not in LATER or tried + 1 >= self.tries:
                break
            await asyncio.sleep(calls.pause(tried, found.headers.get("retry-after")))
        return calls.answer(call, found.status_code, found.content)

    async def close(self) -> None:
        """Give back the connections."""
        await self._web.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
