"""What a client is told when something is wrong: RFC 9457 problem documents, each with a code and a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from atamo_rules.model.strict_json import encode
from atamo_rules.rest.catalogue import type_of

MEDIA = "application/problem+json"


@dataclass(eq=False)
class Problem(Exception):
    """A refusal. `code` is stable and for programs; `detail` and `remedy` are sentences for people."""

    status: int
    code: str
    title: str
    detail: str = ""
    remedy: str = ""
    reasons: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def document(self) -> dict[str, Any]:
        """The members of the problem document."""
        made: dict[str, Any] = {
            "type": type_of(self.code),
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        for name in ("detail", "remedy"):
            if getattr(self, name):
                made[name] = getattr(self, name)
        if self.reasons:
            made["reasons"] = list(self.reasons)
        return made

    def response(self) -> Response:
        """The answer that says it."""
        return Response(
            encode(self.document()), self.status, media_type=MEDIA, headers=dict(self.headers) or None
        )


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; Decimals keep their digits."""
    return Response(encode(value), status, media_type="application/json", headers=headers)


class Receipt(Response):
    """The answer to a message that was taken. Its bytes and headers are those that `json_response` makes; made in a
    third of the time, for there is one for each event."""

    def __init__(self, result: dict[str, Any], location: str) -> None:
        self.status_code, self.background = 202, None
        if len(result) == 2:  # its id and its state, which is one of a few plain words
            self.body = f'{{"id":{encode(result["id"])},"state":"{result["state"]}"}}'.encode()
        else:
            self.body = encode(result).encode()
        self.raw_headers = [
            (b"location", location.encode("latin-1")),
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
        ]


TITLES = {
    "malformed": ("the body is not JSON", "send one JSON document in UTF-8"),
    "envelope": (
        "the event's envelope is not right",
        'send {"type": …, "data": {…}}, or bare data with ?type=NAME',
    ),
    "unknown-type": ("there is no such event type", "GET /v1/types lists them"),
    "invalid": ("the data breaks the event type's schema", "mend what `reasons` names, and send it again"),
    "schema": ("the event type's schema cannot be used", "tell whoever keeps the rules"),
    "conflict": (
        "an event of this id was taken before",
        "use a new id for new content; the same content may be sent again",
    ),
    "not-a-request": ("this type is an event, not a request", "POST it to /v1/events"),
}
"""Title and remedy of what the intake refuses."""


def refusal(code: str, status: int, reasons: tuple[str, ...]) -> Problem:
    """The problem of a message that was not taken."""
    title, remedy = TITLES.get(code, ("the message was not taken", ""))
    return Problem(status, code, title, "; ".join(reasons)[:2000], remedy, reasons)
