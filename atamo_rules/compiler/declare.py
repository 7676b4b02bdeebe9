"""Declarations of all files to one environment: what each name means, and who said it twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from atamo_rules.compiler.completing import completing
from atamo_rules.compiler.context import Constant, Environment, near
from atamo_rules.compiler.describe import describe
from atamo_rules.compiler.written_types import fits, places_of, record_of, type_of_expression
from atamo_rules.model.people import Who
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.types import (
    ActionType,
    Anything,
    EventType,
    Json,
    ListOf,
    Policy,
    Record,
    Sharing,
    Type,
)
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix, Label
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

Read = Callable[[str, str], str]
"""Gives the text of a file named in a rule file: (name of the rule file, path as written) -> text. Raises OSError
or ValueError with a sentence when it may not or cannot."""


class Imported(Protocol):
    """What reading a schema gives; see `compiler.schema_file`."""

    def __call__(
        self, declared: decl.EventDecl, read: Read
    ) -> tuple[Type, Mapping[str, object] | bool | None, Sequence[Diagnostic]]: ...


def declare(
    files: Sequence[decl.File],
    read: Read,
    values: Mapping[str, Json],
    imported: Imported,
    report: list[Diagnostic],
) -> Environment:
    """The environment of a set of files, without its tables (they need it to be checked)."""
    declared = Declared(report)
    for file in files:
        declared.broken.update(file.unread)
        for item in file.declarations:
            declared.take(item, read, values, imported)
    declared.packs(files)
    declared.doing()
    return Environment(
        events=declared.events,
        actions=declared.actions,
        agents=declared.agents,
        params=declared.params,
        lists=declared.lists,
        defines=declared.defines,
        tables={},
        places=declared.places,
        types=declared.types,
        doers=declared.doers,
        broken=frozenset(declared.broken),
    )


def twice(kind: str, name: tree.Name, first: Span) -> Diagnostic:
    """A name that is already taken, with both places."""
    return codes.DECLARED_TWICE.at(
        name.span,
        f"the {kind} `{name.text}` is declared twice",
        also=[Label(first, "first declared here")],
        help="give one of them another name",
    )


class Declared:
    """The tables of names while they are filled; thrown away when the environment is made."""

    def __init__(self, report: list[Diagnostic]) -> None:
        self.report = report
        self.events: dict[str, EventType] = {}
        self.actions: dict[str, ActionType] = {}
        self.types: dict[str, ActionType] = {}
        self.doers: dict[str, tuple[str, ...]] = {}
        self.agents: dict[str, decl.AgentDecl] = {}
        self.params: dict[str, Constant] = {}
        self.lists: dict[str, Constant] = {}
        self.defines: dict[str, decl.Define] = {}
        self.places: dict[tuple[str, str], Span] = {}
        self.broken: set[tuple[str, str]] = set()

    def take(
        self, item: decl.Declaration, read: Read, values: Mapping[str, Json], imported: Imported
    ) -> None:
        match item:
            case decl.EventDecl():
                if self.new("event", item.name):
                    self.events[item.name.text] = self.event(item, read, imported)
            case decl.ActionTypeDecl():
                if self.new("action", item.name):
                    self.type(item)
            case decl.AgentDecl():
                if self.new("agent", item.name):
                    self.agent(item)
            case decl.Param():
                if self.new("param", item.name):
                    self.param(item, values)
            case decl.ListDecl():
                if self.new("list", item.name):
                    self.list(item)
            case decl.Define():
                if self.new("define", item.name):
                    self.defines[item.name.text] = item
            case decl.Table():
                self.new("table", item.name)
            case _:
                pass

    def new(self, kind: str, name: tree.Name) -> bool:
        """Note a declaration; False, with both places named, when the name is taken."""
        spaces = ("define", "table") if kind in ("define", "table") else (kind,)
        for space in spaces:
            first = self.places.get((space, name.text))
            if first is not None:
                self.report.append(twice(kind, name, first))
                return False
        self.places[(kind, name.text)] = name.span
        return True

    def event(self, item: decl.EventDecl, read: Read, imported: Imported) -> EventType:
        name = item.name.text
        before = len(self.report)
        schema: Mapping[str, object] | bool | None = None
        type: Type
        if item.schema is not None:
            type, schema, found = imported(item, read)
            self.report.extend(found)
        elif item.anything:
            type = Anything(item.through_lists, item.as_text)
        else:
            type = record_of(item.fields, self.report, closed=item.closed)
            places_of(item.fields, f"{name}.", lambda path, span: self.places.update({("field", path): span}))
            schema = schema_of(type, title=name)
        if any(d.severity is codes.ERROR for d in self.report[before:]):
            self.broken.add(("event", name))
        answer = record_of(item.answer, self.report) if item.answer is not None else None
        if item.request and answer is None:
            answer = Record({})
        return EventType(
            name,
            type if isinstance(type, Record | Anything) else Anything(),
            schema,
            item.request,
            answer,
            self.policy(item),
            str(item.about.value) if item.about else "",
            item.schema is not None,
            completing(item.completing, self.report),
        )

    def policy(self, item: decl.EventDecl) -> str:
        if item.invalid is None:
            return Policy.REJECT
        word = item.invalid.text
        if word not in Policy.ALL:
            self.report.append(
                codes.BAD_POLICY.at(
                    item.invalid.span,
                    f"`{word}` is not something to do with an invalid event",
                    help=f"write one of {', '.join(Policy.ALL)}",
                )
            )
            return Policy.REJECT
        return word

    def agent(self, item: decl.AgentDecl) -> None:
        self.agents[item.name.text] = item
        for offered in item.actions:
            id = f"{item.name.text}.{offered.name.text}"
            if not self.new("action", tree.Name(id, span=offered.name.span)):
                continue
            parameters = Anything() if offered.anything else record_of(offered.parameters, self.report)
            answer = record_of(offered.answer, self.report) if offered.answer is not None else None
            about = str(offered.about.value) if offered.about else ""
            self.actions[id] = ActionType(
                item.name.text,
                offered.name.text,
                offered.verb,
                parameters,
                answer,
                about,
                self.safe(offered, offered.verb),
            )

    def type(self, item: decl.ActionTypeDecl) -> None:
        """A type of action: asked where it is answered, and else sent or tracked."""
        parameters = Anything() if item.anything else record_of(item.parameters, self.report)
        answer = record_of(item.answer, self.report) if item.answer is not None else None
        verb = "send" if answer is None else "ask"
        self.types[item.name.text] = ActionType(
            "",
            item.name.text,
            verb,
            parameters,
            answer,
            str(item.about.value) if item.about else "",
            self.safe(item, verb),
            item.retry,
        )

    def doing(self) -> None:
        """Give every agent the types of actions that it does, as actions of its own."""
        for agent in sorted(self.agents):
            for does in self.agents[agent].does:
                name = does.action.text
                found = self.types.get(name)
                if found is None:
                    self._no_type(does)
                elif self.new("action", tree.Name(f"{agent}.{name}", span=does.action.span)):
                    self.actions[f"{agent}.{name}"] = replace(found, agent=agent)
                    self.doers[name] = (*self.doers.get(name, ()), agent)

    def _no_type(self, does: decl.Does) -> None:
        name = does.action.text
        if ("action", name) in self.broken:
            return
        close = near(name, self.types)
        exact = does.action.span.text == name
        self.report.append(
            codes.UNKNOWN_NAME.at(
                does.action.span,
                f"there is no action type `{name}`",
                label=f"did you mean `{close}`?" if close else "",
                help=None if close else f"declare it at the left margin: `action {name}`",
                fixes=[Fix(f"write `{close}`", (Edit(does.action.span, close),))] if close and exact else (),
            )
        )

    def safe(self, offered: decl.ActionDecl | decl.ActionTypeDecl, verb: str) -> Sharing | None:
        """How calls of an action are shared that says it is safe; only what brings something back can be."""
        said = offered.safe
        if said is None:
            return None
        if verb not in ("ask", "publish"):
            self.report.append(
                codes.UNKNOWN_CLAUSE.at(
                    said.span,
                    f"`{verb}` cannot be `safe`: nothing comes back that equal calls could share",
                    help="only `ask` and `publish` can",
                )
            )
            return None
        by = Who("group", said.group.text) if said.group is not None else said.by
        return Sharing(seconds(said.fresh), seconds(said.stale), by)

    def param(self, item: decl.Param, values: Mapping[str, Json]) -> None:
        name = item.name.text
        type = type_of_expression(item.type, self.report)
        value: Json = None
        if name in values:
            value = values[name]
        elif isinstance(item.default, tree.Literal):
            value = item.default.value
        elif isinstance(item.default, tree.ListValue):
            value = [part.value for part in item.default.items if isinstance(part, tree.Literal)]
        elif isinstance(item.default, tree.Path) and len(item.default.steps) == 1:
            value = str(item.default.steps[0].key)
        elif isinstance(item.default, tree.Quantity):
            value = _iso(item.default)
        else:
            self.report.append(
                codes.BAD_PARAM.at(
                    item.span, f"the parameter `{name}` has no value", help="give it a default"
                )
            )
            self.broken.add(("param", name))
            return
        if not fits(value, type):
            at = item.default.span if item.default is not None and name not in values else item.name.span
            self.report.append(codes.BAD_PARAM.at(at, f"the value of `{name}` is not {describe(type)}"))
            self.broken.add(("param", name))
            return
        self.params[name] = Constant(name, type, value, item.span)

    def list(self, item: decl.ListDecl) -> None:
        from atamo_rules.compiler.constants import literal_type

        types = {literal_type(literal.value) for literal in item.items}
        kind = types.pop() if len(types) == 1 else Anything()
        values = tuple(literal.value for literal in item.items)
        self.lists[item.name.text] = Constant(item.name.text, ListOf(kind), values, item.span)  # type: ignore[arg-type]

    def packs(self, files: Sequence[decl.File]) -> None:
        """Every `use` must name a pack that is here, in a version that fits."""
        here: dict[str, str] = {}
        for file in files:
            for item in file.declarations:
                if isinstance(item, decl.Pack):
                    here.setdefault(item.name.text, str(item.version.value) if item.version else "")
        for file in files:
            for item in file.declarations:
                if isinstance(item, decl.Use):
                    self._use(item, here)

    def _use(self, item: decl.Use, here: Mapping[str, str]) -> None:
        name = item.pack.text
        if ("pack", name) in self.broken:
            return
        if name not in here:
            self.report.append(
                codes.PACK_MISSING.at(
                    item.pack.span, f"the pack `{name}` is not among these files", help="verify them together"
                )
            )
        elif item.version is not None and not version_fits(here[name], str(item.version.value)):
            self.report.append(
                codes.PACK_MISSING.at(
                    item.version.span,
                    f"`{name}` is here in version {here[name] or 'unknown'}, not `{item.version.value}`",
                    help=f'write `version "{here[name]}"`' if here[name] else None,
                    fixes=[
                        Fix("use the version that is here", (Edit(item.version.span, f'"{here[name]}"'),))
                    ],
                )
            )


def version_fits(version: str, wanted: str) -> bool:
    """Whether `1.2.0` fits `1.x`, `1.2` or `1.2.0`: equal part by part, `x` or `*` or nothing for any."""
    have = version.split(".")
    for position, part in enumerate(wanted.split(".")):
        if part in ("x", "*"):
            continue
        if position >= len(have) or have[position] != part:
            return False
    return True


def seconds(quantity: tree.Quantity | None) -> float:
    """A length of time; 0 for none."""
    from atamo_rules.compiler import constants

    return constants.quantity(quantity).total_seconds() if quantity is not None else 0.0


def _iso(quantity: tree.Quantity) -> str:
    from atamo_rules.compiler.constants import SECONDS

    return f"PT{quantity.amount * SECONDS[quantity.unit]}S"
