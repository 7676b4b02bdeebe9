"""Frozen values by the hundred thousand: dataclasses whose instances are made and printed without detours."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

Value = TypeVar("Value")


def swift(cls: type[Value]) -> type[Value]:
    """A frozen dataclass with slots, made and printed in two thirds of the time; nothing else changes.

    The `__init__` of a frozen dataclass looks every field up by name to get past its own `__setattr__`; this one sets
    the slots themselves. Its `__repr__` guards against values that hold themselves, which frozen ones cannot. Worth it
    only for the nodes that trees and meanings are full of.
    """
    assert not hasattr(cls, "__post_init__")
    known: dict[str, Any] = {}
    plain: list[str] = []
    by_name: list[str] = []
    body: list[str] = []
    for field in fields(cls):  # type: ignore[arg-type]
        known[f"set_{field.name}"] = getattr(cls, field.name).__set__
        value = field.name
        said = field.name
        if field.default_factory is not MISSING:
            known["MISSING"], known[f"new_{field.name}"] = MISSING, field.default_factory
            said += "=MISSING"
            value = f"new_{field.name}() if {field.name} is MISSING else {field.name}"
        elif field.default is not MISSING:
            known[f"default_{field.name}"] = field.default
            said += f"=default_{field.name}"
        (by_name if field.kw_only else plain).append(said)
        body.append(f" set_{field.name}(self, {value})\n")
    head = ", ".join(["self", *plain, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({head}):\n{''.join(body)}", known)
    known["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    known["__init__"].__annotations__ = cls.__init__.__annotations__
    cls.__init__ = known["__init__"]  # type: ignore[method-assign]
    cls.__repr__ = getattr(cls.__repr__, "__wrapped__", cls.__repr__)  # type: ignore[method-assign]
    return cls
