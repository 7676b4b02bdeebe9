"""A connection to a mailbox, IMAP4rev1 (RFC 3501): bounded in what it reads and in how long it waits."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Literal

from atamo_rules.builtin.events.imap_line import SLACK, MailboxBroken, Plain, Tls

Security = Literal["tls", "starttls", "none"]
TIMEOUT = 30.0
"""Seconds that one answer of the server may take."""
_NUMBER = re.compile(rb"(?:RFC822\.SIZE|UID) (\d+)")
_WHEN = re.compile(rb'INTERNALDATE "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Address:
    """Where a mailbox is, and how its server is reached. `ca` is a file of authorities that are trusted beside none."""

    host: str
    port: int
    security: Security
    ca: str = ""

    def context(self) -> ssl.SSLContext:
        """Certificates are checked, always."""
        made = ssl.create_default_context(cafile=self.ca or None)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        return made


def local(host: str) -> bool:
    """Whether a host is this machine: anywhere else a password goes through TLS alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Mailbox:
    """One folder. Every method but `cut` blocks, and belongs into a thread. Raises MailboxBroken."""

    def __init__(self, address: Address, login: str, password: str, folder: str, *, change: bool) -> None:
        self.address, self.folder, self.change = address, folder, change
        self._who = login, password
        self._gone = False
        self._opening = threading.Lock()
        self._line: Plain | Tls | None = None
        self.validity = 0

    @property
    def line(self) -> Plain | Tls:
        """The open line."""
        if self._line is None or self._gone:
            raise MailboxBroken("the line to the server was cut")
        return self._line

    def open(self) -> None:
        """Connect, log in and open the folder."""
        with self._opening, _said():
            self._line = self._connected()
            line = self.line
            if self.address.security == "starttls":
                line.starttls(self.address.context())
                if line.held:  # said before the line was safe, by whoever stands in between
                    raise MailboxBroken("the server said something between STARTTLS and TLS")
            line.login(*self._who)
            name = self.folder.replace("\\", "\\\\").replace('"', '\\"')
            _ok(line.select(f'"{name}"', readonly=not self.change), f"there is no folder `{self.folder}`")
            _, validity = line.response("UIDVALIDITY")
            self.validity = int(validity[0] or 0)

    def _connected(self) -> Plain | Tls:
        host, port = self.address.host, self.address.port
        if self.address.security == "tls":
            return Tls(host, port, ssl_context=self.address.context(), timeout=TIMEOUT)
        return Plain(host, port, timeout=TIMEOUT)

    def after(self, uid: int) -> list[int]:
        """The UIDs above one, rising. `n:*` names the last mail even where it is below n (RFC 3501, 6.4.8)."""
        with _said():
            self.line.response("EXISTS")  # what was said so far, this search finds
            (found,) = _ok(self.line.uid("SEARCH", f"UID {uid + 1}:*"), "it cannot be searched")
            return sorted(number for number in map(int, (found or b"").split()) if number > uid)

    def about(self, uid: int) -> tuple[int, datetime] | None:
        """How many bytes a mail has, and when it came; None when it is gone."""
        with _said():
            got = _ok(self.line.uid("FETCH", str(uid), "(RFC822.SIZE INTERNALDATE)"), "it cannot be read")
            text = b" ".join(one if isinstance(one, bytes) else b"".join(one) for one in got if one)
            size, when = re.search(rb"RFC822\.SIZE (\d+)", text), _WHEN.search(text)
            if size is None or when is None:
                return None
            at = datetime.strptime(when.group(1).decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
            return int(size.group(1)), at.astimezone(UTC)

    def read(self, uid: int, most: int) -> bytes | None:
        """The first bytes of a mail, which stays unread; None when it is gone."""
        self.line.largest = most + SLACK
        with _said():
            got = _ok(self.line.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{most}>)"), "it cannot be read")
            return next((one[1][:most] for one in got if isinstance(one, tuple)), None)

    def seen(self, uid: int) -> None:
        """Mark a mail as read."""
        with _said():
            _ok(self.line.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"), "it cannot be marked as read")

    def wait(self, seconds: float) -> bool:
        """Wait until mail may have come, at most so long; False, at once, where the server offers no such waiting."""
        with _said():
            (offered,) = _ok(self.line.capability(), "it does not say what it can do")
            if b"IDLE" not in (offered or b"").upper().split():
                return False
            # Some servers keep what came before an IDLE until it ends: they are asked for it here.
            _ok(self.line.noop(), "it does not answer")
            if self.line.response("EXISTS")[1] != [None]:  # mail came since the search
                return True
            return self.line.idle_until_news(seconds)

    def leave(self) -> None:
        """Take leave of the server, and close."""
        with suppress(imaplib.IMAP4.error, OSError):
            self.line.logout()
        self.close()

    def cut(self) -> None:
        """Hang up; whoever waits for an answer, in whichever thread, is told that there is none. Never waits."""
        self._gone = True
        if self._line is not None:
            with suppress(OSError):
                self._line.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the line back, once whoever opens it is done."""
        self.cut()
        with self._opening, suppress(OSError):
            if self._line is not None:
                self._line.shutdown()


@contextmanager
def _said() -> Iterator[None]:
    """Inside, whatever goes wrong becomes a sentence. None holds a password, since servers do not send them back."""
    try:
        yield
    except MailboxBroken:
        raise
    except ssl.SSLCertVerificationError as error:
        raise MailboxBroken(
            f"the certificate of the server cannot be trusted: {error.verify_message}"
        ) from None
    except TimeoutError:
        raise MailboxBroken(f"the server did not answer within {TIMEOUT:g} seconds") from None
    except imaplib.IMAP4.error as error:
        said = error.args[0] if error.args else ""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise MailboxBroken(f"the server said no: {text[:200]}") from None
    except socket.gaierror:
        raise MailboxBroken("the name of its `host` is not known") from None
    except (OSError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise MailboxBroken(f"the line to the server broke: {error}") from None


def _ok(answer: tuple[str, list[Any]], otherwise: str) -> list[Any]:
    word, got = answer
    if word != "OK":
        raise MailboxBroken(otherwise)
    return got
