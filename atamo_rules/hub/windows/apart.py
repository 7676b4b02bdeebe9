"""What must be said of rules about time where several hubs share a store: each counts what it took itself."""

from __future__ import annotations

from atamo_rules.model.rule import DRAFT, Ruleset

MOST = 3
"""Rules that are named; of more their number is."""


def counted_apart(ruleset: Ruleset) -> str:
    """A sentence about the rules that count, wait or hold back by events that another hub may have taken, with its
    remedy; empty where there are none. A schedule alone is the same at every hub."""
    rules = [
        rule
        for rule in ruleset.rules
        if rule.status != DRAFT
        and rule.time is not None
        and (rule.time.window is not None or rule.time.throttle is not None)
    ]
    if not rules:
        return ""
    named = ", ".join(f"`{rule.id}`" for rule in rules[:MOST])
    more = f" and {len(rules) - MOST} more" if len(rules) > MOST else ""
    one = len(rules) == 1
    return (
        f"{named}{more} count{'s' if one else ''} and wait{'s' if one else ''} by the events that one hub took, and "
        "hubs that share a store take some each: have the balancer send all events of one key to one hub, or give "
        f"{'this rule' if one else 'these rules'} to a hub with a store of its own"
    )
