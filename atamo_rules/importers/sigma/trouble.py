"""Why a Sigma rule does not come across: it is malformed, or it means something that cannot be said exactly."""

from __future__ import annotations

from atamo_rules.source.diagnostic import Code, Diagnostic
from atamo_rules.source.span import Span


class Malformed(Exception):
    """What stands there is no Sigma; carries its diagnostic. Never leaves `read`."""

    def __init__(self, code: Code, span: Span, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.diagnostic: Diagnostic = code.at(span, message, help=help)


class Unsayable(Exception):
    """Sound Sigma that our rules cannot say exactly; `reason` is one sentence in lower case. Never leaves `read`."""

    def __init__(self, reason: str, span: Span) -> None:
        super().__init__(reason)
        self.reason = reason
        self.span = span
