"""Rules of a YAML file, and their actions."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.atamo_rule import unread_do
from atamo_rules.syntax.yaml_clauses import METADATA, Clauses
from atamo_rules.syntax.yaml_nodes import Mapping, Node
from atamo_rules.syntax.yaml_nodes import Sequence as Items
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value
from atamo_rules.syntax.yaml_tests import tests_of

_VERBS = ("send", "track", "ask", "publish", "emit")
RULE = ("rule", "about", "order", "status", "on", "every", "for", "except", "let", "when", "at most", "do", "stop",
        "tests", "meta", *METADATA)  # fmt: skip


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
    trigger = _trigger(name, given, clauses)
    if "do" not in given and "stop" not in given:
        clauses.say(
            codes.MISSING_CLAUSE.at(name.span, f"the rule `{name.text}` does nothing", help="add `do:`")
        )
    if isinstance(given.get("do"), Items) and not given["do"].items:  # type: ignore[union-attr]
        help = "write what is done there: `- send agent.action: {…}`"
        clauses.say(codes.MISSING_CLAUSE.at(given["do"].span, "there is nothing in `do`", help=help))
    condition = _condition(given["when"], clauses) if "when" in given else None
    made = decl.Rule(
        clauses.name(name),
        trigger,
        clauses.about(given.get("about")),
        _plain(given, "order", clauses),
        clauses.name(given["status"]) if isinstance(given.get("status"), Scalar) else None,  # type: ignore[arg-type]
        _metadata(given, clauses),
        principals(given.get("for"), clauses),
        principals(given.get("except"), clauses),
        _lets(given.get("let"), clauses),
        condition,
        clauses.parse("at_most", given["at most"], "`at most`") if "at most" in given else None,
        actions(given["do"], clauses) if "do" in given else (),
        _truth(given.get("stop"), clauses),
        tests_of(given.get("tests"), clauses),
        ("when",) if "when" in given and condition is None else (),
        span=node.span,
    )
    return made if trigger is not None else None


def _trigger(name: Scalar, given: dict[str, Node], clauses: Clauses) -> decl.Trigger | None:
    """When the rule fires; None after saying that nothing says so, or why it cannot be read."""
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
    return trigger


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


def principals(node: Node | None, clauses: Clauses) -> tuple[decl.Principal, ...]:
    """Who is meant: one text, or a list of them."""
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
        made = clauses.clause("expression", value.fragment.cut(start, len(text)))
        if made is None:
            made = tree.Literal(None, span=value.span)  # unread, but its name is known
        span = key.span.to(value.span)
        found.append(decl.Let(clauses.name(key), made, span=span))
    return tuple(found)


_JOINS = {"and": "all", "or": "any", "not": "not", "none": "not"}


def _joined(node: Node) -> str | None:
    """What was most likely meant by another shape of a condition."""
    if isinstance(node, Items):
        return "write `all:` above the list, when all of them must hold, or `any:`"
    if not isinstance(node, Mapping):
        return None
    words = [_JOINS.get(key.text.lower(), "") for key, _ in node.entries]
    if words == ["not"]:
        return "write `not (…)` in the text of the condition"
    if len(words) == 1 and words[0]:
        return f"write `{words[0]}:`"
    return "write it as text, such as `a is 1 and b is 2`"


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
                node.span,
                "a condition is a text, or `all:` or `any:` with a list of conditions",
                help=_joined(node),
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
        help = None
        if mapping is not None and any(key.text in _VERBS for key, _ in mapping.entries):
            help = "what is done stands behind the verb, its arguments below it: `- send agent.action: {…}`"
        clauses.say(codes.YAML_SHAPE.at(node.span, "an action is `- send agent.action: {…}`", help=help))
        return None
    key, value = heads[0]
    timeout = next((actions(inner, clauses) for k, inner in mapping.entries if k.text == "on timeout"), ())
    if " ".join(key.text.split()) == "reply error":
        error = clauses.value(value)
        return decl.Do("reply", error=error, on_timeout=timeout, span=node.span)
    do = clauses.clause("do_head", key.fragment)
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
