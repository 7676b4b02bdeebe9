"""Mails as data: real shapes, hostile ones, and any bytes at all; what comes out always fits the declared type."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.events.mail_message import DECLARED, PARTS, TEXT, data_of
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.door import Door
from atamo_rules.model.strict_json import decode, encode
from atamo_rules.source.span import Source


def _door() -> Door:
    made = compile_sources([Source("mail.atamo", DECLARED)], lambda who, path: "")
    assert made.ruleset is not None
    return Door(made.ruleset.events["mail.received"])


DOOR = _door()


def data(raw: bytes, size: int | None = None) -> dict[str, Any]:
    """The data of a mail, which fits its type and can be sent."""
    made: Any = data_of(raw, len(raw) if size is None else size, "INBOX")
    assert DOOR.reasons(decode(encode(made))) == ()
    return dict(made)


def test_a_mail_of_several_parts() -> None:
    mail = EmailMessage()
    mail["From"] = "Ünal Ö <u@example.org>"
    mail["To"] = "a@example.org, B <b@example.org>"
    mail["Cc"] = "c@example.org"
    mail["Subject"] = "Grüße an alle"
    mail["Date"] = "Tue, 03 Feb 2026 13:00:00 +0100"
    mail["Message-ID"] = "<m1@example.org>"
    mail["In-Reply-To"] = "<m0@example.org>"
    mail.set_content("Hallo ü\n")
    mail.add_alternative("<p>Hallo</p>\n", subtype="html")
    mail.add_attachment(b"12345", maintype="application", subtype="pdf", filename="Rechnung ä.pdf")
    made = data(bytes(mail))
    assert made["sender"] == {"name": "Ünal Ö", "address": "u@example.org"}
    assert (made["to"], made["cc"]) == (["a@example.org", "b@example.org"], ["c@example.org"])
    assert (made["subject"], made["date"]) == ("Grüße an alle", "2026-02-03T12:00:00+00:00")
    assert (made["message_id"], made["in_reply_to"]) == ("<m1@example.org>", "<m0@example.org>")
    assert (made["text"], made["html"]) == ("Hallo ü\n", "<p>Hallo</p>\n")
    assert made["attachments"] == [{"name": "Rechnung ä.pdf", "type": "application/pdf", "size": 5}]
    assert (made["automatic"], made["cut"]) == (False, False)


def test_mail_of_programs_is_told_from_mail_of_people() -> None:
    for header in (b"Auto-Submitted: auto-replied", b"Precedence: bulk", b"List-Id: <l>", b"Return-Path: <>"):
        assert data(header + b"\r\n\r\nx")["automatic"], header
    assert not data(b"Auto-Submitted: no\r\n\r\nx")["automatic"]


def test_nothing_hostile_gets_through() -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000)
    )
    assert data(b"Subject: deep\r\n" + deep)["cut"]
    many = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n" * 5000
    )
    made = data(many + b"--b--")
    assert made["cut"]
    assert len(made["attachments"]) == PARTS
    assert data(b"Subject: a\r\n b\0\xff\r\n\r\nx")["subject"].startswith("a b")
    for charset in (b"klingon", b"utf-7", b"rot13", b"zlib", b"idna", b"undefined", b"utf-16"):
        head = b"Subject: =?%s?b?eA==?=\r\nContent-Type: text/plain; charset=%s\r\n\r\n" % (charset, charset)
        data(head + b"\xff\xfe+x")
    assert len(data(b"\r\n" + b"y" * (TEXT + 1))["text"]) == TEXT
    assert data(b"Date: Tue, 99 Foo 9999999 99:99 +99999999\r\n\r\nx").get("date") is None
    assert len(data(b"To: " + b"a@b, " * 100_000 + b"\r\n\r\nx")["to"]) <= 200


LINES = st.sampled_from(
    [b"Subject: ", b"From: ", b"Date: ", b"Content-Type: multipart/mixed; boundary=b", b"--b", b"--b--", b"",
     b"Content-Transfer-Encoding: base64", b"Content-Type: text/html; charset=", b"=?utf-8?q?=FF?=", b" <a@b>, ,",
     b'Content-Disposition: attachment; filename*="x\'\'%FF"', b"Content-Type: message/rfc822", b"To: @:;<>()\"\\"]
)  # fmt: skip


@given(st.lists(st.one_of(LINES, st.binary(max_size=40)), max_size=40))
def test_any_bytes_are_a_mail(lines: list[bytes]) -> None:
    data(b"\r\n".join(lines))
