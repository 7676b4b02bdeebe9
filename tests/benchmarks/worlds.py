"""Rule projects of any size, made by counting: like what teams write, and the same on every machine.

Twenty event types (four shapes in five regions), one agent, and rules of twelve kinds that differ in condition,
template, literals and number of tests (1 to 3). The same rules can be written as `.atamo` and as YAML.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REGIONS = ("north", "south", "east", "west", "central")
FIELDS = {
    "ticket": {
        "id": "text",
        "subject": "text",
        "priority": "one of low, normal, high, urgent = normal",
        "customer": {"email": "email", "tier": "one of free, pro, enterprise"},
        "tags": "list of text",
        "minutes": "whole 0..",
    },
    "order": {
        "id": "text",
        "total": "money",
        "country": "text",
        "items": "list of text",
        "coupon": "text?",
        "paid": "boolean",
    },
    "login": {"account": "text", "address": "ip", "failures": "whole 0..", "agent": "text", "at": "time"},
    "deploy": {
        "service": "text",
        "environment": "one of test, stage, production",
        "branch": "text",
        "seconds": "number",
        "author": {"name": "text", "email": "email"},
        "files": "list of text",
    },
}


@dataclass(frozen=True, slots=True)
class Check:
    """A test: the event's body, and the message the rule is to send, None when it is to do nothing."""

    body: dict[str, Any]
    sends: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """One rule as its author thinks of it, before it is put into a container."""

    name: str
    event: str
    conditions: tuple[str, ...]
    channel: str
    message: str
    checks: tuple[Check, ...]


def rule(number: int) -> Written:
    """Rule `number`: its kind, event type and literals all follow from the number."""
    shape, kind = tuple(FIELDS)[number % 4], number // 4 % 3
    event = f"{REGIONS[number // 12 % 5]}.{shape}"
    conditions, message, yes, no, sent = _KINDS[shape][kind]
    words = {"n": str(number), "m": str(number % 900 + 100), "k": str(number % 7 + 3)}

    def put(value: Any) -> Any:
        if isinstance(value, str):
            for word, what in words.items():
                value = value.replace(f"<{word}>", what)
            return int(value[1:]) if value.startswith("=") else value
        if isinstance(value, dict):
            return {key: put(inner) for key, inner in value.items()}
        return [put(inner) for inner in value] if isinstance(value, list | tuple) else value

    checks = (Check(put(yes), put(sent)), Check(put(no), None), Check(put({**no, **_EMPTY[shape]}), None))
    return Written(
        f"{shape}_{kind}_{number}",
        event,
        tuple(put(list(conditions))),
        f"room-{number % 40}",
        put(message),
        checks[: number % 3 + 1],
    )


