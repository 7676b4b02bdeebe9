"""Paths: from the author's words to a place in the event, a parameter, the user, or a bound name."""

from __future__ import annotations

from atamo_rules.compiler import meant
from atamo_rules.compiler.context import USER, Constant, Context, Facts, Operand, is_known, near
from atamo_rules.compiler.describe import describe
from atamo_rules.model.meaning import EACH, LEAVES, THROUGH, Const, Each, Get, Now, Step
from atamo_rules.model.types import Anything, ListOf, MapOf, Moment, Record, Type
from atamo_rules.model.window import OVER
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix, Label
from atamo_rules.syntax import tree

ROOTS = ("event", "param", "user", "now")
_PARTS = {**dict.fromkeys(("length", "size", "count", "len"), "length"),
          **{part: part for part in ("year", "month", "day", "hour", "minute", "date", "weekday")}}  # fmt: skip
"""What other languages read of a value as if it were a field, and the function that gives it here."""


def path_operand(path: tree.Path, context: Context, facts: Facts) -> Operand | None:
    """What a path stands for; None after saying what is wrong with it."""
    first = path.steps[0]
    rest = path.steps[1:]
    name = str(first.key)
    if name in context.names:
        binding = context.names[name]
        if not rest:
            missing = binding.term if binding.optional and isinstance(binding.term, Get) else None
            known = missing is not None and is_known(facts, missing.root, missing.steps)
            return Operand(binding.term, binding.type, None if known else missing)
        if not isinstance(binding.term, Get):
            _no_fields(rest[0], describe(binding.type), context)
            return None
        start = binding.term
        lost = start if binding.optional and not is_known(facts, start.root, start.steps) else None
        return _walk(path, rest, start.root, start.steps, binding.type, context, facts, lost)
    if name == "now":
        if not rest:
            return Operand(Now(span=path.span), Moment())
        _no_fields(rest[0], describe(Moment()), context, path)
        return None
    if name == "user":
        return _walk(path, rest, "user", (), USER, context, facts, None)
    if name == "param":
        return _param(path, rest, context)
    if context.event is None:
        if context.environment.is_lost(name):
            return None
        context.report.append(
            codes.UNKNOWN_NAME.at(first.span, f"nothing here is called `{name}`", help=_names_here(context))
        )
        return None
    if name == "event":
        return _walk(path, rest, "event", (), context.event.type, context, facts, None)
    return _walk(path, path.steps, "event", (), context.event.type, context, facts, None)


def gathered(found: Operand) -> Operand:
    """A path through a list, where a value is wanted: the list of all the values it leads to."""
    term, type = found.term, found.type
    if not (isinstance(term, Get) and term.listed):
        return found
    if isinstance(type, ListOf):
        # Lists inside a list, one after the other: `any t in lines.tags has …` asks every tag of every line.
        return Operand(Get(term.root, (*term.steps, EACH), type.item, span=term.span), type, found.absent)
    return Operand(term, ListOf(type), found.absent)


def alone(expr: tree.Expr, found: Operand | None, context: Context) -> Operand | None:
    """A value where only one can stand; a path through a list is many, and says so."""
    if found is None or not (isinstance(found.term, Get) and found.term.listed):
        return found
    context.report.append(
        codes.WRONG_TYPE.at(
            expr.span,
            f"`{expr.span.text}` is many values, one for each element of a list",
            help="ask each element: `any x in list has (…)`, or take a function of the list such as `sum(…)`",
        )
    )
    return None


def each_of(found: Operand) -> Operand:
    """A value that may be a list, in the place of one value: any of its elements."""
    term, type = found.term, found.type
    if not isinstance(term, Get):
        return found
    while isinstance(type, ListOf):
        type = type.item
        term = Get(term.root, (*term.steps, EACH), type, span=term.span)
    if isinstance(type, Anything) and type.through_lists and term.steps[-1:] not in ((THROUGH,), (LEAVES,)):
        term = Get(term.root, (*term.steps, THROUGH), type, span=term.span)
    return Operand(term, type, found.absent)


def scalar(type: Type) -> Type:
    """The type of what is in a list, or in lists of lists; any other type itself."""
    while isinstance(type, ListOf):
        type = type.item
    return type


def leaves(found: Operand) -> Operand | None:
    """The texts, numbers, booleans and nulls that a path leads to, through lists; None of what is no path."""
    if not isinstance(found.term, Get):
        return None
    steps = found.term.steps
    if steps[-1:] == (LEAVES,):
        return found
    return Operand(Get(found.term.root, (*steps, LEAVES), Anything(), span=found.term.span), Anything())


def is_word(expr: tree.Expr) -> str | None:
    """The word, when an expression is one bare word that could be an enum value."""
    if isinstance(expr, tree.Path) and len(expr.steps) == 1 and isinstance(expr.steps[0].key, str):
        return expr.steps[0].key
    return None


def names_something(word: str, context: Context) -> bool:
    """Whether a bare word already means a bound name or a field of the event."""
    if word in context.names or word == "now":
        return True
    type = context.event.type if context.event else None
    return isinstance(type, Record) and word in type.members


def taken(word: str, context: Context) -> bool:
    """Whether a word cannot become a new name: it means something already, or is a root of its own."""
    return word in ROOTS or names_something(word, context)


