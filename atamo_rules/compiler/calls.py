"""Calls: built-in functions, definitions (expanded in place) and decision tables."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.compiler import conditions, meant, missing, operands, spelling
from atamo_rules.compiler.context import NOTHING, Binding, Context, Facts, Operand, near
from atamo_rules.compiler.describe import describe, kind_of
from atamo_rules.compiler.paths import gathered, leaves
from atamo_rules.compiler.written_types import type_of_expression
from atamo_rules.functions.registry import FUNCTIONS, Function
from atamo_rules.functions.time import parse_date, parse_duration, parse_moment
from atamo_rules.model.meaning import Apply, Const, Constant, Get, Lookup, Term, Verdict
from atamo_rules.model.types import Anything, Boolean, Duration, ListOf, Moment, Number, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix, Label
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

LEAVES = "leaves"
"""What is called like a function and is part of a path."""


def call(expr: tree.Call, context: Context, facts: Facts) -> Operand | None:
    """What a call stands for: a definition, a table or a function, in that order of nearness to the author."""
    name = expr.function.text
    environment = context.environment
    if name in environment.defines:
        context.used.add(("define", name))
        return _definition(expr, environment.defines[name], context, facts)
    if name in environment.tables:
        context.used.add(("table", name))
        return _table(expr, context)
    if name in FUNCTIONS:
        return _function(expr, FUNCTIONS[name], context, facts)
    if name == LEAVES:
        return _leaves(expr, context, facts)
    if not environment.is_lost(name):
        said = meant.function(expr)
        close = (
            near(name, [*environment.defines, *environment.tables, *FUNCTIONS, LEAVES])
            if said is None
            else None
        )
        edits = (Edit(expr.span, said.text) if said else Edit(expr.function.span, close or ""),)
        context.report.append(
            codes.UNKNOWN_NAME.at(
                expr.function.span,
                f"there is no function, definition or table `{name}`",
                label=f"did you mean `{close}`?" if close else "",
                help=said.help if said else None,
                fixes=[Fix(f"write `{edits[0].text}`", edits)] if close or (said and said.text) else (),
            )
        )
    return None


def _leaves(expr: tree.Call, context: Context, facts: Facts) -> Operand | None:
    """`leaves(path)`: no function of a value, for it tells a null from nothing, and may lead to many."""
    found = operands.operand(expr.arguments[0], context, facts) if len(expr.arguments) == 1 else None
    made = leaves(found) if found is not None else None
    if made is None and (found is not None or len(expr.arguments) != 1):
        context.report.append(
            codes.BAD_CALL.at(expr.span, "`leaves` asks about a path", help="such as `leaves(detail.state)`")
        )
    return made


def _function(expr: tree.Call, function: Function, context: Context, facts: Facts) -> Operand | None:
    required = sum(not parameter.optional for parameter in function.parameters)
    if not required <= len(expr.arguments) <= len(function.parameters):
        names = ", ".join(p.name + ("?" if p.optional else "") for p in function.parameters)
        context.report.append(
            codes.BAD_CALL.at(
                expr.span,
                f"`{function.name}` takes {required or 'no'} argument{'s' * (required != 1)}, "
                f"not {len(expr.arguments)}",
                help=f"write `{function.name}({names})`",
            )
        )
        return None
    found: list[Operand] = []
    for parameter, argument in zip(function.parameters, expr.arguments, strict=False):
        one = operands.needed(argument, context, facts)
        if one is None:
            return None
        one = gathered(one)
        if not fits_kind(one.type, parameter.kinds):
            context.report.append(
                codes.BAD_CALL.at(
                    argument.span,
                    f"`{parameter.name}` of `{function.name}` is {' or '.join(parameter.kinds)}, "
                    f"and `{argument.span.text}` is {describe(one.type)}",
                )
            )
            return None
        found.append(spelling.as_text(one) if "text" in parameter.kinds else one)
    types = tuple(one.type for one in found)
    result = function.result(types) if callable(function.result) else function.result
    terms = tuple(one.term for one in found)
    return Operand(_folded(expr, function, terms) or Apply(function.name, terms, span=expr.span), result)


def _folded(expr: tree.Call, function: Function, terms: tuple[Term, ...]) -> Const | None:
    """The answer of a function of written texts: known now, so that deciding does not ask again."""
    given = [term.value if isinstance(term, Const) else None for term in terms]
    if not given or not all(isinstance(one, str) or _texts(one) for one in given):
        return None
    try:
        answer = function.call(*given)
    except (ArithmeticError, ValueError, TypeError):
        return None
    if isinstance(answer, str):
        return Const(answer, span=expr.span)
    return Const(tuple(answer), span=expr.span) if _texts(answer) else None


def _texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def fits_kind(type: Type, kinds: tuple[str, ...]) -> bool:
    """Whether a value of this type may stand where a function wants one of these kinds."""
    if "any" in kinds or isinstance(type, Anything):
        return True
    kind = kind_of(type)
    if kind == "number":
        return "number" in kinds or ("whole" in kinds and isinstance(type, Number) and type.whole)
    if kind == "object":
        return "record" in kinds
    return kind in kinds or kind == "json"


def _definition(expr: tree.Call, define: decl.Define, context: Context, facts: Facts) -> Operand | None:
    if any(one is define for one in context.expanding):
        context.report.append(
            codes.BAD_CALL.at(
                expr.span, f"`{define.name.text}` is defined by itself", help="definitions do not recur"
            )
        )
        return None
    if len(expr.arguments) != len(define.parameters):
        context.report.append(
            codes.BAD_CALL.at(
                expr.span,
                f"`{define.name.text}` takes {len(define.parameters)} arguments, not {len(expr.arguments)}",
                also=[Label(define.name.span, "defined here")],
            )
        )
        return None
    names = _bindings(expr, define, context, facts)
    if names is None:
        return None
    # The body was checked where it was defined; here it is only expanded, so its report is not repeated.
    inner = replace(
        context,
        environment=context.environment.home(define),
        event=None,
        names=names,
        report=[],
        template="",
        expanding=(*context.expanding, define),
    )
    outcome = conditions.condition(define.body, inner, NOTHING)
    if outcome is None:
        if inner.report and ("define", define.name.text) not in context.environment.broken:
            context.report.append(
                codes.BAD_CALL.at(
                    expr.span,
                    f"`{define.name.text}` does not work with these arguments",
                    notes=[found.message for found in inner.report[:3]],
                )
            )
        return None
    return Operand(Verdict(outcome.condition, span=expr.span), Boolean())


def _bindings(
    expr: tree.Call, define: decl.Define, context: Context, facts: Facts
) -> dict[str, Binding] | None:
    """What each parameter of a definition stands for in a call, or None after saying why one cannot."""
    names: dict[str, Binding] = {}
    for parameter, argument in zip(define.parameters, expr.arguments, strict=True):
        found = operands.operand(argument, context, facts)
        if found is None:
            return None
        wanted = parameter_type(parameter, context)
        if wanted is not None and not _suits(found, wanted, parameter, context):
            context.report.append(
                codes.BAD_CALL.at(
                    argument.span,
                    f"`{parameter.name.text}` of `{define.name.text}` is {_wanted(parameter)}, "
                    f"and `{argument.span.text}` is not",
                    also=[Label(parameter.span, "declared here")],
                )
            )
            return None
        if found.absent is not None:
            missing.report_absent(argument, found, context)
            return None
        type = wanted if wanted is not None and parameter.event is not None else found.type
        names[parameter.name.text] = Binding(found.term, type, argument.span)
    return names


def parameter_type(parameter: decl.Parameter, context: Context) -> Type | None:
    """The type a definition's parameter was declared with, None when that itself is broken."""
    if parameter.event is not None:
        event = context.environment.events.get(parameter.event.text)
        return event.type if event else None
    return type_of_expression(parameter.type, []) if parameter.type else None


