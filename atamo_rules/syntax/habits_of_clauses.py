"""What is written here for what other languages write in types, triggers, parameters and the heads of actions."""

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
        case "do_head" if slip.word in ("{", "("):
            return Hint("its arguments stand below it, indented, a line each: `name: value`")
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
    if slip.word in (",", "or", "and"):
        return Hint("a rule is about one event type: write a rule for each; what both ask can be a `define`")
    if slip.word in ("*", "?") or slip.text[slip.at : slip.at + 2] == ".*":
        return Hint("a rule names one event type: there is no `*` for several")
    return None
