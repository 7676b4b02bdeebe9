"""Answers to mail, through a real mailbox and a real mail server: in the thread, once, and never to a machine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.events import mail_answer
from atamo_rules.builtin.events.mail import ImapMail
from atamo_rules.builtin.events.mail_answer import MailAnswers
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub import owing
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.ways import Way
from atamo_rules.testing.doubles import RememberingAuditor
from tests.agents.test_mail import HERE, Post, parsed
from tests.events.imap_server import ImapServer
from tests.events.test_mail import settings
from tests.waiting import alone

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
RULES = """
request question
  subject: text
  answer
    text: text

rule reply
  on request question
  when subject does not contain "nothing"
  do
    reply
      text: "You asked: {{ subject }}"
"""
MAIL = (
    "From: Bo <bo@example.org>\r\nTo: desk@example.org\r\nSubject: {subject}\r\nMessage-ID: <{id}@x>\r\n"
    "In-Reply-To: <before@x>\r\n{more}\r\nHello\r\n"
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owing, "FIRST", 0.01)


Told = list[tuple[str, str]]


def ask(
    server: ImapServer, folder: str, mails: list[str], post: Post, sender: str = "desk@example.org"
) -> Told:
    """Mails are put into a folder that a hub reads, until of each its answer was handed back or given up; gives the
    records of that."""
    with server.line() as line:
        assert line.create(folder)[0] == "OK"
    server.put(*(mail.encode() for mail in mails), folder=folder)
    heard = RememberingAuditor()

    def told() -> Told:
        kinds = ("reply.delivered", "reply.undelivered", "source.broken")
        return [(one.kind, str(one.what.get("why", ""))) for one in heard.records if one.kind in kinds]

    async def story() -> None:
        loop = asyncio.get_running_loop()
        made = await loop.create_server(lambda: SMTP(post, hostname="mx", loop=loop), HERE, 0)
        port = made.sockets[0].getsockname()[1]
        answers = {"host": HERE, "port": port, "from": f"Desk <{sender}>", "tls": "none", "private": True}
        given = settings(server.port, folder=folder, type="question", answers=answers)
        way = Way("desk", ImapMail("desk", given, "."))
        async with (
            Controller(TextProvider(RULES), MemoryStore(), (heard,), events=[way]),
            asyncio.timeout(30),
        ):
            while sum(kind != "source.broken" for kind, _ in told()) < len(mails):
                await asyncio.sleep(0.01)
        made.close()
        await alone()

    asyncio.run(story())
    return told()


def written(subject: str = "A b", id: str = "one", more: str = "") -> str:
    return MAIL.format(subject=subject, id=id, more=more)


def test_an_answer_goes_to_the_sender_in_its_thread(server: ImapServer) -> None:
    post = Post()
    assert ask(server, "thread", [written("Re: it is =?utf-8?q?kapu=C3=BC?=")], post) == [
        ("reply.delivered", "")
    ]
    (envelope,) = post.arrived
    assert (envelope.mail_from, envelope.rcpt_tos) == ("desk@example.org", ["bo@example.org"])
    mail = parsed(envelope)
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Desk <desk@example.org>",
        "bo@example.org",
        "Re: it is kapuü",
    )
    assert (mail["In-Reply-To"], mail["References"]) == ("<one@x>", "<before@x> <one@x>")
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail.get_content().strip() == "You asked: Re: it is kapuü"


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-replied\r\n",
        "Precedence: bulk\r\n",
        "List-Id: <list.example.org>\r\n",
        "Return-Path: <>\r\n",
    ],
)
def test_a_machine_is_never_answered(server: ImapServer, more: str) -> None:
    post = Post()
    folder = "machine" + "".join(char for char in more if char.isalpha())
    why = "a program sent it, and an answer might go round in a circle"
    assert ask(server, folder, [written(more=more)], post) == [("reply.undelivered", why)]
    assert post.arrived == []


@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@example.org", "no-reply@x.example", "desk@example.org", ""]
)
def test_nobody_who_could_read_it(server: ImapServer, sender: str) -> None:
    post = Post()
    mail = written().replace("From: Bo <bo@example.org>\r\n", f"From: {sender}\r\n")
    told = ask(server, f"nobody{len(sender)}", [mail], post)
    assert told == [("reply.undelivered", "nobody who sent it can be answered")]
    assert post.arrived == []


def test_a_request_that_nobody_answered_is_no_mail(server: ImapServer) -> None:
    post = Post()
    ((kind, why),) = ask(server, "silence", [written("nothing")], post)
    assert (kind, why.startswith("there is no answer")) == ("reply.undelivered", True)
    assert post.arrived == []


def test_what_the_server_puts_off_is_sent_again_and_what_it_refuses_is_not(server: ImapServer) -> None:
    class Greylisting(Post):
        tries = 0

        async def handle_RCPT(self, *arguments: Any) -> str:
            self.tries += 1
            return "451 later" if self.tries < 3 else await super().handle_RCPT(*arguments)

    later = Greylisting()
    told = ask(server, "later", [written()], later)
    assert [kind for kind, _ in told] == ["source.broken", "reply.delivered"]
    assert len(later.arrived) == 1
    never = Post()
    never.refuses = {"bo@example.org": "550 no such mailbox"}
    told = ask(server, "never", [written()], never)
    assert told == [("reply.undelivered", "no recipient was accepted: 550 no such mailbox")]


def test_two_programs_that_answer_each_other_come_to_an_end(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_answer, "MOST", 2)
    post = Post()
    told = ask(server, "circle", [written(id=f"m{n}") for n in range(5)], post)
    assert sorted(told)[-3:] == [("reply.undelivered", "2 answers went to this address in the last hour")] * 3
    assert len(post.arrived) == 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"tls": "none", "login": "desk", "password": {"env": "ATAMO_TEST_MAIL"}}, "not sent without TLS"),
        ({"login": "desk", "password": {"env": "ATAMO_NOT_THERE"}}, "holds no secret"),
        ({"from": "desk"}, "is no address"),
    ],
)
def test_settings_that_cannot_work(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        MailAnswers({"host": HERE, "from": "d@x.example", **given}, ".")
