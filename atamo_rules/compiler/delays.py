"""How long an action waits before it is begun (`after D`), and its answer is waited for (`within D`), checked."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from atamo_rules.compiler import constants
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import declarations as decl

MAY_WAIT = ("send", "track")
"""Verbs of actions for which nothing waits."""
LONGEST = timedelta(days=3660)


def seconds(do: decl.Do, report: list[Diagnostic]) -> Decimal | None:
    """How many seconds an action waits; None when it is begun at once, or that is wrong."""
    if do.after is None:
        return None
    if do.verb not in MAY_WAIT:
        report.append(
            codes.BAD_TIME.at(
                do.after.span,
                f"`{do.verb}` is done at once: only what is sent or tracked may wait",
                help=_REMEDIES.get(do.verb, "write `send` or `track`, or leave `after` out"),
            )
        )
        return None
    length = constants.quantity(do.after)
    if not timedelta(0) < length <= LONGEST:
        report.append(
            codes.BAD_WINDOW.at(
                do.after.span, f"an action waits longer than nothing, and at most {LONGEST.days} days"
            )
        )
        return None
    return Decimal(str(length.total_seconds()))


def patience(do: decl.Do, report: list[Diagnostic]) -> Decimal | None:
    """In how many seconds an action is to be done; None where nothing is said of it, or that is wrong."""
    if do.within is None:
        return None
    length = constants.quantity(do.within)
    if do.verb == "ask" and length > LONGEST:  # there may be no such moment, by which to give it up
        report.append(
            codes.BAD_WINDOW.at(do.within.span, f"an answer is waited for at most {LONGEST.days} days")
        )
        return None
    return Decimal(str(length.total_seconds()))


_REMEDIES = {
    "emit": "let the action of the rule that fires on the event wait: `send agent.action after 30 minutes`",
    "ask": "`within` says how long an answer is waited for",
}
