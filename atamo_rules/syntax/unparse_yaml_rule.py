"""Rules, actions and tests of a tree as YAML values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clause_wording import (
    action_head,
    actor_text,
    at_most_text,
    expected_rows,
    principal_text,
    repeat_text,
    target_text,
    times_text,
    trigger_text,
)
from atamo_rules.syntax.places import keyword
from atamo_rules.syntax.unparse_atamo_rule import split_metadata
from atamo_rules.syntax.wording import breaks_anywhere, inline, keys, literal, words
from atamo_rules.syntax.words import NAME, name_text
from atamo_rules.syntax.yaml_layout import WIDTH, Entry, Leaf, Map, Seq, Yaml

_FREE_KEY = re.compile(r"[A-Za-z_+][\w+]*(-[\w+]+)*")
"""Keys of bodies that are one step without quotes, though they are no names."""


def value_of(value: tree.Value) -> Yaml:
    """An argument: text as text, numbers and the like as they are, any other expression behind `=`."""
    match value:
        case tree.Literal(str() as text):
            marked = text.startswith("=") or any(mark in text for mark in ("{{", "{%", "{#"))
            return Leaf(f"= {literal(text)}", clause=True) if marked else Leaf(text)
        case tree.Literal():
            return Leaf(literal(value.value), raw=True)
        case tree.Template():
            return Leaf(value.text, quoted="\n" not in value.text)
        case tree.ObjectValue():
            return arguments_map(value.entries)
        case tree.ListValue():
            return Seq(tuple((value_of(item), item.span) for item in value.items))
    return Leaf(f"= {words(value)}", clause=True)


def plain_value(value: tree.Literal) -> Yaml:
    """A value where only values stand, so that `=` and braces mean themselves."""
    return Leaf(value.value) if isinstance(value.value, str) else Leaf(literal(value.value), raw=True)


def arguments_map(arguments: Iterable[tree.Argument]) -> Map:
    """`{key: value}`."""
    return Map(tuple(Entry(str(one.keys[0].key), value_of(one.value), one.span) for one in arguments))


def rule_map(rule: decl.Rule) -> Map:
    """One item of `rules`."""
    entries = [Entry("rule", Leaf(rule.name.text), rule.span)]
    if rule.about is not None:
        entries.append(Entry("about", plain_value(rule.about), rule.about.span))
    if rule.order is not None:
        entries.append(Entry("order", plain_value(rule.order), rule.order.span))
    if rule.status is not None:
        entries.append(Entry("status", Leaf(rule.status.text), rule.status.span))
    lines, below = split_metadata(rule.metadata)
    entries += [Entry(str(one.keys[0].key), value_of(one.value), one.span) for one in lines]
    if below:
        entries.append(Entry("meta", arguments_map(below), keyword("meta", rule.span, below[0].span)))
    if rule.trigger is not None:
        word = "every" if isinstance(rule.trigger, decl.Schedule) else "on"
        entries.append(Entry(word, Leaf(trigger_text(rule.trigger), clause=True), rule.trigger.span))
    for word, people in (("for", rule.include), ("except", rule.exclude)):
        if people:
            items = tuple((Leaf(principal_text(one), clause=True), one.span) for one in people)
            entries.append(Entry(word, Seq(items), people[0].span))
    if rule.lets:
        lets = tuple(
            Entry(one.name.text, Leaf(f"= {words(one.value)}", clause=True), one.span) for one in rule.lets
        )
        entries.append(Entry("let", Map(lets), rule.lets[0].span))
    if rule.condition is not None:
        entries.append(Entry("when", _condition(rule.condition), rule.condition.span))
    if rule.at_most is not None:
        entries.append(Entry("at most", Leaf(at_most_text(rule.at_most), clause=True), rule.at_most.span))
    if rule.actions:
        entries.append(Entry("do", _actions(rule.actions), keyword("do", rule.span, rule.actions[0].span)))
    if rule.stop:
        entries.append(Entry("stop", Leaf("true", raw=True), keyword("stop", rule.span)))
    if rule.tests:
        tests = tuple((test_map(test), test.span) for test in rule.tests)
        entries.append(Entry("tests", Seq(tests, flow=False)))
    return Map(tuple(entries), flow=0)


def _condition(condition: tree.Expr) -> Yaml:
    text = Leaf(words(condition), clause=True)
    if not isinstance(condition, tree.AllOf | tree.AnyOf):
        return text
    nested = any(isinstance(part, type(condition)) for part in condition.parts)
    if nested or (len(text.text) < WIDTH - 20 and not breaks_anywhere(condition.span)):
        return text
    parts = tuple((Leaf(words(part), clause=True), part.span) for part in condition.parts)
    return Map(
        (Entry("all" if isinstance(condition, tree.AllOf) else "any", Seq(parts, flow=False)),), flow=0
    )


def _actions(actions: Sequence[decl.Do]) -> Seq:
    return Seq(tuple((_action(do), do.span) for do in actions), flow=False)


def _action(do: decl.Do) -> Yaml:
    entry = Entry(action_head(do), arguments_map(do.arguments), do.span)
    if do.error is not None:
        entry = Entry("reply error", value_of(do.error), do.span)
    if do.on_timeout:
        later = Entry(
            "on timeout", _actions(do.on_timeout), keyword("on timeout", do.span, do.on_timeout[0].span)
        )
        return Map((entry, later), flow=0)
    if not do.arguments and do.error is None:
        return Leaf(action_head(do), clause=True)
    return Map((entry,), flow=1)


# --- tests ----------------------------------------------------------------------------------------------


def test_map(test: decl.Test) -> Map:
    """One item of `tests`."""
    entries = [Entry("test", Leaf(test.name.text), test.span)]
    if test.mocks:
        mocks = tuple(Entry(mock.target.text, _mock(mock), mock.span) for mock in test.mocks)
        entries.append(Entry("mock", Map(mocks), test.mocks[0].span))
    if not _is_simple(test.steps):
        steps = tuple((_step(step), step.span) for step in test.steps)
        return Map((*entries, Entry("steps", Seq(steps, flow=False))), flow=0)
    for word, parts in (
        ("given", [(_given(one), one.span) for one in test.steps if isinstance(one, decl.Given)]),
        ("expect", [(_expect(one), one.span) for one in test.steps if isinstance(one, decl.Expect)]),
    ):
        if parts:
            value = parts[0][0] if len(parts) == 1 else Seq(tuple(parts), flow=False)
            entries.append(Entry(word, value, parts[0][1]))
    return Map(tuple(entries), flow=0)


def _is_simple(steps: Sequence[decl.Given | decl.Expect]) -> bool:
    """Whether the steps are events first, then expectations, none of them at a time of its own."""
    kinds = [isinstance(step, decl.Expect) for step in steps]
    if any(step.at is not None for step in steps) or kinds != sorted(kinds):
        return False
    expects = [step for step in steps if isinstance(step, decl.Expect)]
    return len(expects) < 2 or not any(step.nothing for step in expects)


def _step(step: decl.Given | decl.Expect) -> Map:
    at = [Entry("at", Leaf(str(step.at.value), quoted=True))] if step.at is not None else []
    if isinstance(step, decl.Given):
        return Map((*at, Entry("given", _given(step), step.span)))
    return Map((*at, Entry("expect", _expect(step), step.span)))


def _given(given: decl.Given) -> Yaml:
    if not given.fields.entries and given.by is None and given.repeat is None:
        return Leaf(name_text(given.event.text), clause=True)
    entries = [Entry(given.event.text, _body(given.fields))]
    if given.by is not None:
        entries.append(Entry("by", Leaf(actor_text(given.by), clause=True)))
    if given.repeat is not None:
        entries.append(Entry("repeat", Leaf(repeat_text(given.repeat), clause=True)))
    return Map(tuple(entries))


def _body(body: tree.ObjectValue) -> Map:
    return Map(tuple(Entry(_key(one.keys), _data(one.value), one.span) for one in body.entries))


def _key(steps: Sequence[tree.Step]) -> str:
    first = steps[0].key
    free = len(steps) == 1 and isinstance(first, str) and _FREE_KEY.fullmatch(first) and not NAME.match(first)
    return str(first) if free else keys(steps)


def _data(value: tree.Value) -> Yaml:
    """A value in the body of a test, where a template is its own text."""
    if isinstance(value, tree.ObjectValue):
        return _body(value)
    if isinstance(value, tree.Literal) and isinstance(value.value, str) and not value.value.startswith("="):
        return Leaf(value.value)
    return value_of(value)


def _mock(mock: decl.Mock) -> Yaml:
    if mock.timeout:
        return Leaf("timeout")
    if mock.error is not None:
        return Map((Entry("error", plain_value(mock.error)),))
    return _body(mock.answer) if mock.answer is not None else Map(())


def _expect(expect: decl.Expect) -> Yaml:
    if expect.nothing:
        return Leaf("nothing")
    (expected,) = expect.expected
    return _expected(expected)


def _expected(expected: decl.Expected) -> Yaml:
    target = target_text(expected)
    if not expected.matchers:
        if expected.times == 0:
            return Map((Entry("not", Leaf(target, clause=True)),))
        if expected.times is None:
            return Leaf(target, clause=True)
        return Map((Entry(target, Leaf(times_text(expected.times).strip(), clause=True)),))
    names = [keys(matcher.keys) for matcher in expected.matchers]
    if expected.times is not None or len(set(names)) < len(names):
        return Leaf(inline(expected_rows(expected, flat=True)), clause=True)
    return Map((Entry(target, Map(tuple(_matcher(one) for one in expected.matchers))),))


def _matcher(matcher: decl.Matcher) -> Entry:
    key = _key(matcher.keys)
    if matcher.value is None:
        return Entry(key, Leaf(matcher.operator, clause=True), matcher.span)
    value = _data(matcher.value)
    if matcher.operator != "is":
        return Entry(key, Map((Entry(matcher.operator, value),)), matcher.span)
    if isinstance(value, Leaf) and value.text in tree.STATES:
        value = Leaf(value.text, quoted=True)
    return Entry(key, value, matcher.span)
