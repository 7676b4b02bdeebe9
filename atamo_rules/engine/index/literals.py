"""A text that a pattern cannot match without: what an index looks for before the pattern is tried.

The decomposition of regular expressions into literals is Hyperscan's (Wang et al., NSDI 2019). This reading is
cautious: what it does not know ends a literal, or gives none at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


def of_glob(glob: str) -> tuple[str, str]:
    """How a text that fits a glob is found: ("value" | "prefix" | "suffix" | "part", text); the text may be empty."""
    pieces: list[str] = [""]
    at = 0
    while at < len(glob):
        char = glob[at]
        if char == "\\" and at + 1 < len(glob):
            at += 1
            pieces[-1] += glob[at]
        elif char in "*?":
            pieces.append("")
        else:
            pieces[-1] += char
        at += 1
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return ("value", first)
    longest = max(pieces, key=len)
    if len(first) >= len(longest):
        return ("prefix", first)
    return ("suffix", last) if len(last) >= len(longest) else ("part", longest)


def of_globs(globs: Sequence[str]) -> tuple[str, list[str]]:
    """The same of a text that fits one of some globs: how it is found, a part of it where they differ in that, and by
    which texts."""
    each = [of_glob(one) for one in globs]
    kinds = {kind for kind, _ in each}
    return (kinds.pop() if len(kinds) == 1 else "part"), [text for _, text in each]


class Required(NamedTuple):
    """Texts of which every match of a pattern has one; none where nothing is known. `fold`: in the folded text."""

    texts: tuple[str, ...]
    fold: bool = False


NOTHING = Required(())
MOST = 16
"""Texts of one pattern: what needs more is likely to find one of them everywhere."""

_FLAGS = re.compile(r"\(\?([imsU]+)\)")
_GROUP = re.compile(r"\((\?:|\?P?<\w+>)?")
_REPEATED = re.compile(r"[*+?]\??|\{(\d+)(?:,\d*)?\}\??")


def of_regex(pattern: str) -> Required:
    """What every match of a pattern (RE2 syntax) has in it: the longest literal of what follows one another, and of
    what may stand for one another a literal of each."""
    flags = _FLAGS.match(pattern)
    begin = flags.end() if flags else 0
    if "\\Q" in pattern or "\\C" in pattern:
        return NOTHING  # quotations change what the characters after them mean
    reading = _Reading(pattern, begin, folds=flags is not None and "i" in flags[1])
    try:
        found = reading.either()
    except _Unknown:
        return NOTHING
    if reading.at < len(pattern):
        return NOTHING
    texts = tuple(dict.fromkeys(text.casefold() if reading.folds else text for text in found))
    if reading.folds and not all(text.isascii() for text in texts):
        return NOTHING  # RE2 ignores case by simple folding, which is finer than casefold only for ASCII
    return Required(texts, reading.folds)


def of_regexes(patterns: Sequence[str], fold: bool) -> Required:
    """What a text that one of some patterns matches has in it. `fold`: case is ignored in all of them."""
    each = [of_regex(one) for one in patterns]
    texts = tuple([text for one in each for text in one.texts])
    if not all(one.texts for one in each) or (fold and not all(text.isascii() for text in texts)):
        return NOTHING
    return Required(texts, fold or any(one.fold for one in each))


class _Unknown(Exception):
    """Something in a pattern that is not read here."""


class _Reading:
    """A pattern while it is read, from left to right."""

    def __init__(self, pattern: str, at: int, *, folds: bool) -> None:
        self.pattern = pattern
        self.at = at
        self.folds = folds
        """Whether case is ignored, from the beginning or because some letter stands in both cases."""

    def either(self) -> tuple[str, ...]:
        """What may stand for one another, up to the end of a group or of all."""
        found = self._one_after_another()
        while self.pattern.startswith("|", self.at):
            self.at += 1
            other = self._one_after_another()
            found = (*found, *other) if found and other and len(found) + len(other) <= MOST else ()
        return found

    def _one_after_another(self) -> tuple[str, ...]:
        """The best of the literals and groups that follow one another."""
        best: tuple[str, ...] = ()
        run = ""
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            item = self._item()
            repeated = _REPEATED.match(self.pattern, self.at)
            if repeated is not None:
                self.at = repeated.end()
                if repeated[0][0] in "*?" or not int(repeated[1] or "1"):
                    item = ""
            elif self.pattern.startswith("{", self.at):
                item = ""  # it may or may not be repeated
            if isinstance(item, str) and item:
                run += item
            elif isinstance(item, tuple):
                best = _better(best, item)
            if repeated is not None or not isinstance(item, str) or not item:
                best, run = _better(best, (run,)), ""
        return _better(best, (run,))

    def _item(self) -> str | tuple[str, ...]:
        """One character that is meant as it stands, "" for any of several, or what a group gives."""
        pattern, char = self.pattern, self.pattern[self.at]
        if char == "(":
            group = _GROUP.match(pattern, self.at)
            if group is None or pattern.startswith("?", group.end()):
                raise _Unknown  # flags
            self.at = group.end()
            found = self.either()
            if not pattern.startswith(")", self.at):
                raise _Unknown
            self.at += 1
            return found
        if char == "[":
            begin, self.at = self.at, _past_class(pattern, self.at)
            return self._both_cases(pattern[begin + 1 : self.at - 1])
        self.at += 1
        if char == "\\":
            escaped = pattern[self.at : self.at + 1]
            if escaped and not escaped.isalnum() and escaped.isascii():
                self.at += 1
                return escaped
            self.at = _past_escape(pattern, self.at)
            return ""
        if char in "*+?":
            raise _Unknown  # repeats nothing, or again what is repeated
        return "" if char in ".^${}" else char

    def _both_cases(self, inside: str) -> str:
        """The letter that a class holds in both cases and nothing else, which is as good as one whose case is
        ignored."""
        letter = inside[:1].lower()
        if len(inside) != 2 or not letter.isascii() or not letter.isalpha():
            return ""
        if inside[0] == inside[1] or inside[1].lower() != letter:
            return ""
        self.folds = True
        return letter


def _better(one: tuple[str, ...], two: tuple[str, ...]) -> tuple[str, ...]:
    """The one whose shortest text is longer; of equals, that of fewer texts."""

    def worth(texts: tuple[str, ...]) -> tuple[int, int]:
        return (min(map(len, texts), default=0), -len(texts))

    return max(one, two, key=worth)


def _past_class(pattern: str, at: int) -> int:
    """Past a class of characters; a bracket that stands first in it is one of them."""
    at += 1
    if pattern[at : at + 1] == "^":
        at += 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        if pattern[at] == "\\":
            at += 1
        elif pattern.startswith("[:", at):
            end = pattern.find(":]", at + 2)
            at = at + 1 if end < 0 else end + 1
        at += 1
    return at + 1


def _past_escape(pattern: str, at: int) -> int:
    """Past the letter or digits of an escape, and the braces of one like `\\p{Greek}` or `\\x{10FFFF}`."""
    if pattern[at : at + 2] in ("p{", "P{", "x{"):
        end = pattern.find("}", at)
        return len(pattern) if end < 0 else end + 1
    if pattern[at : at + 1] in ("p", "P"):
        return at + 2
    if pattern[at : at + 1] == "x":
        return at + 3
    while pattern[at : at + 1].isdigit():
        at += 1
        if not pattern[at : at + 1].isdigit():
            return at
    return at + 1
