"""What a client asks for in the query of a URL, read strictly: a wrong value is a problem, never a default."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request

from atamo_rules.functions.time import parse_moment
from atamo_rules.rest.problem import Problem


def whole(request: Request, name: str, default: int, most: int) -> int:
    """A whole number from 0 to `most`. Raises Problem."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 18) or int(given) > most:
        raise _wrong(name, given, f"a whole number up to {most}")
    return int(given)


def moment(request: Request, name: str) -> datetime | None:
    """A moment of RFC 3339, None when it is not given. Raises Problem."""
    given = request.query_params.get(name)
    if given is None:
        return None
    found = parse_moment(given)
    if found is None:
        raise _wrong(name, given, "a moment as in RFC 3339, such as 2026-01-31T09:00:00Z")
    return found


def text(request: Request, name: str) -> str:
    """A text, empty when it is not given."""
    return request.query_params.get(name, "")


def only(request: Request, *names: str) -> None:
    """Refuse what nobody asks for here: a misspelt name would quietly mean everything. Raises Problem."""
    for name in request.query_params:
        if name not in names:
            raise Problem(
                400,
                "parameter",
                f"there is no parameter `{name[:80]}`",
                remedy=f"there are {', '.join(names)}" if names else "there are none here",
            )


def _wrong(name: str, given: str, wanted: str) -> Problem:
    return Problem(400, "parameter", f"`{name}` is {wanted}", f"it is `{given[:80]}`")
