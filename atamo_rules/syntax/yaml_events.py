"""Event types, requests and their fields of a YAML file."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.convert import FieldLine
from atamo_rules.syntax.yaml_clauses import Clauses
from atamo_rules.syntax.yaml_nodes import Mapping, Node
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value


def event(key: Scalar, node: Node, clauses: Clauses, *, request: bool = False) -> decl.EventDecl | None:
    """One entry of `events`; with `request` one of `requests`."""
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
    through, as_text = _anything(given["of"], clauses) if anything else (False, False)
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
    completing: decl.Completing | None = None
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
        "other fields" in given and _closed(given["other fields"], clauses),
        fields_of(given["answer"], clauses) if "answer" in given else None,
        through,
        as_text,
        completing,
        span=key.span.to(node.span),
    )


def _anything(node: Node, clauses: Clauses) -> tuple[bool, bool]:
    """What stands behind `of`: whether `anything` goes through lists, and whether it is read as text."""
    word = " ".join(node.text.split()) if isinstance(node, Scalar) else ""
    through, as_text = " through lists" in word, word.endswith(" as text")
    if word != "anything" + " through lists" * through + " as text" * as_text:
        message = "after `of` stands `anything`, and then perhaps `through lists`, `as text`"
        clauses.say(codes.YAML_SHAPE.at(node.span, message))
    return through, as_text


def _closed(node: Node, clauses: Clauses) -> bool:
    """Whether other fields are refused."""
    word = node.text if isinstance(node, Scalar) else ""
    if word not in ("refused", "allowed"):
        clauses.say(codes.YAML_SHAPE.at(node.span, "other fields are `refused` or `allowed`"))
    return word == "refused"


def request(key: Scalar, node: Node, clauses: Clauses) -> decl.EventDecl | None:
    """One entry of `requests`."""
    return event(key, node, clauses, request=True)


def fields_of(node: Node, clauses: Clauses) -> tuple[type_tree.Field, ...]:
    """Declared fields: a type each, a long form, or nested fields."""
    mapping = clauses.mapping(node, "the fields")
    found: list[type_tree.Field] = []
    for key, value in mapping.entries if mapping is not None else ():
        made = field(key, value, clauses)
        if made is not None:
            found.append(made)
    return tuple(found)


def field(key: Scalar, node: Node, clauses: Clauses) -> type_tree.Field | None:
    """`name: type`, `{type, about}`, `{fields, about, optional}`, `{list of: {…}}`, or nested fields."""
    name, span = clauses.name(key), key.span.to(node.span)
    if isinstance(node, Scalar):
        line: FieldLine | None = clauses.parse("field", node, "a field")
        if line is None:
            # The field is there, whatever it holds: what uses it is not blamed.
            return type_tree.Field(name, type_tree.Plain("anything", span=node.span), span=span)
        if line.type is None:
            clauses.say(codes.SYNTAX.at(node.span, "`list of` needs a type", help="write `{list of: {…}}`"))
            return None
        default = line.default if isinstance(line.default, tree.Literal) else None
        return type_tree.Field(name, line.type, line.optional, default, line.about, span=span)
    mapping = clauses.mapping(node, f"`{key.text}`")
    if mapping is None:
        return None
    words = {k.text: v for k, v in mapping.entries}
    if "type" in words and set(words) <= {"type", "about"} and isinstance(words["type"], Scalar):
        made = field(key, words["type"], clauses)
        return made and replace(made, about=clauses.about(words.get("about")) or made.about, span=span)
    optional = isinstance(words.get("optional"), Scalar) and scalar_value(words["optional"]) is True  # type: ignore[arg-type]
    if (
        "fields" in words
        and set(words) <= {"fields", "about", "optional"}
        and isinstance(words["fields"], Mapping)
    ):
        record = type_tree.RecordOf(fields_of(words["fields"], clauses), span=node.span)
        return type_tree.Field(name, record, optional, None, clauses.about(words.get("about")), span=span)
    if "list of" in words and set(words) <= {"list of", "about", "optional"}:
        record = type_tree.RecordOf(fields_of(words["list of"], clauses), span=node.span)
        type = type_tree.ListOf(record, span=node.span)
        return type_tree.Field(name, type, optional, None, clauses.about(words.get("about")), span=span)
    return type_tree.Field(name, type_tree.RecordOf(fields_of(node, clauses), span=node.span), span=span)
