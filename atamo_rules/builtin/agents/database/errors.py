"""What an exception of a database means for an action: undone for certain, done perhaps, or wrong for good."""

from __future__ import annotations

from typing import Any

from atamo_rules.model.outcome import Again, Failed

_PASSING = {
    "40001": "serialization",
    "40P01": "deadlock",
    "55P03": "locked",
    "57014": "timeout",
    "53300": "too many connections",
    "57P01": "connection",
    "57P02": "connection",
    "57P03": "starting",
}
"""SQLSTATEs of PostgreSQL (appendix A of its manual) after which the transaction is undone and may work later."""


def meaning(error: BaseException, *, committing: bool, repeatable: bool) -> Again | Failed:
    """The outcome. `committing`: the commit was under way, so that a lost connection leaves open what became of it."""
    original: Any = getattr(error, "orig", None) or error
    state = str(getattr(original, "sqlstate", None) or "")
    why = _first_line(original)
    lost = bool(getattr(error, "connection_invalidated", False)) or state[:2] == "08" or state in (
        "57P01", "57P02",
    )  # fmt: skip
    if committing and (lost or not state) and not _refused(original) and not repeatable:
        return Failed(
            f"the connection was lost while it was committed: it may have been done ({why})", "unknown"
        )
    if state in _PASSING or lost:
        return Again(why, error=_PASSING.get(state, "connection"))
    if "locked" in why or "busy" in why:
        return Again(why, error="locked")
    if "interrupted" in why:
        return Again(why, error="timeout")
    if type(error).__name__ in ("OperationalError", "InterfaceError") and _unreachable(original, state):
        return Again(why, error="unreachable")
    return Failed(why, f"sql {state}" if state else "sql")


def _refused(original: Any) -> bool:
    """Whether the database itself said no: then nothing was done, whenever it said so."""
    return "IntegrityError" in {kind.__name__ for kind in type(original).__mro__} or "locked" in str(original)


def _unreachable(original: Any, state: str) -> bool:
    module = type(original).__module__
    return not state and (not module.startswith("sqlite3") or "unable to open" in str(original))


def _first_line(error: BaseException) -> str:
    """The first line alone: the others of a driver may repeat values."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