def _suits(found: Operand, wanted: Type, parameter: decl.Parameter, context: Context) -> bool:
    if parameter.event is not None:
        if not isinstance(found.term, Get) or found.term.steps:
            return False
        handed_on = (
            found.type is wanted
        )  # by a definition that was given it, or under a name that `as` gave it
        return handed_on or (found.term.root == "event" and _may_be(parameter.event.text, context))
    return operands.compatible(found.type, wanted)


def _may_be(event: str, context: Context) -> bool:
    """Whether the rule's event is of this type; one that was never declared may have been meant to be."""
    here = context.event
    return here is not None and (here.name == event or here.name not in context.environment.events)


def _wanted(parameter: decl.Parameter) -> str:
    return (
        f"a whole `{parameter.event.text}` event"
        if parameter.event
        else parameter.span.text.partition(":")[2].strip()
    )


def _table(expr: tree.Call, context: Context) -> Operand | None:
    table = context.environment.tables[expr.function.text]
    argument = expr.arguments[0] if len(expr.arguments) == 1 else None
    is_event = isinstance(argument, tree.Path) and str(argument) == "event"
    if not is_event:
        context.report.append(
            codes.BAD_CALL.at(
                expr.span, "a table is asked about the event", help=f"write `{table.name}(event)`"
            )
        )
        return None
    if not _may_be(table.event, context):
        context.report.append(
            codes.BAD_CALL.at(
                expr.span,
                f"`{table.name}` is a table on `{table.event}`, and this is another event",
                also=[Label(table.span, "declared here")],
            )
        )
        return None
    term = Lookup(table, span=expr.span)
    if table.mode == "collect rows":
        return Operand(term, ListOf(table.answer))
    always = table.mode == "exactly one row" or any(_catches_all(row.cells) for row in table.rows)
    # A `let` makes this a path of its own, so that `r is present` can guard it.
    return Operand(term, table.answer, None if always else Get(table.name, (), table.answer, span=expr.span))


def _catches_all(cells: tuple[object, ...]) -> bool:
    return all(isinstance(cell, Constant) and cell.value for cell in cells)


def moment_literal(expr: tree.Literal, expected: Moment, context: Context) -> Operand | None:
    """A text where a time or date is compared: read now, exactly."""
    text = str(expr.value)
    value = parse_date(text) if expected.date_only else parse_moment(text)
    if value is None:
        sample = "2026-01-31" if expected.date_only else "2026-01-31T09:00:00Z"
        context.report.append(
            codes.WRONG_TYPE.at(
                expr.span, f"`{text}` is not a {describe(expected)}", help=f'write it as "{sample}"'
            )
        )
        return None
    return Operand(Const(value, span=expr.span), expected)


def duration_literal(expr: tree.Literal, context: Context) -> Operand | None:
    """A text where a length of time is compared."""
    value = parse_duration(str(expr.value))
    if value is None:
        context.report.append(
            codes.WRONG_TYPE.at(
                expr.span, f"`{expr.value}` is not a duration", help="write it as `15 minutes`"
            )
        )
        return None
    return Operand(Const(value, span=expr.span), Duration())
