"""Every exception that callers may meet.

AtamoError
├── RulesetRejected      the rules have errors; carries their diagnostics
├── EventRejected        an event does not fit its type, or cannot be read
├── AnswerRefused        an agent replied with what its action does not declare to answer
├── UnknownName          nothing of that kind has this name; carries the nearest names
├── NotAllowed           the caller may not do this
│   └── NoCredential     whoever an action is done as has nothing for its agent there
├── StoreUnavailable     the hub's memory cannot be reached or written
│   └── Busy             not for now: it is full; carries when to come back
├── PluginTwice          two packages offer a plug-in of one name; carries both
└── PluginBroken         somebody's plug-in raised; carries its name and the cause

Two more stand beside what they carry, in `sandbox/faults.py`: CodeFailed, code of users was not taken or gave nothing,
and NoSandbox, it is not run on this machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from atamo_rules.source.diagnostic import Diagnostic


class AtamoError(Exception):
    """The root of everything Atamo raises on purpose."""


class RulesetRejected(AtamoError):
    """A ruleset has errors and was not taken; `diagnostics` says which."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = f": {self.diagnostics[0].span}: {self.diagnostics[0].message}" if diagnostics else ""
        many = len(self.diagnostics)
        super().__init__(f"the ruleset has {many} finding{'s' * (many != 1)}{first}")


class EventRejected(AtamoError):
    """An event was not accepted; `reasons` are sentences for its sender, with a JSON pointer where known."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(self.reasons) or "the event was rejected")


class AnswerRefused(AtamoError):
    """An agent replied with what its action does not declare to answer; nobody was told, and the attempt failed."""


class UnknownName(AtamoError):
    """Nothing of `kind` is called `name`; `near` are names that look like it."""

    def __init__(self, kind: str, name: str, near: Sequence[str] = ()) -> None:
        self.kind, self.name, self.near = kind, name, tuple(near)
        hint = f"; did you mean `{self.near[0]}`?" if near else ""
        super().__init__(f"there is no {kind} `{name}`{hint}")


class NotAllowed(AtamoError):
    """The caller may not do this."""


class NoCredential(NotAllowed):
    """Whoever an action is done as has nothing for its agent at that host, and nothing is called without it."""


class StoreUnavailable(AtamoError):
    """The store cannot be reached or written; nothing was accepted."""


class Busy(StoreUnavailable):
    """The store is full for now; nothing was accepted. Come back in `retry_after` seconds."""

    def __init__(self, why: str, retry_after: float = 1.0) -> None:
        self.why, self.retry_after = why, retry_after
        super().__init__(why)


class PluginTwice(AtamoError):
    """Several packages offer a plug-in of one `kind` and `name`; `offers` says which, each with its version."""

    def __init__(self, kind: str, name: str, offers: Sequence[str]) -> None:
        self.kind, self.name, self.offers = kind, name, tuple(offers)
        super().__init__(f"the {kind} `{name}` is offered by {' and by '.join(offers)}: keep one of them")


class PluginBroken(AtamoError):
    """The plug-in `name` raised; `cause` is what it raised."""

    def __init__(self, name: str, cause: BaseException) -> None:
        self.name, self.cause = name, cause
        super().__init__(f"plug-in `{name}` failed: {type(cause).__name__}: {cause}")
