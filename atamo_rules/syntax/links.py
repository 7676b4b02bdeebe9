"""`links.yaml`: an event type and who it comes from, linked to one action of one agent, its arguments filled in.

The simplest of our ways to say what happens, for those who need no rules. Each link is read as a rule of its own that
has no condition, so that everything else is as for rules.
"""

from __future__ import annotations

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.misplaced import listed
from atamo_rules.syntax.substitution import beyond, filled
from atamo_rules.syntax.yaml_clauses import Clauses
from atamo_rules.syntax.yaml_nodes import Mapping, Node, Sequence
from atamo_rules.syntax.yaml_reading import read_yaml
from atamo_rules.syntax.yaml_rules import principals
from atamo_rules.syntax.yaml_scalars import Scalar

PROVIDER = "links"
LINK = ("on", "for", "except", "send", "with", "about", "owner", "status")


class LinkClauses(Clauses):
    """Reads the values of a link: texts in which fields are filled in, and nothing that is computed."""

    def value(self, node: Node) -> tree.Value | None:
        if not isinstance(node, Scalar):
            return super().value(node)
        if node.plain and node.text.startswith("="):
            self.say(_more(node.span, node.text))
            return None
        if "{" not in node.text:
            return super().value(node)
        more = beyond(node.text)
        if more:
            self.say(_more(node.span, more))
            return None
        return filled(node.fragment, node.span)


def read_links(source: Source) -> tuple[decl.File, tuple[Diagnostic, ...]]:
    """The links of a file as rules, without those that could not be read, and every mistake in it."""
    clauses = LinkClauses()
    root, found = read_yaml(source)
    clauses.report.extend(found)
    rules: list[decl.Declaration] = []
    mapping = clauses.mapping(root, "a file of links") if root is not None else None
    given = clauses.keys(mapping, ("links",), "a file of links") if mapping is not None else {}
    links = clauses.mapping(given["links"], "`links`") if "links" in given else None
    for key, node in links.entries if links is not None else ():
        made = _link(key, node, clauses)
        if made is not None:
            rules.append(made)
    return decl.File(source, tuple(rules), tuple(clauses.unread)), tuple(clauses.report)


def _link(key: Scalar, node: Node, clauses: LinkClauses) -> decl.Rule | None:
    mapping = clauses.mapping(node, f"the link `{key.text}`")
    if mapping is None:
        return None
    given = clauses.keys(mapping, LINK, "a link")
    for word, remedy in (("on", "on: event.type"), ("send", "send: agent.action")):
        if word not in given:
            message = f"the link `{key.text}` has no `{word}`"
            clauses.say(codes.MISSING_CLAUSE.at(key.span, message, help=f"add `{remedy}`"))
    if "on" not in given or "send" not in given:
        return None
    on, target = clauses.parse("on", given["on"], "`on`"), _target(given["send"], clauses)
    before = len(clauses.report)
    arguments = clauses.arguments(given["with"], "`with`") if "with" in given else ()
    if on is None or target is None:
        return None
    do = decl.Do("send", target, arguments, unread=len(clauses.report) > before, span=given["send"].span)
    status = given.get("status")
    return decl.Rule(
        clauses.name(key),
        on,
        clauses.about(given.get("about")),
        status=clauses.name(status) if isinstance(status, Scalar) else None,
        metadata=_owner(given.get("owner"), clauses),
        include=principals(given.get("for"), clauses),
        exclude=principals(given.get("except"), clauses),
        actions=(do,),
        provider=PROVIDER,
        span=key.span.to(node.span),
    )


def _owner(node: Node | None, clauses: LinkClauses) -> tuple[tree.Argument, ...]:
    """Whose link it is, as metadata of a rule."""
    text = clauses.text(node, "`owner`") if node is not None else None
    return (tree.Argument((tree.Step("owner", span=text.span),), text, span=text.span),) if text else ()


def _target(node: Node, clauses: LinkClauses) -> tree.Name | None:
    """The one action of a link."""
    if isinstance(node, Sequence | Mapping):
        message = "a link sends one thing to one agent"
        clauses.say(
            codes.LINK_TOO_MUCH.at(node.span, message, help="write a link for each, on the same event")
        )
        return None
    made: tree.Name | None = clauses.parse("name", node, "`send`")
    return made


def _more(span: Span, what: str) -> Diagnostic:
    shown = what if len(what) <= 40 else f"{what[:39]}…"
    kinds = listed(("{{ field }}", '{{ field | default("x") }}'))
    return codes.LINK_TOO_MUCH.at(
        span,
        f"a link fills in fields, and `{shown}` is more than that",
        help="write it as a rule",
        notes=[f"a link may hold {kinds}"],
    )
