"""What we say about a text: one kind of value for the parser, the checker, the tests and the reload gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from atamo_rules.source.span import Span


class Severity(IntEnum):
    """How bad it is; ordered, so that a gate can be a comparison."""

    NOTE = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains the first, with a few words under it."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of a span; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change a machine can make. `safe` means that the meaning the author intended cannot change by it."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake or finding: what, where, why, and what to do about it.

    `message` is one sentence in lower case with the author's words in backticks; `label` stands under the
    carets; `notes` are facts that explain; `help` is the remedy in words.
    """

    code: Code
    message: str
    span: Span
    label: str = ""
    also: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fixes: tuple[Fix, ...] = ()

    @property
    def severity(self) -> Severity:
        return self.code.severity


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of mistake. Its id is printed, has a page in docs/codes, and is never reused."""

    id: str
    title: str
    severity: Severity = Severity.ERROR

    def at(
        self,
        span: Span,
        message: str,
        *,
        label: str = "",
        also: Iterable[Label] = (),
        notes: Iterable[str] = (),
        help: str | None = None,
        fixes: Iterable[Fix] = (),
    ) -> Diagnostic:
        """The diagnostic that says this code of that place."""
        return Diagnostic(self, message, span, label, tuple(also), tuple(notes), help, tuple(fixes))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics by file, place and code, each said once."""
    unique = dict.fromkeys(diagnostics)
    return sorted(unique, key=lambda d: (d.span.source.name, d.span.start, d.span.end, d.code.id, d.message))


def worst(diagnostics: Sequence[Diagnostic]) -> Severity | None:
    """The highest severity among them, or None when there are none."""
    return max((d.severity for d in diagnostics), default=None)
