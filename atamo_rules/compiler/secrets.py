"""Settings of agents that look like secrets: rules are read by many, and secrets belong in a vault."""

from __future__ import annotations

import re
from collections.abc import Iterator

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

_CALLED = re.compile(
    r"(^|[_-])(pass(word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|(proxy[_-]?)?authorization)$",
    re.IGNORECASE,
)
"""How settings are called that hold a secret."""
_LOOKS = re.compile(
    r"(sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|whsec_[A-Za-z0-9+/=]{16,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|(?i:bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}|\w+://[^/\s:@]+:[^/\s@]+@)"
)
"""How tokens of well-known services, keys, and addresses with a password in them begin."""


def secrets(agent: decl.AgentDecl) -> Iterator[Diagnostic]:
    """Every setting of an agent that is a secret by its name or by its looks, once."""
    if agent.uses is not None:
        for setting in agent.uses.settings:
            yield from _in(str(setting.keys[-1].key), setting.value)


def looks_secret(key: str, text: str) -> bool:
    """Whether a setting of this name and text is a secret by its name or by its looks."""
    return bool(text and (_CALLED.search(key) or _LOOKS.search(text)))


def _in(key: str, value: tree.Value) -> Iterator[Diagnostic]:
    match value:
        case tree.ObjectValue():
            for entry in value.entries:
                yield from _in(str(entry.keys[-1].key), entry.value)
        case tree.ListValue():
            for item in value.items:
                yield from _in(key, item)
        case tree.Literal(value=str(text)) if looks_secret(key, text):
            yield codes.SECRET_WRITTEN.at(
                value.span,
                f"`{key}` looks like a secret, and rules are read by many",
                help="take it out, and make it void where it is valid; the agent asks the vault when it is called",
            )
        case _:
            pass
