"""Rules, tables and tests of a YAML file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from atamo_rules.source import codes
from atamo_rules.source.span import Fragment
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.atamo_rule import one_each, unread_do
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.yaml_clauses import METADATA, Clauses
from atamo_rules.syntax.yaml_nodes import Mapping, Node, Scalar, scalar_value
from atamo_rules.syntax.yaml_nodes import Sequence as Items

RULE = ("rule", "about", "order", "status", "on", "every", "for", "except", "let", "when", "at most", "do", "stop",
        "tests", "meta", *METADATA)  # fmt: skip
_MATCH = {*tree.COMPARISONS, *tree.STATES}


def rule(node: Node, clauses: Clauses) -> decl.Rule | None:
    """One item of `rules`."""
    mapping = clauses.mapping(node, "a rule")
    if mapping is None:
        return None
    given = clauses.keys(mapping, RULE, "a rule")
    name = given.get("rule")
    if not isinstance(name, Scalar):
        clauses.say(
            codes.MISSING_CLAUSE.at(node.span, "a rule has a name", help="begin it with `rule: name`")
        )
        return None
    trigger: decl.Trigger | None = None
    if "on" in given:
        trigger = clauses.parse("trigger", given["on"], "`on`")
    elif "every" in given:
        trigger = clauses.parse("schedule", given["every"], "`every`")
    else:
        clauses.say(
            codes.MISSING_CLAUSE.at(
                name.span,
                f"the rule `{name.text}` has no `on`",
                help="say which event it is about: `on: event.type`",
            )
        )
    if "do" not in given and "stop" not in given:
        clauses.say(
            codes.MISSING_CLAUSE.at(name.span, f"the rule `{name.text}` does nothing", help="add `do:`")
        )
    condition = _condition(given["when"], clauses) if "when" in given else None
    made = decl.Rule(
        clauses.name(name),
        trigger,
        clauses.about(given.get("about")),
        _plain(given, "order", clauses),
        clauses.name(given["status"]) if isinstance(given.get("status"), Scalar) else None,  # type: ignore[arg-type]
        _metadata(given, clauses),
        _principals(given.get("for"), clauses),
        _principals(given.get("except"), clauses),
        _lets(given.get("let"), clauses),
        condition,
        clauses.parse("at_most", given["at most"], "`at most`") if "at most" in given else None,
        actions(given["do"], clauses) if "do" in given else (),
        _truth(given.get("stop"), clauses),
        _tests(given.get("tests"), clauses),
        ("when",) if "when" in given and condition is None else (),
        span=node.span,
    )
    return made if trigger is not None else None


def _plain(given: dict[str, Node], word: str, clauses: Clauses) -> tree.Literal | None:
    node = given.get(word)
    if node is None:
        return None
    if isinstance(node, Scalar):
        return tree.Literal(scalar_value(node), span=node.span)
    clauses.say(codes.YAML_SHAPE.at(node.span, f"`{word}` is one value"))
    return None


def _truth(node: Node | None, clauses: Clauses) -> bool:
    if node is None:
        return False
    value = scalar_value(node) if isinstance(node, Scalar) else None
    if not isinstance(value, bool):
        clauses.say(codes.YAML_SHAPE.at(node.span, "this is `true` or `false`"))
        return False
    return value


def _metadata(given: dict[str, Node], clauses: Clauses) -> tuple[tree.Argument, ...]:
    found: list[tree.Argument] = []
    for word, node in given.items():
        if word in METADATA:
            value = clauses.value(node)
            if value is not None:
                found.append(tree.Argument((tree.Step(word, span=node.span),), value, span=node.span))
    if "meta" in given:
        found.extend(clauses.arguments(given["meta"], "`meta`"))
    return tuple(found)


def _principals(node: Node | None, clauses: Clauses) -> tuple[decl.Principal, ...]:
    if node is None:
        return ()
    items = node.items if isinstance(node, Items) else (node,)
    return tuple(one for item in items for one in clauses.parse("principals", item, "this") or ())


def _lets(node: Node | None, clauses: Clauses) -> tuple[decl.Let, ...]:
    mapping = clauses.mapping(node, "`let`") if node is not None else None
    found: list[decl.Let] = []
    for key, value in mapping.entries if mapping is not None else ():
        if not isinstance(value, Scalar):
            clauses.say(
                codes.YAML_SHAPE.at(
                    value.span, "a `let` is one expression", help="write `name: = expression`"
                )
            )
            continue
        text = value.text
        start = len(text) - len(text[1:].lstrip()) if text.startswith("=") else 0
        made = _cut("expression", value.fragment.cut(start, len(text)), clauses)
        if made is None:
            made = tree.Literal(None, span=value.span)  # unread, but its name is known
        span = key.span.to(value.span)
        found.append(decl.Let(clauses.name(key), made, span=span))
    return tuple(found)


def _cut(start: str, fragment: Fragment, clauses: Clauses) -> Any:
    made, found = parse(start, fragment)
    clauses.report.extend(found)
    return made


def _condition(node: Node, clauses: Clauses) -> tree.Expr | None:
    """One condition as text, or `{all: […]}` and `{any: […]}` of conditions."""
    if isinstance(node, Scalar):
        made: tree.Expr | None = clauses.parse("condition", node, "`when`")
        return made
    if (
        not isinstance(node, Mapping)
        or len(node.entries) != 1
        or node.entries[0][0].text not in ("all", "any")
    ):
        clauses.say(
            codes.YAML_SHAPE.at(
                node.span, "a condition is a text, or `all:` or `any:` with a list of conditions"
            )
        )
        return None
    key, items = node.entries[0]
    parts = [_condition(item, clauses) for item in clauses.items(items, f"`{key.text}`")]
    good = tuple(part for part in parts if part is not None)
    if len(good) < len(parts):
        return None
    if not good:
        if not parts:
            clauses.say(codes.YAML_SHAPE.at(items.span, f"`{key.text}` needs at least one condition"))
        return None
    if len(good) == 1:
        return good[0]
    kind = tree.AllOf if key.text == "all" else tree.AnyOf
    flat = tuple(inner for part in good for inner in (part.parts if isinstance(part, kind) else (part,)))
    return kind(flat, span=node.span)


def actions(node: Node, clauses: Clauses) -> tuple[decl.Do, ...]:
    """The items of `do` or `on timeout`."""
    found: list[decl.Do] = []
    for item in clauses.items(node, "`do`"):
        made = _action(item, clauses)
        if made is not None:
            found.append(made)
    return tuple(found)


def _action(node: Node, clauses: Clauses) -> decl.Do | None:
    if isinstance(node, Scalar):
        do: decl.Do | None = clauses.parse("do_head", node, "an action")
        return do if do is not None else unread_do(node.fragment)
    mapping = clauses.mapping(node, "an action")
    heads = (
        [entry for entry in mapping.entries if entry[0].text != "on timeout"] if mapping is not None else []
    )
    if mapping is None or len(heads) != 1:
        clauses.say(codes.YAML_SHAPE.at(node.span, "an action is `- send agent.action: {…}`"))
        return None
    key, value = heads[0]
    timeout = next((actions(inner, clauses) for k, inner in mapping.entries if k.text == "on timeout"), ())
    if " ".join(key.text.split()) == "reply error":
        error = clauses.value(value)
        return decl.Do("reply", error=error, on_timeout=timeout, span=node.span)
    do = _cut("do_head", key.fragment, clauses)
    if do is None:
        return unread_do(key.fragment)
    arguments = clauses.arguments(value, "the arguments")
    made: decl.Do = replace(
        do,
        arguments=arguments,
        on_timeout=timeout,
        unread=isinstance(value, Mapping) and len(arguments) < len(value.entries),
        span=node.span,
    )
    return made


# --- tables ---------------------------------------------------------------------------------------------


def table(key: Scalar, node: Node, clauses: Clauses) -> decl.Table | None:
    """`name: {on, pick, columns, rows}`."""
    mapping = clauses.mapping(node, f"the table `{key.text}`")
    given = clauses.keys(mapping, ("on", "pick", "columns", "rows"), "a table") if mapping is not None else {}
    missing = [word for word in ("on", "pick", "columns", "rows") if word not in given]
    if missing:
        clauses.say(codes.MISSING_CLAUSE.at(key.span, f"the table `{key.text}` has no `{missing[0]}`"))
        return None
    on = clauses.parse("on", given["on"], "`on`")
    pick = clauses.text(given["pick"], "`pick`")
    inputs: list[tree.Expr] = []
    outputs: list[tree.Name] = []
    for column in clauses.items(given["columns"], "`columns`"):
        if isinstance(column, Scalar) and column.text.startswith("=>"):
            start = len(column.text) - len(column.text[2:].lstrip())
            made = _cut("name", column.fragment.cut(start, len(column.text)), clauses)
            if made is not None:
                outputs.append(made)
        else:
            expr = clauses.parse("expression", column, "a column")
            if expr is not None:
                inputs.append(expr)
    rows = [_row(row, len(inputs), clauses) for row in clauses.items(given["rows"], "`rows`")]
    if on is None or pick is None or len(inputs) + len(outputs) != len(clauses.items(given["columns"], "")):
        return None
    if str(pick.value) not in decl.MODES:
        clauses.say(
            codes.NOT_A_VALUE.at(pick.span, f"`{pick.value}` is no way to pick", help=", ".join(decl.MODES))
        )
        return None
    good = tuple(row for row in rows if row is not None)
    if len(good) < len(rows):
        return None
    return decl.Table(
        clauses.name(key),
        on,
        str(pick.value),
        tuple(inputs),
        tuple(outputs),
        good,
        span=key.span.to(node.span),
    )


def _row(node: Node, width: int, clauses: Clauses) -> decl.Row | None:
    items = clauses.items(node, "a row")
    cells = [clauses.parse("cell", item, "a cell") for item in items[:width]]
    outputs = tuple(one for item in items[width:] if (one := _output(item, clauses)) is not None)
    if not items or any(cell is None for cell in cells) or len(cells) + len(outputs) != len(items):
        return None
    return decl.Row(tuple(cells), outputs, span=node.span)


def _output(node: Node, clauses: Clauses) -> tree.Expr | None:
    """A table's answer: `= expression`, a length of time, a number, a truth value, or text."""
    if isinstance(node, Scalar) and node.plain and not node.text.startswith("="):
        made, found = parse("length", node.fragment)
        if made is not None and not found:
            return made  # type: ignore[no-any-return]
    value = clauses.value(node)
    if isinstance(value, tree.Template | tree.ObjectValue):
        clauses.say(codes.YAML_SHAPE.at(node.span, "an answer of a table is a plain value or `= expression`"))
        return None
    return value


# --- tests ----------------------------------------------------------------------------------------------


def _tests(node: Node | None, clauses: Clauses) -> tuple[decl.Test, ...]:
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
        keys = _keys(key, clauses)
        made: tree.Value | None = (
            _body(value, clauses) if isinstance(value, Mapping) else _plain_text(clauses.value(value))
        )
        if keys is not None and made is not None:
            entries.append(tree.Argument(keys, made, span=key.span.to(value.span)))
    return tree.ObjectValue(tuple(entries), span=node.span)


def _keys(key: Scalar, clauses: Clauses) -> tuple[tree.Step, ...] | None:
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
        made = _cut("expect", node.fragment, clauses)
        return replace(made.expected[0], times=0) if made is not None and made.expected else None
    made = _cut("expect", key.fragment, clauses)
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
        keys = _keys(name, clauses) or ()
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
