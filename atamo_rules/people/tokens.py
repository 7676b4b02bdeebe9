"""What is said of a token, beside the token: whose it is, for which agent and hosts; and who agreed to its use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Literal, TypeAlias, get_args

from atamo_rules.model.people import Who
from atamo_rules.model.strict_json import encode

TokenKind: TypeAlias = Literal["bearer", "basic", "header", "text", "oauth2"]
KINDS: tuple[TokenKind, ...] = get_args(TokenKind)
"""How a token is sent: see `model.secret.Secret`. That of `oauth2` is never sent: it buys others, which are bearers."""

PROJECT = "project"
"""How the owner of rules is called that have none: whoever writes the project's files."""
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,252})(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?")

_HEADER = re.compile(r"\s*[A-Za-z0-9-]+\s*:\s*\S")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Binding:
    """What a token is bound to, and is worth nothing without. `who` is `user NAME` or `group NAME`. `hosts` are where
    the agent may take it, in the words in which it asks: `api.example`, or `api.example:8443` of an agent that says its
    port too. None means that it is for an agent that has no host."""

    organisation: str
    who: str
    agent: str
    hosts: tuple[str, ...] = ()
    field: str = "token"

    @property
    def id(self) -> str:
        """What commands and paths call it by. The same binding has the same id, whatever the token."""
        return digest(self.organisation, self.who, self.agent, *self.hosts)

    def serves(self, who: str, agent: str, organisation: str) -> bool:
        """Whether it is what somebody has for an agent, at whatever host."""
        return (self.organisation, self.who, self.agent) == (organisation, who, agent)

    def reaches(self, host: str) -> bool:
        """Whether the agent may take it there."""
        return host.lower() in self.hosts if self.hosts else not host


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: `sealed` is all there is of its text. `version` counts how often it was set. Times are
    RFC 3339."""

    binding: Binding
    kind: TokenKind
    version: int
    sealed: str
    made: str = ""
    by: str = ""
    about: str = ""

    @property
    def id(self) -> str:
        return self.binding.id

    @property
    def key(self) -> str:
        """The id of the key that it is sealed with."""
        return self.sealed.split(".")[1]

    def document(self) -> dict[str, Any]:
        """The token as it may be shown: names, never values."""
        b = self.binding
        return {
            "id": self.id, "organisation": b.organisation, "who": b.who, "agent": b.agent, "hosts": list(b.hosts),
            "kind": self.kind, "version": self.version, "made": self.made, "by": self.by, "about": self.about,
            "key": self.key,
        }  # fmt: skip

    def kept(self) -> dict[str, Any]:
        """The token as it is kept."""
        return {**asdict(self), "binding": {**asdict(self.binding), "hosts": list(self.binding.hosts)}}

    def associated(self) -> bytes:
        """What is sealed with a text, unencrypted: a sealed text under any other name does not open."""
        b = self.binding
        facts = [b.organisation, b.who, b.agent, list(b.hosts), b.field, self.kind, self.version]
        return encode(["atamo token 1", *facts]).encode()


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody agreed that rules of an owner act as them with an agent, at some hosts. `to` is `user NAME`, `group
    NAME`, `organisation NAME`, or `project`."""

    organisation: str
    who: str
    agent: str
    hosts: tuple[str, ...]
    to: str
    given: str = ""

    @property
    def id(self) -> str:
        """What commands and paths call it by."""
        return digest("consent", self.organisation, self.who, self.agent, *self.hosts, self.to)

    def document(self) -> dict[str, Any]:
        """The consent as it is shown and kept."""
        return {**asdict(self), "hosts": list(self.hosts)}


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: the key that everything is sealed under now, how many tokens it sealed anew, and the ids of
    tokens that no key opens."""

    key: str
    count: int
    lost: tuple[str, ...] = ()


def read_token(value: Mapping[str, Any]) -> Token:
    """A token as it was kept."""
    binding = Binding(**{**value["binding"], "hosts": tuple(value["binding"]["hosts"])})
    return Token(**{**value, "binding": binding})


def read_consent(value: Mapping[str, Any]) -> Consent:
    """A consent as it was kept."""
    return Consent(**{**value, "hosts": tuple(value["hosts"])})


def read_hosts(given: list[str]) -> tuple[str, ...]:
    """Hosts as they are compared: in lower case, each once, sorted. Raises ValueError, a sentence."""
    for one in given:
        if not _HOST.fullmatch(one.lower()):
            raise ValueError(f"`{one[:80]}` is not a host: write `api.example` or `api.example:8443`")
    return tuple(sorted({one.lower() for one in given}))


def read_who(text: str, kinds: tuple[str, ...] = ("user", "group")) -> Who:
    """`user NAME` or `group NAME`. Raises ValueError, a sentence."""
    kind, _, name = text.partition(" ")
    if kind not in kinds or not name.strip() or len(name) > 256:
        raise ValueError(f"`{text[:80]}` is not {' or '.join(f'`{one} NAME`' for one in kinds)}")
    return Who(kind, name)


def check_form(kind: TokenKind, text: str) -> None:
    """Nothing, where a text can be sent as its kind says. Raises ValueError, a sentence that tells nothing of it."""
    if kind == "basic" and ":" not in text:
        raise ValueError("a token of the kind basic is `user:password`, and this one has no colon")
    if kind == "header" and not _HEADER.match(text):
        raise ValueError("a token of the kind header is `Name: value`, and this one is not")
    if kind in ("bearer", "basic", "header") and _CONTROL.search(text):
        raise ValueError(
            "the token holds a line end or a control character: it is one line, and nothing beside it"
        )


def digest(*parts: str) -> str:
    """A short name of some texts."""
    return sha256(encode(list(parts)).encode()).hexdigest()[:16]
