"""What agents read of the arguments of their actions, held to what the rules declare and would hand them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from atamo_rules.model.rule import Ruleset
from atamo_rules.model.types import Record
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Span

EVERY = "*"
"""In an agent's `takes`: any action that has no entry of its own."""


@dataclass(frozen=True, slots=True)
class Reads:
    """The arguments that an action is done with: it reads those `needed`, and where `known` says which there are, it
    takes no others."""

    needed: frozenset[str] = frozenset()
    known: frozenset[str] | None = None


def unready(ruleset: Ruleset, agents: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """What agents that say what they can do lack of what the rules declare of them. They say it by `takes`, a mapping
    of the names of actions to what is read of each."""
    for action in ruleset.actions.values():
        use = ruleset.agents.get(action.agent)
        takes = getattr(agents.get(action.agent), "takes", None)
        if use is None or use.span is None or not isinstance(takes, Mapping):
            continue
        message = ruleset.messages.get(action.id)
        name = message.action if message is not None else action.name
        if message is not None and message.body is not None:
            handed: frozenset[str] | None = frozenset(key for key, _, _ in message.body.entries)
        else:
            handed = frozenset(action.parameters.members) if isinstance(action.parameters, Record) else None
        yield from _of_one(action.agent, action.id, name, handed, takes, use.span)


def _of_one(
    agent: str, id: str, name: str, handed: frozenset[str] | None, takes: Mapping[str, Reads], at: Span
) -> Iterator[Diagnostic]:
    cannot = f"the agent `{agent}` cannot be used: "
    reads = takes.get(name, takes.get(EVERY))
    if reads is None:
        near = get_close_matches(name, takes, n=1)
        known = f"did you mean it by `{near[0]}`?" if near else f"it knows {', '.join(sorted(takes))}"
        yield codes.BAD_AGENT.at(at, f"{cannot}it knows no action `{name}`", help=known)
        return
    if handed is None:
        return
    for one in sorted(reads.needed - handed):
        known = f"it has {', '.join(sorted(handed)) or 'none'}"
        yield codes.BAD_AGENT.at(
            at, f"{cannot}its action `{name}` reads `{one}`, which is no parameter of `{id}`", help=known
        )
    for one in sorted(handed - reads.known if reads.known is not None else ()):
        near = get_close_matches(one, sorted(reads.known or ()), n=1)
        known = f"did you mean `{near[0]}`?" if near else f"it takes {', '.join(sorted(reads.known or ()))}"
        yield codes.BAD_AGENT.at(at, f"{cannot}`{id}` hands it `{one}`, which it does not take", help=known)
