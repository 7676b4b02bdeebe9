"""Who owns a provider: one with an owner sees that owner's events alone, as a rule with an owner does."""

from __future__ import annotations

import re
from typing import Any

from atamo_rules.model.event import Event
from atamo_rules.model.people import Who

_OWNER = re.compile(r"\A(?:#!.*\n)?# *owner: *(user|group|organisation) +(\S(?:.{0,198}\S)?) *(?:\n|\Z)")


def owner_in(text: str) -> Who | None:
    """The owner that the first line of a Python file names: `# owner: user ann`."""
    found = _OWNER.match(text.removeprefix("\ufeff"))
    return Who(found[1], found[2]) if found is not None else None


def sees(evaluator: Any, event: Event) -> bool:
    """Whether an evaluator is asked about an event; one with another owner does not even learn of it."""
    owner = getattr(evaluator, "owner", None)
    return owner is None or (isinstance(owner, Who) and owner.has(event.user))
