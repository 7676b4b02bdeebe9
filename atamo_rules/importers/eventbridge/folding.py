"""Ignoring case: where `ignoring case` means what the engines mean by it, and what to write where it does not.

Rules compare case-folded texts (Unicode 15, full folding). Both engines go by characters: event-ruler takes each as
its upper or its lower case, quamina as itself or its partner among the "C" lines of CaseFolding.txt. Of texts in
ASCII all three mean the same but for eleven characters that fold to ASCII letters and that no engine takes for them;
docs/explanation/differences-from-eventbridge.md names them. For other texts the characters are written out.
"""

from __future__ import annotations

from functools import cache

from atamo_rules.importers.eventbridge.regexp import plain


def folds_alike(text: str, dialect: str) -> bool:
    """Whether `ignoring case` takes the same texts for this one as the engine does."""
    return text.isascii() or all(
        char.isascii() or spellings(char, dialect) == frozenset(_folding_to().get(char.casefold(), char))
        for char in text
    )


def spelled_out(text: str, dialect: str) -> str:
    """A pattern in RE2 syntax of the spellings that the engine takes for a text."""
    return "".join(_choice(sorted(spellings(char, dialect))) for char in text)


def spellings(char: str, dialect: str) -> frozenset[str]:
    """What the engine takes for one character of a pattern."""
    if dialect == "eventbridge":
        return frozenset((char.lower(), char.upper()))
    return frozenset((char, *_partner(char)))


def _partner(char: str) -> tuple[str, ...]:
    """The other character of a "C" line: what this one folds to, else what folds to this one."""
    folded = char.casefold()
    if folded != char:
        return (folded,) if len(folded) == 1 else ()
    if char.isascii():
        return (char.upper(),) if char.isalpha() else ()
    others = [one for one in _folding_to().get(char, "") if one != char]
    if len(others) > 1:
        raise Ambiguous(char)
    return tuple(others)


class Ambiguous(Exception):
    """A character with several partners, of which quamina takes one."""


def _choice(options: list[str]) -> str:
    if len(options) == 1:
        return plain(options[0])
    if all(len(one) == 1 for one in options):
        return f"[{''.join(plain(one) for one in options)}]"
    return f"(?:{'|'.join(''.join(map(plain, one)) for one in options)})"


@cache
def _folding_to() -> dict[str, str]:
    """For each folded text the single characters that fold to it."""
    found: dict[str, str] = {}
    for code in range(0x80, 0x20000):
        char = chr(code)
        folded = char.casefold()
        if folded != char:
            found.setdefault(folded, folded if len(folded) == 1 else "")
            found[folded] += char
    return found
