"""What all readers of the YAML form share: mappings by their known keys, scalars as clauses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.source.span import Fragment
from atamo_rules.syntax import tree
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.misplaced import METADATA, likely, listed
from atamo_rules.syntax.yaml_nodes import Mapping, Node
from atamo_rules.syntax.yaml_nodes import Sequence as Items
from atamo_rules.syntax.yaml_scalars import Scalar, scalar_value, surprising

__all__ = ["METADATA", "Clauses"]


SPOKEN = {"name": ("rule", "test"), "id": ("rule", "test"), "description": ("about",), "title": ("about",)}
"""What other YAML formats call our keys."""


class Clauses:
    """Reads nodes as clauses, collecting diagnostics."""

    def __init__(self) -> None:
        self.report: list[Diagnostic] = []
        self.unread: list[tuple[str, str]] = []
        """Declarations that could not be read, or not wholly, by kind and name."""

    def say(self, diagnostic: Diagnostic) -> None:
        self.report.append(diagnostic)

    def parse(self, start: str, node: Node, what: str) -> Any:
        """What a scalar says as a clause, or None after reporting."""
        if not isinstance(node, Scalar):
            help = (
                "a rule is about one event type: write a rule for each"
                if what == "`on`"
                else "write it on one line"
            )
            self.say(codes.YAML_SHAPE.at(node.span, f"{what} is one text", help=help))
            return None
        return self.clause(start, node.fragment)

    def clause(self, start: str, fragment: Fragment) -> Any:
        """What a text says as a clause, or None after reporting."""
        made, found = parse(start, fragment)
        self.report.extend(found)
        return made

    def about(self, node: Node | None) -> tree.Literal | None:
        return None if node is None else self.text(node, "`about`")

    def text(self, node: Node, what: str) -> tree.Literal | None:
        """A scalar taken as text."""
        if not isinstance(node, Scalar):
            self.say(codes.YAML_SHAPE.at(node.span, f"{what} is a text"))
            return None
        return tree.Literal(node.text, span=node.span)

    def name(self, node: Scalar) -> tree.Name:
        return tree.Name(node.text, span=node.span)

    def mapping(self, node: Node, what: str) -> Mapping | None:
        if isinstance(node, Mapping):
            return node
        if isinstance(node, Scalar) and node.plain and scalar_value(node) is None:
            return Mapping((), node.span)
        help = None
        if isinstance(node, Items):
            help = "write `rules:` above the list" if what == "a rule file" else "leave the dashes out"
        verb = "are" if what.startswith("the arguments") else "is"
        self.say(
            codes.YAML_SHAPE.at(node.span, f"{what} {verb} a mapping: `name: …`, a line each", help=help)
        )
        return None

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        if isinstance(node, Items):
            return node.items
        help = None
        if isinstance(node, Mapping) and what == "`rules`" and node.entries:
            help = f"begin each with `- rule: {node.entries[0][0].text}`"
        elif isinstance(node, Mapping):
            help = "begin each of them with `- `"
        self.say(codes.YAML_SHAPE.at(node.span, f"{what} is a list: lines that begin with `- `", help=help))
        return ()

    def keys(self, node: Mapping, known: Sequence[str], where: str) -> dict[str, Node]:
        """The values of known keys; others are reported with the likeliest word."""
        found: dict[str, Node] = {}
        given = {key.text for key, _ in node.entries}
        lone = where == "a rule file" and {"on", "do"} <= given
        if lone:
            self.say(
                codes.YAML_SHAPE.at(
                    node.span, "a rule stands in a list", help="write `rules:` above, and `- rule: name`"
                )
            )
            return found
        for key, value in node.entries:
            word = " ".join(key.text.split())
            if word in known:
                found[word] = value
                continue
            spare = [one for one in known if one not in given]
            close = [one for one in SPOKEN.get(word, ()) if one in spare] or likely(word, spare)
            headed = _headed(word, known)
            if headed:
                close = []
            if close:
                found[close[0]] = value  # read as it is most likely meant, so that nothing else is blamed
            self.say(
                codes.UNKNOWN_CLAUSE.at(
                    key.span,
                    f"`{key.text}` is not a clause of {where}",
                    label=f"did you mean `{close[0]}`?" if close else "",
                    notes=[f"here {where} may go on with: {listed(known)}"],
                    help=headed or None,
                    fixes=[Fix(f"write `{close[0]}`", (Edit(key.span, close[0]),))] if close else (),
                )
            )
        return found

    # --- arguments --------------------------------------------------------------------------------------

    def arguments(self, node: Node, what: str) -> tuple[tree.Argument, ...]:
        mapping = self.mapping(node, what)
        if mapping is None:
            return ()
        found: list[tree.Argument] = []
        for key, value in mapping.entries:
            made = self.value(value)
            if made is not None:
                step = tree.Step(key.text, span=key.span)
                span = key.span.to(value.span) if value.span.source is key.span.source else key.span
                found.append(tree.Argument((step,), made, span=span))
        return tuple(found)

    def value(self, node: Node) -> tree.Value | None:
        """An argument: text, or `= expression`; numbers and truth values are themselves."""
        if isinstance(node, Mapping):
            return tree.ObjectValue(self.arguments(node, "the object"), span=node.span)
        if isinstance(node, Items):
            values = [self.value(item) for item in node.items]
            return tree.ListValue(tuple(v for v in values if v is not None), span=node.span)
        if node.text.startswith("="):
            start = len(node.text) - len(node.text[1:].lstrip())
            made = self.clause("expression", node.fragment.cut(start, len(node.text)))
            if isinstance(made, tree.Literal) and isinstance(made.value, str):
                return tree.Literal(made.value, span=node.span)
            return made  # type: ignore[no-any-return]
        value = scalar_value(node)
        if isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")):
            return tree.Template(value, node.fragment, span=node.span)
        why = surprising(node)
        if why is not None:
            remedy = "put it in quotes to say that it is text"
            if isinstance(value, int):
                remedy = f"write `{value}`, or put it in quotes to say that it is text"
            self.say(codes.YAML_SURPRISE.at(node.span, why, help=remedy))
        return tree.Literal(value, span=node.span)


def _headed(word: str, known: Sequence[str]) -> str:
    """`rule big:`, as it is written in an `.atamo` file: in YAML all of a kind stand below one key."""
    kind, _, name = word.partition(" ")
    above = f"{kind}s"
    if not name or kind in known or above not in known:
        return ""
    if above == "rules":
        return f"write `rules:` above, and `- rule: {name}` below it"
    return f"write `{above}:` above, and `{name}:` below it"
