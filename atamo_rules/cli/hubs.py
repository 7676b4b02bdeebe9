"""Asking a hub: one that runs, over HTTP; what it refuses and what stands in the way are sentences."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, TypeVar

import click

from atamo_rules.model.strict_json import JsonRefused, decode, encode

Command = TypeVar("Command", bound=Callable[..., Any])

URL = "http://127.0.0.1:8080"


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
            return RunningHub(self.url)
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
    """Adds `--url`."""
    return click.option(
        "--url", envvar="ATAMO_URL", default=URL, show_default=True, metavar="URL", help="The hub to ask."
    )(command)


class Refused(Exception):
    """The hub said no: its problem document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
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
            lines.append(f"  {remedy}")
        return "\n".join(lines)


class RunningHub:
    """A hub by its address. Raises click.UsageError when nothing, or something else, answers there."""

    def __init__(self, url: str) -> None:
        import httpx2

        if not url.startswith(("http://", "https://")):
            raise click.UsageError(
                f"`{url}` is not the address of a hub: it begins with http:// or https://."
            )
        try:
            self.client = httpx2.Client(
                base_url=url.rstrip("/"), trust_env=False, timeout=70.0, headers=key_header()
            )
        except httpx2.InvalidURL as error:
            raise click.UsageError(f"`{url}` is not the address of a hub: {error}.") from None
        self.url = url

    def __enter__(self) -> RunningHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, wait: float = 0.0) -> Any:
        """The JSON at a path; with `wait` the hub may take so many seconds to have news. Raises Refused."""
        return self._ask("GET", path, params, None, wait)

    def post(
        self, path: str, body: Any, params: Mapping[str, Any] | None = None, *, wait: float = 0.0
    ) -> Any:
        """What the hub answers to some JSON. Raises Refused."""
        return self._ask("POST", path, params, body, wait)

    def put(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """What the hub answers once something is so. Raises Refused."""
        return self._ask("PUT", path, params, None, 0.0)

    def delete(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """What the hub answers once something is so no longer. Raises Refused."""
        return self._ask("DELETE", path, params, None, 0.0)

    def _ask(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, wait: float) -> Any:
        import httpx2

        given = {name: value for name, value in (params or {}).items() if value not in (None, "", ())}
        headers = {"Content-Type": "application/json"} if method == "POST" else {}
        if wait:
            headers["Prefer"] = f"wait={max(1, int(wait))}"
        content = None if body is None else encode(body).encode()
        try:
            response = self.client.request(method, path, params=given, content=content, headers=headers)
        except httpx2.ConnectError:
            raise click.UsageError(
                f"No hub answers at {self.url}. Start one with `atamo run`, or say where it is with --url."
            ) from None
        except httpx2.TransportError as error:
            raise click.UsageError(
                f"The hub at {self.url} broke off: {str(error) or type(error).__name__}."
            ) from None
        try:
            value = decode(response.content)
        except JsonRefused:
            raise click.UsageError(f"What answers at {self.url} is not a hub.") from None
        if response.status_code >= 400:
            raise Refused(response.status_code, value if isinstance(value, dict) else {})
        return value


def key_header() -> dict[str, str]:
    """What says to a hub who asks: the key in ATAMO_KEY, if there is one. It is never an argument: those are seen by
    everybody on the machine."""
    key = os.environ.get("ATAMO_KEY", "")
    return {"Authorization": f"Bearer {key}"} if key else {}


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
