"""Sigma's texts: `*` stands for any characters, `?` for one, and a backslash before either of them or itself for the
character as it is.

See "Escaping" and "String Wildcard" in the Sigma specification, version 2 (https://sigmahq.io/sigma-specification/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias


class Wild(Enum):
    """A wildcard; its value is how it is written."""

    MANY = "*"
    ONE = "?"


MANY: Final = Wild.MANY
ONE: Final = Wild.ONE
Part: TypeAlias = "str | Wild"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with wildcards: literal pieces, none of them empty, and wildcards, no two MANY side by side."""

    parts: tuple[Part, ...]

    @property
    def plain(self) -> str | None:
        """The text, when there is no wildcard in it."""
        if not self.parts:
            return ""
        only = self.parts[0]
        return only if len(self.parts) == 1 and isinstance(only, str) else None

    def inside(self) -> Pattern:
        """What has this pattern anywhere in it."""
        return self.begun().ended()

    def begun(self) -> Pattern:
        """What ends with this pattern."""
        return self if self.parts[:1] == (MANY,) else pattern_of((MANY, *self.parts))

    def ended(self) -> Pattern:
        """What begins with this pattern."""
        return self if self.parts[-1:] == (MANY,) else pattern_of((*self.parts, MANY))

    def shape(self) -> tuple[str, str]:
        """The comparison that says the same in the fewest words, and the text it is made with.

        The text of `is like` is one of our globs, in which a backslash takes the next character as it is.
        """
        match self.parts:
            case ():
                return "is", ""
            case (str(text),):
                return "is", text
            case (str(text), Wild.MANY):
                return "starts with", text
            case (Wild.MANY, str(text)):
                return "ends with", text
            case (Wild.MANY, str(text), Wild.MANY):
                return "contains", text
        return "is like", "".join(
            part.value if isinstance(part, Wild) else _escaped(part) for part in self.parts
        )


def pattern(text: str) -> Pattern:
    """The pattern that a text of Sigma writes."""
    parts: list[Part] = []
    for piece in _PIECE.findall(text):
        if piece in ("*", "?"):
            parts.append(Wild(piece))
        else:
            parts.append(piece[1:] if piece in ("\\*", "\\?", "\\\\") else piece)
    return pattern_of(parts)


_PIECE = re.compile(r"[*?]|\\[*?\\]|\\|[^*?\\]+")


def literal(text: str) -> Pattern:
    """The pattern of a text that has no wildcards, whatever characters it holds."""
    return Pattern((text,) if text else ())


def pattern_of(parts: tuple[Part, ...] | list[Part]) -> Pattern:
    """The pattern of parts: pieces of text joined, and of several MANY one kept."""
    made: list[Part] = []
    for part in parts:
        before = made[-1] if made else None
        if isinstance(part, str) and isinstance(before, str):
            made[-1] = before + part
        elif part != "" and not (part is MANY and before is MANY):
            made.append(part)
    return Pattern(tuple(made))


def _escaped(text: str) -> str:
    return "".join("\\" + char if char in "\\*?" else char for char in text)
