"""Hints for conditions and values that are written as in other languages, looked for where the grammar stops."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from atamo_rules.syntax.hint import Hint
from atamo_rules.syntax.words import text_literal


@dataclass(frozen=True, slots=True)
class Slip:
    """A clause that makes no sense from the offset `at` on, the word there, and the terminals that could have come."""

    text: str
    at: int
    word: str
    names: set[str]
    start: str

    @property
    def end(self) -> int:
        return self.at + len(self.word)

    def behind(self, pattern: str) -> re.Match[str] | None:
        """What a pattern that ends in `$` finds right before the offset. It looks at a few words, however long
        the clause is, so that no text makes this slow."""
        return re.compile(pattern).search(self.text, max(0, self.at - 256), self.at)


_UNITS = {"s": "second", "sec": "second", "m": "minute", "min": "minute", "mn": "minute", "h": "hour", "hr": "hour",
          "d": "day", "w": "week", "wk": "week"}  # fmt: skip
_CALENDAR = {"month": 30, "year": 365, "yr": 365, "quarter": 90}
_METHODS = {"startswith": "starts with", "endswith": "ends with", "contains": "contains", "includes": "contains",
            "has": "contains", "matches": "matches", "match": "matches", "test": "matches", "equals": "is"}  # fmt: skip
_FUNCTIONS = {
    "tolowercase": "lower",
    "touppercase": "upper",
    "strip": "trim",
    "size": "length",
    "len": "length",
}
_PHRASES = {
    r"(?:greater|more|bigger|larger|higher|later)\s+than\s+or\s+equal(?:\s+to)?": ">=",
    r"(?:less|fewer|smaller|lower|earlier)\s+than\s+or\s+equal(?:\s+to)?": "<=",
    r"(?:greater|more|bigger|larger|higher|later)\s+than": ">",
    r"(?:less|fewer|smaller|lower|earlier)\s+than": "<",
    r"at\s+least": ">=",
    r"at\s+most": "<=",
    r"(?:above|over|after)": ">",
    r"(?:below|under|before)": "<",
    r"(?:equal|equals)(?:\s+to)?": "is",
}
_SPOKEN = [(re.compile(rf"(?:\b(?:is|are)\s+)?\b{said}(?=\s)"), sign) for said, sign in _PHRASES.items()]
_NUMBER = r"(?<![\w.])(\d+(?:\.\d+)?)\s*$"
_LIKENESSES = dict(
    zip("аеорсухіјѕАВЕКМНОРСТХЅІЈοΑΒΕΖΗΙΚΜΝΟΡΤΥΧν", "aeopcyxijsABEKMHOPCTXSIJoABEZHIKMNOPTYXv", strict=True)
)
"""The Latin letter for each Cyrillic and Greek one that looks the same."""
_QUOTED_OTHERWISE = re.compile(r"[“”„«‘‚’]([^“”„«»‘‚’]*)[“”»‘’]")
_TEMPLATE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_DOLLAR = re.compile(r"\$\.?(?:\{\s*)?(?P<name>[A-Za-z_][\w.]*|\d[\d.]*)(?:\s*\})?")
_SENTENCE = re.compile(r"[A-Za-z][\w'’-]*[,.!?:]?(?:\s+[\w'’/-]+[,.!?:]?)+")
_LISTED = r"\b(?P<how>one\s+of|in|any\s+of|all\s+of)\s+(?P<first>[\w.]+|\"[^\"]*\"|'[^']*')\s*$"
_MORE = re.compile(r"(?:\s*,\s*(?:[\w.]+|\"[^\"]*\"|'[^']*'))+")


def habit(slip: Slip) -> Hint | None:
    """The hint for a slip, when it is one of those that other languages teach."""
    for known in _HABITS:
        found = known(slip)
        if found is not None:
            return found
    return None


def _length(slip: Slip) -> Hint | None:
    """`5m`, `5 mins`, `1 month`."""
    number = slip.behind(_NUMBER)
    if number is None or slip.start == "field":
        return None
    singular = slip.word.lower().rstrip("s") or "s"
    if singular in _CALENDAR:
        days = _CALENDAR[singular]
        return Hint(f"months and years differ in length: say it in days, as in `{days} days`")
    unit = _UNITS.get(singular) or _nearest_unit(singular)
    if unit is None:
        return None
    text = f"{number[1]} {unit}{'' if number[1] == '1' else 's'}"
    return Hint(f"write `{text}`", number.start(1), slip.end, text)


def _nearest_unit(word: str) -> str | None:
    """`minuts`, `secnds`."""
    close = get_close_matches(word, set(_UNITS.values()), n=1, cutoff=0.75) if len(word) > 2 else []
    return close[0] if close else None


def _digits(slip: Slip) -> Hint | None:
    """`1,000` and `1_000`."""
    number = slip.behind(_NUMBER)
    rest = re.compile(r"(?:[_,]\d{3})+(?![\w,])").match(slip.text, slip.at)
    if number is None or rest is None or number.end(1) != slip.at:
        return None
    text = number[1] + re.sub(r"\D", "", rest.group())
    return Hint(f"the digits of a number stand together: `{text}`", number.start(1), rest.end(), text)


def _range(slip: Slip) -> Hint | None:
    """`in 1..5`."""
    found = slip.behind(r"\b(?:is\s+)?in\s+(-?[\d.]+)$")
    rest = re.compile(r"\.{2,3}\s*(-?\d+(?:\.\d+)?)").match(slip.text, slip.at)
    if found is None or rest is None:
        return None
    text = f"is between {found[1]} and {rest[1]}"
    return Hint(f"write `{text}`, both ends included", found.start(), rest.end(), text)


def _dollar(slip: Slip) -> Hint | None:
    """`$.priority`, `${priority}`, `$5`."""
    found = _DOLLAR.match(slip.text, slip.at)
    if found is None:
        return None
    name = found["name"]
    what = "an amount is a plain number" if name[0].isdigit() else "a field is read by its name alone"
    return Hint(f"{what}: `{name}`", slip.at, found.end(), name)


def _braces(slip: Slip) -> Hint | None:
    """`{{ priority }}` where a value stands, which is read without braces."""
    at = slip.at - 1 if slip.word == "{" and slip.text[slip.at - 1 : slip.at] == "{" else slip.at
    found = _TEMPLATE.match(slip.text, at)
    if found is None or not found[1]:
        return None
    return Hint(
        f"braces stand in texts only; here a value is read by its name: `{found[1]}`",
        at,
        found.end(),
        found[1],
    )


def _quotes(slip: Slip) -> Hint | None:
    """Typographic quotes."""
    found = _QUOTED_OTHERWISE.match(slip.text, slip.at)
    if found is None:
        return None
    text = text_literal(found[1])
    return Hint(f"texts stand in straight quotes: `{text}`", slip.at, found.end(), text)


def _letter(slip: Slip) -> Hint | None:
    """A letter of another script that looks like one of ours."""
    char = slip.word[:1]
    if not char or char.isascii():
        return None
    likeness = _LIKENESSES.get(char) or unicodedata.normalize("NFKC", char)
    name = f"this is {unicodedata.name(char, 'no character')} (U+{ord(char):04X})"
    if likeness.isascii() and likeness != char:
        return Hint(f"{name}, not `{likeness}`", slip.at, slip.at + 1, likeness)
    if char.isalpha():
        return Hint(f'{name}: names are made of a to z, digits and `_`; read others as `event["…"]`')
    return None


def _phrase(slip: Slip) -> Hint | None:
    """`is greater than 5`, `is at least 5`."""
    for pattern, sign in _SPOKEN:
        for found in pattern.finditer(slip.text):
            if found.start() <= slip.at <= found.end() + 1 and "and" not in found.group().split():
                return Hint(f"write `{sign}` for `{found.group()}`", *found.span(), sign)
    return None


def _method(slip: Slip) -> Hint | None:
    """`subject.startsWith("x")`, `subject.lower()`."""
    found = slip.behind(r"([A-Za-z_][\w.]*)\.([A-Za-z_]\w*)$")
    if slip.word != "(" or found is None:
        return None
    path, name = found.groups()
    operator = _METHODS.get(name.replace("_", "").lower())
    called = re.compile(r"\(([^()]*)\)").match(slip.text, slip.at)
    inside = called[1].strip() if called else ""
    end = called.end() if called else slip.at + 1
    if operator == "matches" and inside[:1] in ('"', "'"):
        return Hint(f"write it as an operator: `{path} matches /…/`")
    if operator is not None and inside:
        text = f"{path} {operator} {inside}"
        return Hint(f"write it as an operator: `{text}`", found.start(), end, text)
    function = _FUNCTIONS.get(name.lower(), name)
    text = f"{function}({', '.join(one for one in (path, inside) if one)})"
    return Hint(f"a function takes the value in its brackets: `{text}`", found.start(), end, text)


def _pattern(slip: Slip) -> Hint | None:
    """`subject contains /a/`."""
    found = slip.behind(
        r"(?<![\w.])(is not|does not contain|!=|is|==|contains|is like|starts with|ends with)\s*$"
    )
    if (
        slip.word != "/"
        or found is None
        or re.compile(r"/(?:[^/\\\n]|\\.)+/").match(slip.text, slip.at) is None
    ):
        return None
    operator = "does not match" if "not" in found[1] or found[1] == "!=" else "matches"
    return Hint(f"a pattern goes with `{operator}`", *found.span(1), operator)


def _flag(slip: Slip) -> Hint | None:
    """`/abc/i`."""
    if slip.behind(r"/(?:[^/\\\n]|\\.)+/$") is None or not slip.word.isalpha():
        return None
    if slip.word == "i":
        return Hint("write `ignoring case` behind the pattern", slip.at, slip.end, " ignoring case")
    return Hint(f"flags stand inside the pattern, at its start: `/(?{slip.word})…/`")


def _bare_list(slip: Slip) -> Hint | None:
    """`is one of a, b`."""
    found = slip.behind(_LISTED)
    rest = _MORE.match(slip.text, slip.at) if slip.word == "," else None
    if found is None or rest is None:
        return None
    text = f"[{slip.text[found.start('first') : rest.end()]}]"
    return Hint(f"a list stands in square brackets: `{text}`", found.start("first"), rest.end(), text)


def _fallback(slip: Slip) -> Hint | None:
    """`team else "nobody"`, without its brackets."""
    found = slip.behind(r"(?<![\w.\"])[A-Za-z_][\w.]*(?:\[[^\]]*\])?\s+$")
    rest = re.compile(r"else\s+(?:\"[^\"]*\"|'[^']*'|-?[\w.]+|\[\s*\])").match(slip.text, slip.at)
    if slip.word != "else" or found is None or rest is None:
        return None
    text = f"({slip.text[found.start() : rest.end()]})"
    return Hint(
        f"a value and what stands in for it are in brackets: `{text}`", found.start(), rest.end(), text
    )


def _choice(slip: Slip) -> Hint | None:
    """`a ? b : c` and `if a then b else c`."""
    if slip.start not in ("value", "let", "expression"):
        return None
    if slip.word == "?" or re.match(r"(?:\w+\s*=\s*)?if\b", slip.text):
        return Hint(
            "a value has no `if`: write two rules, or a table; in a text there is `{{ a if c else b }}`"
        )
    return None


def _prefixed(slip: Slip) -> Hint | None:
    """`f"…"`."""
    found = slip.behind(r"(?<!\w)[fFrRbBuU]$")
    if found is None or slip.word not in ("'", '"'):
        return None
    return Hint(
        f"leave out the `{found.group()}`: every text fills in what stands in `{{{{ }}}}`",
        found.start(),
        slip.at,
    )


def _sentence(slip: Slip) -> Hint | None:
    """Words without quotes, where an argument stands."""
    if slip.start != "value" or _SENTENCE.fullmatch(slip.text) is None:
        return None
    text = text_literal(slip.text)
    return Hint(f"a text stands in quotes: `{text}`", 0, len(slip.text), text)


def _capitals(slip: Slip) -> Hint | None:
    """`NOT open`: read as a name, so what comes after it is what does not belong."""
    found = slip.behind(r"(?<![\w.])(NOT|ANY|EVERY|NO|IS)\s*$")
    if found is None:
        return None
    text = found[1].lower()
    return Hint(f"words of the language are small: `{text}`", *found.span(1), text)


_HABITS: tuple[Callable[[Slip], Hint | None], ...] = (
    _length, _digits, _range, _dollar, _braces, _quotes, _letter, _phrase, _method, _pattern, _flag, _bare_list,
    _fallback, _choice, _prefixed, _capitals, _sentence,
)  # fmt: skip
