"""Tests of a YAML file."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.atamo_tests import one_each
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.yaml_clauses import Clauses
from atamo_rules.syntax.yaml_nodes import Mapping, Node
from atamo_rules.syntax.yaml_nodes import Sequence as Items
from atamo_rules.syntax.yaml_scalars import Scalar

_MATCH = {*tree.COMPARISONS, *tree.STATES}


def tests_of(node: Node | None, clauses: Clauses) -> tuple[decl.Test, ...]:
    """The tests of a rule or a file."""
    found = [test(item, clauses) for item in clauses.items(node, "`tests`")] if node is not None else []
    return tuple(one for one in found if one is not None)


def test(node: Node, clauses: Clauses) -> decl.Test | None:
    """One item of `tests`."""
    mapping = clauses.mapping(node, "a test")
    if mapping is None:
        return None
    given = clauses.keys(mapping, ("test", "mock", "given", "expect", "steps"), "a test")
    name = given.get("test")
    if not isinstance(name, Scalar):
        clauses.say(
            codes.MISSING_CLAUSE.at(node.span, "a test has a name", help="begin it with `test: name`")
        )
        return None
    before = len(clauses.report)
    mocks: list[decl.Mock] = []
    mapping = clauses.mapping(given["mock"], "`mock`") if "mock" in given else None
    for key, value in mapping.entries if mapping is not None else ():
        mocks.append(_mock(key, value, clauses))
    steps: list[decl.Given | decl.Expect | None] = []
    for item in _several(given.get("given")):
        steps.append(_given(item, None, clauses))
    if "expect" in given:
        steps.extend(_expects(given["expect"], None, clauses))
    for item in clauses.items(given["steps"], "`steps`") if "steps" in given else ():
        step = clauses.mapping(item, "a step")
        words = clauses.keys(step, ("at", "given", "expect"), "a step") if step is not None else {}
        at = clauses.text(words["at"], "`at`") if "at" in words else None
        if "given" in words:
            steps.append(_given(words["given"], at, clauses))
        if "expect" in words:
            steps.extend(_expects(words["expect"], at if "given" not in words else None, clauses))
    good = tuple(step for step in steps if step is not None)
    if any(said.severity is codes.ERROR for said in clauses.report[before:]):
        return None  # what is left of it would be blamed for what is missing
    return decl.Test(clauses.name(name), tuple(mocks), good, span=node.span)


def _several(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, Items) else (node,)


def _mock(key: Scalar, node: Node, clauses: Clauses) -> decl.Mock:
    span, target = key.span.to(node.span), clauses.name(key)
    if isinstance(node, Scalar) and node.text == "timeout":
        return decl.Mock(target, timeout=True, span=span)
    if isinstance(node, Mapping) and [k.text for k, _ in node.entries] == ["error"]:
        error = clauses.text(node.entries[0][1], "`error`")
        return decl.Mock(target, error=error, span=span)
    return decl.Mock(target, _body(node, clauses), span=span)


def _plain_text(value: tree.Value | None) -> tree.Value | None:
    """Bodies of tests are data: what looks like a template there is its own text."""
    match value:
        case tree.Template():
            return tree.Literal(value.text, span=value.span)
        case tree.ListValue():
            items = tuple(made for item in value.items if (made := _plain_text(item)) is not None)
            return replace(value, items=items)
        case tree.ObjectValue():
            entries = (replace(one, value=_plain_text(one.value) or one.value) for one in value.entries)
            return replace(value, entries=tuple(entries))
    return value


def _body(node: Node, clauses: Clauses) -> tree.ObjectValue:
    """The fields of a body; keys may be dotted or quoted paths. Words and texts alike are texts."""
    mapping = clauses.mapping(node, "a body")
    entries: list[tree.Argument] = []
    for key, value in mapping.entries if mapping is not None else ():
        keys = _keys(key)
        made: tree.Value | None = (
            _body(value, clauses) if isinstance(value, Mapping) else _plain_text(clauses.value(value))
        )
        if keys is not None and made is not None:
            entries.append(tree.Argument(keys, made, span=key.span.to(value.span)))
    return tree.ObjectValue(tuple(entries), span=node.span)


def _keys(key: Scalar) -> tuple[tree.Step, ...] | None:
    made, found = parse("keys", key.fragment)
    if made is None or found:
        return (tree.Step(key.text, span=key.span),)
    keys: tuple[tree.Step, ...] = made
    return keys


def _given(node: Node, at: tree.Literal | None, clauses: Clauses) -> decl.Given | None:
    if isinstance(node, Scalar):
        made: decl.Given | None = clauses.parse("given", node, "`given`")
        return made and replace(made, at=at)
    mapping = clauses.mapping(node, "`given`")
    if mapping is None:
        return None
    by = repeat = None
    event: Scalar | None = None
    body: Node | None = None
    for key, value in mapping.entries:
        if key.text == "by":
            by = clauses.parse("actor", value, "`by`")
        elif key.text == "repeat":
            repeat = clauses.parse("repeat", value, "`repeat`")
        else:
            event, body = key, value
    if event is None or body is None:
        clauses.say(
            codes.YAML_SHAPE.at(node.span, "`given` needs an event", help="write `given: {event.type: {…}}`")
        )
        return None
    return decl.Given(clauses.name(event), _body(body, clauses), by, repeat, at, span=node.span)


def _expects(node: Node, at: tree.Literal | None, clauses: Clauses) -> list[decl.Expect]:
    expect = _expect(node, at, clauses)
    return one_each(expect) if expect is not None else []


def _expect(node: Node, at: tree.Literal | None, clauses: Clauses) -> decl.Expect | None:
    if isinstance(node, Scalar):
        made: decl.Expect | None = clauses.parse("expect", node, "`expect`")
        return made and replace(made, at=at)
    found: list[decl.Expected] = []
    for item in _several(node):
        if isinstance(item, Scalar):
            parsed = clauses.parse("expect", item, "`expect`")
            found.extend(parsed.expected if parsed is not None else ())
        else:
            mapping = clauses.mapping(item, "`expect`")
            for key, value in mapping.entries if mapping is not None else ():
                one = _expected(key, value, clauses)
                if one is not None:
                    found.append(one)
    if not found:
        return None
    return decl.Expect(tuple(found), at=at, span=node.span)


def _expected(key: Scalar, node: Node, clauses: Clauses) -> decl.Expected | None:
    """`target: {field: value, field: {contains: x}}`, `target: once`, `not: target`."""
    if key.text == "not" and isinstance(node, Scalar):
        made = clauses.clause("expect", node.fragment)
        return replace(made.expected[0], times=0) if made is not None and made.expected else None
    made = clauses.clause("expect", key.fragment)
    if made is None or not made.expected:
        return None
    base: decl.Expected = replace(made.expected[0], span=key.span.to(node.span))
    if isinstance(node, Scalar):
        words = {"once": 1}
        if node.text in words:
            return replace(base, times=words[node.text])
        repeat = clauses.parse("repeat", node, "how often")
        return replace(base, times=repeat.times) if repeat is not None else None
    mapping = clauses.mapping(node, "an expectation")
    matchers: list[decl.Matcher] = []
    for name, value in mapping.entries if mapping is not None else ():
        keys = _keys(name) or ()
        span = name.span.to(value.span)
        operators = [k.text for k, _ in value.entries] if isinstance(value, Mapping) else []
        if isinstance(value, Mapping) and operators and all(word in _MATCH for word in operators):
            for operator, operand in value.entries:
                states = operator.text in tree.STATES
                matchers.append(
                    decl.Matcher(
                        keys,
                        operator.text,
                        None if states else _plain_text(clauses.value(operand)),
                        span=span,
                    )
                )
        elif isinstance(value, Scalar) and value.plain and value.text in tree.STATES:
            matchers.append(decl.Matcher(keys, value.text, None, span=span))
        else:
            matchers.append(decl.Matcher(keys, "is", _plain_text(clauses.value(value)), span=span))
    return replace(base, matchers=tuple(matchers))
