"""A credential in the hands of an agent: readable once it is asked for, never shown by accident."""

from __future__ import annotations

from typing import Literal, NoReturn, TypeAlias

Need: TypeAlias = Literal["optional", "expected", "required"]
"""Whether an agent can do without a credential: always (`optional`); unless the hub has a vault and the action is done
as somebody (`expected`); never (`required`)."""


class Secret:
    """What a user has for an agent. `name` is what the audit calls it, and `version` which one it was; `kind` says how
    it is sent: `bearer`, `basic` (`user:password`), `header` (`Name: value`) or `text`, which only its agent knows how
    to send.

    Its text is given by `reveal` alone. It cannot be pickled, and neither `repr`, `str` nor a format show it.
    """

    __slots__ = ("_text", "kind", "name", "version")

    def __init__(self, text: str, kind: str = "bearer", name: str = "", version: int = 0) -> None:
        self._text, self.kind, self.name, self.version = text, kind, name, version

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({self.name!r}, {self.kind})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not to be copied out of the process")
