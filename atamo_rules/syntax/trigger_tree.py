"""The tree of a rule file, part four: when a rule fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.source.swift import swift
from atamo_rules.syntax.tree import Literal, Name, Node, Path, Quantity


@swift
@dataclass(frozen=True, slots=True)
class On(Node):
    """`on ticket.created`, `on request price.quote`, with an optional `as o`."""

    event: Name
    request: bool = False
    alias: Name | None = None


@dataclass(frozen=True, slots=True)
class Times(Node):
    """`on login.failed 5 times within 10 minutes by source_ip`; here and below `late` is the length of
    `in event time, up to 5 minutes late`."""

    on: On
    count: Literal
    within: Quantity
    by: tuple[Path, ...] = ()
    late: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Different(Node):
    """`on login.failed 5 different user within 10 minutes by source_ip`; `of` is what is to differ."""

    on: On
    count: Literal
    of: tuple[Path, ...]
    within: Quantity
    by: tuple[Path, ...] = ()
    late: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Collect(Node):
    """`on order.placed collect for 10 minutes or 50 by shop`; without a count there are as many as may be."""

    on: On
    within: Quantity
    count: Literal | None = None
    by: tuple[Path, ...] = ()
    late: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Then(Node):
    """`on A as a then B as b within D by KEY`."""

    events: tuple[On, ...]
    within: Quantity
    by: tuple[Path, ...] = ()
    late: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Without(Node):
    """`on A as a without B within D by KEY`."""

    on: On
    missing: On
    within: Quantity
    by: tuple[Path, ...] = ()
    late: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Schedule(Node):
    """`every weekday at 09:00 in "Europe/Paris"`, `every 5 minutes`, `every cron "0 9 * * 1-5"`.

    `period` is the text after `every`, single blanks, without the zone; `missed` is once, all, skip or empty."""

    period: str
    zone: Literal | None = None
    missed: str = ""


Trigger: TypeAlias = "On | Times | Different | Collect | Then | Without | Schedule"
