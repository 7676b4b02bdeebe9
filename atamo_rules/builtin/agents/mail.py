"""An agent that sends mail over SMTP, with TLS unless its settings say otherwise.

uses mail
  host: "smtp.example.com"
  from: "Desk <desk@example.com>"
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar

from atamo_rules.builtin.agents.extras import need
from atamo_rules.builtin.agents.letters import KNOWN, Letter, Unwritten, address, letter
from atamo_rules.builtin.agents.masking import Mask
from atamo_rules.builtin.agents.web.addresses import Refused, reach
from atamo_rules.builtin.agents.web.credentials import AUTH, given, needed
from atamo_rules.builtin.agents.web.exchange import Broken, trust
from atamo_rules.builtin.agents.web.settings import CONNECTION, certificates
from atamo_rules.hub.agents.reading import EVERY, Reads
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.model.types import Json

MISSING = "aiosmtplib cannot be imported: `pip install 'atamo-rules[mail]'`"
"""It was there when the agent was made, and is broken or gone."""
GRACE = 2.0
"""Seconds beyond its own deadline in which an attempt says how far it came."""


class MailAgent:
    """Settings: `host`; `port` (587; 465 with `tls: implicit`); `from`, which no argument changes; `tls`: `starttls`,
    `implicit` or `none`; `timeout` in seconds for the whole mail (30); `auth`, `private` and `ca` as for `http`. Name
    and password are the user's credential, `name:password`.

    Arguments: `to`, `cc`, `bcc`, `reply_to` (a text or a list), `subject`, `text`, `html`, `attachments`.
    """

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "host": {"type": "string", "minLength": 1},
            "port": {"type": "integer", "minimum": 1, "maximum": 65535},
            "from": {"type": "string"},
            "tls": {"enum": ["starttls", "implicit", "none"]},
            "auth": AUTH,
            **CONNECTION,
        },
        "required": ["host", "from"],
        "additionalProperties": False,
    }
    concurrency = 4
    takes: ClassVar[Mapping[str, Reads]] = {EVERY: Reads(known=KNOWN)}

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        self.host = str(settings["host"])
        self.tls = settings.get("tls", "starttls")
        self.port = int(settings.get("port", 465 if self.tls == "implicit" else 587))
        self.sender = str(settings["from"])
        self.need = needed(settings)
        self.seconds = float(settings.get("timeout", 30))
        self.timeout = self.seconds + GRACE
        self.reach = reach(settings.get("private", False))
        self.ca = certificates(settings, folder)
        address("from", self.sender)
        if not self.host.isascii() or any(char in self.host for char in " /@\r\n\0"):
            raise ValueError("`host` is no name of a host")
        need("aiosmtplib", "atamo-rules[mail]")

    async def health(self) -> str:
        """Whether the server greets, has TLS where it is wanted, and answers NOOP; no mail is begun."""
        try:
            greeted = await self._through(lambda delivery: delivery.greet())
        except ImportError:
            return MISSING
        return "" if isinstance(greeted, Done) else greeted.why

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        hidden: tuple[str, ...] = ()
        try:
            made = letter(action.body if isinstance(action.body, dict) else {}, self.sender, action.id)
            secret = await given(reply, self.host, self.need)
            if secret is not None:
                hidden = secret.reveal(), secret.reveal().partition(":")[2]
                if self.tls == "none":
                    raise Broken(Failed("a credential is not sent without TLS", "credential"))
            return Mask(hidden).outcome(await self.deliver(made, secret))
        except Unwritten as error:
            return Failed(f"`{action.target}` is no mail: {error}", "arguments")
        except Broken as broken:
            return Mask(hidden).outcome(broken.outcome)
        except ImportError:
            return Failed(MISSING, "missing")

    async def deliver(self, made: Letter, secret: Secret | None) -> Outcome:
        """One letter, by whoever has the secret. Raises ImportError."""
        return await self._through(lambda delivery: delivery.run(made, secret))

    async def _through(self, work: Callable[[Delivery], Awaitable[Json]]) -> Outcome:
        """What comes of something that is done over a connection of its own. Raises ImportError."""
        delivery = Delivery(self)
        try:
            async with asyncio.timeout(self.seconds):
                return Done(await work(delivery))
        except (Exception, TimeoutError) as error:
            return delivery.meaning(error)
        finally:
            delivery.close()

    async def close(self) -> None:
        return None


class Delivery:
    """One mail on its way. `handed` from the moment its text is sent: a connection that is lost then leaves open
    whether it was delivered."""

    def __init__(self, agent: MailAgent) -> None:
        self.agent = agent
        self.handed = False
        self._client: Any = None
        self._socket: socket.socket | None = None

    async def greet(self) -> Json:
        """Nothing but a greeting, and the answer to NOOP. Raises what went wrong."""
        client = await self._connect()
        await client.ehlo()
        await client.noop()
        return None

    async def run(self, letter: Letter, secret: Secret | None) -> Json:
        """What the server made of a letter: who was accepted, who was not and why. Raises what went wrong."""
        client = await self._connect()
        if secret is not None:
            user, _, password = secret.reveal().partition(":")
            await client.login(user, password)
        import aiosmtplib

        await client.mail(letter.sender)
        accepted: list[Json] = []
        refused: list[aiosmtplib.SMTPRecipientRefused] = []
        for recipient in letter.recipients:
            try:
                await client.rcpt(recipient)
                accepted.append(recipient)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(error)
        if not accepted:
            raise aiosmtplib.SMTPRecipientsRefused(refused)
        self.handed = True
        await client.data(bytes(letter.message))
        self.handed = False
        return {
            "id": letter.id,
            "accepted": accepted,
            "refused": [
                {"to": one.recipient, "code": one.code, "why": _line(one.message)} for one in refused
            ],
        }

    async def _connect(self) -> Any:
        import aiosmtplib

        agent = self.agent
        try:
            where = await agent.reach.resolve(agent.host, agent.port)
        except Refused as refused:
            raise Broken(Failed(str(refused), "private address")) from None
        family = socket.AF_INET6 if ":" in where else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        await asyncio.get_running_loop().sock_connect(self._socket, (where, agent.port))
        context = trust(agent.ca) if agent.tls != "none" else None
        self._client = client = aiosmtplib.SMTP(
            hostname=agent.host, sock=self._socket, timeout=agent.seconds, local_hostname="localhost",
            use_tls=agent.tls == "implicit", start_tls=False, tls_context=context,
        )  # fmt: skip
        await client.connect()
        if agent.tls == "starttls":
            await client.ehlo()
            if not client.supports_extension("starttls"):
                raise Broken(Failed(f"{agent.host} offers no TLS, and nothing is sent without it", "tls"))
            await client.starttls(server_hostname=agent.host, tls_context=context)
        return client

    def meaning(self, error: BaseException) -> Again | Failed:
        """What went wrong, as an outcome: for now, for good, or nobody knows."""
        import aiosmtplib

        if isinstance(error, Broken):
            return error.outcome
        causes = list(_causes(error))
        for found in causes:
            if isinstance(found, ssl.SSLCertVerificationError):
                why = f"the certificate of {self.agent.host} is not accepted: {found.verify_message}"
                return Failed(why, "certificate")
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            codes = [one.code for one in error.recipients]
            why = (
                f"no recipient was accepted: {error.recipients[0].code} {_line(error.recipients[0].message)}"
            )
            final = all(code >= 500 for code in codes)
            return Failed(why, f"smtp {codes[0]}") if final else Again(why, error=f"smtp {codes[0]}")
        if isinstance(error, aiosmtplib.SMTPResponseException):
            why = f"the server said {error.code} {_line(error.message)}"
            final = error.code >= 500
            return Failed(why, f"smtp {error.code}") if final else Again(why, error=f"smtp {error.code}")
        if isinstance(error, aiosmtplib.SMTPNotSupported):
            return Failed(f"the server cannot do what is needed: {_line(str(error))}", "not supported")
        if self.handed:
            return Failed(
                "the connection was lost after the mail was handed over: it may have been sent", "unknown"
            )
        if isinstance(error, TimeoutError):
            return Again(f"no answer within {self.agent.seconds:g} seconds", error="timeout")
        if broken := next((one for one in causes if isinstance(one, ssl.SSLError)), None):
            return Again(f"no TLS with {self.agent.host}: {broken.reason or 'it failed'}", error="tls")
        if isinstance(error, OSError | aiosmtplib.SMTPException):
            return Again(f"{self.agent.host}: {_line(str(error))}", error="unreachable")
        raise error

    def close(self) -> None:
        """Give back the connection, without waiting for a good-bye."""
        if self._client is not None:
            transport = self._client.transport
            self._client.close()
            if transport is not None:
                transport.abort()  # a server that never says good-bye in TLS would keep it open
        if self._socket is not None:
            self._socket.close()


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those it was raised for."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
