"""The connection to the servers, and the stream: made where it is not there, and its messages in their order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from atamo_rules.builtin.stores.nats.connecting import AGAIN, CONNECTING, connected
from atamo_rules.builtin.stores.nats.durable import require_durable
from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.errors import Busy, StoreUnavailable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext

ANSWER = 5.0
"""Seconds that a server has for an answer, before it is asked again."""
FIRST_ANSWER = 1.0
"""Seconds until a message is sent again for the first time, which costs little: a leader that is lost answers nothing,
and another may be there by then. Each time it has twice as long, up to the whole."""
SILENCE = 2.5
"""Seconds without a message or a heartbeat after which a subscription is made anew."""
HEARTBEAT = 1.0
ID = "atamo"
HEADROOM = 4096
"""Bytes of a message that are left for its headers."""

_FULL = frozenset({10023, 10047, 10077})
"""What a server says that has no room, in its codes of errors: resources, storage, the limits of the stream."""


class Purged(StoreUnavailable):
    """The stream begins behind what was asked for."""


class There(NamedTuple):
    """The first and the last place of the stream, and how many bytes stand in it."""

    first: int
    last: int
    bytes: int


class Delivered(NamedTuple):
    """A message of the stream: its place, its headers, what it holds."""

    seq: int
    headers: dict[str, str]
    data: bytes


class Link:
    """One hub's connection. `cut` says since when it is not there."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.subject = f"{place.stream}.log"
        self.client: Client
        self.stream: JetStreamContext
        self.first = 0
        """The place of the first message that is there."""
        self.made = ""
        """When the stream was made, or restored: another that has its name is another."""
        self.id = ""
        """What it was given when it was made first, and keeps when it is restored."""

    async def open(self) -> int:
        """Connect; gives the place of the last message. Raises StoreUnavailable."""
        self.client = await connected(self.place)
        try:
            await require_durable(self.place)
            return await self._stream()
        except BaseException:
            await self.client.close()
            raise

    async def _stream(self) -> int:
        """The stream, made where there is none."""
        from nats.errors import Error
        from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
        from nats.js.errors import NotFoundError

        self.stream = self.client.jetstream(timeout=ANSWER)
        name, replicas = self.place.stream, self.place.replicas
        wanted = StreamConfig(
            name=name, subjects=[self.subject], retention=RetentionPolicy.LIMITS, discard=DiscardPolicy.NEW,
            storage=StorageType.FILE, num_replicas=replicas, deny_delete=True, duplicate_window=120,
            metadata={ID: uuid4().hex},
        )  # fmt: skip
        end = asyncio.get_running_loop().time() + CONNECTING
        while True:
            try:
                try:
                    info = await self.stream.stream_info(name)
                except NotFoundError:
                    info = await self.stream.add_stream(wanted)
                break
            except (Error, TimeoutError) as error:  # a cluster that has just begun has no leader yet
                if asyncio.get_running_loop().time() >= end:
                    raise StoreUnavailable(f"the stream `{name}` cannot be used: {error}") from None
                await asyncio.sleep(AGAIN)
        if list(info.config.subjects or ()) != [self.subject] or info.config.storage != StorageType.FILE:
            raise StoreUnavailable(f"the stream `{name}` is of another program: name another, `/STREAM`")
        self.made, self.id = str(info.created), (info.config.metadata or {}).get(ID, "")
        self.first = info.state.first_seq
        return int(info.state.last_seq)

    async def look(self) -> There:
        """How the stream is by now. Raises Busy."""
        from nats.errors import Error

        try:
            state = (await self.stream.stream_info(self.place.stream)).state
        except (Error, TimeoutError) as error:
            raise Busy(f"the stream `{self.place.stream}` cannot be asked: {error}", ANSWER) from None
        self.first = state.first_seq
        return There(state.first_seq, state.last_seq, state.bytes)

    async def require(self, seq: int) -> None:
        """Raises Purged where the stream begins behind a place, and Busy."""
        if (first := (await self.look()).first) > seq:
            raise Purged(
                f"the stream `{self.place.stream}` has lost {seq} to {first - 1}: where it was shortened while this "
                "hub was behind, a new start begins with the copy beside it"
            )

    async def purge(self, seq: int) -> None:
        """Let go of the messages up to a place. Raises StoreUnavailable."""
        from nats.errors import Error

        try:
            await self.stream.purge_stream(self.place.stream, seq=seq + 1)
        except (Error, TimeoutError) as error:
            raise StoreUnavailable(f"the stream `{self.place.stream}` cannot be shortened: {error}") from None

    @property
    def room(self) -> int:
        """Bytes that one message may hold."""
        return int(self.client.max_payload) - HEADROOM

    async def publish(self, id: str, headers: dict[str, str], data: bytes) -> None:
        """Have a message in the stream, on the disk of most of its servers; asks until it is known. One that is sent
        twice is kept once. Raises Busy where there is no room."""
        from nats.errors import ConnectionClosedError, Error
        from nats.js.errors import APIError

        patience = FIRST_ANSWER
        while True:
            try:
                await self.stream.publish(
                    self.subject,
                    data,
                    timeout=patience,
                    stream=self.place.stream,
                    headers={**headers, "Nats-Msg-Id": id},
                )
                return
            except APIError as error:
                if error.err_code in _FULL:
                    raise Busy(f"the stream is full: {error.description}", 5.0) from None
            except ConnectionClosedError:
                raise StoreUnavailable("the connection was closed") from None
            except (Error, TimeoutError):
                patience = min(2 * patience, ANSWER)
            await asyncio.sleep(AGAIN)

    async def messages(self, after: int) -> AsyncGenerator[Delivered, None]:
        """Every message after a place, then each that comes, in order and none twice. Subscriptions that fall silent,
        or leave one out, are made anew."""
        from nats.errors import Error
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

        while True:
            inbox = self.client.new_inbox()
            subscription = await self.client.subscribe(
                inbox, pending_msgs_limit=-1, pending_bytes_limit=-1
            )  # the flow of it is held back by the server
            try:
                await self.client.jetstream(timeout=SILENCE).add_consumer(
                    self.place.stream,
                    ConsumerConfig(
                        deliver_subject=inbox, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after + 1,
                        ack_policy=AckPolicy.NONE, max_deliver=1, idle_heartbeat=HEARTBEAT, flow_control=True,
                        num_replicas=1, mem_storage=True, inactive_threshold=60.0,
                    ),
                )  # fmt: skip
                while True:
                    message = await subscription.next_msg(SILENCE)
                    headers = message.headers or {}
                    if headers.get("Status") == "100":
                        held_back = message.reply or headers.get("Nats-Consumer-Stalled", "")
                        if held_back:
                            await self.client.publish(held_back)
                        if int(headers.get("Nats-Last-Stream", 0)) > after:
                            await self.require(after + 1)  # it passed over what is no longer there
                            break
                        continue
                    if not message.reply.startswith("$JS.ACK."):
                        break  # it was ended by the server
                    seq = message.metadata.sequence.stream
                    if seq > after + 1:
                        await self.require(after + 1)
                        break
                    if seq == after + 1:
                        after = seq
                        yield Delivered(seq, headers, message.data)
            except (Error, TimeoutError, Busy):
                await asyncio.sleep(AGAIN)
            finally:
                with suppress(Error):
                    await subscription.unsubscribe()

    async def close(self) -> None:
        with suppress(OSError):  # of a line that is broken already
            await self.client.close()
