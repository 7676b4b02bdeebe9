"""A folder of rules compiled, and its tests run: the one path behind `verify`, `simulate`, `run` and reload."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

from atamo_rules.compiler.pipeline import Cache, Compilation, compile_sources
from atamo_rules.engine.cases import CaseResult, run_case
from atamo_rules.hub.archive import Recorder, Script
from atamo_rules.hub.project.brought import misfits
from atamo_rules.hub.project.files import decoded, load, rule_files, schema_reader
from atamo_rules.hub.project.sources import Declared, declared_types, read_declared
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.model.types import Json
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, in_order
from atamo_rules.source.span import Source
from atamo_rules.syntax.declarations import Param


class NothingThere(Exception):
    """A path that does not exist, or holds no rule file; the message says which and what to do."""


@dataclass(slots=True)
class Rulebook:
    """The rule files under some paths, compiled again whenever asked, at the cost of what changed."""

    paths: tuple[Path, ...]
    params: Mapping[str, Json] = field(default_factory=dict)
    cache: Cache = field(default_factory=Cache)
    beside: tuple[Source, ...] = ()
    """Texts that are compiled with the files, and are none."""
    script: Script = field(default_factory=lambda: Script(()))
    """What was compiled last."""

    def compile(self, stdin_name: str = "stdin.atamo") -> Compilation:
        """Read and compile everything. Raises NothingThere when there is no rule file."""
        sources: list[Source] = []
        unread: list[Diagnostic] = []
        folders = [path for path in self.paths if str(path) != "-"]
        for path in folders:
            if not path.exists():
                raise NothingThere(f"`{path}` does not exist.")
        for file in rule_files(folders):
            source, found = load(file)
            unread.extend(found)
            if not found:
                sources.append(source)
        if any(str(path) == "-" for path in self.paths):
            source, found = decoded(stdin_name, sys.stdin.buffer.read())
            unread.extend(found)
            sources.append(source)
        sources.extend(self.beside)
        if not sources and not unread:
            where = ", ".join(f"`{path}`" for path in self.paths)
            raise NothingThere(f"No rule files under {where}. `atamo init DIR` makes a first project.")
        ways: list[Declared] = []
        for folder in folders:
            if folder.is_dir():
                declared, found = read_declared(folder)
                brought, unsaid = declared_types(declared)
                ways.extend(declared)
                sources.extend(brought)
                unread.extend((*found, *unsaid))
        roots = [path if path.is_dir() else path.parent for path in folders] or [Path()]
        read = Recorder(schema_reader(roots))
        made = compile_sources(sources, read, params=self.params, cache=self.cache)
        self.script = Script(
            tuple(sources),
            tuple((who, path, text) for (who, path), text in read.found.items()),
            self.params,
        )
        unread.extend(self._unknown_params(made))
        if made.ruleset is not None:
            unread.extend(wrong for way in ways for wrong in misfits(way, made.ruleset))
        if unread:
            return Compilation(None, tuple(in_order([*unread, *made.diagnostics])), made.files)
        return made

    def _unknown_params(self, made: Compilation) -> Iterator[Diagnostic]:
        """Parameters that were given and that no file declares."""
        declared = [
            item.name.text
            for file in made.files
            if not file.source.space
            for item in file.declarations
            if isinstance(item, Param)
        ]
        for name in self.params:
            if name not in declared:
                near = get_close_matches(name, declared, n=1)
                help = f"did you mean `{near[0]}`?" if near else "declare it: `param NAME: TYPE = VALUE`"
                message = f"no rule file declares a param `{name}`"
                yield codes.BAD_PARAM.at(Source(f"--param {name}", "").whole, message, help=help)


Tested: TypeAlias = "dict[int, tuple[Rule, CaseResult]]"
"""Results of tests that stand in a rule, by the test's id, to be kept from one state of the rules to the next. Such a
test runs its rule alone, and the compiler makes both anew when anything they rest on changes. So the same two objects
have the same result."""


Met: TypeAlias = "Callable[[Rule, str], bool]"
"""Whether what an organisation submits may meet a rule."""


def not_others(rule: Rule, organisation: str) -> bool:
    """Whether a rule is of this organisation's own, or everybody's."""
    return rule.space == organisation or not (rule.space or rule.scope.owner or rule.scope.include)


def run_tests(
    ruleset: Ruleset, tested: Tested | None = None, met: Met = not_others
) -> tuple[tuple[CaseResult, ...], tuple[Diagnostic, ...]]:
    """Run every test of a ruleset; failures and empty tests are diagnostics at their own lines.

    With `tested`, only those that are new; it is brought up to date. A test that an organisation submitted is run on
    the rules it may meet: it shows nothing of what others have.
    """
    rules = {rule.id: rule for rule in ruleset.rules}
    parts = {"": ruleset}
    before = dict(tested or {})
    if tested is not None:
        tested.clear()
    results: list[CaseResult] = []
    for case in ruleset.cases:
        rule = rules.get(case.rule)
        known = before.get(id(case))
        if known is not None and known[1].case is case and known[0] is rule:
            result = known[1]
        else:
            space = case.span.source.space
            if space not in parts:
                theirs = tuple(rule for rule in ruleset.rules if met(rule, space))
                parts[space] = replace(ruleset, rules=theirs)
            result = run_case(parts[space], case)
        results.append(result)
        if tested is not None and rule is not None:
            tested[id(case)] = (rule, result)
    return tuple(results), tuple(in_order(test_findings(ruleset, results)))


def test_findings(ruleset: Ruleset, results: Sequence[CaseResult]) -> list[Diagnostic]:
    """What the results of tests say: failures, tests that show nothing, and a ruleset whose tests match nothing."""
    found: list[Diagnostic] = []
    for result in results:
        for failure in result.failures:
            found.append(
                codes.TEST_FAILED.at(
                    failure.span, f'test "{result.case.name}": {failure.message}', notes=failure.got
                )
            )
        if result.vacuous and not result.failures:
            found.append(
                codes.VACUOUS_TEST.at(
                    result.case.span,
                    f'test "{result.case.name}" shows nothing: {result.vacuous}',
                    help="give an event that the rule sees",
                )
            )
    if results and not found and ruleset.rules and not any(result.fired for result in results):
        found.append(
            codes.NO_TESTS.at(
                results[0].case.span,
                "no test makes any rule fire, so the tests say nothing about what rules do",
                help="give at least one event that should match",
            )
        )
    return found
