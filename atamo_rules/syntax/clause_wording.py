"""The canonical text of whole clauses: triggers, actions, cells, and the lines of tests."""

from __future__ import annotations

from collections.abc import Sequence

from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.rows import Row, Rows, joined, listed, row
from atamo_rules.syntax.wording import (
    SUM,
    breaks_after,
    entries,
    expression,
    keys,
    literal,
    quantity,
    type_text,
    unquoted,
    words,
)
from atamo_rules.syntax.words import name_text, text_literal


def on_text(on: decl.On) -> str:
    """`request price.quote as q`."""
    text = ("request " if on.request else "") + name_text(on.event.text)
    return f"{text} as {on.alias.text}" if on.alias is not None else text


def trigger_text(trigger: decl.Trigger) -> str:
    """What stands behind `on`, or behind `every`."""
    match trigger:
        case decl.On():
            return on_text(trigger)
        case decl.Times():
            head = f"{on_text(trigger.on)} {literal(trigger.count.value)} times"
        case decl.Different():
            of = ", ".join(words(path) for path in trigger.of)
            head = f"{on_text(trigger.on)} {literal(trigger.count.value)} different {of}"
        case decl.Collect():
            count = f" or {literal(trigger.count.value)}" if trigger.count is not None else ""
            head = f"{on_text(trigger.on)} collect for {quantity(trigger.within)}{count}"
            return head + _by(trigger.by) + _late(trigger.late)
        case decl.Then():
            head = " then ".join(on_text(one) for one in trigger.events)
        case decl.Without():
            head = f"{on_text(trigger.on)} without {on_text(trigger.missing)}"
        case decl.Schedule():
            zone = f" in {literal(trigger.zone.value)}" if trigger.zone is not None else ""
            return trigger.period + zone + (f" missed {trigger.missed}" if trigger.missed else "")
    return f"{head} within {quantity(trigger.within)}{_by(trigger.by)}{_late(trigger.late)}"


def _late(late: tree.Quantity | None) -> str:
    return f" in event time, up to {quantity(late)} late" if late is not None else ""


def _by(paths: Sequence[tree.Path]) -> str:
    return " by " + ", ".join(words(path) for path in paths) if paths else ""


def at_most_text(at_most: decl.AtMost) -> str:
    """`once per 1 hour by source_ip`."""
    count = "once" if at_most.count == 1 else str(at_most.count)
    return f"{count} per {quantity(at_most.per)}{_by(at_most.by)}"


def principal_text(principal: decl.Principal) -> str:
    """`group support`."""
    return f"{principal.kind} {name_text(principal.name.text)}"


def safe_text(safe: decl.Safe) -> str:
    """`fresh 30 seconds stale 5 minutes shared by group staff`: what stands after `safe`."""
    parts = [f"fresh {quantity(safe.fresh)}"] if safe.fresh is not None else []
    parts += [f"stale {quantity(safe.stale)}"] if safe.stale is not None else []
    if safe.by != "user":
        parts.append(f"shared by {safe.by}{f' {name_text(safe.group.text)}' if safe.group else ''}")
    return " ".join(parts)


def completing_text(said: decl.Completing) -> str:
    """`when any 2 within 5 seconds kept 1 hour`, or `after 5 seconds`: what stands after `complete`."""
    if said.after is not None:
        parts = [f"after {quantity(said.after)}"]
    else:
        parts = [f"when {said.policy}{f' {said.count}' if said.policy == 'any' else ''}"]
    parts += [f"within {quantity(said.within)}"] if said.within is not None else []
    parts += [f"kept {quantity(said.kept)}"] if said.kept is not None else []
    return " ".join(parts)


def action_head(do: decl.Do) -> str:
    """`ask crm.summary within 5 seconds as who`."""
    if do.target is None:
        return "reply"
    text = f"{do.verb} {name_text(do.target.text) if do.verb == 'emit' else do.target.text}"
    text += f" after {quantity(do.after)}" if do.after is not None else ""
    text += f" retry {do.retry} times" if do.retry is not None else ""
    text += f" within {quantity(do.within)}" if do.within is not None else ""
    text += f" as {principal_text(do.acting_as)}" if do.acting_as is not None else ""
    return text + (f" as {do.alias.text}" if do.alias is not None else "")


def parameters_text(parameters: Sequence[decl.Parameter]) -> str:
    """`(t: ticket.created, zone: text)`."""
    parts = []
    for one in parameters:
        what = (
            one.event.text if one.event is not None else type_text(one.type) if one.type is not None else ""
        )
        parts.append(f"{one.name.text}: {what}")
    return f"({', '.join(parts)})"


