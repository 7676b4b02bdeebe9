"""What was decided about one event, and the actions that follow from it.

Structs of msgspec, since every message makes some: `msgspec.structs.replace` makes one from another. None can be part
of a cycle, and so the cycle collector need not walk them (`gc=False`).
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from atamo_rules.model.contribution import RULES, Contribution
from atamo_rules.model.people import Who
from atamo_rules.model.types import Json


class Action(Struct, frozen=True, gc=False):
    """A message to an agent, an event to emit, or a reply; ready to be carried out.

    `id` is the idempotency key: the same (event, rule, position in the rule) always has the same one. `because` is the
    author's place, `file:line:column`. `acting_as` None means: as the event's user. `error` is set for `reply error`.
    `retry` is how often it is tried again where its rule says so, and `within` for how many seconds; those of an `ask`
    are how long its answer is waited for. `after` is how many seconds it waits before it is begun. `provider` is where
    its rule comes from: `rules`, `links` or `table`, else a provider beside the rules with its version.
    """

    id: str
    verb: str
    agent: str
    action: str
    body: Json
    rule: str
    because: str
    index: int
    acting_as: Who | None = None
    within: Decimal | None = None
    error: str | None = None
    retry: int | None = None
    after: Decimal | None = None
    provider: str = RULES

    @property
    def target(self) -> str:
        return f"{self.agent}.{self.action}" if self.agent else self.action or "reply"


class Waiting(Struct, frozen=True, gc=False):
    """The rest of a rule's actions, waiting for the answer to `action_id`.

    Plain data, so that a store can keep it: on the answer, `resume` renders the plans after `index` with the
    answer bound to its alias.
    """

    rule: str
    index: int
    action_id: str
    answers: tuple[tuple[str, Json], ...] = ()


class Fired(Struct, frozen=True, gc=False):
    """A rule that matched, and what it wants done. `problems` are sentences about actions that could not be
    filled (a template read an absent value of an open type); the other actions stand."""

    rule: str
    actions: tuple[Action, ...]
    problems: tuple[str, ...] = ()
    waiting: Waiting | None = None
    shadow: bool = False
    provider: str = RULES


class Decision(Struct, frozen=True, gc=False):
    """One event decided under one generation of rules. `stopped_by` is the rule whose `stop` ended it, or "".
    `contributions` are what providers beside the rules want done; they are no part of what rules decide alone."""

    event: str
    type: str
    digest: str
    fired: tuple[Fired, ...]
    stopped_by: str = ""
    contributions: tuple[Contribution, ...] = ()

    @property
    def matched(self) -> tuple[str, ...]:
        """Ids of the live rules that fired, in the order they were tried."""
        return tuple(f.rule for f in self.fired if not f.shadow)

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every action of rules to be carried out now; shadow rules never act."""
        return tuple(a for f in self.fired if not f.shadow for a in f.actions)

    @property
    def providers(self) -> tuple[str, ...]:
        """Who had a part in it, each once: the rules, whatever else rules came from that fired, and the providers
        beside them, with their versions."""
        if not self.contributions and all(one.provider == RULES for one in self.fired):
            return (RULES,)
        fired = (one.provider for one in self.fired)
        return tuple(dict.fromkeys((RULES, *fired, *(one.provider for one in self.contributions))))
