"""Tokens out of the environment, for hubs whose secrets are handed to them: one variable each, a JSON object.

ATAMO_SECRET_CRM='{"who": "user ann", "agent": "crm", "hosts": ["crm.example"], "value": "…"}'

They are read once and taken out of the environment, so that no program which is started inherits them. What the system
shows of a process (`/proc/PID/environ`) still has them: they are seen by who may look into the process.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from atamo_rules.errors import NotAllowed
from atamo_rules.model.secret import Secret
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.people.tokens import KINDS, Binding, check_form, read_hosts, read_who

PREFIX = "ATAMO_SECRET_"
FIELDS = ("who", "organisation", "agent", "hosts", "kind", "value")


@dataclass(frozen=True, slots=True)
class Given:
    """One token, and the variable that it was in."""

    name: str
    binding: Binding
    kind: str
    text: str = field(repr=False)


class EnvironmentVault:
    """The tokens of an environment. Raises ValueError, a sentence that names the variable and tells nothing of it."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        names = sorted(name for name in environ if name.startswith(PREFIX))
        self.given = [_read(name, environ[name]) for name in names]
        for name in names:
            del environ[name]

    async def credential(self, user: str, agent: str, host: str, *, organisation: str = "") -> Secret | None:
        found = [one for one in self.given if one.binding.serves(user, agent, organisation)]
        for one in found:
            if one.binding.reaches(host):
                return Secret(one.text, one.kind, one.name)
        if found:
            raise NotAllowed(f"what `{user}` has for `{agent}` is not for use at `{host}`")
        return None


def _read(name: str, text: str) -> Given:
    try:
        value: Any = decode(text)
    except JsonRefused:
        value = None
    if not isinstance(value, dict) or not {"who", "agent", "value"} <= set(value) <= set(FIELDS):
        raise ValueError(f"{name} is no JSON object with who, agent, hosts and value")
    hosts, kind = value.get("hosts", []), value.get("kind", "bearer")
    texts = [value["who"], value["agent"], value["value"], value.get("organisation", ""), kind]
    if not all(isinstance(one, str) for one in texts) or not isinstance(hosts, list):
        raise ValueError(f"{name}: all but `hosts`, a list, are texts")
    if kind not in KINDS or kind == "oauth2":
        raise ValueError(f"{name}: `kind` is bearer, basic, header or text")
    try:
        binding = Binding(value.get("organisation", ""), str(read_who(value["who"])), value["agent"],
                          read_hosts([str(one) for one in hosts]))  # fmt: skip
        check_form(kind, value["value"])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return Given(name, binding, kind, value["value"])
