"""Asking a hub: one that runs, over HTTP; what it refuses and what stands in the way are sentences."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, TypeVar

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.ink import plain
from atamo_rules.model.strict_json import JsonRefused, decode

Command = TypeVar("Command", bound=Callable[..., Any])
Answer = TypeVar("Answer")

URL = "http://127.0.0.1:8080"
PATIENCE = 70.0
"""Seconds that a hub may take for an answer."""


class Asked(Protocol):
    """What a command asks: a running hub, or what a stopped one kept."""

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, wait: float = 0.0) -> Any:
        """The JSON at a path; with `wait` the hub may take so many seconds to have news. Raises Refused."""
        ...

    def __enter__(self) -> Asked: ...
    def __exit__(self, *_: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command asks: a running hub's address, or the folder of a hub, whether or not it runs."""

    url: str
    folder: str

    def open(self) -> Asked:
        """The hub there. Raises click.UsageError when there is none."""
        if not self.folder:
            here = os.path.exists(".atamo/hub.db")
            return RunningHub(self.url, "`--folder .` asks what the hub of this folder kept." if here else "")
        from atamo_rules.cli.stopped import StoppedHub

        return StoppedHub(self.folder)


def hub_options(command: Command) -> Command:
    """Adds `--url` and `--folder`, and gives the command a `place`."""

    @wraps(command)
    def placed(*args: Any, url: str, folder: str, **more: Any) -> Any:
        return command(*args, place=Place(url, folder), **more)

    with_folder = click.option(
        "--folder",
        default="",
        metavar="FOLDER",
        help="Ask what the hub of this project kept; it may be stopped.",
    )
    return url_option(with_folder(placed))  # type: ignore[return-value]


def url_option(command: Command) -> Command:
    """Adds `--url`. The key that says who asks is in ATAMO_KEY, and never an argument: those are seen by everybody on
    the machine."""
    return click.option(
        "--url", envvar="ATAMO_URL", default=URL, show_default=True, metavar="URL", help="The hub to ask."
    )(command)


