"""What went wrong in a clause that does not follow the grammar, in the author's words."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.source.span import Fragment
from atamo_rules.syntax import type_tree
from atamo_rules.syntax.habits import Slip, habit
from atamo_rules.syntax.habits_of_clauses import clause_habit
from atamo_rules.syntax.habits_of_engines import engine_habit
from atamo_rules.syntax.hint import Hint
from atamo_rules.syntax.hints import hint

_WORDS = {
    "AND": "`and`",
    "OR": "`or`",
    "NOT": "`not`",
    "ELSE": "`else`",
    "COMPARISON": "an operator such as `is`, `>` or `contains`",
    "STATE": "`is present`",
    "MATCHES": "`matches`",
    "BETWEEN": "`between`",
    "IGNORING_CASE": "`ignoring case`",
    "NAME": "a name",
    "DOTTED": "a name",
    "STRING": 'a "text"',
    "NUMBER": "a number",
    "REGEX": "a regular expression `/…/`",
    "HAS": "`has`",
    "IN": "`in`",
    "UNIT": "`seconds`, `minutes`, `hours`, `days` or `weeks`",
    "WITHIN": "`within`",
    "RETRY": "`retry`",
    "AS": "`as`",
    "BY": "`by`",
    "TIMES": "`times`",
    "THEN": "`then`",
    "WITHOUT": "`without`",
    "DIFFERENT": "`different`",
    "COLLECT": "`collect`",
    "IN_EVENT_TIME": "`in event time`",
    "UP_TO": "`up to`",
    "LATE": "`late`",
    "FOR": "`for`",
    "PER": "`per`",
    "ONCE": "`once`",
    "VERB": "`send`, `track`, `ask` or `publish`",
    "EMIT": "`emit`",
    "REPLY": "`reply`",
    "TYPE_WORD": "a type such as `text`, `whole` or `money`",
    "ONE_OF": "`one of …`",
    "LIST_OF": "`list of …`",
    "MAP_OF": "`map of …`",
    "FRESH": "`fresh`",
    "STALE": "`stale`",
    "SHARED_BY": "`shared by`",
    "EVERYONE": "`everyone`",
    "WHEN": "`when`",
    "ALL": "`all`",
    "FIRST": "`first`",
    "ANY": "`any 2`",
    "AFTER": "`after`",
    "KEPT": "`kept`",
    "ORGANISATION": "`organisation`",
    "GROUP": "`group`",
    "WHO": "`user`, `group` or `organisation`",
    "NOTHING": "`nothing`",
    "TIMEOUT": "`timeout`",
    "ERROR": "`error`",
    "RULE": "`rule`",
    "DAY": "a day",
    "CLOCK": "a time such as 09:00",
    "CRON": "`cron`",
    "AT": "`at`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "DOT": "`.`",
    "$END": "the end",
}
_QUIET = {
    "TRUE", "FALSE", "NULL", "ANY", "EVERY", "NO", "PLUS", "MINUS", "STAR", "SLASH", "OPTIONAL", "EVERY_",
    "IGNORING_CASE", "DOT", "LSQB", "TEXTS", "ANY_FIELD", "UNIT", "BETWEEN", "MATCHES",
}  # fmt: skip
_OPERATORS = ("is", "contains", "matches", "between", "starts with", "ends with", "and", "or", "has", "within", "as",
              "by", "then", "without", "times", "different", "collect", "for", "present", "exists", "in")  # fmt: skip
_SAFE = ("fresh", "stale", "shared", "by", "everyone", "organisation", "group")
_COMPLETING = ("when", "after", "all", "first", "any", "within", "kept")
_TYPES = (*type_tree.TYPE_WORDS, "one", "list", "map")
_OF_START = {"safe": _SAFE, "completing": _COMPLETING}
_SPELLINGS = {"&&": "and", "||": "or", "!": "not ", "=": "is", "===": "is", "!==": "is not", "<>": "is not",
              "=~": "matches", "!~": "does not match", "~=": "matches", "~": "matches",
              "≥": ">=", "≤": "<=", "≠": "is not",
              "=<": "<=", "=>": ">=", "∧": "and", "∨": "or"}  # fmt: skip
_SPOKEN = {"equals": "is", "eq": "is", "ne": "is not", "gt": ">", "lt": "<", "ge": ">=", "le": "<=",
           "gte": ">=", "lte": "<=", "includes": "contains", "like": "is like", "startswith": "starts with",
           "endswith": "ends with", "regex": "matches"}  # fmt: skip
"""Operators of other languages that look like names; they are read so only where an operator may stand."""
_TYPES_ELSEWHERE = {"string": "text", "str": "text", "int": "whole", "integer": "whole", "float": "number",
                    "decimal": "number", "double": "number", "bool": "boolean", "datetime": "time",
                    "timestamp": "time", "interval": "duration", "url": "uri"}  # fmt: skip
"""Types as other languages call them."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|&&|\|\||<>|=~|!~|~=|=[<>]|===?|!==|!|\S")
_BEGUN = re.compile(r"(?:==|!=|<)\Z")
"""What is an operator here too, and begins a longer one of another language."""


