"""What an agent says, as JSON: moments and lengths of time as their texts. What no JSON can hold is refused
here, and not where it is kept, shared or sent."""

from __future__ import annotations

from typing import Any

from atamo_rules.errors import AnswerRefused
from atamo_rules.functions.printing import jsonable
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json


def plain(answer: Any) -> Json:
    """An answer as JSON, itself where it is. Raises AnswerRefused."""
    try:
        encode(answer)
    except (TypeError, ValueError, RecursionError):
        try:
            encode(made := jsonable(answer))
        except (TypeError, ValueError, RecursionError) as error:
            raise AnswerRefused(f"its answer is no JSON: {error}") from None
        return made
    return answer  # type: ignore[no-any-return]