def _walk(
    path: tree.Path,
    steps: tuple[tree.Step, ...],
    root: str,
    begun: tuple[Step, ...],
    type: Type,
    context: Context,
    facts: Facts,
    absent: Get | None,
) -> Operand | None:
    taken: tuple[Step, ...] = begun
    entered = EACH in begun
    for step in steps:
        if isinstance(type, ListOf) and isinstance(step.key, str):
            taken, type, entered = (*taken, EACH), type.item, True
        if isinstance(type, Anything):
            through = type.through_lists and isinstance(step.key, str)
            taken = (*taken, THROUGH, step.key) if through else (*taken, step.key)
            continue
        if isinstance(type, ListOf):
            taken, type = (*taken, step.key), type.item
            optional = True
        elif isinstance(type, MapOf):
            taken, type = (*taken, str(step.key)), type.value
            optional = True
        elif isinstance(type, Record):
            member = type.members.get(str(step.key)) if isinstance(step.key, str) else None
            if member is None:
                _unknown_field(path, step, type, root, taken, context)
                return None
            taken, type = (*taken, step.key), member.type
            optional = member.optional
        else:
            what = f"a list of {describe(type)}" if taken[-1:] == (EACH,) else describe(type)
            _no_fields(step, what, context, path)
            return None
        # Inside an array every element is asked alone: one that lacks the field just does not satisfy the test.
        if optional and not entered and absent is None and not is_known(facts, root, taken):
            absent = Get(root, taken, type, span=path.span)
    return Operand(Get(root, taken, type, span=path.span), type, absent)


def _param(path: tree.Path, rest: tuple[tree.Step, ...], context: Context) -> Operand | None:
    params = context.environment.params
    if not rest:
        context.report.append(
            codes.UNKNOWN_NAME.at(
                path.span, "`param` needs the name of a parameter", help="write `param.name`"
            )
        )
        return None
    name = str(rest[0].key)
    constant: Constant | None = params.get(name)
    if constant is None:
        if not context.environment.is_lost(name):
            close = near(name, params)
            context.report.append(
                codes.UNKNOWN_NAME.at(
                    rest[0].span,
                    f"there is no parameter `{name}`",
                    label=f"did you mean `{close}`?" if close else "",
                    help=None if close else f'declare it: `param {name}: text = "…"`',
                    fixes=[Fix(f"write `{close}`", (Edit(rest[0].span, close),))] if close else (),
                )
            )
        return None
    context.used.add(("param", name))
    if len(rest) > 1:
        _no_fields(rest[1], describe(constant.type), context)
        return None
    return Operand(Const(constant.value, span=path.span), constant.type)


def _unknown_field(
    path: tree.Path, step: tree.Step, type: Record, root: str, taken: tuple[Step, ...], context: Context
) -> None:
    word = str(step.key)
    at = ".".join(str(s) for s in taken if not isinstance(s, Each))
    owner = context.event.name if root == "event" and context.event else root
    if context.environment.is_lost(owner, word):
        return  # some of its fields could not be read, perhaps this one
    said = _meant(path, step, type, root, context)
    close = near(word, type.members) if said is None else None
    message = f"`{owner}` has no field `{f'{at}.' if at else ''}{word}`"
    code = codes.UNKNOWN_FIELD
    if context.template:
        code = codes.TEMPLATE_FIELD
        message = f"the template of `{context.template}` reads a field that `{owner}` does not have"
    if owner == OVER and not type.members:
        message = f"a schedule is about no event, so there is no `{word}`"
        said = said or meant.Meant("at its moments there are `now` and parameters: `param.name`")
    known = ", ".join(f"{n} ({describe(m.type)})" for n, m in list(type.members.items())[:8])
    more = ", …" if len(type.members) > 8 else ""
    declared = context.environment.places.get(("event", owner))
    context.report.append(
        code.at(
            step.span,
            message,
            label=f"did you mean `{close}`?" if close else "",
            also=[Label(declared, f"`{owner}` is declared here")] if declared else (),
            notes=[f"known {f'under `{at}`' if at else 'here'}: {known}{more}"] if known else (),
            help=said.help if said else None,
            fixes=[Fix(f"write `{close}`", (Edit(step.span, close),))]
            if close and step.span.text == word
            else [Fix(f"write `{said.text}`", (Edit(path.span, said.text),))]
            if said and said.text
            else (),
        )
    )


def _meant(path: tree.Path, step: tree.Step, type: Record, root: str, context: Context) -> meant.Meant | None:
    """What other languages would mean by a path that leads to nothing."""
    if step is path.steps[0]:
        return meant.path(path, context)
    return meant.enveloped(step, path, type) if root == "event" and step is path.steps[1] else None


def _no_fields(step: tree.Step, what: str, context: Context, path: tree.Path | None = None) -> None:
    help = None
    part = _PARTS.get(str(step.key))
    if path is not None and part is not None:
        before = path.span.text[: step.span.start - path.span.start].rstrip(".")
        help = f"write `{part}({before})`"
    message = f"`{step.key}` cannot be read here: the value before it is {what}"
    context.report.append(codes.UNKNOWN_FIELD.at(step.span, message, help=help))


def _names_here(context: Context) -> str | None:
    return f"known here: {', '.join(sorted(context.names))}" if context.names else None