class Refused(click.ClickException):
    """The hub said no: its problem document. A command that does not catch it says it, and ends with 1."""

    exit_code = 1

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        self.ctx = click.get_current_context(silent=True)
        super().__init__(self.sentence)

    @property
    def code(self) -> str:
        """The problem's stable code."""
        return str(self.problem.get("code", "http"))

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, in lines."""
        title = str(self.problem.get("title") or f"the hub answered {self.status}")
        detail, remedy = self.problem.get("detail"), self.problem.get("remedy")
        lines = [f"{title}: {detail}" if detail else title]
        if remedy:
            lines.append(f"  {by_command(str(remedy))}")
        return "\n".join(lines)

    def show(self, file: Any = None) -> None:
        """Say it on standard error, with every reason that does not stand in the sentence. A problem may quote what
        somebody else sent."""
        said = self.sentence
        reasons = [str(reason) for reason in self.problem.get("reasons", ())]
        lines = "\n".join([said, *(f"  {one}" for one in reasons if one not in said)]).split("\n")
        say("".join(f"{plain(line)}\n" for line in lines), err=True)


_LISTED = {
    "rules": "`atamo get rules`",
    "types": "`atamo get event-types`",
    "action-types": "`atamo get action-types`",
    "agents": "`atamo get agents`",
    "dead": "`atamo dead list`",
    "keys": "`atamo key list`",
    "secrets": "`atamo secret list`",
    "consents": "`atamo secret list`",
    "proposals": "`atamo proposal list`",
}
"""The commands that list what a hub lists at a path."""
_ROUTE = re.compile(r"GET /v1/([a-z-]+)")


def by_command(remedy: str) -> str:
    """A remedy for who types commands: what a hub tells its clients by a path is told by the command, where there is
    one."""
    told = _ROUTE.sub(lambda found: _LISTED.get(found[1], found[0]), remedy)
    told = re.sub(r"GET /v1/people/\w+ lists them", "`people.yaml` says who there is", told)
    told = told.replace("events are under /v1/events", "`atamo trace ID` tells of an event")
    told = re.sub(
        r"what became of it is under /v1/events/(\S+)", r"`atamo trace \1` tells what became of it", told
    )
    sign = (
        "the key in ATAMO_KEY opens nothing here: it was revoked, has ended, or is another hub's"
        if os.environ.get("ATAMO_KEY")
        else "put a key into ATAMO_KEY: `atamo key create` makes them"
    )
    told = told.replace("send `Authorization: Bearer KEY`", sign)
    return told.replace("POST it to /v1/events", "hand it over with `atamo send`")


class NoHub(click.ClickException):
    """Nothing that is a hub answers: no mistake in how the command is used, so its use is not shown."""

    exit_code = 2
    code = "no-hub"

    def __init__(self, message: str) -> None:
        self.ctx = click.get_current_context(silent=True)
        super().__init__(message)


class RunningHub:
    """A hub by its address, through `atamo_rules.client`. Raises click.UsageError when there can be none, and NoHub
    when nothing, or something else, answers there; `instead` says then where else there is an answer."""

    def __init__(self, url: str, instead: str = "") -> None:
        from atamo_rules.client.synchronous import Client

        if not url.startswith(("http://", "https://")):
            raise click.UsageError(
                f"`{url}` is not the address of a hub: it begins with http:// or https://."
            )
        try:
            # Whoever types a command tries again themselves, and wants to know at once.
            self.client = Client(url, os.environ.get("ATAMO_KEY", ""), timeout=PATIENCE, tries=1)
        except ValueError as error:
            raise click.UsageError(f"`{url}` is not the address of a hub: {error}.") from None
        self.url, self.instead = url, instead

    def __enter__(self) -> RunningHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, wait: float = 0.0) -> Any:
        """The JSON at a path; with `wait` the hub may take so many seconds to have news. Raises Refused."""
        return self._ask("GET", path, params, wait=wait)

    def post(
        self,
        path: str,
        body: Any,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """What the hub answers to some JSON. Raises Refused."""
        return self._ask("POST", path, params, body, headers)

    def put(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """What the hub answers once something is so. Raises Refused."""
        return self._ask("PUT", path, params)

    def delete(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """What the hub answers once something is so no longer. Raises Refused."""
        return self._ask("DELETE", path, params)

    def frames(self, id: str) -> Iterator[dict[str, Any]]:
        """The frames of a request as they come, as the hub writes them. Raises Refused."""
        with self._said():
            yield from self.client.raw_frames(id)

    def _ask(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any = None,
        headers: Mapping[str, str] | None = None, wait: float = 0.0,
    ) -> Any:  # fmt: skip
        from atamo_rules.client import calls

        given = {name: value for name, value in (params or {}).items() if value not in (None, "", ())}
        with self._said():
            answer = self.client.run(calls.asked(method, path, body, given, headers or {}, wait))
        _ANSWERED.add(self.url)
        return answer

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What stands in the way, in the words of a command."""
        from atamo_rules.client.told import Problem, Unreachable

        try:
            yield
        except Problem as problem:
            raise Refused(problem.status, problem.document) from None
        except Unreachable as error:
            match error.how:
                case "away":
                    said = f"No hub answers at {self.url}. Start one with `atamo run`, or say where it is with --url."
                    said += f" {self.instead}" if self.instead else ""
                case "broken":
                    said = f"The hub at {self.url} broke off: {str(error).partition(' broke off: ')[2]}."
                case _:
                    said = f"What answers at {self.url} is not a hub."
            raise NoHub(said) from None


_ANSWERED: set[str] = set()
"""Addresses that have answered in this process."""


def stranger() -> NoHub | None:
    """What is to be said of an address whose answers made no sense: that it is no hub, or one of another release. A hub
    describes itself at `/openapi.json`; it is asked only now, for what all others would pay for."""
    from atamo_rules.client import calls
    from atamo_rules.client.synchronous import Client

    for url in sorted(_ANSWERED):
        with suppress(Exception), Client(url, timeout=5.0, tries=1) as client:
            if client.run(calls.get("/openapi.json"))["info"]["title"] == "Atamo":
                continue
        return NoHub(f"What answers at {url} is not a hub, or one of another release.")
    return None


def asked(url: str, question: Callable[[RunningHub], Answer]) -> Answer:
    """What a running hub answers to a question. Raises Refused, and NoHub when none answers."""
    with RunningHub(url) as hub:
        return question(hub)


def quoted(id: str) -> str:
    """An id as one step of a path."""
    from urllib.parse import quote

    return quote(id, safe="")


def me() -> str:
    """Who asks, for the audit; nobody checks it in this release."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def json_argument(text: str, what: str) -> Any:
    """JSON from the command line: written out, `@FILE`, or `-` for standard input. Raises click.UsageError."""
    import sys
    from pathlib import Path

    raw: bytes | str = text
    where = what
    if text == "-":
        raw, where = sys.stdin.buffer.read(), "standard input"
    elif text.startswith("@"):
        path = Path(text[1:])
        if not path.is_file():
            raise click.UsageError(f"`{path}` {'is not a file' if path.exists() else 'does not exist'}.")
        raw, where = path.read_bytes(), f"`{path}`"
    try:
        return decode(raw)
    except JsonRefused as error:
        raise click.UsageError(f"{where} cannot be read: {error}.") from None
