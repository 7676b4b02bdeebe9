"""The options of `atamo run`, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atamo_rules.model.audit import Level
    from atamo_rules.rest.keysets import Issuer


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `atamo run`, as click gives them."""

    host: str | None
    port: int | None
    hosts: tuple[str, ...]
    http: bool | None
    stdin: bool
    drop: str | None
    audit: str | None
    store: str | None
    audit_level: Level
    checkpoints: str | None
    sign: str | None
    reload: bool
    tests: bool
    max_body: int
    drain: float
    alerts: tuple[str, ...]
    quiet: bool
    params: Mapping[str, Any]
    events: tuple[str, ...] = ()
    auditors: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    vault: str | None = None
    rate: str | None = None
    patience: float = 20.0
    providers: tuple[str, ...] = ()
    weaker_walls: bool = False
    issuer: Issuer | None = None

    @property
    def listens(self) -> bool:
        """Whether there is an HTTP door: asked for, or not ruled out by --stdin standing alone."""
        if self.http is not None:
            return self.http
        return not self.stdin or self.port is not None or self.host is not None

    @property
    def ends(self) -> bool:
        """Whether the end of standard input is the end of the process."""
        return self.stdin and not (self.listens or self.drop or self.events)
