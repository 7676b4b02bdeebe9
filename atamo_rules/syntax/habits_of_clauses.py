"""Hints for types, triggers, parameters and heads of actions that are written as in other languages."""

from __future__ import annotations

import re

from atamo_rules.syntax.habits import Slip
from atamo_rules.syntax.hint import Hint

_ARRAY = re.compile(r"(?:array|list|set|sequence)(?:\s+of\s+|\s*[<\[]\s*)([a-z]+)\s*[>\]]?", re.IGNORECASE)
_OBJECTS = ("object", "dict", "record", "struct", "map", "json", "any", "mixed")


def clause_habit(slip: Slip) -> Hint | None:
    """The hint for a slip in a clause that is no condition."""
    match slip.start:
        case "field":
            return _type(slip)
        case "param":
            return _param(slip)
        case "trigger":
            return _trigger(slip)
        case "schedule":
            return _schedule(slip)
        case "at_most":
            return _at_most(slip)
        case "principals":
            return _principals(slip)
        case "do_head":
            return _head(slip)
        case "cell" if slip.word in ("*", "-", "_", "?") and not slip.text[slip.end :].strip():
            return Hint("a cell that asks nothing is `any`", slip.at, slip.end, "any")
    return None


def _type(slip: Slip) -> Hint | None:
    rest = slip.text[slip.at :]
    listed = _ARRAY.match(rest)
    if listed is not None:
        text = f"list of {listed[1]}"
        return Hint(f"write `{text}`", slip.at, slip.at + listed.end(), text)
    if slip.word.lower() in ("list", "array"):
        return Hint("say of what: `list of text`")
    if slip.word.lower() in ("enum", "choice", "literal"):
        inside = re.match(r"\w+\s*[(\[{:]?\s*([^)\]}]+?)\s*[)\]}]?\s*\Z", rest)
        values = f"one of {inside[1]}" if inside else "one of a, b"
        return Hint(f"write `{values}`", slip.at, len(slip.text), values)
    if slip.word.lower() == "optional":
        kind = re.match(r"\w+\s*[\[<(]?\s*([a-z]+)\s*[\])>]?\s*\Z", rest, re.IGNORECASE)
        text = f"{kind[1] if kind else 'text'}?"
        return Hint(
            f"what may be left out has a `?` behind its type: `{text}`", slip.at, len(slip.text), text
        )
    nullable = re.fullmatch(r"([a-z]+)\s*\|\s*(?:null|none)", slip.text, re.IGNORECASE)
    if slip.word == "|" and nullable is not None:
        text = f"{nullable[1]}?"
        return Hint(f"what may be null has a `?` behind its type: `{text}`", 0, len(slip.text), text)
    if slip.word.lower() in _OBJECTS:
        return Hint(
            "its fields stand on lines below the name; `map of text` is for any keys, `anything` for whatever it is"
        )
    return None


def _param(slip: Slip) -> Hint | None:
    found = re.match(r"([A-Za-z_]\w*)\s*=\s*(.+)", slip.text)
    if slip.word != "=" or found is None:
        return None
    type = "text" if found[2][0] in "\"'" else "boolean" if found[2] in ("true", "false") else "number"
    text = f"{found[1]}: {type} = "
    return Hint(f"a parameter has a type: `param {text}{found[2]}`", 0, found.start(2), text)


def _trigger(slip: Slip) -> Hint | None:
    rest = slip.text[slip.at :]
    if slip.word == "in" and slip.names == {"WITHIN"}:
        return Hint("write `within`", slip.at, slip.end, "within")
    if slip.word == "per" and "BY" in slip.names:
        return Hint("write `by`", slip.at, slip.end, "by")
    counted = re.match(r"(\d+)\s*(?:times\s+|x\s+)?([A-Za-z_][\w.-]*)", rest)
    if slip.at == 0 and counted is not None:
        text = f"{counted[2]} {counted[1]} times"
        return Hint(f"how often stands behind the event: `{text}`", 0, counted.end(), text)
    more = re.match(r"(?:more\s+than|at\s+least|over)\s+(\d+)(?:\s+times)?", rest)
    if more is not None:
        number = int(more[1]) + (0 if rest.startswith("at") else 1)
        return Hint(
            f"write the number that makes it fire: `{number} times`",
            slip.at,
            slip.at + more.end(),
            f"{number} times",
        )
    after = re.match(r"(?:and\s+then|followed\s+by|before)\b", rest)
    if after is not None:
        return Hint("write `then`", slip.at, slip.at + after.end(), "then")
    absent = re.match(r"(?:(?:and|but)\s+)?(?:not?|never)(?:\s+followed\s+by)?\b", rest)
    if absent is not None:
        return Hint("write `without`", slip.at, slip.at + absent.end(), "without")
    if slip.word in (",", "or", "and"):
        return Hint("a rule is about one event type: write a rule for each; what both ask can be a `define`")
    if slip.word in ("*", "?") or rest.startswith(".*"):
        return Hint("a rule names one event type: there is no `*` for several")
    return None


