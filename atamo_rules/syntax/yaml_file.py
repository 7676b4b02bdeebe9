"""A YAML rule file to the same tree that `.atamo` gives: keys are the clause words, values the clause text."""

from __future__ import annotations

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clauses import words_of
from atamo_rules.syntax.convert import FieldLine
from atamo_rules.syntax.yaml_agents import action_type, agent
from atamo_rules.syntax.yaml_clauses import METADATA, Clauses
from atamo_rules.syntax.yaml_events import event, request
from atamo_rules.syntax.yaml_nodes import Node
from atamo_rules.syntax.yaml_reading import read_yaml
from atamo_rules.syntax.yaml_rules import rule
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value
from atamo_rules.syntax.yaml_tables import table
from atamo_rules.syntax.yaml_tests import test

TOP = ("pack", "version", *METADATA, "use", "params", "lists", "define", "events", "requests", "actions", "agents",
       "tables", "rules", "tests")  # fmt: skip
_KINDS = {"params": "param", "lists": "list", "define": "define", "events": "event", "requests": "event",
          "actions": "action", "agents": "agent", "tables": "table"}  # fmt: skip


def read_yaml_file(source: Source) -> tuple[decl.File, tuple[Diagnostic, ...]]:
    """The tree of a file, without what could not be read, and every mistake in it."""
    return read_clauses(source, Clauses())


def read_clauses(source: Source, clauses: Clauses) -> tuple[decl.File, tuple[Diagnostic, ...]]:
    """The same, by a reader that may note what it reads."""
    root, found = read_yaml(source)
    clauses.report.extend(found)
    declarations: list[decl.Declaration] = []
    mapping = clauses.mapping(root, "a rule file") if root is not None else None
    if mapping is not None:
        given = clauses.keys(mapping, TOP, "a rule file")
        declarations = _declarations(given, clauses)
    return decl.File(source, tuple(declarations), tuple(clauses.unread)), tuple(clauses.report)


def _declarations(given: dict[str, Node], clauses: Clauses) -> list[decl.Declaration]:
    found: list[decl.Declaration | None] = []
    if "pack" in given:
        found.append(_pack(given, clauses))
    for item in clauses.items(given["use"], "`use`") if "use" in given else ():
        found.append(_use(item, clauses))
    for word, read in (
        ("params", _param),
        ("lists", _list),
        ("define", _define),
        ("events", event),
        ("requests", request),
        ("actions", action_type),
        ("agents", agent),
        ("tables", table),
    ):
        mapping = clauses.mapping(given[word], f"`{word}`") if word in given else None
        for key, value in mapping.entries if mapping is not None else ():
            before = len(clauses.report)
            made = read(key, value, clauses)
            if made is not None:
                found.append(made)
            if any(said.severity is codes.ERROR for said in clauses.report[before:]):
                clauses.unread += [(_KINDS[word], name) for name in words_of(key.span.to(value.span))]
    for item in clauses.items(given["rules"], "`rules`") if "rules" in given else ():
        found.append(rule(item, clauses))
    for item in clauses.items(given["tests"], "`tests`") if "tests" in given else ():
        found.append(test(item, clauses))
    return [item for item in found if item is not None]


def _pack(given: dict[str, Node], clauses: Clauses) -> decl.Pack | None:
    node = given["pack"]
    name = clauses.text(node, "`pack`")
    if name is None:
        return None
    version = clauses.text(given["version"], "`version`") if "version" in given else None
    metadata: list[tree.Argument] = []
    for word in METADATA:
        if word in given:
            value = clauses.value(given[word])
            if value is not None:
                span = given[word].span
                metadata.append(tree.Argument((tree.Step(word, span=span),), value, span=span))
    made = tree.Name(str(name.value), span=name.span)
    return decl.Pack(made, version, tuple(metadata), span=node.span)


def _use(node: Node, clauses: Clauses) -> decl.Use | None:
    if isinstance(node, Scalar):
        return decl.Use(clauses.name(node), span=node.span)
    mapping = clauses.mapping(node, "an item of `use`")
    given = clauses.keys(mapping, ("pack", "version"), "`use`") if mapping is not None else {}
    if "pack" not in given or not isinstance(given["pack"], Scalar):
        clauses.say(codes.MISSING_CLAUSE.at(node.span, "which pack is used?", help="write `- pack: name`"))
        return None
    version = clauses.text(given["version"], "`version`") if "version" in given else None
    return decl.Use(clauses.name(given["pack"]), version, span=node.span)


def _param(key: Scalar, node: Node, clauses: Clauses) -> decl.Param | None:
    if isinstance(node, Scalar):
        line: FieldLine | None = clauses.parse("field", node, "a parameter")
        if line is None or line.type is None:
            return None
        return decl.Param(clauses.name(key), line.type, line.default, line.about, span=key.span.to(node.span))
    mapping = clauses.mapping(node, "a parameter")
    given = clauses.keys(mapping, ("type", "default", "about"), "a parameter") if mapping is not None else {}
    line = clauses.parse("field", given["type"], "`type`") if "type" in given else None
    if line is None or line.type is None:
        if "type" not in given:
            clauses.say(
                codes.MISSING_CLAUSE.at(key.span, f"`{key.text}` has no type", help="add `type: text`")
            )
        return None
    default = _default(given["default"], clauses) if "default" in given else line.default
    about = clauses.about(given.get("about"))
    return decl.Param(clauses.name(key), line.type, default, about, span=key.span.to(node.span))


def _default(node: Node, clauses: Clauses) -> tree.Expr | None:
    value = clauses.value(node)
    if isinstance(value, tree.Template | tree.ObjectValue):
        clauses.say(codes.BAD_LITERAL.at(node.span, "a default is one plain value"))
        return None
    return value


def _list(key: Scalar, node: Node, clauses: Clauses) -> decl.ListDecl | None:
    values: list[tree.Literal] = []
    for item in clauses.items(node, f"the list `{key.text}`"):
        if isinstance(item, Scalar):
            values.append(tree.Literal(scalar_value(item), span=item.span))
        else:
            clauses.say(codes.YAML_SHAPE.at(item.span, "a list holds plain values"))
    return decl.ListDecl(clauses.name(key), tuple(values), span=key.span.to(node.span))


def _define(key: Scalar, node: Node, clauses: Clauses) -> decl.Define | None:
    made = clauses.clause("define_head", key.fragment)
    body = clauses.parse("condition", node, "a definition")
    if made is None or body is None:
        return None
    name, parameters = made
    return decl.Define(name, parameters, body, span=key.span.to(node.span))
