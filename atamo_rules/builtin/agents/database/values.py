"""Values on their way to a database and back: exact where the database is."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

from atamo_rules.builtin.agents.database.statements import Unbound
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json

LARGEST = 1 << 20
"""Characters of JSON that the rows of one answer may make; what would go beyond is left out, and `more` says so."""
_WIDEST = 1 << 63


def bound(name: str, value: Json, dialect: str) -> Any:
    """An argument as the driver takes it: a list or an object is bound as its JSON text. Raises Unbound."""
    match value:
        case bool() | None:
            return value
        case int():
            if not -_WIDEST <= value < _WIDEST:
                raise Unbound(f"`{name}` has more than 64 bits, which no column of whole numbers holds")
            return value
        case Decimal():
            # SQLite has no decimals: as text it is compared and kept as the affinity of its column says.
            return format(value, "f") if dialect == "sqlite" else value
        case str():
            if "\0" in value:
                raise Unbound(f"`{name}` holds a NUL, which a database cuts texts at")
            return value
    return encode(value)


def answered(names: Sequence[str], rows: Iterable[Sequence[Any]], most: int) -> tuple[list[Json], bool]:
    """Rows as objects, as many as fit, and whether there are more."""
    found: list[Json] = []
    size = 0
    for row in rows:
        one: Json = dict(zip(names, map(plain, row), strict=True))
        size += len(encode(one))
        if len(found) == most or size > LARGEST:
            return found, True
        found.append(one)
    return found, False


def plain(value: Any) -> Json:
    """A value of a column as JSON: moments as ISO 8601, bytes as base64, floats as the decimals they print as."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return value if value.is_finite() else str(value)
        case float():
            return Decimal(repr(value)) if isfinite(value) else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return Decimal(value // timedelta(microseconds=1)) / 1_000_000
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case UUID():
            return str(value)
        case dict():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
    return str(value)
