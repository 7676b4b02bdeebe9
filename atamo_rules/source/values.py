"""What a JSON value is in Atamo, for every floor."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "bool | int | Decimal | str | list[Json] | dict[str, Json] | None"
"""A JSON value as Atamo holds it: whole numbers are int, all others Decimal. A float means the decimal it writes."""