_TWELVE = re.compile(r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?P<half>am|pm)?\b", re.IGNORECASE)
_CRON = re.compile(r"[\"']?[\d*/,-]+(?:\s+[\w*/,-]+){4}[\"']?\Z")


def _schedule(slip: Slip) -> Hint | None:
    rest = slip.text[slip.at :]
    if _CRON.fullmatch(slip.text):
        inside = slip.text.strip("\"'")
        return Hint(f'write `cron "{inside}"`', 0, len(slip.text), f'cron "{inside}"')
    clock = _TWELVE.match(slip.text, 0 if slip.at and slip.word == ":" else slip.at)
    if clock is not None and int(clock["hour"]) <= 24 and (clock["half"] or clock["minute"]):
        half = (clock["half"] or "").lower()
        hour = int(clock["hour"]) % 12 + 12 * (half == "pm") if half else int(clock["hour"])
        at = f"{hour:02}:{clock['minute'] or '00'}"
        day = "" if slip.at and slip.word != ":" else "day "
        text = at if slip.behind(r"\bat\s+$") else f"{day}at {at}"
        return Hint(f"write `{text}`", *clock.span(), text)
    zone = re.match(r"[A-Za-z_]+(?:/[A-Za-z_]+)*\Z", rest)
    if zone is not None and slip.behind(r"\bin\s+$"):
        example = rest if "/" in rest else "Europe/Paris"
        return Hint(f'a zone is a name of the IANA database, in quotes, such as `"{example}"`')
    if slip.word == ",":
        return Hint('several days are written as cron has them: `cron "0 9 * * 1,2"`')
    if "month" in slip.text or "year" in slip.text or re.match(r"(?:st|nd|rd|th)\b", rest):
        return Hint('days of months are written as cron has them: `cron "0 9 1 * *"`')
    return None


def _at_most(slip: Slip) -> Hint | None:
    found = re.compile(r"(?:in\s+)?(?:every|each|an?|within|/)\s*(?:(?=\d)|(?=[a-z]))").match(
        slip.text, slip.at
    )
    if found is None or "PER" not in slip.names:
        return None
    return Hint("write `per`", slip.at, found.end(), "per ")


def _principals(slip: Slip) -> Hint | None:
    if slip.word.lower() in ("everyone", "everybody", "all", "anyone", "anybody") and slip.at == 0:
        return Hint("leave the clause out: without `for`, a rule sees everybody's events")
    if slip.word.lower() in ("role", "team", "groups"):
        return Hint("write `group`", slip.at, slip.end, "group")
    if slip.word.lower() in ("tenant", "org", "organization", "company"):
        return Hint("write `organisation`", slip.at, slip.end, "organisation")
    name = re.compile(r"[A-Za-z_][\w.-]*|\"[^\"]*\"").match(slip.text, slip.at)
    if name is None or "WHO" not in slip.names:
        return None
    who = slip.behind(r"\b(user|group|organisation)\s+[^,]+,\s*$")
    kind = who[1] if who else "user"
    text = f"{kind} {name.group()}"
    return Hint(f"say what each of them is: `{text}`", slip.at, name.end(), text)


def _head(slip: Slip) -> Hint | None:
    if slip.word in ("{", "("):
        return Hint("its arguments stand below it, indented, a line each: `name: value`")
    if slip.word == "in" and "AFTER" in slip.names:
        return Hint("write `after`", slip.at, slip.end, "after")
    who = re.compile(r"(?:to|for|by|on\s+behalf\s+of)(?=\s+(?:user|group)\s)").match(slip.text, slip.at)
    if who is not None:
        return Hint("write `as`: the action is done in that name", slip.at, who.end(), "as")
    target = re.fullmatch(r"[A-Za-z_][\w-]*(?:\.[\w-]+)+", slip.text)
    if slip.at == 0 and target is not None and "VERB" in slip.names:
        return Hint(f"say how it is done: `send {slip.text}`", 0, 0, "send ")
    return None
