"""The mail agent against aiosmtpd: what arrives, what is refused before, what its words mean."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.agents.letters import LARGEST, Unwritten, letter
from atamo_rules.builtin.agents.mail import MailAgent
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.testing.agents import Replies
from tests.agents.old_tls import old_mail_server, only_old
from tests.waiting import alone

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
HERE = "127.0.0.1"
LETTER = {"to": "Ann <ann@example.com>", "subject": "Grüße", "text": "Hello\n.\nAnn"}


class Post:
    """A mail server's handler: what arrived, and what it says instead of yes."""

    def __init__(self) -> None:
        self.arrived: list[Envelope] = []
        self.refuses: dict[str, str] = {}
        self.data = "250 OK"
        self.hangs_up = False
        self.logins: list[tuple[str, str]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.arrived.append(envelope)
        if self.hangs_up:
            server.transport.abort()
        return self.data

    def authenticator(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def post() -> Post:
    return Post()


def served(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def perform(
    post: Post,
    body: Any = LETTER,
    *,
    context: ssl.SSLContext | None = None,
    secret: Secret | None = None,
    folder: str = ".",
    implicit: bool = False,
    **settings: Any,
) -> Outcome:
    async def story() -> Outcome:
        loop = asyncio.get_running_loop()

        def protocol() -> SMTP:
            return SMTP(
                post, tls_context=None if implicit else context, authenticator=post.authenticator, hostname="mx",
                auth_require_tls=not implicit, loop=loop,
            )  # fmt: skip

        server = await loop.create_server(protocol, HERE, 0, ssl=context if implicit else None)
        port = server.sockets[0].getsockname()[1]
        given = {"host": HERE, "port": port, "from": "Desk <desk@example.com>", "private": True, **settings}
        agent = MailAgent("post", given, folder)
        action = Action("e1#r/0", "send", "post", "mail", body, "r", "r.atamo:1:1", 0)
        try:
            return await agent.perform(action, Replies({HERE: secret} if secret else {}))
        finally:
            await agent.close()
            server.close()
            await alone()

    return asyncio.run(story())


@contextmanager
def trusted(authority: trustme.CA, tmp_path: Path) -> Iterator[dict[str, Any]]:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    yield {"ca": "ca.pem", "folder": str(tmp_path)}


def parsed(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_mail_arrives_as_it_was_meant(post: Post) -> None:
    body = {
        "to": ["Ann Öl <ann@example.com>", "bob@bücher.example"],
        "cc": "carl@example.com",
        "bcc": ["dora@example.com"],
        "reply_to": "help@example.com",
        "subject": "Grüße 你好",
        "text": "Hello\n.\nFrom me",
        "html": "<p>Hello</p>",
        "attachments": [
            {"name": "ü.csv", "type": "text/csv", "content": base64.b64encode(b"a,b\r\n").decode()}
        ],
    }
    outcome = perform(post, body, tls="none")
    everyone = ["ann@example.com", "bob@xn--bcher-kva.example", "carl@example.com", "dora@example.com"]
    message = parsed(post.arrived[0])
    assert outcome == Done({"id": message["Message-ID"], "accepted": everyone, "refused": []})
    assert post.arrived[0].rcpt_tos == everyone
    assert post.arrived[0].mail_from == "desk@example.com"
    assert message["Subject"] == "Grüße 你好"
    assert str(message["To"]) == "Ann Öl <ann@example.com>, bob@xn--bcher-kva.example"
    assert message["Reply-To"] == "help@example.com"
    assert "dora" not in str(message)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == "Hello\n.\nFrom me\n"
    assert html is not None
    assert "<p>Hello</p>" in html.get_content()
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("ü.csv", "text/csv")


def test_every_attempt_has_the_same_message_id(post: Post) -> None:
    perform(post, tls="none")
    perform(post, tls="none")
    one, two = (parsed(envelope)["Message-ID"] for envelope in post.arrived)
    assert one == two
    assert one.endswith("@example.com>")


# --- TLS and who is there ---------------------------------------------------------------------------------


@pytest.mark.parametrize("implicit", [False, True])
def test_tls_and_a_login(post: Post, authority: trustme.CA, tmp_path: Path, implicit: bool) -> None:
    with trusted(authority, tmp_path) as more:
        more["tls"] = "implicit" if implicit else "starttls"
        secret = Secret("desk:right", "basic")
        made = perform(post, context=served(authority, HERE), secret=secret, implicit=implicit, **more)
        assert isinstance(made, Done), made
        assert set(post.logins) == {("desk", "right")}
        wrong = Secret("desk:" + "w" * 30, "basic")
        outcome = perform(post, context=served(authority, HERE), secret=wrong, implicit=implicit, **more)
        assert isinstance(outcome, Failed)
        assert outcome.error == "smtp 535"
        assert "wwww" not in outcome.why
        assert len(post.arrived) == 1


@pytest.mark.parametrize("name", [HERE, "10.0.0.1"])
def test_a_bad_certificate_is_refused(post: Post, authority: trustme.CA, tmp_path: Path, name: str) -> None:
    with trusted(authority, tmp_path) as more:
        bad = trustme.CA() if name == HERE else authority  # of an unknown authority, or of another host
        outcome = perform(post, context=served(bad, name), **more)
        assert isinstance(outcome, Failed)
        assert outcome.error == "certificate"
        assert post.arrived == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("tls", "says"),
    [("implicit", ()), ("starttls", (b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go on\r\n"))],
)
def test_a_tls_that_is_too_old_is_none(
    post: Post, authority: trustme.CA, tmp_path: Path, tls: str, says: Sequence[bytes]
) -> None:
    context = only_old(served(authority, HERE))
    with trusted(authority, tmp_path) as more, old_mail_server(context, says) as port:
        outcome = perform(post, tls=tls, port=port, **more)
    assert outcome == Again(f"no TLS with {HERE}: TLSV1_ALERT_PROTOCOL_VERSION", error="tls")


def test_without_tls_nothing_is_sent_unless_the_settings_say_so(post: Post) -> None:
    outcome = perform(post)
    assert isinstance(outcome, Failed)
    assert outcome.error == "tls"
    assert post.arrived == []
    outcome = perform(post, tls="none", secret=Secret("desk:right", "basic"))
    assert outcome == Failed("a credential is not sent without TLS", "credential")
    assert post.logins == []


def test_private_hosts_are_refused_unless_allowed(post: Post) -> None:
    outcome = perform(post, tls="none", private=False)
    assert isinstance(outcome, Failed)
    assert outcome.error == "private address"


# --- what a server's words mean ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind", "error"),
    [
        ("451 greylisted, come back", Again, "smtp 451"),
        ("452 full", Again, "smtp 452"),
        ("552 too large", Failed, "smtp 552"),
        ("554 spam", Failed, "smtp 554"),
    ],
)
def test_an_answer_to_the_text(post: Post, data: str, kind: Any, error: str) -> None:
    post.data = data
    outcome = perform(post, tls="none")
    assert isinstance(outcome, kind)
    assert outcome.error == error


def test_of_three_recipients_one_is_refused(post: Post) -> None:
    post.refuses = {"bob@example.com": "550 no such user"}
    outcome = perform(
        post, {**LETTER, "to": ["ann@example.com", "bob@example.com", "carl@example.com"]}, tls="none"
    )
    assert isinstance(outcome, Done)
    assert isinstance(outcome.answer, dict)
    assert outcome.answer["accepted"] == ["ann@example.com", "carl@example.com"]
    assert outcome.answer["refused"] == [{"to": "bob@example.com", "code": 550, "why": "no such user"}]


@pytest.mark.parametrize(
    ("refuses", "kind"),
    [
        ({"ann@example.com": "451 later", "bob@example.com": "550 no"}, Again),
        ({"ann@example.com": "550 no", "bob@example.com": "553 no"}, Failed),
    ],
)
def test_all_are_refused(post: Post, refuses: dict[str, str], kind: Any) -> None:
    post.refuses = refuses
    assert isinstance(perform(post, {**LETTER, "to": list(refuses)}, tls="none"), kind)
    assert post.arrived == []


def test_a_connection_that_is_lost_after_the_text_leaves_open_whether_it_was_sent(post: Post) -> None:
    post.hangs_up = True
    outcome = perform(post, tls="none")
    assert isinstance(outcome, Failed)
    assert outcome.error == "unknown"
    assert "may have been sent" in outcome.why


def raw(behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> Outcome:
    async def story() -> Outcome:
        server = await asyncio.start_server(behave, HERE, 0)
        given = {
            "host": HERE,
            "port": server.sockets[0].getsockname()[1],
            "from": "a@b.example",
            "private": True,
            "tls": "none",
            "timeout": 0.5,
        }
        agent = MailAgent("post", given, ".")
        action = Action("a", "send", "post", "mail", LETTER, "r", "r:1:1", 0)
        outcome = await asyncio.wait_for(agent.perform(action, Replies()), 60)
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await alone()
        return outcome

    return asyncio.run(story())


def test_servers_that_are_none() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            writer.close()

    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    async def gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 too busy\r\n")
        writer.close()

    assert raw(silent) == Again("no answer within 0.5 seconds", error="timeout")
    for server in (http, gone, closed):
        assert isinstance(raw(server), Again)


# --- what is refused before anything is sent --------------------------------------------------------------

SPLITTING = ["a\r\nBcc: evil@x.example", "a\nb", "a\rb", "a\r\n b", "a\0b", "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb",
             "a\x0cb", "a\x1cb", "a\ud800b"]  # fmt: skip


@pytest.mark.parametrize("place", ["subject", "to", "cc", "bcc", "reply_to", "name", "type"])
@pytest.mark.parametrize("text", SPLITTING, ids=ascii)
def test_nothing_splits_a_header(place: str, text: str) -> None:
    body: dict[str, Any] = dict(LETTER)
    if place in ("name", "type"):
        body["attachments"] = [{"name": "a", "content": "", "type": "text/plain", place: text}]
    else:
        body[place] = f"{text} <ann@example.com>" if place != "subject" else text
    with pytest.raises(Unwritten, match="line end") as error:
        letter(body, "desk@example.com", "a1")
    assert text not in str(error.value)


@pytest.mark.parametrize(
    "to",
    ["ann", "ann@", "@example.com", "ann@example.com, evil@x.example", "ann@example.com;evil@x.example",
     "<ann@example.com", "ann@example.com>", "a <ann@example.com> <evil@x.example>", "ann@exa mple.com",
     '"a b"@example.com', "ann@[127.0.0.1]", "", " ", 7, {"a": 1}, [["ann@example.com"]],
     "ann@" + "x" * 300, "a@b@c", "ann@..", "ann@example.com\\"],
)  # fmt: skip
def test_what_is_no_single_address_is_refused(to: Any) -> None:
    with pytest.raises(Unwritten):
        letter({**LETTER, "to": to}, "desk@example.com", "a1")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"to": []}, "no recipient"),
        ({"to": [f"a{n}@example.com" for n in range(101)]}, "100 are the most"),
        ({"text": ""}, "says nothing"),
        ({"text": 7}, "`text` is no text"),
        ({"from": "evil@x.example"}, "has no `from`"),
        ({"attachments": [{"name": "../a", "content": ""}]}, "no name of a file"),
        ({"attachments": [{"name": "a", "content": "***"}]}, "no base64"),
        ({"attachments": [{"name": "a", "content": "", "type": "multipart/mixed"}]}, "no type of a file"),
        ({"attachments": [{"name": "a", "content": "A" * ((LARGEST // 3 + 1) * 4)}]}, "more than 10 MiB"),
        ({"attachments": {"name": "a"}}, "no list"),
    ],
)
def test_what_is_no_mail_is_a_sentence(more: dict[str, Any], said: str) -> None:
    with pytest.raises(Unwritten, match=said):
        letter({**LETTER, **more}, "desk@example.com", "a1")


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_a_mail_with_the_headers_it_was_given_or_none_at_all(subject: str, text: str) -> None:
    try:
        made = letter({"to": "ann@example.com", "subject": subject, "text": text}, "desk@example.com", "a1")
    except Unwritten:
        return
    back = email.message_from_bytes(bytes(made.message), policy=email.policy.default)
    assert set(back.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip
    assert len(back.keys()) == len(set(back.keys()))
    assert str(back["Subject"]).split() == subject.split()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": "a b"}, "no name of a host"),
        ({"from": "nobody"}, "`from` is no address"),
        ({"from": "a@b.example\r\nBcc: c@d.example"}, "line end"),
        ({"private": ["x"]}, "no network"),
        ({"ca": "../ca.pem"}, "leads out"),
    ],
)
def test_settings_that_cannot_work_are_a_sentence(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MailAgent("post", {"host": "mx.example", "from": "a@b.example", **settings}, ".")
