"""A real IMAP server's mails become events: each once, through restarts, renumbering, hostile servers and no server."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.events import imap
from atamo_rules.builtin.events.imap_line import MailboxBroken
from atamo_rules.builtin.events.mail import ImapMail
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.project.sources import ways
from atamo_rules.testing.contracts import EventProviderContract
from atamo_rules.testing.doubles import RememberingAuditor
from atamo_rules.testing.laws_of_providing import Door
from tests.events.imap_server import LOGIN, PASSWORD, ImapServer, imap_server
from tests.places import write

MAIL = (
    b"From: Bo <bo@example.org>\r\nTo: ann@example.org\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\nHello\r\n"
)
LATER = '"01-Jan-2090 00:00:00 +0000"'


def mail(word: str) -> bytes:
    return MAIL % (word.encode(), word.encode())


def settings(port: int, **more: Any) -> dict[str, Any]:
    made = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "login": LOGIN,
        "first": "all",
        "every": 0.01,
    }
    return {**made, "password": {"env": "ATAMO_TEST_MAIL"}, **more}


class Kept:
    """A place that outlives its provider."""

    value: Any = None

    async def get(self) -> Any:
        return self.value

    async def put(self, value: Any) -> None:
        self.value = value


class Reader:
    """Looks at a folder of its own; every look is by a new provider, as after a restart."""

    def __init__(self, server: ImapServer, folder: str) -> None:
        self.server, self.folder, self.place, self.door = server, folder, Kept(), Door()
        with server.line() as line:
            assert line.create(folder)[0] == "OK"

    def look(self, **more: Any) -> list[str]:
        """The subjects of what one look brings."""
        provider = ImapMail("mail", settings(self.server.port, folder=self.folder, **more), ".")
        provider.remember(self.place)
        before = len(self.door.heard)
        asyncio.run(provider.look(self.door.submit))
        return [json.loads(one)["data"]["subject"] for one in self.door.heard[before:]]

    def put(self, *words: str, when: str = "") -> None:
        self.server.put(*map(mail, words), folder=self.folder, when=when)


@pytest.fixture
def reader(server: ImapServer, request: pytest.FixtureRequest) -> Reader:
    return Reader(server, request.node.name)


def test_each_mail_is_taken_once_through_restarts(reader: Reader) -> None:
    reader.put("a", "b")
    assert reader.look() == ["a", "b"]
    assert reader.look() == []
    reader.put("c")
    assert reader.look() == ["c"]
    assert len({json.loads(one)["id"] for one in reader.door.heard}) == 3


def test_a_first_start_takes_only_what_is_new(reader: Reader) -> None:
    reader.put("old")
    assert reader.look(first="new") == []
    reader.put("new")
    assert reader.look(first="new") == ["new"]


def test_a_folder_that_is_numbered_anew_brings_only_what_came_since(reader: Reader) -> None:
    reader.put("a", "b")
    assert reader.look() == ["a", "b"]
    before = reader.place.value["validity"]
    reader.server.renumber(reader.folder)
    reader.put("c", when=LATER)
    assert reader.look() == ["c"]
    assert reader.place.value["validity"] != before
    reader.put("d")  # older than c by its date, and new all the same
    assert reader.look() == ["d"]


def test_who_dies_in_the_middle_of_a_renumbered_folder_goes_on_in_it(reader: Reader) -> None:
    reader.put("a", "b", "c")
    assert reader.look() == ["a", "b", "c"]
    reader.server.renumber(reader.folder)
    reader.put("d", when=LATER)
    whole, put, count = reader.place, Kept(), 0

    class Dying(Kept):
        async def put(self, value: Any) -> None:
            nonlocal count
            count += 1
            if count == 2:
                raise RuntimeError("the process dies")
            whole.value = value

    put = Dying()
    put.value, reader.place = whole.value, put
    with pytest.raises(RuntimeError):
        reader.look()
    reader.place = whole
    assert reader.look() == ["d"]


def test_what_the_hub_was_not_handed_is_brought_again_under_the_same_id(reader: Reader) -> None:
    reader.put("a")

    async def broken(raw: bytes) -> Any:
        reader.door.heard.append(raw)
        raise OSError("the disk is full")

    provider = ImapMail("mail", settings(reader.server.port, folder=reader.folder), ".")
    provider.remember(reader.place)
    with pytest.raises(OSError, match="full"):
        asyncio.run(provider.look(broken))
    assert reader.look() == ["a"]
    first, again = (json.loads(one) for one in reader.door.heard)
    assert first == again


def test_mail_stays_unread_unless_it_is_to_be_marked(reader: Reader) -> None:
    reader.put("a", "b")
    reader.look()
    assert reader.server.unseen(reader.folder) == 2
    reader.put("c")
    reader.look(then="seen")
    assert reader.server.unseen(reader.folder) == 2


def test_of_a_large_mail_the_beginning_is_taken(reader: Reader) -> None:
    reader.server.put(mail("big") + b"x" * (1 << 20), folder=reader.folder)
    assert reader.look(largest=1) == ["big"]
    data = json.loads(reader.door.heard[0])["data"]
    assert data["cut"]
    assert data["size"] > 1 << 20
    assert len(data["text"]) == 256 << 10


class TestImapMail(EventProviderContract):
    """The suite's messages travel in the subjects of mails."""

    @pytest.fixture(autouse=True)
    def _place(self, server: ImapServer, request: pytest.FixtureRequest) -> None:
        self.server, self.folder = server, f"suite-{request.node.name}"
        with server.line() as line:
            line.create(self.folder)

    def provider(self) -> Any:
        inner = ImapMail("mail", settings(self.server.port, folder=self.folder), ".")
        inner.remember(Kept())

        class Unpacked:
            async def run(self, submit: Callable[[bytes], Any]) -> None:
                await inner.run(lambda raw: submit(json.loads(raw)["data"]["text"].strip().encode()))

        return Unpacked()

    def bring(self, messages: list[bytes]) -> None:
        self.server.put(*(b"Subject: x\r\n\r\n" + one for one in messages), folder=self.folder)


