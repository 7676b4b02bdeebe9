"""The value of what is not there. A function that cannot give a value gives this, and never raises."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Absent(Enum):
    """The one absent value; false, and equal only to itself."""

    ABSENT = "absent"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
"""Neither null nor anything else JSON knows: the path led nowhere, or the function had no answer."""
