"""The stages of the compiler, in order: texts, trees, declarations, tables, rules, tests, ruleset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from atamo_rules.compiler import cases, lints, messages, rules, spaces, tables
from atamo_rules.compiler.context import Environment
from atamo_rules.compiler.declare import OWN, declare
from atamo_rules.compiler.declare_events import Read
from atamo_rules.compiler.declared import twice
from atamo_rules.compiler.schema_file import imported
from atamo_rules.compiler.secrets import secrets
from atamo_rules.compiler.spaces import Space
from atamo_rules.model.case import Case
from atamo_rules.model.rule import AgentUse, Rule, Ruleset
from atamo_rules.model.table import Table
from atamo_rules.model.types import Json
from atamo_rules.source.diagnostic import Diagnostic, Severity, in_order
from atamo_rules.source.span import Source
from atamo_rules.source.unpaused import unpaused
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.read import read as read_file


@dataclass(frozen=True, slots=True)
class Compilation:
    """What came of a set of texts: no ruleset exactly when some diagnostic is an error."""

    ruleset: Ruleset | None
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[decl.File, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)


@dataclass(slots=True)
class Cache:
    """What one compilation learnt that the next can use: trees by text, rules by tree and declarations.

    Nothing in it changes an outcome, only its cost: a file whose text is the same keeps its tree, and a rule whose
    tree and surroundings are the same keeps its meaning.
    """

    trees: dict[str, tuple[str, decl.File, tuple[Diagnostic, ...]]] = field(default_factory=dict)
    around: tuple[decl.Declaration, ...] = ()
    params: str = ""
    schemas: tuple[str, ...] = ()
    environment: Environment | None = None
    found: tuple[Diagnostic, ...] = ()
    spaces: dict[str, Space] = field(default_factory=dict)
    rules: dict[int, Compiled] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Compiled:
    """One rule with its tests, as far as they could be understood, and what was said of it."""

    written: decl.Rule
    rule: Rule | None
    cases: tuple[Case, ...]
    diagnostics: tuple[Diagnostic, ...]
    used: frozenset[tuple[str, str]]
    alone: bool
    """Whether no test of it names a rule, so that the others' names do not matter."""
    environment: Environment = field(compare=False, repr=False)


@unpaused()
def compile_sources(
    sources: Sequence[Source],
    read: Read,
    *,
    params: Mapping[str, Json] | None = None,
    cache: Cache | None = None,
) -> Compilation:
    """Compile texts into one ruleset. `read` gives the schema files they name; `params` overrides parameters.

    Never raises on what an author wrote; every mistake in every file is found in one run.
    """
    cache = cache if cache is not None else Cache()
    report: list[Diagnostic] = []
    files = _parse(sources, cache, report)
    environment = _environment(files, read, params or {}, cache, report)
    cache.spaces, found = spaces.declared(files, environment, cache.spaces)
    report.extend(found)
    known = spaces.environments(environment, cache.spaces)
    named = _named(files, report)
    names = spaces.names(named, known)
    compiled = _rules(named, known, names, cache)
    for one in compiled:
        report.extend(one.diagnostics)
    whole: list[Case] = []
    for file in files:
        for item in file.declarations:
            if isinstance(item, decl.Test):
                space = file.source.space
                case = cases.case(item, "", known[space], names[space], report)
                if case is not None:
                    whole.append(case)
    report.extend(lints.unused(files, known, compiled))
    report.extend(lints.opened(environment, compiled))
    report.extend(lints.passed_over(compiled))
    diagnostics = tuple(in_order(report))
    if any(d.severity is Severity.ERROR for d in diagnostics):
        return Compilation(None, diagnostics, files)
    return Compilation(_ruleset(environment, compiled, whole), diagnostics, files)


def _parse(sources: Sequence[Source], cache: Cache, report: list[Diagnostic]) -> tuple[decl.File, ...]:
    files: list[decl.File] = []
    fresh: dict[str, tuple[str, decl.File, tuple[Diagnostic, ...]]] = {}
    for source in sources:
        known = cache.trees.get(source.name)
        if known is None or known[0] != source.text or known[1].source.space != source.space:
            file, found = read_file(source)
            known = (source.text, file, tuple(found))
        fresh[source.name] = known
        files.append(known[1])
        report.extend(known[2])
    cache.trees = fresh
    return tuple(files)