RULES = """
agent desk
  uses file
    path: "out.log"
  send note
    line: text

rule mailed
  on mail.received
  when sender.address is "bo@example.org" and not automatic
  do
    send desk.note
      line: "{{ subject }}"
  test "bo"
    given mail.received { mailbox: "INBOX", sender: { name: "", address: "bo@example.org" }, to: [], cc: [],
                          subject: "x", text: "", attachments: [], size: 1, automatic: false, cut: false }
    expect desk.note
"""


def test_a_project_with_a_mailbox_acts_on_its_mail(server: ImapServer, tmp_path: Path) -> None:
    with server.line() as line:
        line.create("whole")
    sources = {"sources": {"mail": {"uses": "imap", "user": "post", **settings(server.port, folder="whole")}}}
    folder = write(tmp_path, {"a.atamo": RULES, "sources.yaml": json.dumps(sources)})

    async def life(*words: str) -> None:
        store, heard = SqliteStore(folder / "hub.db"), RememberingAuditor()
        rules = FolderProvider(folder, watch=False)
        async with Controller(rules, store, (heard,), events=ways(folder)) as controller:
            before = controller.hub.ways.ways[0].taken
            server.put(*map(mail, words), folder="whole")
            async with asyncio.timeout(60):
                while controller.hub.ways.ways[0].taken < before + len(words):
                    await asyncio.sleep(0.01)
            accepted = [one for one in heard.records if one.kind == "event.accepted"]
            assert {(one.what["via"], one.who) for one in accepted} == {("mail", "post")}

    asyncio.run(life("a", "b"))
    asyncio.run(life("c"))
    assert (folder / "out.log").read_text().split() == ["a", "b", "c"]


# --- servers that do not do as they should --------------------------------------------------------------


