"""The line to an IMAP server: bounded in what it reads, and able to wait for news (IDLE, RFC 2177)."""

from __future__ import annotations

import imaplib
import re
import time

SLACK = 1 << 16
"""Bytes that a server may send beside a mail, where one is asked for."""
LINE = 1 << 20
"""Bytes that one line of a server may have."""
TAG = b"IDLE"
"""What an IDLE is tagged with: a word that imaplib, which numbers its tags, never uses."""
_CAME = re.compile(rb"\* \d+ EXISTS\b", re.IGNORECASE)


class MailboxBroken(OSError):
    """The mailbox cannot be used: the server said no, or something that is no IMAP."""


class _Line(imaplib.IMAP4):
    """Reads from the socket by itself, as what `imaplib` reads from cannot be read again after a wait that ended."""

    largest: int = SLACK
    held: bytes = b""

    def read(self, size: int) -> bytes:
        """So many bytes, fewer where the server hangs up. Raises MailboxBroken where more come than were asked for."""
        if size > self.largest:
            raise MailboxBroken(f"the server sends {size} bytes at once, where {self.largest} are the most")
        pieces, missing = [self.held[:size]], size - len(self.held)
        self.held = self.held[size:]
        while missing > 0 and (piece := self.sock.recv(min(missing, SLACK))):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def readline(self) -> bytes:
        """A line with its end; what there is of it where the server hangs up."""
        while b"\n" not in self.held and self._more():
            pass
        line, end, self.held = self.held.partition(b"\n")
        return line + end

    def _more(self) -> bool:
        if len(self.held) > LINE:
            raise MailboxBroken(f"the server sends a line of more than {LINE} bytes")
        piece = self.sock.recv(SLACK)
        self.held += piece
        return bool(piece)

    def quiet(self, seconds: float) -> bool:
        """Wait for a whole line; whether none came in that time. The line is used on after either."""
        patience, until = self.sock.gettimeout(), time.monotonic() + seconds
        try:
            while b"\n" not in self.held:
                left = until - time.monotonic()
                if left <= 0:
                    return True
                self.sock.settimeout(left)
                if not self._more():
                    raise MailboxBroken("the server hung up")
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(patience)
        return False

    def idle_until_news(self, seconds: float) -> bool:
        """Wait until the server says that mail came, or so long; False where it will not have it."""
        self.send(TAG + b" IDLE\r\n")
        until, came = time.monotonic() + seconds, False
        while not (said := self._heard()).startswith(b"+"):
            if said.startswith(TAG + b" "):
                return False
            came = came or _CAME.match(said) is not None
        while not came and not self.quiet(until - time.monotonic()):
            came = _CAME.match(self._heard()) is not None
        self.send(b"DONE\r\n")
        while not (said := self._heard()).startswith(TAG + b" "):
            pass
        return said[len(TAG) + 1 :].upper().startswith(b"OK")

    def _heard(self) -> bytes:
        said = self.readline()
        if not said.endswith(b"\n"):
            raise MailboxBroken("the server hung up")
        if said[:6].upper() == b"* BYE ":
            raise MailboxBroken(f"the server took leave: {said[6:].decode('utf-8', 'replace').strip()[:200]}")
        return said


class Plain(_Line):
    """In the clear, or until STARTTLS."""


class Tls(_Line, imaplib.IMAP4_SSL):
    """Through TLS from the first byte."""
