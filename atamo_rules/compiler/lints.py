"""Findings about rules that compile: what can never or always hold, what nobody uses, what a table leaves out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from atamo_rules.compiler import conditions
from atamo_rules.compiler.bounds import bounds_verdict
from atamo_rules.compiler.calls import parameter_type
from atamo_rules.compiler.context import NOTHING, Binding, Context, Environment, near
from atamo_rules.compiler.exclusions import exclusive
from atamo_rules.compiler.table_proof import proof
from atamo_rules.model.meaning import All, Among, Any, Condition, Constant, Get, Not, Test
from atamo_rules.model.people import Scope
from atamo_rules.model.rule import DRAFT, LIVE, Rule
from atamo_rules.model.table import Table
from atamo_rules.model.types import Anything
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label
from atamo_rules.syntax import declarations as decl

if TYPE_CHECKING:
    from atamo_rules.compiler.pipeline import Compiled


def rule(found: Rule) -> Iterator[Diagnostic]:
    """Comparisons that the declared bounds of numbers already decide, and parts that exclude each other or leave
    nothing out."""
    for test in tests_of(found.condition):
        verdict = bounds_verdict(test)
        if verdict is False:
            yield codes.NEVER_TRUE.at(
                test.span,
                f"`{test.span.text}` can never hold: the declared bounds exclude it",
                help="change the number here, or the bounds of the field",
            )
        elif verdict is True:
            yield codes.ALWAYS_TRUE.at(
                test.span,
                f"`{test.span.text}` always holds: the declared bounds say so",
                help="drop it, or change the number",
            )
    yield from exclusive(found.condition)


def tests_of(condition: Condition) -> list[Test]:
    """Every comparison in a condition, in the author's order."""
    match condition:
        case Test():
            return [condition]
        case All() | Any():
            return [test for part in condition.parts for test in tests_of(part)]
        case Not():
            return tests_of(condition.part)
        case Among():
            return tests_of(condition.condition)
        case _:
            return []


def passed_over(compiled: Sequence[Compiled]) -> Iterator[Diagnostic]:
    """Rules that no event reaches, since one before them is asked of every event, always holds and stops."""
    walls: dict[str, Rule] = {}
    for one in sorted((one.rule for one in compiled if one.rule is not None), key=lambda rule: rule.place):
        wall = walls.get(one.event)
        if wall is not None and one.time is None and one.status != DRAFT:
            yield codes.NEVER_TRUE.at(
                one.span,
                f"`{one.id}` is never asked: `{wall.id}` comes first, always holds, and stops",
                also=[Label(wall.span, f"`{wall.id}` has no condition")],
                help=f"give `{wall.id}` a `when` or a higher `order`, or drop its `stop`",
            )
        elif (
            one.stop
            and one.status == LIVE
            and one.time is None
            and one.condition == Constant(True, span=one.span)
            and one.scope == Scope()
        ):
            walls.setdefault(one.event, one)


def defines(environment: Environment, report: list[Diagnostic]) -> set[tuple[str, str]]:
    """Check each definition once, where it stands; gives those that have errors."""
    broken: set[tuple[str, str]] = set()
    for name, define in environment.defines.items():
        if environment.home(define) is not environment:
            continue
        before = len(report)
        context = Context(environment, None, report, expanding=(define,))
        for parameter in define.parameters:
            type = parameter_type(parameter, context)
            if type is None:
                what = parameter.event.text if parameter.event else ""
                if ("event", what) not in environment.broken:
                    close = near(what, environment.events)
                    report.append(
                        codes.UNKNOWN_NAME.at(
                            parameter.span,
                            f"there is no event type `{what}`",
                            label=f"did you mean `{close}`?" if close else "",
                        )
                    )
                broken.add(("define", name))
                type = Anything()
            elif parameter.event is not None and ("event", parameter.event.text) in environment.broken:
                broken.add(("define", name))
            here = Get(parameter.name.text, (), type, span=parameter.span)
            context = context.bind(parameter.name.text, Binding(here, type, parameter.span))
        if ("define", name) in broken:
            continue
        conditions.condition(define.body, context, NOTHING)
        if any(d.severity is codes.ERROR for d in report[before:]):
            broken.add(("define", name))
    return broken


def table(found: Table, environment: Environment) -> Iterator[Diagnostic]:
    """Whether `exactly one row` holds for every event, and whether some row can never win."""
    yield from proof(found, environment.events[found.event])


def opened(environment: Environment, compiled: Sequence[Compiled]) -> Iterator[Diagnostic]:
    """Event types that rules are on and of whose fields nothing is known: said once for each."""
    used = frozenset().union(*(one.used for one in compiled))
    for name, event in environment.events.items():
        key = ("event", name)
        if isinstance(event.type, Anything) and key in used and key not in environment.broken:
            yield codes.OPEN_EVENT.at(
                environment.places[key],
                f"nothing is known of the fields of `{name}`, so what rules read of it is not checked",
                notes=["a comparison with an absent or differently typed value is false"],
                help='list its fields, or take them from a schema: `from "schemas/….json"`',
            )


_NOUNS = {"param": "parameter", "list": "list", "define": "definition", "table": "table"}


def unused(
    files: Sequence[decl.File], spaces: Mapping[str, Environment], compiled: Sequence[Compiled]
) -> Iterator[Diagnostic]:
    """Parameters, lists, definitions and tables that nothing uses. Quiet while rules have errors."""
    if any(one.rule is None for one in compiled) or not compiled:
        return
    # What is declared for all may be used by anybody; what an organisation declares, by it.
    used: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in compiled:
        used[one.written.name.span.source.space] |= one.used
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        texts[file.source.space] += [
            item.span.text for item in file.declarations if isinstance(item, decl.Define | decl.Table)
        ]
    for space, environment in spaces.items():
        of = (space,) if space else tuple(spaces)
        mentioned = "\n".join(text for one in of for text in texts[one])
        yield from _unused(space, environment, set().union(*(used[one] for one in of)), mentioned)


def _unused(
    space: str, environment: Environment, used: Collection[tuple[str, str]], texts: str
) -> Iterator[Diagnostic]:
    for kind, names in (
        ("param", environment.params),
        ("list", environment.lists),
        ("define", environment.defines),
        ("table", environment.tables),
    ):
        for name in names:
            span = environment.places[(kind, name)]
            if span.source.space != space or (kind, name) in used:
                continue
            if texts.count(name) - (kind in ("define", "table")) <= 0:
                yield codes.UNUSED.at(span, f"the {_NOUNS[kind]} `{name}` is never used", help="delete it")
