"""When a request has answers enough, as its type declares it: each number and length within what a hub takes."""

from __future__ import annotations

from atamo_rules.compiler.constants import quantity
from atamo_rules.model.types import Completing
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

DAY = 86_400.0
"""Seconds an answer may be waited for; answers may be kept for seven times as long. A client may not ask for more."""
MOST_ANSWERS = 9_999


def completing(said: decl.Completing | None, report: list[Diagnostic]) -> Completing | None:
    """What is meant by `complete …`; None where nothing is said."""
    if said is None:
        return None
    if said.policy == "any" and not 1 <= said.count <= MOST_ANSWERS:
        message = f"`any` is of a number of answers from 1 to {MOST_ANSWERS}"
        report.append(codes.BAD_COMPLETING.at(said.span, message))
    after = _length(said.after, "a day", DAY, report)
    within = _length(said.within, "a day", DAY, report)
    kept = _length(said.kept, "7 days", 7 * DAY, report)
    if after is not None and within is not None and within < after:
        report.append(
            codes.BAD_COMPLETING.at(
                said.span,
                f"agents may take {within:g} seconds, and the answer is what is there after {after:g}",
                help="leave out `within`: `after` says how long they may take",
            )
        )
    return Completing(said.policy, said.count, after or 0.0, within, kept)


def _length(written: tree.Quantity | None, words: str, most: float, report: list[Diagnostic]) -> float | None:
    """Seconds to the millisecond, as the hub counts them; None for none, or for one that does not fit."""
    if written is None:
        return None
    found = round(quantity(written).total_seconds(), 3)
    if 0 < found <= most:
        return found
    report.append(
        codes.BAD_COMPLETING.at(written.span, f"such a time is longer than nothing, and at most {words}")
    )
    return None
