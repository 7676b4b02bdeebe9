"""A mailbox as an event provider: every mail in a folder is an event once, whatever becomes of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from atamo_rules.builtin.events.imap import Address, Mailbox, local
from atamo_rules.builtin.events.mail_answer import SETTING as ANSWERS
from atamo_rules.builtin.events.mail_answer import MailAnswers
from atamo_rules.builtin.events.mail_message import DECLARED, data_of
from atamo_rules.builtin.events.secrets import REFERENCE, secret
from atamo_rules.model.strict_json import encode

if TYPE_CHECKING:
    from atamo_rules.hub.ports import Place

Result = TypeVar("Result")
TYPE = "mail.received"
EVERY = 30.0
"""Seconds between looks at the folder, where nothing else is said."""
RENEWED = 600.0
"""Seconds that one wait for the server to tell of mail takes at most: it may hang up after 30 minutes (RFC 2177), and
what stands in between may forget the line sooner."""
LARGEST = 10 << 20
"""Bytes of a mail that are read; of a larger one, the beginning."""


NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a folder was read: the last UID under its UIDVALIDITY, and when the latest mail came. While a folder that
    was numbered anew is gone through, mail up to `since` is known from before."""

    validity: int
    uid: int = 0
    at: datetime = NEVER
    since: datetime = NEVER


def _reached(kept: Any, validity: int) -> Reached:
    """What was kept, as it is to be understood under the UIDVALIDITY of now."""
    if not isinstance(kept, Mapping):
        return Reached(validity)
    at, since = (datetime.fromisoformat(str(kept[name])) for name in ("at", "since"))
    if kept["validity"] == validity:
        return Reached(validity, int(kept["uid"]), at, since)
    return Reached(validity, 0, at, max(at, since))