@contextmanager
def saying(*lines: bytes) -> Iterator[int]:
    """A server that says these lines, one for each that it is told, then nothing more."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                with line, line.makefile("rb") as told:
                    line.sendall(lines[0])
                    for one in lines[1:]:
                        tag = told.readline().split(b" ")[0]
                        line.sendall(one.replace(b"TAG", tag))
                    while told.readline():
                        pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


IN = (b"* OK hi\r\n", b"* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n", b"TAG OK x\r\n",
      b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7]\r\nTAG OK [READ-ONLY]\r\n")  # fmt: skip
FOUND = b"* SEARCH 1\r\nTAG OK x\r\n"
ABOUT = b'* 1 FETCH (UID 1 RFC822.SIZE 9 INTERNALDATE "25-Nov-2026 23:33:57 +0000")\r\nTAG OK x\r\n'


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((b"HTTP/1.1 400 Bad Request\r\n",), "the server said no"),
        ((b"* BYE not today\r\n",), "the server said no"),
        ((*IN[:2], b"TAG NO bad password\r\n"), "the server said no"),
        ((*IN[:3], b"TAG NO none\r\n"), "there is no folder `INBOX`"),
        ((*IN, b"* SEARCH x y\r\nTAG OK x\r\n"), "the line to the server broke"),
        ((*IN, b"* " + b"x" * 2_000_000 + b"\r\n"), "a line of more than 1048576 bytes"),
        ((*IN, FOUND, ABOUT, b"* 1 FETCH (UID 1 BODY[]<0> {99999999999}\r\n"), "sends 99999999999 bytes at once"),
        ((*IN, FOUND, b'* 1 FETCH (UID 1 RFC822.SIZE 9 INTERNALDATE "x")\r\nTAG OK x\r\n'), "the line to the"),
    ],
)  # fmt: skip
def test_a_hostile_server_is_a_sentence(lines: tuple[bytes, ...], said: str) -> None:
    with saying(*lines) as port:
        provider = ImapMail("mail", settings(port), ".")
        with pytest.raises(MailboxBroken, match=said) as error:
            asyncio.run(provider.look(Door().submit))
        assert PASSWORD not in str(error.value)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "TIMEOUT", 0.2)
    with saying(*IN) as port, pytest.raises(MailboxBroken, match=r"did not answer within 0\.2 seconds"):
        asyncio.run(ImapMail("mail", settings(port), ".").look(Door().submit))


def test_who_is_stopped_while_a_server_says_nothing_stops_at_once() -> None:
    async def story() -> None:
        with saying(*IN) as port:
            work = asyncio.create_task(ImapMail("mail", settings(port), ".").look(Door().submit))
            await asyncio.sleep(0.3)
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    # The loop waits for its threads at the end: it comes back before the server would have been given up.
    asyncio.run(asyncio.wait_for(story(), imap.TIMEOUT / 2))


def test_nobody_there_and_a_wrong_password(server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(MailboxBroken, match="refused"):
        asyncio.run(ImapMail("mail", settings(port), ".").look(Door().submit))
    nowhere = {**settings(port), "host": "nobody.invalid", "security": "tls"}
    with pytest.raises(MailboxBroken, match="the name of its `host` is not known"):
        asyncio.run(ImapMail("mail", nowhere, ".").look(Door().submit))
    monkeypatch.setenv("ATAMO_TEST_MAIL", "wrong")
    with pytest.raises(MailboxBroken, match="the server said no"):
        asyncio.run(ImapMail("mail", settings(server.port), ".").look(Door().submit))


def test_a_password_leaves_this_machine_through_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"a password goes to `mail.example` through TLS alone"):
        ImapMail("mail", settings(143, host="mail.example"), ".")
    monkeypatch.delenv("ATAMO_TEST_MAIL")
    with pytest.raises(ValueError, match="ATAMO_TEST_MAIL holds no secret"):
        ImapMail("mail", settings(143), ".")


def test_certificates_are_checked(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    made = authority.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    made.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    with imap_server("--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem")) as server:
        more: dict[str, Any] = {"security": "starttls", "host": "localhost"}
        asyncio.run(
            ImapMail("m", settings(server.port, ca="ca.pem", **more), str(tmp_path)).look(Door().submit)
        )
        for wrong in ({**more}, {**more, "host": "127.0.0.1", "ca": "ca.pem"}):
            provider = ImapMail("m", settings(server.port, **wrong), str(tmp_path))
            with pytest.raises(MailboxBroken, match="the certificate of the server cannot be trusted"):
                asyncio.run(provider.look(Door().submit))