_EMPTY: dict[str, dict[str, Any]] = {
    "ticket": {"subject": ""},
    "order": {"items": []},
    "login": {"agent": ""},
    "deploy": {"files": []},
}
_KINDS: dict[str, tuple[tuple[tuple[str, ...], str, dict[str, Any], dict[str, Any], str], ...]] = {
    "ticket": (
        (
            ("priority is urgent", "customer.tier is enterprise", 'subject contains "case <n>"'),
            "Urgent: {{ subject }} from {{ customer.email }}",
            {"subject": "case <n> burns", "priority": "urgent",
             "customer": {"email": "ann@acme.example", "tier": "enterprise"}},
            {"subject": "case <n> burns", "priority": "urgent", "customer": {"tier": "free"}},
            "Urgent: case <n> burns from ann@acme.example",
        ),
        (
            ("minutes >= <m>", '(priority is high or any t in tags has (t is "area-<n>"))'),
            "{{ id | upper }} waits {{ minutes }} minutes",
            {"id": "t<n>", "minutes": "=<m>", "priority": "low", "tags": ["a", "area-<n>"]},
            {"minutes": 2, "priority": "high"},
            "T<n> waits <m> minutes",
        ),
        (
            ("priority is one of [high, urgent]", 'domain(customer.email) is "c<n>.example"'),
            "{% if priority == 'urgent' %}now{% else %}today{% endif %}: {{ subject | truncate(40) }}",
            {"subject": "help", "priority": "high", "customer": {"email": "bo@c<n>.example", "tier": "pro"}},
            {"priority": "low", "customer": {"email": "bo@c<n>.example"}},
            "today: help",
        ),
    ),
    "order": (
        (
            ("total > <m>", 'country is one of ["FR", "BE", "X<n>"]', "not paid"),
            "Order {{ id }}: {{ total }} to {{ country }}",
            {"id": "o<n>", "total": 5000, "country": "X<n>", "paid": False},
            {"total": 20, "country": "FR", "paid": False},
            "Order o<n>: 5000 to X<n>",
        ),
        (
            ("coupon is present", 'coupon starts with "S<n>-"', "count(items) >= 2"),
            "{{ coupon }} on {{ items | join(', ') }}",
            {"coupon": "S<n>-20", "items": ["pen", "ink"]},
            {"coupon": "W1", "items": ["pen", "ink"]},
            "S<n>-20 on pen, ink",
        ),
        (
            ("total * <k> between <m> and 90000", "paid"),
            "{% for i in items %}{{ i }};{% endfor %} {{ total * <k> }}",
            {"total": 1000, "paid": True, "items": ["a<n>", "b"]},
            {"total": 1, "paid": True},
            "a<n>;b; ?",
        ),
    ),
    "login": (
        (
            ("failures >= <k>", 'account is not "robot<n>"', 'not (address in network "10.0.0.0/8")'),
            "{{ account }}: {{ failures }} failures from {{ address }}",
            {"account": "ann", "failures": 12, "address": "192.0.2.7"},
            {"account": "robot<n>", "failures": 12},
            "ann: 12 failures from 192.0.2.7",
        ),
        (
            ("agent matches /bot-<n>[a-z]+/",),
            "{{ agent }} signed in as {{ account }}",
            {"account": "bo", "agent": "bot-<n>x"},
            {"agent": "browser"},
            "bot-<n>x signed in as bo",
        ),
        (
            ("hour(at) < <k>", 'account ends with "-<n>"'),
            "{{ account }} at {{ at | format_time('%H:%M') }}",
            {"account": "carl-<n>", "at": "2026-01-02T02:30:00Z"},
            {"account": "carl-<n>", "at": "2026-01-02T12:30:00Z"},
            "carl-<n> at 02:30",
        ),
    ),
    "deploy": (
        (
            ("environment is production", 'branch is not "main"', 'service is "svc-<n>"'),
            "{{ author.name }} deploys {{ service }} from {{ branch }}",
            {"service": "svc-<n>", "environment": "production", "branch": "fix",
             "author": {"name": "Dee", "email": "d@acme.example"}},
            {"service": "svc-<n>", "environment": "stage", "branch": "fix"},
            "Dee deploys svc-<n> from fix",
        ),
        (
            ("seconds > <m>.5", "environment is not test"),
            "{{ service }} took {{ seconds | round(1) }} s",
            {"service": "api", "seconds": 2000.25, "environment": "stage"},
            {"seconds": 3, "environment": "stage"},
            "api took 2000.2 s",
        ),
        (
            ('any f in files has (f is like "infra/<n>/*.tf")', 'branch is "main"'),
            "{{ files | length }} files, by {{ author.email }}",
            {"files": ["infra/<n>/a.tf"], "branch": "main", "author": {"name": "E", "email": "e@x.example"}},
            {"files": ["docs/a.md"], "branch": "main"},
            "1 files, by e@x.example",
        ),
    ),
}  # fmt: skip