class ImapMail:
    """Settings: `host`, `login` and `password` (by reference); `port`, `security` (`tls`, `starttls`, or `none` on this
    machine), `ca`; `folder`, `idle` (may the server tell of mail), `every` in seconds, `largest` in MiB; `type`,
    where it is not `mail.received`; `then`, what becomes of a mail that was taken (`keep` or `seen`); `first`, what a
    first start takes (`new` mail or `all`); `answers`, by which server requests are answered.

    The place it has come to is kept as the UID of the last mail, under the folder's UIDVALIDITY. Where the server
    numbers a folder anew, mail that came after the last one is taken, by the date the server gave it.
    """

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "host": {"type": "string", "minLength": 1},
            "port": {"type": "integer", "minimum": 1, "maximum": 65535},
            "security": {"enum": ["tls", "starttls", "none"]},
            "ca": {"type": "string", "minLength": 1},
            "login": {"type": "string", "minLength": 1},
            "password": dict(REFERENCE),
            "folder": {"type": "string", "minLength": 1, "pattern": "^[^\\r\\n]+$"},
            "idle": {"type": "boolean"},
            "every": {"type": "number", "exclusiveMinimum": 0, "maximum": 86400},
            "largest": {"type": "integer", "minimum": 1, "maximum": 100},
            "type": {"type": "string", "minLength": 1},
            "then": {"enum": ["keep", "seen"]},
            "first": {"enum": ["new", "all"]},
            "answers": ANSWERS,
        },
        "required": ["host", "login", "password"],
        "additionalProperties": False,
    }

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        security = settings.get("security", "tls")
        host: str = settings["host"]
        if security == "none" and not local(host):
            raise ValueError(f"a password goes to `{host}` through TLS alone: leave `security: none` out")
        port = settings.get("port", 993 if security == "tls" else 143)
        ca = str(Path(folder) / settings["ca"]) if "ca" in settings else ""
        self.address = Address(host, port, security, ca)
        self.login: str = settings["login"]
        self.reference, self.project = settings["password"], folder
        self.folder: str = settings.get("folder", "INBOX")
        self.idles: bool = settings.get("idle", True)
        self.every = float(settings.get("every", EVERY))
        self.largest = settings["largest"] << 20 if "largest" in settings else LARGEST
        self.type: str = settings.get("type", TYPE)
        self.marks = settings.get("then") == "seen"
        self.all = settings.get("first") == "all"
        self.place: Place | None = None
        self.client = f"{self.login} {host}"
        self.source = f"imap://{host}/{self.folder}"
        secret(self.reference, folder)
        if "answers" in settings:
            self.respond = MailAnswers(settings["answers"], folder).respond

    @staticmethod
    def declares(settings: Mapping[str, Any]) -> str:
        """`mail.received`; another type is the rules' own."""
        return DECLARED if settings.get("type", TYPE) == TYPE else ""

    @staticmethod
    def messages(settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Every mail is of one type, with the fields of `mail.received`, whatever it is called."""
        return {settings.get("type", TYPE): DECLARED}

    def remember(self, place: Place) -> None:
        """Where it keeps how far it has come."""
        self.place = place

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        """Look at the folder when the server tells of mail, and each `every` whatever it tells."""
        while True:
            await self.look(submit, stay=self.idles)
            await asyncio.sleep(self.every)

    async def look(self, submit: Callable[[bytes], Awaitable[Any]], *, stay: bool = False) -> int:
        """Take what is new; gives how many mails. With `stay`, again and again, as long as the server tells of mail.
        Raises MailboxBroken."""
        password = secret(self.reference, self.project)
        mailbox = Mailbox(self.address, self.login, password, self.folder, change=self.marks)
        try:
            await _asked(mailbox.open)
            taken = await self._take(mailbox, submit)
            while stay and await _apart(partial(mailbox.wait, min(self.every, RENEWED))):
                taken += await self._take(mailbox, submit)
        except BaseException:
            # A thread that waits for a server that says nothing comes back once the line is cut.
            mailbox.cut()
            await asyncio.shield(_asked(mailbox.close))
            raise
        await asyncio.shield(_asked(mailbox.leave))
        return taken

    async def _take(self, mailbox: Mailbox, submit: Callable[[bytes], Awaitable[Any]]) -> int:
        kept: Any = await self.place.get() if self.place is not None else None
        reached = _reached(kept, mailbox.validity)
        uids = await _asked(partial(mailbox.after, reached.uid))
        if kept is None and not self.all:
            await self._keep(replace(reached, uid=uids[-1] if uids else 0))
            return 0
        taken = 0
        for uid in uids:
            about = await _asked(partial(mailbox.about, uid))
            if about is not None:
                size, at = about
                raw = None
                if at > reached.since:
                    raw = await _asked(partial(mailbox.read, uid, self.largest))
                if raw is not None:
                    await submit(self.packed(mailbox.validity, uid, raw, size))
                    taken += 1
                    if self.marks:
                        await _asked(partial(mailbox.seen, uid))
                reached = replace(reached, at=max(at, reached.at))
            # After the hub has it: whoever dies in between submits it again, under the same id.
            reached = replace(reached, uid=uid)
            await self._keep(reached)
        if reached.since > NEVER:
            await self._keep(replace(reached, since=NEVER))
        return taken

    async def _keep(self, reached: Reached) -> None:
        if self.place is not None:
            at, since = reached.at.isoformat(), reached.since.isoformat()
            await self.place.put({"validity": reached.validity, "uid": reached.uid, "at": at, "since": since})

    def packed(self, validity: int, uid: int, raw: bytes, size: int) -> bytes:
        """A mail as a message for the hub."""
        message = {
            "type": self.type,
            "id": f"{validity}/{uid}",
            "source": self.source,
            "data": data_of(raw, size, self.folder),
        }
        return encode(message).encode("utf-8")


def _asked(ask: Callable[[], Result]) -> asyncio.Future[Result]:
    """What the server says, asked in a thread."""
    return asyncio.get_running_loop().run_in_executor(None, ask)


def _apart(ask: Callable[[], Result]) -> asyncio.Future[Result]:
    """`_asked` in a thread of its own: it waits for minutes, and the loop's threads are few and shared."""
    pool = ThreadPoolExecutor(1, "mailbox")
    asked = asyncio.get_running_loop().run_in_executor(pool, ask)
    pool.shutdown(wait=False)
    return asked
