"""A YAML rule file to the same tree that `.atamo` gives: keys are the clause words, values the clause text."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clauses import words_of
from atamo_rules.syntax.convert import FieldLine
from atamo_rules.syntax.words import retries
from atamo_rules.syntax.yaml_clauses import METADATA, Clauses
from atamo_rules.syntax.yaml_nodes import Mapping, Node, Scalar, read_yaml, scalar_value
from atamo_rules.syntax.yaml_rules import rule
from atamo_rules.syntax.yaml_tables import table
from atamo_rules.syntax.yaml_tests import test

TOP = ("pack", "version", *METADATA, "use", "params", "lists", "define", "events", "requests", "actions", "agents",
       "tables", "rules", "tests")  # fmt: skip
_KINDS = {"params": "param", "lists": "list", "define": "define", "events": "event", "requests": "event",
          "actions": "action", "agents": "agent", "tables": "table"}  # fmt: skip
_SAFE = re.compile(r"true\Z|(fresh|stale|shared)\b")
"""How the value of `safe` begins where it is the clause, and not a parameter of that name: no type is written so."""
_VERBS = ("send", "track", "ask", "publish")
_ACTION = ("about", "of", "safe", "retry", "parameters", "answer", "example")


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
        ("events", _event),
        ("requests", _request),
        ("actions", _action_type),
        ("agents", _agent),
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


def _event(key: Scalar, node: Node, clauses: Clauses, *, request: bool = False) -> decl.EventDecl | None:
    known = (
        "about",
        "fields",
        "from",
        "of",
        "when invalid",
        "other fields",
        *(("complete", "answer") if request else ()),
    )
    mapping = clauses.mapping(node, f"`{key.text}`")
    if mapping is None:
        return None
    given = clauses.keys(mapping, known, "a request" if request else "an event")
    schema = clauses.text(given["from"], "`from`") if "from" in given else None
    anything = "of" in given
    word = " ".join(given["of"].text.split()) if "of" in given and isinstance(given["of"], Scalar) else ""
    through, as_text = " through lists" in word, word.endswith(" as text")
    if anything and word != "anything" + " through lists" * through + " as text" * as_text:
        message = "after `of` stands `anything`, and then perhaps `through lists`, `as text`"
        clauses.say(codes.YAML_SHAPE.at(given["of"].span, message))
    fields = fields_of(given["fields"], clauses) if "fields" in given else ()
    if schema is None and not anything and not fields:
        clauses.say(
            codes.MISSING_CLAUSE.at(
                key.span,
                f"`{key.text}` has no fields",
                help="list them under `fields:`, or write `of: anything`",
            )
        )
        return None
    invalid = given.get("when invalid")
    other = given.get("other fields")
    closed = isinstance(other, Scalar) and other.text == "refused"
    if other is not None and not (isinstance(other, Scalar) and other.text in ("refused", "allowed")):
        clauses.say(codes.YAML_SHAPE.at(other.span, "other fields are `refused` or `allowed`"))
    completing: tree.Completing | None = None
    if "complete" in given:
        completing = clauses.parse("completing", given["complete"], "this")
    return decl.EventDecl(
        clauses.name(key),
        clauses.about(given.get("about")),
        request,
        fields,
        decl.From(schema, span=schema.span) if schema is not None else None,
        anything,
        clauses.name(invalid) if isinstance(invalid, Scalar) else None,
        closed,
        fields_of(given["answer"], clauses) if "answer" in given else None,
        through,
        as_text,
        completing,
        span=key.span.to(node.span),
    )


def _request(key: Scalar, node: Node, clauses: Clauses) -> decl.EventDecl | None:
    return _event(key, node, clauses, request=True)


def fields_of(node: Node, clauses: Clauses) -> tuple[tree.Field, ...]:
    """Declared fields: a type each, a long form, or nested fields."""
    mapping = clauses.mapping(node, "the fields")
    found: list[tree.Field] = []
    for key, value in mapping.entries if mapping is not None else ():
        made = _field(key, value, clauses)
        if made is not None:
            found.append(made)
    return tuple(found)


def _field(key: Scalar, node: Node, clauses: Clauses) -> tree.Field | None:
    """`name: type`, `{type, about}`, `{fields, about, optional}`, `{list of: {…}}`, or nested fields."""
    name, span = clauses.name(key), key.span.to(node.span)
    if isinstance(node, Scalar):
        line: FieldLine | None = clauses.parse("field", node, "a field")
        if line is None:
            # The field is there, whatever it holds: what uses it is not blamed.
            return tree.Field(name, tree.Plain("anything", span=node.span), span=span)
        if line.type is None:
            clauses.say(codes.SYNTAX.at(node.span, "`list of` needs a type", help="write `{list of: {…}}`"))
            return None
        default = line.default if isinstance(line.default, tree.Literal) else None
        return tree.Field(name, line.type, line.optional, default, line.about, span=span)
    mapping = clauses.mapping(node, f"`{key.text}`")
    if mapping is None:
        return None
    words = {k.text: v for k, v in mapping.entries}
    if "type" in words and set(words) <= {"type", "about"} and isinstance(words["type"], Scalar):
        made = _field(key, words["type"], clauses)
        return made and replace(made, about=clauses.about(words.get("about")) or made.about, span=span)
    optional = isinstance(words.get("optional"), Scalar) and scalar_value(words["optional"]) is True  # type: ignore[arg-type]
    if (
        "fields" in words
        and set(words) <= {"fields", "about", "optional"}
        and isinstance(words["fields"], Mapping)
    ):
        record = tree.RecordOf(fields_of(words["fields"], clauses), span=node.span)
        return tree.Field(name, record, optional, None, clauses.about(words.get("about")), span=span)
    if "list of" in words and set(words) <= {"list of", "about", "optional"}:
        record = tree.RecordOf(fields_of(words["list of"], clauses), span=node.span)
        type = tree.ListOf(record, span=node.span)
        return tree.Field(name, type, optional, None, clauses.about(words.get("about")), span=span)
    return tree.Field(name, tree.RecordOf(fields_of(node, clauses), span=node.span), span=span)


def _agent(key: Scalar, node: Node, clauses: Clauses) -> decl.AgentDecl | None:
    mapping = clauses.mapping(node, f"the agent `{key.text}`")
    about = None
    uses = None
    actions: list[decl.ActionDecl] = []
    does: list[decl.Does] = []
    for word, value in mapping.entries if mapping is not None else ():
        verb, _, action = word.text.partition(" ")
        if word.text == "about":
            about = clauses.about(value)
        elif word.text == "uses":
            uses = _uses(value, clauses)
        elif verb == "does" and action:
            does.append(_does(word, action, value, clauses))
        elif action and (close := get_close_matches(verb, _VERBS, n=1)):
            if verb not in _VERBS:
                span = word.fragment.span(0, len(verb))
                clauses.say(
                    codes.UNKNOWN_CLAUSE.at(
                        span,
                        f"`{verb}` is not a clause of an agent",
                        label=f"did you mean `{close[0]}`?",
                        fixes=[Fix(f"write `{close[0]}`", (Edit(span, close[0]),))]
                        if word.fragment.exact
                        else (),
                    )
                )
            verb = close[0]
            actions.append(_action(word, verb, action.strip(), value, clauses))
        else:
            clauses.keys(Mapping(((word, value),), word.span), ("about", "uses", "does", *_VERBS), "an agent")
    return decl.AgentDecl(
        clauses.name(key), about, uses, tuple(actions), tuple(does), span=key.span.to(node.span)
    )


def _does(word: Scalar, said: str, node: Node, clauses: Clauses) -> decl.Does:
    """`does ticket.open with create_issue: {…}`."""
    action, _, own = (part.strip() for part in said.partition(" with "))
    message = clauses.arguments(node, f"`{word.text}`") or None
    name = tree.Name(own, span=word.span) if own else None
    return decl.Does(tree.Name(action, span=word.span), name, message, span=word.span.to(node.span))


def _action_type(key: Scalar, node: Node, clauses: Clauses) -> decl.ActionTypeDecl | None:
    mapping = clauses.mapping(node, f"`{key.text}`")
    if mapping is None:
        return None
    given = clauses.keys(mapping, _ACTION, "an action")
    anything = "of" in given
    if anything and not (isinstance(given["of"], Scalar) and given["of"].text == "anything"):
        clauses.say(codes.YAML_SHAPE.at(given["of"].span, "after `of` stands `anything`"))
    retry = None
    if "retry" in given:
        retry = retries(given["retry"].text) if isinstance(given["retry"], Scalar) else None
        if retry is None:
            why = "how often is said like `retry: 5 times`, up to 1000"
            clauses.say(codes.BAD_LITERAL.at(given["retry"].span, why))
    return decl.ActionTypeDecl(
        clauses.name(key),
        clauses.about(given.get("about")),
        fields_of(given["parameters"], clauses) if "parameters" in given else (),
        anything,
        fields_of(given["answer"], clauses) if "answer" in given else None,
        _safe(given["safe"], given["safe"].span, clauses) if "safe" in given else None,
        retry,
        clauses.arguments(given["example"], "`example`") if "example" in given else None,
        span=key.span.to(node.span),
    )


def _safe(node: Node, span: Span, clauses: Clauses) -> tree.Safe | None:
    if isinstance(node, Scalar) and node.text == "true":
        return tree.Safe(span=span)
    said = clauses.parse("safe", node, "this")
    return replace(said, span=span) if said is not None else None


def _uses(node: Node, clauses: Clauses) -> decl.Uses | None:
    if isinstance(node, Scalar):
        return decl.Uses(clauses.name(node), span=node.span)
    if isinstance(node, Mapping) and len(node.entries) == 1:
        plugin, settings = node.entries[0]
        return decl.Uses(clauses.name(plugin), clauses.arguments(settings, "the settings"), span=node.span)
    clauses.say(
        codes.YAML_SHAPE.at(node.span, "`uses` names one plug-in", help="write `uses: {http: {url: …}}`")
    )
    return None


def _action(word: Scalar, verb: str, name: str, node: Node, clauses: Clauses) -> decl.ActionDecl:
    start = word.span.start + len(word.text) - len(name)
    label = tree.Name(name, span=replace(word.span, start=min(start, word.span.end)))
    about = answer = safe = None
    fields: list[tree.Field] = []
    anything = False
    mapping = clauses.mapping(node, f"`{word.text}`")
    for key, value in mapping.entries if mapping is not None else ():
        if key.text == "answer":
            answer = fields_of(value, clauses)
        elif key.text == "of" and isinstance(value, Scalar) and value.text == "anything":
            anything = True
        elif key.text == "about" and isinstance(value, Scalar) and not key.plain:
            about = clauses.about(value)
        elif key.text == "safe" and isinstance(value, Scalar) and _SAFE.match(value.text):
            safe = _safe(value, key.span.to(value.span), clauses)
        else:
            made = _field(key, value, clauses)
            if made is not None:
                fields.append(made)
    return decl.ActionDecl(
        verb, label, about, tuple(fields), anything, answer, safe, span=word.span.to(node.span)
    )
