"""Lists in pages: as many as are asked for, and where the next ones are (RFC 8288, `rel=next`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.rest.parameters import whole
from atamo_rules.rest.problem import json_response

MOST = 1000
"""Things of one page. A list that nobody asks to have in pages is whole."""
LONGEST = 1 << 53


def listed(request: Request, name: str, items: Sequence[Any], **more: Any) -> Response:
    """A list that is at hand, or with `limit` so many of it from place `after` on. Raises Problem."""
    after, limit = whole(request, "after", 0, LONGEST), whole(request, "limit", 0, MOST)
    if not limit:
        return json_response({name: list(items[after:]), **more})
    ends = after + limit
    link = next_link(request, ends) if ends < len(items) else {}
    return json_response({name: list(items[after:ends]), **more}, headers=link)


def next_link(request: Request, after: int) -> dict[str, str]:
    """The header that says where the next page is: the same question, from another place on."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    # What a path names is told back as it may stand in a header, whatever it was.
    path = quote(request.scope["path"], safe="/%")
    return {"Link": f'<{path}?{urlencode([*query, ("after", str(after))])}>; rel="next"'}
