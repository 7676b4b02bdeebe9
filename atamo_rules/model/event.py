"""One message that came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from atamo_rules.model.people import User
from atamo_rules.model.types import Json


@dataclass(frozen=True, slots=True)
class Event:
    """An event or request. `body` was checked at the door and is never changed; `at` is an aware UTC time.

    `source` is the sender's own name for where it comes from (CloudEvents `source`). `conforms` is False for an
    event that breaks its type's schema and was let in by the policy `flag`. `hops` counts rule-to-rule emits.
    """

    id: str
    type: str
    body: Json = field(hash=False)
    at: datetime
    user: User | None = None
    source: str = ""
    conforms: bool = True
    hops: int = 0

    @property
    def who(self) -> str:
        """The name of the user it came from; empty when nobody is named."""
        return self.user.name if self.user is not None else ""
