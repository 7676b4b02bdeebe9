"""A text that a pattern cannot match without: what an index looks for before the pattern is tried.

The decomposition of regular expressions into literals is Hyperscan's (Wang et al., NSDI 2019). This reading is
cautious: what it does not know ends a literal, or gives none at all.
"""

from __future__ import annotations

NONE = ("part", "")


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


def of_regex(pattern: str) -> tuple[str, str]:
    """The longest text that every match of a pattern (RE2 syntax) has in it: ("part", text)."""
    if "(?" in pattern.replace("(?:", "") or "\\Q" in pattern:
        return NONE  # flags and quotations change what the characters after them mean
    runs: list[str] = [""]
    at, length = 0, len(pattern)
    while at < length:
        char = pattern[at]
        if char == "|":
            return NONE  # at the outermost level, neither side must be there
        if char in "(":
            at = _past_group(pattern, at)
            runs.append("")
            continue
        if char == "[":
            at = _past_class(pattern, at)
            runs.append("")
            continue
        if char in "*?{":
            # What stands before may be left out; a plus leaves it, and may repeat it.
            runs[-1] = runs[-1][:-1]
            runs.append("")
        elif char in "+.^$)]}":
            runs.append("")
        elif char == "\\":
            at += 1
            escaped = pattern[at : at + 1]
            if escaped and not escaped.isalnum() and escaped.isascii():
                runs[-1] += escaped
            else:
                at = _past_escape(pattern, at)
                runs.append("")
                continue
        else:
            runs[-1] += char
        if char == "{":
            end = pattern.find("}", at)
            at = length if end < 0 else end
        at += 1
    return ("part", max(runs, key=len))


def _past_group(pattern: str, at: int) -> int:
    """Past a group, whatever is in it."""
    depth = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = _past_class(pattern, at)
            continue
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return at


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