# --- tables ---------------------------------------------------------------------------------------------


def cell_text(cell: decl.Cell) -> str:
    """`any`, or tests of which one must hold: `urgent, high`, `>= 10`, `not "x"`."""
    return ", ".join(_cell_test(*test) for test in cell.tests) or "any"


def _cell_test(operator: str, operand: tree.Expr | None) -> str:
    if operand is None:
        return operator
    if operator == "is between" and isinstance(operand, tree.ListValue):
        low, high = (words(one, SUM) for one in operand.items)
        return f"between {low} and {high}"
    prefix = {"is": "", "is not": "not "}.get(operator, f"{operator} ")
    return prefix + words(operand, SUM)


# --- tests ----------------------------------------------------------------------------------------------


def given_rows(given: decl.Given, *, broken: bool = False) -> Rows:
    """`ticket.created { subject: "x" } by alice in support 5 times every 1 minute`."""
    parts: list[Rows | str] = [row(name_text(given.event.text), 0, given.span)]
    if given.fields.entries:
        parts += [" ", body(given.fields, broken=broken)]
    parts.append(f" by {actor_text(given.by)}" if given.by is not None else "")
    parts.append(f" {repeat_text(given.repeat)}" if given.repeat is not None else "")
    return joined(*parts)


def body(fields: tree.ObjectValue, *, broken: bool = False) -> Rows:
    """The fields of a test's event or answer."""
    bare = unquoted(fields)
    assert isinstance(bare, tree.ObjectValue)
    return entries(bare, broken=broken)


def actor_text(actor: decl.Actor) -> str:
    """`alice in support, partners of acme`."""
    text = name_text(actor.user.text)
    text += " in " + ", ".join(name_text(group.text) for group in actor.groups) if actor.groups else ""
    return text + (f" of {name_text(actor.organisation.text)}" if actor.organisation is not None else "")


def repeat_text(repeat: decl.Repeat) -> str:
    """`5 times every 1 minute`."""
    return f"{repeat.times} times" + (f" every {quantity(repeat.every)}" if repeat.every is not None else "")


def expected_rows(expected: decl.Expected, *, broken: bool = False, flat: bool = False) -> Rows:
    """`not oncall.page`, `oncall.page { to: "l2" } once`, `rule page_oncall 2 times`."""
    parts: list[Rows | str] = [
        row(("not " if expected.times == 0 else "") + target_text(expected), 0, expected.span)
    ]
    if expected.matchers:
        parts += [" ", _matchers(expected.matchers, broken, flat)]
    parts.append(times_text(expected.times))
    return joined(*parts)


def times_text(times: int | None) -> str:
    """How often something is expected, behind it; nothing for at least once, and for never."""
    return {None: "", 0: "", 1: " once"}.get(times, f" {times} times")


def target_text(expected: decl.Expected) -> str:
    """What is expected: an action, an event, `reply`, `reply error`, `rule name`."""
    target = name_text(expected.target.text) if expected.target is not None else ""
    return {"reply": "reply", "error": "reply error", "rule": f"rule {target}"}.get(expected.kind, target)


def _matchers(matchers: Sequence[decl.Matcher], broken: bool, flat: bool) -> Rows:
    parts: list[Rows] = []
    for matcher in matchers:
        text = keys(matcher.keys)
        if matcher.value is None:
            parts.append(row(f"{text} {matcher.operator}", 0, matcher.span))
            continue
        operator = "" if matcher.operator == "is" else f" {matcher.operator}"
        first, *rest = joined(f"{text}{operator}: ", expression(unquoted(matcher.value), flat=flat))
        parts.append((Row(first.text, first.indent, matcher.span), *rest))
    broken = not flat and (broken or breaks_after("{", matchers[0].span))
    return listed(parts, "{", "}", broken=broken, blanks=" ")


def mock_rows(mock: decl.Mock, *, broken: bool = False) -> Rows:
    """`crm.summary -> { text: "ten seats" }`."""
    head = f"{name_text(mock.target.text)} -> "
    if mock.timeout:
        return row(head + "timeout", 0, mock.span)
    if mock.error is not None:
        return row(f"{head}error {literal(mock.error.value)}", 0, mock.span)
    answer = mock.answer if mock.answer is not None else tree.ObjectValue((), span=mock.span)
    return joined(row(head, 0, mock.span), body(answer, broken=broken))


def test_name(test: decl.Test) -> str:
    """The name of a test, always in quotes: it is a sentence more often than a word."""
    return text_literal(test.name.text)