def _environment(
    files: Sequence[decl.File], read: Read, params: Mapping[str, Json], cache: Cache, report: list[Diagnostic]
) -> Environment:
    """The declarations, made anew only when one of them, or a schema file, changed."""
    around = tuple(
        item
        for file in files
        for item in file.declarations
        if not isinstance(item, decl.Rule | decl.Test) and not (file.source.space and isinstance(item, OWN))
    )
    schemas, given = tuple(_texts(around, read)), repr(sorted(params.items()))
    same = cache.params == given and cache.schemas == schemas and spaces.same(around, cache.around)
    if cache.environment is not None and same:
        report.extend(cache.found)
        return cache.environment
    found: list[Diagnostic] = []
    environment = declare(files, read, params, imported, found)
    made: dict[str, Table] = {}
    broken = set(environment.broken)
    for item in around:
        if isinstance(item, decl.Table):
            table = tables.table(item, environment, found)
            if table is None:
                broken.add(("table", item.name.text))
            else:
                made.setdefault(item.name.text, table)
                found.extend(lints.table(table, environment))
    environment = replace(environment, tables=made, broken=frozenset(broken))
    broken |= lints.defines(environment, found)
    environment = replace(environment, broken=frozenset(broken))
    for item in around:
        if isinstance(item, decl.AgentDecl):
            found.extend(secrets(item))
    kinds = [item for item in around if isinstance(item, decl.ActionTypeDecl)]
    types = messages.examples(kinds, environment, found)
    environment = replace(environment, types=types, messages=messages.messages(environment, found))
    cache.around, cache.params, cache.schemas, cache.environment = around, given, schemas, environment
    cache.found = tuple(found)
    report.extend(found)
    return environment


def _texts(around: Sequence[decl.Declaration], read: Callable[[str, str], str]) -> list[str]:
    """The texts of the schema files in use, so that a changed schema is noticed."""
    found: list[str] = []
    for item in around:
        if isinstance(item, decl.EventDecl) and item.schema is not None:
            path = str(item.schema.path.value).partition("#")[0]
            try:
                found.append(read(item.span.source.name, path))
            except (OSError, ValueError) as error:
                found.append(f"unreadable: {error}")
    return found


def _named(
    files: Sequence[decl.File], report: list[Diagnostic]
) -> dict[str, tuple[decl.Rule, decl.Pack | None]]:
    """The rules by id, each with the pack of its file; of two with one id the first counts."""
    found: dict[str, tuple[decl.Rule, decl.Pack | None]] = {}
    for file in files:
        pack = next((item for item in file.declarations if isinstance(item, decl.Pack)), None)
        for item in file.declarations:
            if isinstance(item, decl.Rule):
                first, _ = found.setdefault(file.source.full(item.name.text), (item, pack))
                if first is not item:
                    report.append(twice("rule", item.name, first.name.span))
    return found


def _rules(
    named: Mapping[str, tuple[decl.Rule, decl.Pack | None]],
    environments: Mapping[str, Environment],
    names: Mapping[str, Mapping[str, str]],
    cache: Cache,
) -> list[Compiled]:
    """Every rule as it is meant; those of the last compilation are kept, unless their tests ask which rules exist."""
    fresh: dict[int, Compiled] = {}
    same = cache.names == named.keys()
    for item, pack in named.values():
        known, space = cache.rules.get(id(item)), item.name.span.source.space
        environment = environments[space]
        if (
            known is None
            or known.written is not item
            or known.environment is not environment
            or not (same or known.alone)
        ):
            known = _rule(item, pack, environment, names[space])
        fresh[id(item)] = known
    cache.rules, cache.names = fresh, frozenset(named)
    return list(fresh.values())


def _rule(
    item: decl.Rule, pack: decl.Pack | None, environment: Environment, names: Mapping[str, str]
) -> Compiled:
    report: list[Diagnostic] = []
    used: set[tuple[str, str]] = set()
    rule = rules.rule(item, pack, environment, report, used)
    if rule is not None:
        rule = replace(rule, digest=rules.digest_of(rule, *((rule.time,) if rule.time is not None else ())))
        report.extend(lints.rule(rule))
    tests: list[Case] = []
    for test in item.tests:
        case = cases.case(test, item.name.span.source.full(item.name.text), environment, names, report)
        if case is not None:
            tests.append(case)
    expects = (step for test in item.tests for step in test.steps if isinstance(step, decl.Expect))
    alone = not any(one.kind == "rule" for step in expects for one in step.expected)
    return Compiled(item, rule, tuple(tests), tuple(report), frozenset(used), alone, environment)


def _ruleset(environment: Environment, compiled: Sequence[Compiled], whole: Sequence[Case]) -> Ruleset:
    found = sorted((one.rule for one in compiled if one.rule is not None), key=lambda rule: rule.place)
    agents = {name: _agent(item) for name, item in environment.agents.items()}
    digest = rules.digest_of(
        [rule.digest for rule in found],
        sorted(environment.events.items()),
        sorted((name, event.schema) for name, event in environment.events.items() if event.schema),
        sorted(environment.actions.items()),
        sorted(agents.items()),
        sorted(environment.tables.items()),
        sorted(environment.messages.items()),
    )
    return Ruleset(
        digest,
        tuple(found),
        environment.events,
        environment.actions,
        agents,
        environment.tables,
        (*(case for one in compiled for case in one.cases), *whole),
        {name: constant.value for name, constant in environment.params.items()},
        environment.messages,
    )


def _agent(item: decl.AgentDecl) -> AgentUse:
    about = str(item.about.value) if item.about else ""
    if item.uses is None:
        return AgentUse(item.name.text, about=about, span=item.name.span)
    settings = {str(setting.keys[0].key): rules.plain(setting.value) for setting in item.uses.settings}
    return AgentUse(item.name.text, item.uses.plugin.text, settings, about, item.uses.span)
