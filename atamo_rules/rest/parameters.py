"""What a client asks for in the query of a URL, read strictly: a wrong value is a problem, never a default."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.types import Scope

from atamo_rules.functions.time import parse_moment
from atamo_rules.rest.problem import Problem

NAMED = "atamo.headers"
"""Where the table of a request's headers is kept in its scope."""
LONGEST = 18
"""Digits of a whole number: what has more is none that is kept anywhere."""
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")


def digits(given: str) -> int | None:
    """The whole number that some text is, in digits of ASCII alone; `str.isdigit` takes many that `int` does not."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= LONGEST else None


def decimal(given: str) -> float | None:
    """The number that some text is, as JSON writes one; `float` takes `1_000`, ` 1` and `infinity` as well."""
    return float(given) if _NUMBER.fullmatch(given) else None


def header(request: Request, name: bytes) -> str:
    """What the first header of a name in lower case says, without blanks around it; empty where there is none."""
    value = (request.scope.get(NAMED) or named(request.scope)).get(name)
    return value.decode("latin-1").strip() if value is not None else ""


def named(scope: Scope) -> dict[bytes, bytes]:
    """The first header of each name, in lower case: one table for all who look, kept beside where they came."""
    found: dict[bytes, bytes] | None = scope.get(NAMED)
    if found is None:
        found = scope[NAMED] = dict(reversed(list(scope["headers"])))  # of a name the first stays
    return found


def whole(request: Request, name: str, default: int, most: int) -> int:
    """A whole number from 0 to `most`. Raises Problem."""
    given = request.query_params.get(name)
    if given is None:
        return default
    found = digits(given)
    if found is None or found > most:
        raise _wrong(name, given, f"a whole number up to {most}")
    return found


def resumed(request: Request, most: int) -> int:
    """Where a stream goes on: `Last-Event-ID`, as browsers send it, else `after`. Raises Problem."""
    last = digits(request.headers.get("last-event-id", ""))
    return last if last is not None else whole(request, "after", 0, most)


def moment(request: Request, name: str) -> datetime | None:
    """A moment of RFC 3339, None when it is not given. Raises Problem."""
    given = request.query_params.get(name)
    if given is None:
        return None
    found = parse_moment(given)
    if found is None:
        raise _wrong(name, given, "a moment as in RFC 3339, such as 2026-01-31T09:00:00Z")
    return found


def yes(request: Request, name: str) -> bool:
    """Whether something is asked for; not where nothing is said. Raises Problem."""
    given = request.query_params.get(name, "false")
    if given not in ("true", "false"):
        raise _wrong(name, given, "true or false")
    return given == "true"


def text(request: Request, name: str) -> str:
    """A text, empty when it is not given."""
    return request.query_params.get(name, "")


def only(request: Request, names: Sequence[str]) -> None:
    """Refuse what nobody asks for here, for a misspelt name would quietly mean everything; and what is said twice, for
    one of the two would quietly mean nothing. Raises Problem."""
    if not request.scope.get("query_string"):
        return
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in names:
            raise Problem(
                400,
                "parameter",
                f"there is no parameter `{name[:80]}`",
                remedy=f"there are {', '.join(names)}" if names else "there are none here",
            )
        if count > 1:
            raise Problem(400, "parameter", f"`{name}` is given {count} times", remedy="give it once")


def _wrong(name: str, given: str, wanted: str) -> Problem:
    return Problem(400, "parameter", f"`{name}` is {wanted}", f"it is `{given[:80]}`")
