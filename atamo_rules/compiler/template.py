"""Templates: Jinja text to typed parts.

Jinja reads the text (its lexer gives the columns, its parser the tree); what the tree means is ours, checked by
the same rules as conditions and rendered by the engine. No Jinja code ever runs on an event.
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from atamo_rules.compiler import conditions, operands
from atamo_rules.compiler.context import NOTHING, Binding, Context, Facts
from atamo_rules.compiler.paths import gathered, taken
from atamo_rules.compiler.template_expression import Untold, expression
from atamo_rules.model.meaning import Bind, Branch, Condition, Filled, Get, Loop, Output, Part
from atamo_rules.model.types import Anything, Boolean, Member, Number, Record
from atamo_rules.source import codes
from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import tree

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

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
        parsed = _jinja().parse(written.text)
    except TemplateSyntaxError as error:
        message, remedy = _plain(error)
        span = _line_span(written.fragment, error.lineno)
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


@cache
def _jinja() -> Environment:
    from atamo_rules.compiler.template_lexer import Reader

    return Reader()


class Places:
    """Where each word of a template stands. Jinja's tree knows lines only; its lexer's pieces, laid end to end,
    give every column. Equal words on one line are taken in the order they stand."""

    def __init__(self, fragment: Fragment) -> None:
        self.fragment = fragment
        self.words: dict[tuple[int, str], list[int]] = defaultdict(list)
        self.lines = [0]
        for position, char in enumerate(fragment.text):
            if char == "\n":
                self.lines.append(position + 1)
        self.exact = "\r" not in fragment.text
        offset = 0
        with contextlib.suppress(Exception):  # the parser has already accepted it; columns are a courtesy
            for line, kind, value in _jinja().lexer.tokeniter(fragment.text, None):
                offset = fragment.text.index(value, offset)
                if kind in ("name", "string", "integer", "float"):
                    self.words[(line, value)].append(offset)
                offset += len(value)

    def word(self, line: int, word: str) -> Span:
        """The span of the next not yet taken occurrence of a word on a line."""
        found = self.words.get((line, word))
        if not found or not self.exact:
            return self.line(line)
        at = found.pop(0) if len(found) > 1 else found[0]
        return self.fragment.span(at, at + len(word))

    def line(self, number: int) -> Span:
        return _line_span(self.fragment, number)


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
            _forbid(node, places, context)
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
        _forbid(node, places, context)
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


_WORDS = {
    "filterblock": "filter",
    "callblock": "call",
    "fromimport": "from",
    "assignblock": "set",
    "assign": "set",
    "scope": "autoescape",
}


def _clash(name: str, span: Span, context: Context) -> None:
    """Refuse a name that is given twice: in Jinja, setting it anew inside a block has another meaning than here."""
    context.report.append(
        codes.NAME_CLASH.at(span, f"`{name}` already means something here", help="choose another name")
    )


_OFFERED = "`{{ value | filter }}`, `{% if %}`, `{% for x in list %}`, `{% set x = value %}`, `{# comment #}`"


def _forbid(node: nodes.Node, places: Places, context: Context) -> None:
    kind = type(node).__name__.lower()
    word = _WORDS.get(kind, kind)
    context.report.append(
        codes.TEMPLATE_FORBIDDEN.at(
            places.word(node.lineno, word),
            f"this `{{% {word} %}}` is not offered to templates",
            help=f"templates have {_OFFERED}",
        )
    )


def _line_span(fragment: Fragment, number: int | None) -> Span:
    lines = fragment.text.split("\n")
    # Some of Jinja's nodes, those of `autoescape`, have no line.
    if number is None or not fragment.exact or not 1 <= number <= len(lines):
        return fragment.outer
    start = sum(len(line) + 1 for line in lines[: number - 1])
    return fragment.span(start, start + len(lines[number - 1]))


_OPEN = re.compile(r"tags: '(\w+)'.*closed is '(\w+)'|closed is '(\w+)'", re.DOTALL)
_UNKNOWN = re.compile(r"unknown tag '(\w+)'")
_TOKEN = re.compile(r"expected token '(.+)', got '(.+)'")


def _plain(error: Exception) -> tuple[str, str | None]:
    """What Jinja complains of, as one sentence without Jinja's own words for things, and the remedy."""
    text = str(error.args[0] if error.args else error)
    if found := _UNKNOWN.search(text):
        block = _OPEN.search(text)
        closing = f"close `{{% {block[2] or block[3]} %}}` first" if block else f"templates have {_OFFERED}"
        return f"`{{% {found[1]} %}}` does not belong here", closing
    if (found := _OPEN.search(text)) and found[1]:
        return f"`{{% {found[2]} %}}` is never closed", f"add `{{% end{found[2]} %}}`"
    if found := _TOKEN.search(text):
        what = {"end of print statement": "`}}`", "end of statement block": "`%}`"}.get(
            found[1], f"`{found[1]}`"
        )
        got = "the end" if found[2] == "end of template" else f"`{found[2]}`"
        return f"this template cannot be read: {got} stands where {what} is needed", None
    if text == "unexpected '}'":
        return "this template cannot be read: a brace stands alone", "a value stands between `{{` and `}}`"
    first = text.partition(". ")[0].rstrip(".")
    return f"this template cannot be read: {first[:1].lower()}{first[1:]}", None
