"""Settings that all agents have which connect to somewhere: how far, how long, and whom to trust."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from atamo_rules.builtin.agents.web import addresses
from atamo_rules.builtin.agents.web.exchange import Exchange, blemished

ADDRESS: dict[str, Any] = {
    "type": "string",
    "pattern": "^https?://",
    "description": "an address begins with https:// or http://",
}
"""The schema of a base address."""
CONNECTION: dict[str, Any] = {
    "timeout": {"type": "number", "exclusiveMinimum": 0, "maximum": 300},
    "private": addresses.SETTING,
    "ca": {"type": "string", "minLength": 1},
}
"""Their schemas."""


def exchange(settings: Mapping[str, Any], folder: str, *, redirects: int = 0) -> Exchange:
    """The connections that the settings of an agent describe. Raises ValueError, OSError."""
    return Exchange(
        addresses.reach(settings.get("private", False)),
        float(settings.get("timeout", 10)),
        redirects=redirects,
        ca=certificates(settings, folder),
    )


def certificates(settings: Mapping[str, Any], folder: str) -> str | None:
    """The text of the file `ca`, inside the project's folder. Raises ValueError, OSError."""
    if "ca" not in settings:
        return None
    root = Path(folder).resolve()
    path = Path(root, str(settings["ca"])).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"`ca` leads out of the project's folder: {settings['ca']}")
    try:
        return path.read_text("ascii")
    except OSError as error:
        raise ValueError(f"`ca` cannot be read: {settings['ca']}: {(error.strerror or '').lower()}") from None


def base_address(text: str, place: str = "url") -> SplitResult:
    """An address taken apart. Raises ValueError, whose message does not show it: it may hold a password."""
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise ValueError(f"`{place}` is no address of the web") from None
    if not host or url.username is not None:
        raise ValueError(f"`{place}` needs a host, and no user name or password")
    if blemished(text) or not text.isascii() or " " in text:
        raise ValueError(
            f"`{place}` holds a character that no address does; write names beyond ASCII as `xn--…`"
        )
    if url.fragment:
        raise ValueError(f"`{place}` ends before `#`")
    return url
