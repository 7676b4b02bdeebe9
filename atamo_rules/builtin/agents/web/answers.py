"""What the status of an answer means for an action, and how long the other side wants to be left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from atamo_rules.builtin.agents.web.exchange import Answer
from atamo_rules.model.outcome import Again, Failed
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.model.types import Json

SHOWN = 10_000
"""Characters of an answer that is no JSON."""
_LATER = {408, 425, 429}


def failure(answer: Answer) -> Again | Failed | None:
    """What a status that is no success means: overload and faults of the server may pass, all else is final."""
    if 200 <= answer.status < 300:
        return None
    why, error = f"the answer was {answer.status}", f"http {answer.status}"
    if answer.status in _LATER or answer.status >= 500:
        return Again(why, wait_of(answer.headers), error)
    return Failed(why, error)


def body_of(answer: Answer) -> Json:
    """The body of a success: JSON as it is, anything else with its status as `{status, text}`."""
    if not answer.cut:
        try:
            return decode(answer.body) if answer.body.strip() else {}
        except JsonRefused:
            pass
    return {"status": answer.status, "text": answer.body.decode("utf-8", "replace")[:SHOWN]}


def wait_of(headers: Mapping[str, str]) -> float | None:
    """The seconds that `Retry-After` asks for (RFC 9110, 10.2.3), a number of them or a date; some services write
    fractions of a second."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text) if len(text) < 20 else None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, (moment - datetime.now(moment.tzinfo)).total_seconds())
