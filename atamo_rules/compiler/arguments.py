"""Arguments of actions: literals, expressions, templates and nested objects, each checked against its parameter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from atamo_rules.compiler import constants, missing, operands, unfilled
from atamo_rules.compiler.context import Context, Facts, Operand, near
from atamo_rules.compiler.describe import describe, kind_of
from atamo_rules.compiler.proven import written as holds
from atamo_rules.compiler.template import lone_expression, template
from atamo_rules.compiler.written_types import assignable, fits
from atamo_rules.model.meaning import Apply, Const, Get, MakeRecord, Term
from atamo_rules.model.types import Anything, ListOf, MapOf, Member, OneOf, Record, Text, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix, Label
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree


def record(
    written: Sequence[tree.Argument],
    wanted: Record | MapOf | Anything,
    what: str,
    span: Span,
    context: Context,
    facts: Facts,
    *,
    whole: bool = True,
) -> MakeRecord:
    """The object that arguments make; `what` is what receives it, in the words of a diagnostic.

    Arguments that are missing are only said where all that are written are here (`whole`).
    """
    entries: list[tuple[str, Term, bool]] = []
    seen: dict[str, Span] = {}
    unsaid = set(wanted.members if isinstance(wanted, Record) else ())
    unsaid -= {str(argument.keys[0].key) for argument in written}
    for argument in written:
        key = str(argument.keys[0].key)
        if key in seen:
            first = Label(seen[key], "first given here")
            message = f"`{key}` is given twice"
            context.report.append(
                codes.REPEATED_ARGUMENT.at(
                    argument.keys[0].span, message, also=[first], help="keep one of them"
                )
            )
            continue
        seen[key] = argument.keys[0].span
        member = _member(argument, key, wanted, what, unsaid, context)
        if member is None:
            # Its own mistakes are said too.
            value(argument.value, _guess(argument.value), key, context, facts)
            continue
        found = value(argument.value, member, key, context, facts)
        if found is not None:
            left_out = member.optional and isinstance(found.term, Apply)  # a function may have no answer
            entries.append((key, found.term, left_out or found.absent is not None))
    if isinstance(wanted, Record) and whole:
        lacking = [
            f"`{name}` ({describe(member.type)})"
            for name, member in wanted.members.items()
            if name in unsaid and not member.optional and not member.has_default
        ]
        if lacking:
            needs = f"`{what}` also needs {', '.join(lacking)}"
            help = "give it a value on a line below"
            context.report.append(codes.MISSING_ARGUMENT.at(span, needs, help=help))
    return MakeRecord(tuple(entries), span=span)


def value(written: tree.Value, member: Member, key: str, context: Context, facts: Facts) -> Operand | None:
    """The value of one argument; `absent` is kept only where the parameter may be left out."""
    wanted = member.type
    match written:
        case tree.Template(alone=tree.Path()):
            return _alone(written, member, key, context, facts)
        case tree.Template():
            return _template(written, wanted, key, context, facts)
        case tree.ObjectValue():
            return _object(written, wanted, key, context, facts)
        case tree.ListValue() if any(
            isinstance(item, tree.Template | tree.ObjectValue) for item in written.items
        ):
            return _list(written, wanted, key, context, facts)
        case _:
            unfilled.given(written, context)
            return _expression(written, member, key, context, facts)


def _member(
    argument: tree.Argument,
    key: str,
    wanted: Record | MapOf | Anything,
    what: str,
    unsaid: set[str],
    context: Context,
) -> Member | None:
    """The parameter an argument is for. One that a misspelt argument must mean is taken out of `unsaid`."""
    if isinstance(wanted, Anything):
        return Member(Anything())
    if isinstance(wanted, MapOf):
        return Member(wanted.value)
    member = wanted.members.get(key)
    if member is None:
        close = near(key, [name for name in wanted.members if name in unsaid])
        if context.environment.is_lost(key, what, what.rpartition(".")[0]):
            return None  # some of its parameters could not be read, perhaps this one
        unsaid.discard(close or "")
        span = argument.keys[0].span
        context.report.append(
            codes.UNKNOWN_ARGUMENT.at(
                span,
                f"`{what}` has no `{key}`",
                label=f"did you mean `{close}`?" if close else "",
                notes=[f"it has: {', '.join(wanted.members)}"] if wanted.members else ["it takes nothing"],
                help="declare below the request what it answers: `answer`"
                if what == "reply" and not wanted.members
                else None,
                fixes=[Fix(f"write `{close}`", (Edit(span, close),))] if close and span.text == key else (),
            )
        )
    return member


def _guess(written: tree.Value) -> Member:
    """A type for a value whose parameter is not known: whatever the value is by itself."""
    return Member(Text() if isinstance(written, tree.Template) else Anything(), optional=True)


def _expression(
    written: tree.Expr, member: Member, key: str, context: Context, facts: Facts
) -> Operand | None:
    wanted = member.type
    found = operands.operand(written, context.about(key), facts, wanted)
    if found is None:
        return None
    if found.absent is not None and not member.optional:
        missing.report_absent(written, found, context)
        return None
    term, type = found.term, found.type
    if isinstance(term, Get) and term.listed:
        type = ListOf(type)
    if isinstance(term, Const) and not _time(wanted):
        good = isinstance(wanted, Anything) or fits(_plain(term.value), wanted) or assignable(type, wanted)
        if good and kind_of(wanted) in ("number", "text") and kind_of(type) == kind_of(wanted):
            good = holds(term.value, wanted)
    else:
        good = assignable(type, wanted)
    if not good:
        _wrong(written.span, key, type, wanted, context)
        return None
    return found


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _time(wanted: Type) -> bool:
    return kind_of(wanted) in ("moment", "date", "duration")


def _alone(
    written: tree.Template, member: Member, key: str, context: Context, facts: Facts
) -> Operand | None:
    """A text that is one field and nothing else: the field's value, printed where text is wanted and it is none."""
    assert written.alone is not None
    text = isinstance(member.type, Text)
    found = operands.operand(written.alone, replace(context, report=[]), facts, member.type)
    if found is not None and found.absent is not None and not member.optional and not text:
        context.report.append(
            codes.MAY_BE_MISSING.at(
                written.alone.span,
                f"`{written.alone.span.text}` may be missing, and `{key}` needs a value",
                help=missing.guard(written.alone.span.text, context),
            )
        )
        return None
    if (
        text
        and found is not None
        and (kind_of(found.type) != "text" or (found.absent and not member.optional))
    ):
        return _template(written, member.type, key, context, facts)
    return _expression(written.alone, member, key, context, facts)


