"""Templates: Jinja text to typed parts.

Jinja reads the text (its lexer gives the columns, its parser the tree); what the tree means is ours, checked by
the same rules as conditions and rendered by the engine. No Jinja code ever runs on an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atamo_rules.compiler import conditions, operands
from atamo_rules.compiler.context import NOTHING, Binding, Context, Facts
from atamo_rules.compiler.paths import gathered, taken
from atamo_rules.compiler.template_complaints import forbid, plain
from atamo_rules.compiler.template_expression import Untold, expression
from atamo_rules.compiler.template_places import Places, jinja, line_span
from atamo_rules.model.meaning import Bind, Branch, Condition, Filled, Get, Loop, Output, Part
from atamo_rules.model.types import Anything, Boolean, Member, Number, Record
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree

if TYPE_CHECKING:
    from jinja2 import nodes

LONGEST = 65_536
"""Characters a template may have."""

LOOP = Record(
    {
        "index": Member(Number(whole=True)),
        "index0": Member(Number(whole=True)),
        "first": Member(Boolean()),
        "last": Member(Boolean()),
        "length": Member(Number(whole=True)),
    }
)


def template(written: tree.Template, context: Context, facts: Facts) -> Filled | None:
    """The parts of a template, or None after saying every mistake in it."""
    if len(written.text) > LONGEST:
        context.report.append(
            codes.TEMPLATE_SYNTAX.at(written.span, f"a template is at most {LONGEST} characters long")
        )
        return None
    from jinja2 import TemplateSyntaxError

    try:
        parsed = jinja().parse(written.text)
    except TemplateSyntaxError as error:
        message, remedy = plain(error)
        span = line_span(written.fragment, error.lineno)
        context.report.append(codes.TEMPLATE_SYNTAX.at(span, message, help=remedy))
        return None
    except (RecursionError, ValueError, OverflowError):
        context.report.append(codes.TEMPLATE_SYNTAX.at(written.span, "this template is nested too deeply"))
        return None
    places = Places(written.fragment)
    before = len(context.report)
    try:
        parts, _, _ = _body(parsed.body, places, context, facts)
    except RecursionError:
        context.report.append(codes.TEMPLATE_SYNTAX.at(written.span, "this template is nested too deeply"))
        return None
    if any(d.severity is codes.ERROR for d in context.report[before:]):
        return None
    return Filled(tuple(parts), span=written.span)


def lone_expression(written: tree.Template) -> str | None:
    """The expression, when a template is nothing but `{{ expression }}`."""
    text = written.text.strip()
    if text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1 and "{%" not in text:
        inner = text[2:-2].strip().strip("-").strip()
        return inner if "|" not in inner and " if " not in inner else None
    return None


def _body(
    body: list[nodes.Node], places: Places, context: Context, facts: Facts
) -> tuple[list[Part], Context, Facts]:
    parts: list[Part] = []
    for node in body:
        context = _statement(node, places, context, facts, parts)
    return parts, context, facts


def _statement(
    node: nodes.Node, places: Places, context: Context, facts: Facts, parts: list[Part]
) -> Context:
    from jinja2 import nodes

    match node:
        case nodes.Output():
            for child in node.nodes:
                if isinstance(child, nodes.TemplateData):
                    parts.append(child.data)
                else:
                    parts.extend(_output(child, places, context, facts))
        case nodes.If():
            parts.append(_if(node, places, context, facts))
        case nodes.For():
            loop = _for(node, places, context, facts)
            if loop is not None:
                parts.append(loop)
        case nodes.Assign() if isinstance(node.target, nodes.Name):
            return _set(node, places, context, facts, parts)
        case _:
            forbid(node, places, context)
    return context


def _output(node: nodes.Node, places: Places, context: Context, facts: Facts) -> list[Part]:
    from jinja2 import nodes

    if isinstance(node, nodes.CondExpr):
        test = _condition(node.test, places, context, facts)
        if test is None:
            return []
        made, true, false = test
        then = tuple(_output(node.expr1, places, context, facts | true))
        otherwise = tuple(_output(node.expr2, places, context, facts | false)) if node.expr2 else ()
        return [Branch(((made, then),), otherwise, span=made.span)]
    if isinstance(node, nodes.Concat):
        return [part for child in node.nodes for part in _output(child, places, context, facts)]
    try:
        written = expression(node, places)
    except Untold as untold:
        context.report.append(untold.diagnostic)
        return []
    found = operands.needed(written, context, facts)
    if found is None:
        return []
    if isinstance(found.term, Get) and found.term.listed:
        context.report.append(
            codes.WRONG_TYPE.at(
                written.span,
                f"`{written.span.text}` is many values, one for each element of a list",
                help='go through them with `{% for %}`, or join them with `| join(", ")`',
            )
        )
        return []
    return [Output(found.term, span=written.span)]


def _condition(
    node: nodes.Node, places: Places, context: Context, facts: Facts
) -> tuple[Condition, Facts, Facts] | None:
    try:
        written = expression(node, places)
    except Untold as untold:
        context.report.append(untold.diagnostic)
        return None
    outcome = conditions.condition(written, context, facts)
    if outcome is None:
        return None
    return outcome.condition, outcome.when_true, outcome.when_false


def _if(node: nodes.If, places: Places, context: Context, facts: Facts) -> Part:
    cases: list[tuple[Condition, tuple[Part, ...]]] = []
    known = facts
    for branch in (node, *node.elif_):
        test = _condition(branch.test, places, context, known)
        made, true, false = test if test else (None, NOTHING, NOTHING)
        inner, _, _ = _body(branch.body, places, context, known | true)
        if made is not None:
            cases.append((made, tuple(inner)))
        known |= false
    otherwise, _, _ = _body(node.else_, places, context, known)
    return Branch(tuple(cases), tuple(otherwise), span=places.line(node.lineno))


def _for(node: nodes.For, places: Places, context: Context, facts: Facts) -> Part | None:
    from jinja2 import nodes

    if node.recursive or node.test is not None or not isinstance(node.target, nodes.Name):
        forbid(node, places, context)
        return None
    span = places.word(node.lineno, node.target.name)
    if node.target.name == "loop":
        _clash("loop", span, context)
        return None
    try:
        written = expression(node.iter, places)
    except Untold as untold:
        context.report.append(untold.diagnostic)
        return None
    opened = operands.element(tree.Name(node.target.name, span=span), written, context, facts)
    if opened is None:
        return None
    collection, inner = opened
    here = Get("loop", (), LOOP, span=span)
    parts, _, _ = _body(node.body, places, inner.bind("loop", Binding(here, LOOP, span)), facts)
    otherwise, _, _ = _body(node.else_, places, context, facts)
    return Loop(node.target.name, collection, tuple(parts), tuple(otherwise), span=span)


def _set(node: nodes.Assign, places: Places, context: Context, facts: Facts, parts: list[Part]) -> Context:
    from jinja2 import nodes

    assert isinstance(node.target, nodes.Name)
    span = places.word(node.lineno, node.target.name)
    if taken(node.target.name, context) or node.target.name == "loop":
        _clash(node.target.name, span, context)
        return context
    try:
        written = expression(node.node, places)
    except Untold as untold:
        context.report.append(untold.diagnostic)
        return context
    found = operands.needed(written, context, facts)
    found = gathered(found) if found is not None else None
    if found is None:
        # Later uses must not be blamed for this mistake.
        return context.bind(
            node.target.name, Binding(Get(node.target.name, (), Anything(), span=span), Anything(), span)
        )
    parts.append(Bind(node.target.name, found.term, span=span))
    here = Get(node.target.name, (), found.type, span=span)
    return context.bind(node.target.name, Binding(here, found.type, span))


def _clash(name: str, span: Span, context: Context) -> None:
    """Refuse a name that is given twice: in Jinja, setting it anew inside a block has another meaning than here."""
    context.report.append(
        codes.NAME_CLASH.at(span, f"`{name}` already means something here", help="choose another name")
    )
