"""A real IMAP server, pymap with its mailboxes in memory, in a process of its own on a free port."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LOGIN, PASSWORD = "ann@example.org", "correct horse"


class ImapServer:
    """Where it listens; `put` delivers a mail to a folder."""

    def __init__(self, port: int) -> None:
        self.port = port

    def put(self, *mails: bytes, folder: str = "INBOX", when: str = "") -> None:
        with self.line() as line:
            for mail in mails:
                assert line.append(folder, "", when, mail)[0] == "OK"

    def renumber(self, folder: str) -> None:
        """Have the mails of a folder numbered anew, as after a restore: the same mails and dates, other UIDs."""
        with self.line() as line:
            line.select(folder)
            _, (found,) = line.uid("SEARCH", "ALL")
            kept = []
            for uid in found.split():
                _, got = line.uid("FETCH", uid.decode(), "(INTERNALDATE BODY.PEEK[])")
                kept.append((imaplib.Internaldate2tuple(got[0][0]), got[0][1]))
            line.close()
            line.delete(folder)
            line.create(folder)
            for when, mail in kept:
                assert when is not None
                line.append(folder, "", imaplib.Time2Internaldate(when), mail)

    def unseen(self, folder: str = "INBOX") -> int:
        with self.line() as line:
            line.select(folder, readonly=True)
            return len(line.uid("SEARCH", "UNSEEN")[1][0].split())

    @contextmanager
    def line(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as line:
            line.login(LOGIN, PASSWORD)
            yield line


@contextmanager
def imap_server(*more: str) -> Iterator[ImapServer]:
    """A server, until the block ends. `more` are options of pymap before the backend."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from pymap.main import main; main()",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    options = more or ("--no-tls",)
    backend = ["dict", "--demo-user", LOGIN, "--demo-password", PASSWORD]
    names = ["admin", "sieve"]
    skipped = [part for name in names for part in ("--no-service", name)]
    process = subprocess.Popen([*command, *options, *skipped, *backend], stderr=subprocess.PIPE)
    try:
        for _ in range(1200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            time.sleep(0.05)
        yield ImapServer(port)
    finally:
        process.terminate()
        process.wait(20)
        if process.stderr:
            process.stderr.close()