def common(*, yaml: bool = False) -> str:
    """The declarations: event types and the agent."""
    events = {f"{region}.{shape}": fields for region in REGIONS for shape, fields in FIELDS.items()}
    if yaml:
        made = {
            "events": {name: {"fields": fields} for name, fields in events.items()},
            "agents": {"desk": {"send note": {"room": "text", "message": "text"}}},
        }
        return json.dumps(made, indent=1)
    lines: list[str] = []
    for name, fields in events.items():
        lines.append(f"event {name}")
        for key, type in fields.items():
            lines.append(f"  {key}: {type}" if isinstance(type, str) else f"  {key}:")
            lines += [f"    {k}: {t}" for k, t in type.items()] if isinstance(type, dict) else []
        lines.append("")
    return "\n".join([*lines, "agent desk", "  send note", "    room: text", "    message: text", ""])


def atamo(written: Written) -> str:
    """A rule in the outline container."""
    lines = [f"rule {written.name}", f"  on {written.event}"]
    lines.append("  when " + "\n   and ".join(written.conditions))
    lines += ["  do", "    send desk.note", f"      room: {json.dumps(written.channel)}"]
    lines.append(f"      message: {json.dumps(written.message)}")
    for number, check in enumerate(written.checks):
        lines.append(f'  test "{written.name} {number}"')
        lines.append(f"    given {written.event} {json.dumps(check.body)}")
        lines.append("    expect " + ("nothing" if check.sends is None else _expected(check.sends)))
    return "\n".join(lines) + "\n"


def _expected(message: str) -> str:
    if message.endswith("?"):
        return f'desk.note {{ message starts with: "{message[:-1]}" }}'
    return f"desk.note {{ message: {json.dumps(message)} }}"


def yaml(written: Written) -> str:
    """A rule as an item of `rules`."""
    q = json.dumps
    lines = [f"  - rule: {written.name}", f"    on: {written.event}", "    when:", "      all:"]
    lines += [f"        - '{condition}'" for condition in written.conditions]
    lines += ["    do:", "      - send desk.note:", f"          room: {q(written.channel)}"]
    lines += [f"          message: {q(written.message)}", "    tests:"]
    for number, check in enumerate(written.checks):
        lines.append(f"      - test: {written.name} {number}")
        lines.append(f"        given: {q({written.event: check.body})}")
        if check.sends is None:
            lines.append("        expect: nothing")
        elif check.sends.endswith("?"):
            lines.append("        expect:")
            lines.append(f"          - desk.note: {q({'message': {'starts with': check.sends[:-1]}})}")
        else:
            lines.append(f"        expect:\n          - desk.note: {q({'message': check.sends})}")
    return "\n".join(lines) + "\n"


def files(count: int, *, each: int = 10, container: str = "atamo") -> Iterator[tuple[str, str]]:
    """The names and texts of a project of `count` rules, `each` in a file."""
    suffix = "yaml" if container == "yaml" else "atamo"
    yield f"common.{suffix}", common(yaml=container == "yaml")
    for first in range(0, count, each):
        some = [rule(number) for number in range(first, min(first + each, count))]
        if container == "yaml":
            text = "rules:\n" + "".join(yaml(one) for one in some)
        else:
            text = "\n".join(atamo(one) for one in some)
        yield f"part{first // each // 100:03}/rules{first:06}.{suffix}", text


def write(folder: Path, count: int, *, each: int = 10, container: str = "atamo") -> Path:
    """A project on disk; gives the folder."""
    for name, text in files(count, each=each, container=container):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def body(written: Written) -> tuple[str, dict[str, Any]]:
    """An event that a rule is about: its type, and the whole body of its first test."""
    full: dict[str, Any] = {}
    for key, type in FIELDS[written.event.partition(".")[2]].items():
        full[key] = _example(type)
    for key, value in written.checks[0].body.items():
        full[key] = {**full[key], **value} if isinstance(value, dict) else value
    return written.event, full


def _example(type: Any) -> Any:
    if isinstance(type, dict):
        return {key: _example(inner) for key, inner in type.items()}
    words = {"email": "a@b.example", "ip": "192.0.2.1", "time": "2026-01-02T03:04:05Z", "boolean": False}
    if type.startswith("one of"):
        return type.split()[2].rstrip(",")
    if type.startswith("list"):
        return []
    if type.startswith(("whole", "money", "number")):
        return 1
    return words.get(type, "x")
