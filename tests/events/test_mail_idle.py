"""A mailbox whose server tells of mail (IDLE) is read when mail comes; one whose server does not, again and again."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from atamo_rules.builtin.events import imap, mail
from atamo_rules.builtin.events.imap_line import MailboxBroken, Plain
from atamo_rules.builtin.events.mail import ImapMail
from atamo_rules.testing.laws_of_providing import Door
from tests.events.imap_server import ImapServer
from tests.events.test_mail import ABOUT, FOUND, IN, Kept, saying, settings
from tests.events.test_mail import mail as written

NEVER = 86_400
CAN = b"* CAPABILITY IMAP4rev1 IDLE\r\nTAG OK x\r\n"
CANNOT = CAN.replace(b" IDLE", b"")
NOOP = b"TAG OK x\r\n"
NONE = b"* SEARCH\r\nTAG OK x\r\n"
BODY = b"* 1 FETCH (UID 1 BODY[]<0> {9}\r\nA: b\r\n\r\nc)\r\nTAG OK x\r\n"


async def reading(provider: ImapMail, door: Door, story: Callable[[], Awaitable[None]]) -> None:
    """The provider runs while the story is told; the story ends long before the provider would look again."""
    provider.remember(Kept())
    work = asyncio.create_task(provider.run(door.submit))
    telling = asyncio.ensure_future(story())
    try:
        done, _ = await asyncio.wait({work, telling}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        assert done, "nothing came"
        await done.pop()
    finally:
        for one in (work, telling):
            one.cancel()
            with suppress(asyncio.CancelledError, MailboxBroken):
                await one


def subjects(door: Door) -> list[str]:
    return [json.loads(one)["data"]["subject"] for one in door.heard]


def test_mail_is_read_when_it_comes(server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, quiet = threading.Event(), Plain.quiet

    def told(line: Plain, seconds: float) -> bool:
        waiting.set()
        return quiet(line, seconds)

    monkeypatch.setattr(Plain, "quiet", told)
    door = Door()
    with server.line() as line:
        line.create("idle")

    async def story() -> None:
        for count, word in enumerate(("a", "b", "c"), 1):
            while not waiting.is_set():
                await asyncio.sleep(0.01)
            waiting.clear()
            await asyncio.to_thread(server.put, written(word), folder="idle")
            while len(door.heard) < count:
                await asyncio.sleep(0.01)

    provider = ImapMail("mail", settings(server.port, folder="idle", every=NEVER), ".")
    asyncio.run(reading(provider, door, story))
    assert subjects(door) == ["a", "b", "c"]


def test_a_server_that_tells_nothing_of_mail_is_looked_at_when_a_wait_ends() -> None:
    door = Door()
    waited = (CAN, NOOP, b"+ go on\r\n", b"IDLE OK x\r\n")
    answers = (*IN, NONE, *waited, FOUND, ABOUT, BODY, CANNOT, b"* BYE\r\nTAG OK x\r\n")
    with saying(*answers) as port:
        assert asyncio.run(ImapMail("mail", settings(port), ".").look(door.submit, stay=True)) == 1


def test_a_wait_is_renewed_before_a_server_hangs_up() -> None:
    assert mail.RENEWED < 29 * 60  # RFC 2177


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        ((CANNOT,), {}),
        ((CAN, NOOP, b"IDLE NO not for you\r\n"), {}),
        ((), {"idle": False}),
    ],
    ids=["it cannot", "it will not", "it is not asked"],
)
def test_a_server_that_does_not_tell_is_asked_again(lines: tuple[bytes, ...], more: dict[str, bool]) -> None:
    heard = []

    async def story() -> None:
        async def submit(raw: bytes) -> None:
            heard.append(raw)

        with saying(*IN, NONE, *lines, b"* BYE\r\nTAG OK x\r\n") as port:
            provider = ImapMail("mail", settings(port, **more), ".")
            # It comes back, where it would go on to wait for a server that tells.
            assert await provider.look(submit, stay=provider.idles) == 0

    asyncio.run(asyncio.wait_for(story(), imap.TIMEOUT - 5))
    assert heard == []


@pytest.mark.parametrize(
    "told",
    [
        (CAN, NOOP, b"+ go on\r\n* OK still here\r\n* 1 EXISTS\r\n", b"IDLE OK x\r\n"),
        (CAN, NOOP, b"* 1 EXISTS\r\n+ go on\r\n", b"IDLE OK x\r\n"),
        (CAN, b"* 1 EXISTS\r\n" + NOOP),
    ],
    ids=["in one piece", "before it goes on", "before it is asked"],
)
def test_news_is_never_missed_however_it_is_told(told: tuple[bytes, ...]) -> None:
    door = Door()
    answers = (*IN, NONE, *told, FOUND, ABOUT, BODY, CANNOT, b"* BYE\r\nTAG OK x\r\n")
    with saying(*answers) as port:
        provider = ImapMail("mail", settings(port, every=NEVER), ".")
        assert asyncio.run(provider.look(door.submit, stay=True)) == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((b"+ go on\r\n* BYE good night\r\n",), "the server took leave: good night"),
        ((b"+ go on\r\n* 1 EXISTS\r\n", b"* BYE good night\r\n"), "the server took leave: good night"),
        ((b"+ go on\r\n" + b"x" * 2_000_000,), "a line of more than 1048576 bytes"),
    ],
)
def test_a_server_that_breaks_the_wait_is_a_sentence(lines: tuple[bytes, ...], said: str) -> None:
    with saying(*IN, NONE, CAN, NOOP, *lines) as port, pytest.raises(MailboxBroken, match=said):
        asyncio.run(ImapMail("mail", settings(port, every=NEVER), ".").look(Door().submit, stay=True))


def test_who_is_stopped_while_it_waits_stops_at_once(server: ImapServer) -> None:
    with server.line() as line:
        line.create("stopped")

    async def story() -> None:
        door = Door()

        async def one_mail() -> None:
            await asyncio.to_thread(server.put, written("a"), folder="stopped")
            while not door.heard:
                await asyncio.sleep(0.01)

        await reading(
            ImapMail("mail", settings(server.port, folder="stopped", every=NEVER), "."), door, one_mail
        )

    # Far less than it would wait for the server, and less than an answer may take.
    asyncio.run(asyncio.wait_for(story(), imap.TIMEOUT - 5))
