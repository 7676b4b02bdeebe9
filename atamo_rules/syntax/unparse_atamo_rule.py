"""Rules, their arguments and their tests as lines of an `.atamo` file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clause_wording import (
    action_head,
    at_most_text,
    expected_rows,
    given_rows,
    mock_rows,
    principal_text,
    test_name,
    trigger_text,
)
from atamo_rules.syntax.misplaced import METADATA
from atamo_rules.syntax.places import keyword
from atamo_rules.syntax.rows import STEP, WIDTH, Row, Rows, joined, row, shifted, width
from atamo_rules.syntax.spread import spread
from atamo_rules.syntax.wording import CHAIN, NOT, chain, expression, literal, words
from atamo_rules.syntax.words import name_text, text_literal


def rule_rows(written: decl.Rule) -> Rows:
    """A rule: its head, its clauses in the documented order, its tests."""
    clauses: list[Row] = []
    if written.order is not None:
        clauses += row(f"order {words(written.order)}", 0, written.order.span)
    if written.status is not None:
        clauses += row(f"status {name_text(written.status.text)}", 0, written.status.span)
    clauses += _metadata(written)
    if written.trigger is not None:
        word = "every" if isinstance(written.trigger, decl.Schedule) else "on"
        clauses += row(f"{word} {trigger_text(written.trigger)}", 0, written.trigger.span)
    for word, principals in (("for", written.include), ("except", written.exclude)):
        if principals:
            text = ", ".join(principal_text(one) for one in principals)
            clauses += row(f"{word} {text}", 0, principals[0].span)
    for let in written.lets:
        clauses += condition_rows(f"let {let.name.text} = ", let.value, STEP, let.span)
    if written.condition is not None:
        clauses += condition_rows("when ", written.condition)
    if written.at_most is not None:
        clauses += row(f"at most {at_most_text(written.at_most)}", 0, written.at_most.span)
    if written.actions:
        clauses += row("do", 0, keyword("do", written.span, written.actions[0].span))
        clauses += shifted(_actions(written.actions), STEP)
    if written.stop:
        clauses += row("stop", 0, keyword("stop", written.span))
    for test in written.tests:
        clauses += test_rows(test)
    return (*row(f"rule {name_text(written.name.text)}{about_text(written.about)}"), *shifted(clauses, STEP))


def condition_rows(
    head: str, condition: tree.Expr, hang: int | None = None, place: Span | None = None
) -> Rows:
    """A condition behind its word; the parts of a long one on lines of their own, `and` and `or` in a river."""
    place = place or condition.span
    if not isinstance(condition, tree.AllOf | tree.AnyOf):
        return joined(row(head, 0, place), spread(condition, CHAIN, WIDTH - STEP - len(head)))
    word = "and" if isinstance(condition, tree.AllOf) else "or"
    first, *rest = joined(row(head, 0, place), chain(condition.parts, word, False))
    by = len("when") - len(word) if hang is None else hang
    if not rest and len(first.text) + STEP > WIDTH:
        room = WIDTH - STEP - len(head)
        first, *rest = joined(row(head, 0, place), spread(condition.parts[0], NOT, room))
        for part in condition.parts[1:]:
            line, *more = joined(f"{word} ", spread(part, NOT, room))
            rest += [replace(line, place=part.span), *more]
    own = [one for one in rest if one.indent == 0 and one.text.startswith(f"{word} ")]
    if not own:
        return (first, *rest)  # only brackets are broken, and those hang from the first line
    return (first, *shifted(rest, by))


def _metadata(written: decl.Rule) -> Rows:
    lines, below = split_metadata(written.metadata)
    rows = described_rows(lines)
    if below:
        rows += row("meta", 0, keyword("meta", written.span, below[0].span))
        rows += shifted(argument_rows(below), STEP)
    return rows


def split_metadata(metadata: Sequence[tree.Argument]) -> tuple[list[tree.Argument], list[tree.Argument]]:
    """Metadata with a word of its own, and what stands under `meta`."""
    lines: dict[str, tree.Argument] = {}
    below: list[tree.Argument] = []
    for one in metadata:
        key = str(one.keys[0].key)
        if key in METADATA and key not in lines:
            lines[key] = one
        else:
            below.append(one)
    return list(lines.values()), below


def described_rows(metadata: Iterable[tree.Argument]) -> Rows:
    """`severity "high"`: a word and its value, a line each."""
    return tuple(
        one
        for item in metadata
        for one in joined(row(f"{item.keys[0].key} ", 0, item.span), expression(item.value, flat=True))
    )


def _actions(actions: Iterable[decl.Do]) -> Rows:
    done: list[Row] = []
    for do in actions:
        head = row(action_head(do), 0, do.span)
        done += head if do.error is None else joined(head, " error ", expression(do.error))
        done += shifted(argument_rows(do.arguments), STEP)
        if do.on_timeout:
            place = keyword("on timeout", do.span, do.on_timeout[0].span)
            done += shifted((*row("on timeout", 0, place), *shifted(_actions(do.on_timeout), STEP)), STEP)
    return tuple(done)


def argument_rows(arguments: Iterable[tree.Argument]) -> Rows:
    """`key: value` lines; what does not fit, or was nested, stands below its key."""
    return tuple(one for item in arguments for one in _argument(item.keys, item.value, item.span))


def _argument(steps: Sequence[tree.Step], value: tree.Value, place: Span) -> Rows:
    key = _key(steps)
    nested = isinstance(value, tree.ObjectValue | tree.ListValue)
    if nested and (_stands_below(value, place) or width(joined(f"{key}: ", expression(value))) + 6 > WIDTH):
        if isinstance(value, tree.ObjectValue) and value.entries:
            return (*row(f"{key}:", 0, place), *shifted(argument_rows(value.entries), STEP))
        if isinstance(value, tree.ListValue) and value.items:
            return (*row(f"{key}:", 0, place), *shifted(_items(value), STEP))
    return joined(row(f"{key}: ", 0, place), expression(value))


def _key(steps: Sequence[tree.Step]) -> str:
    text = str(steps[0].key)
    return text if text.replace("-", "_").isidentifier() and text.isascii() else text_literal(text)


def _stands_below(value: tree.Value, place: Span) -> bool:
    """Whether the author wrote an object or a list on lines below its key, rather than in brackets."""
    if not place.source.name.endswith(".atamo"):
        return False
    parts: Sequence[tree.Node] = ()
    if isinstance(value, tree.ObjectValue | tree.ListValue):
        parts = value.entries if isinstance(value, tree.ObjectValue) else value.items
    if not parts:
        return False
    between = place.source.text[place.start : parts[0].span.start]
    return "\n" in between and not between.rstrip().endswith(("{", "["))


def _items(value: tree.ListValue) -> Rows:
    done: list[Row] = []
    for item in value.items:
        if isinstance(item, tree.ObjectValue) and item.entries and _all_plain(item):
            first, *rest = argument_rows(item.entries)
            done += [replace(first, text=f"- {first.text}"), *shifted(rest, STEP)]
        else:
            done += joined(row("- ", 0, item.span), expression(item))
    return tuple(done)


def _all_plain(item: tree.ObjectValue) -> bool:
    """Whether the first entry fits on the line of its dash: lines below a dash are the other entries."""
    return len(_argument(item.entries[0].keys, item.entries[0].value, item.entries[0].span)) == 1


def test_rows(written: decl.Test) -> Rows:
    """A test: what is answered, what happens, what must follow, a line each."""
    below: list[Row] = []
    for mock in written.mocks:
        below += _fitting(mock.span, "mock ", mock_rows(mock), mock_rows(mock, broken=True))
    for step in written.steps:
        at = f"at {step.at.value} " if step.at is not None else ""
        if isinstance(step, decl.Given):
            below += _fitting(step.span, f"{at}given ", given_rows(step), given_rows(step, broken=True))
        elif step.nothing:
            below += row(f"{at}expect nothing", 0, step.span)
        else:
            for one in step.expected:
                below += _fitting(
                    one.span, f"{at}expect ", expected_rows(one), expected_rows(one, broken=True)
                )
    return (*row(f"test {test_name(written)}", 0, written.span), *shifted(below, STEP))


def _fitting(place: Span, head: str, whole: Rows, broken: Rows) -> Rows:
    """A line of a test; a body that would not fit on it is broken behind its bracket."""
    done = joined(row(head, 0, place), whole)
    return done if width(done, 2 * STEP) <= WIDTH else joined(row(head, 0, place), broken)


def about_text(about: tree.Literal | None) -> str:
    """What something is about, behind its name."""
    return f" {literal(about.value)}" if about is not None else ""