def explain(error: Any, start: str, fragment: Fragment) -> Diagnostic:
    """The diagnostic of a Lark `UnexpectedInput`: where, what may stand there, and the likeliest repair."""
    text = fragment.text
    trouble = _open_quote(text, fragment)
    if trouble is not None:
        return trouble
    names = _names(error)
    at = _place(error, text)
    if at >= len(text.rstrip()):
        return _too_soon(fragment, _expected(names))
    at, end = _word(text, at)
    slip = Slip(text, at, text[at:end], names, start)
    meant = clause_habit(slip)
    spelling = _spelling(slip.word, names) if meant is None else None
    if spelling is not None:
        return _spelt(slip, spelling, fragment)
    meant = meant or hint(text, at, slip.word, names) or engine_habit(slip) or habit(slip)
    return _unexpected(slip, fragment) if meant is None else _misused(slip, meant, fragment)


def _place(error: Any, text: str) -> int:
    """Where reading could not go on."""
    token = getattr(error, "token", None)
    at = getattr(error, "pos_in_stream", None)
    if token is not None and token.type == "$END":
        return len(text)
    if at is None and token is not None:
        at = token.start_pos
    return len(text) if at is None else int(at)


def _word(text: str, at: int) -> tuple[int, int]:
    """Where the word there begins, which may be before the place at which reading stopped, and where it ends."""
    found = _WORD.match(text, at)
    begun = _BEGUN.search(text, 0, at)
    if begun is not None and text[at] in "=>":
        longer = _WORD.match(text, begun.start())
        if longer is not None and longer.group() in _SPELLINGS:
            return begun.start(), longer.end()
    return at, found.end() if found else at + 1


def _too_soon(fragment: Fragment, expected: str) -> Diagnostic:
    end = len(fragment.text.rstrip())
    return codes.SYNTAX.at(
        fragment.span(max(end - 1, 0), end),
        "this ends too soon" if fragment.text.strip() else "something is missing here",
        help=f"it goes on with {expected}" if expected else None,
    )


def _spelt(slip: Slip, spelling: str, fragment: Fragment) -> Diagnostic:
    """An operator of another language, with ours in its place."""
    text, at, end = slip.text, slip.at, slip.end
    span = fragment.span(at, end)
    before = " " if at and not text[at - 1].isspace() and text[at - 1] != "(" else ""
    after = " " if not spelling.endswith(" ") and end < len(text) and not text[end].isspace() else ""
    repair = f"write `{spelling.strip()}`"
    fix = Fix(repair, (Edit(span, before + spelling + after),), safe=True)
    return codes.SYNTAX.at(
        span, f"`{slip.word}` is not an operator here", label=repair, fixes=[fix] if fragment.exact else ()
    )