def _template(
    written: tree.Template, wanted: Type, key: str, context: Context, facts: Facts
) -> Operand | None:
    inner = Context(
        context.environment,
        context.event,
        context.report,
        context.names,
        key,
        context.used,
        context.expanding,
        provider=context.provider,
    )
    lone = lone_expression(written)
    fix: tuple[Fix, ...] = ()
    if lone is not None and written.fragment.exact:
        fix = (Fix(f"write the expression `{lone}`", (Edit(written.span, _as_expression(written, lone)),)),)
    found = template(written, inner, facts)
    if found is None:
        return None
    if not isinstance(wanted, Text | Anything | OneOf) or (isinstance(wanted, OneOf) and lone is None):
        context.report.append(
            codes.WRONG_ARGUMENT.at(
                written.span,
                f"`{key}` is {describe(wanted)}, and a template makes text",
                help="write the expression itself, without quotes and braces" if lone else None,
                fixes=fix,
            )
        )
        return None
    if isinstance(wanted, OneOf):
        _wrong(written.span, key, Text(), wanted, context)
        return None
    if lone is not None and len(found.parts) == 1 and isinstance(wanted, Anything):
        # Where text is wanted, making text of a number is the point.
        _note_lone(written, lone, found.parts[0], fix, context)
    return Operand(found, Text())


def _as_expression(written: tree.Template, lone: str) -> str:
    yaml = written.span.source.name.endswith((".yaml", ".yml"))
    return f"= {lone}" if yaml else lone


def _note_lone(
    written: tree.Template, lone: str, part: object, fix: tuple[Fix, ...], context: Context
) -> None:
    type = getattr(getattr(part, "term", None), "type", None)
    if type is None or kind_of(type) == "text":
        return
    context.report.append(
        codes.LONE_TEMPLATE.at(
            written.span,
            f"`{{{{ {lone} }}}}` turns {describe(type)} into text",
            help=f"write `{_as_expression(written, lone)}` to keep its type",
            fixes=fix,
        )
    )


def _object(
    written: tree.ObjectValue, wanted: Type, key: str, context: Context, facts: Facts
) -> Operand | None:
    if not isinstance(wanted, Record | MapOf | Anything):
        context.report.append(
            codes.WRONG_ARGUMENT.at(written.span, f"`{key}` is {describe(wanted)}, not an object")
        )
        return None
    made = record(written.entries, wanted, key, written.span, context, facts)
    return Operand(made, wanted)


def _list(written: tree.ListValue, wanted: Type, key: str, context: Context, facts: Facts) -> Operand | None:
    if not isinstance(wanted, ListOf | Anything):
        context.report.append(
            codes.WRONG_ARGUMENT.at(written.span, f"`{key}` is {describe(wanted)}, not a list")
        )
        return None
    item = Member(wanted.item if isinstance(wanted, ListOf) else Anything())
    found = [value(part, item, key, context, facts) for part in written.items]
    terms = tuple(one.term for one in found if one is not None)
    if len(terms) != len(written.items):
        return None
    return Operand(constants.listed(terms, written.span), wanted)


def _wrong(span: Span, key: str, type: Type, wanted: Type, context: Context) -> None:
    printed = isinstance(wanted, Text) and kind_of(type) in (
        "number",
        "boolean",
        "moment",
        "date",
        "duration",
    )
    simple = re.fullmatch(r"[A-Za-z_][\w.]*", span.text) is not None
    context.report.append(
        codes.WRONG_ARGUMENT.at(
            span,
            f"`{key}` is {describe(wanted)}, and this is {_this(span, type)}",
            help=f'to print it, write `"{{{{ {span.text} }}}}"`' if printed and simple else None,
        )
    )


def _this(span: Span, type: Type) -> str:
    text = span.text
    return f"`{text}` ({describe(type)})" if len(text) <= 40 and "\n" not in text else describe(type)
