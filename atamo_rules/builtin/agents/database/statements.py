"""SQL as settings write it: text that never changes, values bound to it, and identifiers chosen from a fixed map.

No argument becomes a part of the text. `:name` is bound by the driver; `{sort}` is one of the identifiers that the
settings list for it; `{{ name }}` is refused when the agent is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from atamo_rules.model.types import Json

_EXPRESSION = re.compile(r"\{\{|\{%|\{#")
_CHOICE = re.compile(r"\{(\w+)\}")
_BIND = re.compile(r"(?<![:\w\\]):([A-Za-z_]\w*)")
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
ACTION = "action_id"
"""A value that every statement may bind: the id of the action, the same on every attempt."""

SETTING: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": "object",
        "properties": {
            "statement": {"type": "string", "minLength": 1},
            "procedure": {"type": "string", "minLength": 1},
            "parameters": {"type": "array", "items": {"type": "string"}},
            "lists": {"type": "array", "items": {"type": "string"}},
            "identifiers": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": {"type": "string"},
                },
            },
            "reads": {"type": "boolean"},
            "repeatable": {"type": "boolean"},
            "rows": {"type": "integer", "minimum": 1, "maximum": 10_000},
            "answer": {"enum": ["rows", "row", "value", "count"]},
        },
        "additionalProperties": False,
    },
}
"""The schema of the setting `actions`."""


class Unbound(ValueError):
    """Arguments that a statement cannot be run with; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One action's SQL. `reads`: it runs in a transaction that cannot write. `repeatable`: once more does no harm, so
    that it is tried again even when nobody knows whether it was done."""

    text: str
    binds: tuple[str, ...]
    lists: frozenset[str] = frozenset()
    identifiers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reads: bool = False
    repeatable: bool = False
    rows: int = 100
    answer: str = ""

    def needs(self) -> frozenset[str]:
        """The arguments that are bound, or choose an identifier."""
        return frozenset(self.binds) - {ACTION} | frozenset(self.identifiers)

    def sql(self, body: Mapping[str, Json], quote: Callable[[str], str]) -> str:
        """The text with its identifiers, each quoted by the dialect. Raises Unbound."""

        def chosen(hole: re.Match[str]) -> str:
            name = hole[1]
            choices, key = self.identifiers[name], body.get(name)
            if not isinstance(key, str) or key not in choices:
                raise Unbound(f"`{name}` is none of {', '.join(sorted(choices))}")
            return ".".join(quote(part) for part in choices[key].split("."))

        return _CHOICE.sub(chosen, self.text) if self.identifiers else self.text

    def values(self, body: Mapping[str, Json], action: str) -> dict[str, Json]:
        """What is bound. Raises Unbound for what is missing, and for a list where one value is bound."""
        found: dict[str, Json] = {}
        for name in self.binds:
            if name == ACTION and name not in body:
                found[name] = action
            elif name not in body:
                raise Unbound(f"the statement binds `:{name}`, and the action has no `{name}`")
            else:
                found[name] = body[name]
            if name in self.lists and not isinstance(found[name], list):
                raise Unbound(f"`{name}` is no list")
        return found


def for_sqlalchemy(sql: str) -> str:
    """The text with every colon escaped that begins no name: SQLAlchemy looks into quotes and comments too, and takes
    `:amount::numeric` for no name."""

    def escaped(text: str) -> str:
        return text.replace(":", "\\:")

    made, at = [], 0
    for quoted in _QUOTED.finditer(sql):
        made += [_bare(sql[at : quoted.start()]), escaped(quoted[0])]
        at = quoted.end()
    return "".join(made) + _bare(sql[at:])


def _bare(text: str) -> str:
    return re.sub(r"(?<![:\w\\]):(?=[A-Za-z_])|(:)", lambda colon: "\\:" if colon[1] else ":", text)


def statement(settings: Mapping[str, Any], name: str, dialect: str) -> Statement:
    """The statement that settings describe. Raises ValueError."""
    place = f"actions.{name}"
    if ("statement" in settings) == ("procedure" in settings):
        raise ValueError(f"`{place}` needs either `statement` or `procedure`")
    identifiers = settings.get("identifiers", {})
    for choices in identifiers.values():
        for target in choices.values():
            if not _NAME.fullmatch(target):
                raise ValueError(f"`{place}.identifiers`: `{target}` is no name of a table or column")
    if "procedure" in settings:
        text = _procedure(settings, place, dialect)
    else:
        text = str(settings["statement"])
        if "parameters" in settings:
            raise ValueError(
                f"`{place}.parameters` is for a procedure; a statement names what it binds: `:name`"
            )
    if _EXPRESSION.search(text):
        raise ValueError(
            f"`{place}` has an expression inside its SQL; bind the value instead, as `:name`, and quote nothing"
        )
    undeclared = sorted(set(_CHOICE.findall(text)) - set(identifiers))
    if undeclared:
        raise ValueError(
            f"`{place}` holds `{{{undeclared[0]}}}`, for which `identifiers` lists nothing; values are bound as `:name`"
        )
    if "\0" in text:
        raise ValueError(f"`{place}` holds a character that SQL cannot")
    bare = _QUOTED.sub(" ", text)
    if ";" in bare.strip().rstrip(";"):
        raise ValueError(f"`{place}` holds more than one statement")
    binds = tuple(dict.fromkeys(_BIND.findall(bare)))
    lists = frozenset(settings.get("lists", ()))
    if not lists <= set(binds):
        raise ValueError(f"`{place}.lists` names what is not bound: {', '.join(sorted(lists - set(binds)))}")
    return Statement(
        text.strip().rstrip(";"), binds, lists, identifiers, bool(settings.get("reads", False)),
        bool(settings.get("repeatable", False)), int(settings.get("rows", 100)), settings.get("answer", ""),
    )  # fmt: skip


def _procedure(settings: Mapping[str, Any], place: str, dialect: str) -> str:
    if dialect == "sqlite":
        raise ValueError(f"`{place}`: SQLite has no stored procedures; write a `statement`")
    procedure, parameters = settings["procedure"], settings.get("parameters", [])
    if not _NAME.fullmatch(procedure):
        raise ValueError(f"`{place}.procedure` is no name of a procedure: {procedure}")
    for parameter in parameters:
        if not re.fullmatch(r"[A-Za-z_]\w*", parameter):
            raise ValueError(f"`{place}.parameters`: `{parameter}` is no name")
    return f"call {procedure}({', '.join(f':{parameter}' for parameter in parameters)})"