def _misused(slip: Slip, meant: Hint, fragment: Fragment) -> Diagnostic:
    """Something written as in another language, or out of habit, with how it is written here."""
    edit = Edit(fragment.span(meant.start, meant.end), meant.text)
    return codes.SYNTAX.at(
        fragment.span(slip.at, slip.end),
        f"`{slip.word}` does not belong here",
        help=meant.help,
        fixes=[Fix(f"write `{meant.text}`", (edit,))] if meant.text and fragment.exact else (),
    )


def _unexpected(slip: Slip, fragment: Fragment) -> Diagnostic:
    """A word that cannot stand there, with the nearest that can."""
    word, names = slip.word, slip.names
    span = fragment.span(slip.at, slip.end)
    known = (*_OPERATORS, *_TYPES) if "TYPE_WORD" in names else _OF_START.get(slip.start, _OPERATORS)
    close = get_close_matches(word, known, n=1, cutoff=0.7) if word.isidentifier() else []
    if close and close[0] == word:
        close = []
    if "TYPE_WORD" in names and word.lower() in _TYPES_ELSEWHERE:
        close = [_TYPES_ELSEWHERE[word.lower()]]
    expected = _expected(names)
    return codes.SYNTAX.at(
        span,
        f"`{word}` does not belong here",
        label=f"did you mean `{close[0]}`?" if close else "",
        notes=[f"here may stand: {expected}"] if expected else (),
        fixes=[Fix(f"write `{close[0]}`", (Edit(span, close[0]),))] if close and fragment.exact else (),
    )


def _spelling(word: str, names: set[str]) -> str | None:
    """Our operator for a word of another language, or for one in capitals, where an operator may stand."""
    found = _SPELLINGS.get(word)
    if found is not None or not names & {"AND", "COMPARISON"}:
        return found
    small = word.lower()
    return _SPOKEN.get(small) or (small if small != word and small in _OPERATORS else None)


def _names(error: Any) -> set[str]:
    """The terminals that could have stood where the error is."""
    interactive = getattr(error, "interactive_parser", None)
    found = set(interactive.accepts()) if interactive is not None else set()
    return found or set(getattr(error, "allowed", None) or getattr(error, "expected", None) or ())


def _expected(names: set[str]) -> str:
    words = (
        [_WORDS[name] for name in sorted(names - _QUIET, key=list(_WORDS).index) if name in _WORDS]
        if (names - _QUIET <= set(_WORDS))
        else [_WORDS[name] for name in _WORDS if name in names - _QUIET]
    )
    words = list(dict.fromkeys(words))
    if len(words) > 8:
        words = [*words[:8], "…"]
    return ", ".join(words)


def _open_quote(text: str, fragment: Fragment) -> Diagnostic | None:
    """A text or bracket that was opened and never closed, said where it was opened."""
    quote, opened = "", 0
    escaped = False
    brackets: list[tuple[str, int]] = []
    for position, char in enumerate(text):
        if quote:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == quote:
                quote = ""
            continue
        if char in "\"'":
            quote, opened = char, position
        elif char in "([{":
            brackets.append((char, position))
        elif char in ")]}" and brackets and {"(": ")", "[": "]", "{": "}"}[brackets[-1][0]] == char:
            brackets.pop()
    negated = re.search(r"\b(is|does)n\Z", text[:opened]) if quote == "'" else None
    if negated is not None and text[opened : opened + 2] == "'t":
        edit = Edit(fragment.span(negated.start(), opened + 2), f"{negated[1]} not")
        return codes.SYNTAX.at(
            edit.span,
            f"`{negated[1]}n't` is not an operator here",
            label=f"write `{edit.text}`",
            fixes=[Fix(f"write `{edit.text}`", (edit,), safe=True)] if fragment.exact else (),
        )
    if quote:
        return codes.SYNTAX.at(
            fragment.span(opened, len(text.rstrip())),
            "this text is never closed",
            help=f"end it with `{quote}`",
        )
    if brackets:
        char, position = brackets[-1]
        return codes.SYNTAX.at(
            fragment.span(position, position + 1),
            f"this `{char}` is never closed",
            help=f"close it with `{ {'(': ')', '[': ']', '{': '}'}[char] }`",
        )
    return None
