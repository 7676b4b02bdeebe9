"""Foreign files to the texts of a folder of rules that verifies: read, gathered, written out, compiled."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace

from atamo_rules.cli.foreign_files import Foreign, load
from atamo_rules.importers.imported import Imported, Reading, Refused, doing
from atamo_rules.importers.written import SUFFIX, Written, rule_file
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax import declarations as decl

Read = Callable[[Source], Reading]
MOST = 2_000
"""Rules that one file holds: rule files are at most `hub.files.LARGEST` long."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read of all files: the rules of each, what they share, what was refused, and what is malformed."""

    rules: tuple[tuple[Foreign, tuple[Imported, ...]], ...] = ()
    around: tuple[decl.Declaration, ...] = ()
    refused: tuple[Refused, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def count(self) -> int:
        return sum(len(rules) for _, rules in self.rules)


def gathered(files: Iterable[Foreign], read: Read) -> Gathered:
    """Every rule of every file. A name that a rule before it has is not given to another."""
    rules: list[tuple[Foreign, tuple[Imported, ...]]] = []
    around: dict[tuple[type, str], decl.Declaration] = {}
    refused: list[Refused] = []
    report: list[Diagnostic] = []
    named: dict[str, Span] = {}
    for file in files:
        source, found = load(file.path)
        report += found
        if found:
            continue
        reading = read(source)
        report += reading.diagnostics
        kept: list[Imported] = []
        for item in reading.items:
            first = named.setdefault(item.name, item.span)
            if first is not item.span:
                report.append(_taken(item.name, item.span, first))
            elif isinstance(item, Refused):
                refused.append(item)
            else:
                kept.append(item)
        for one in reading.around:
            around.setdefault((type(one), _name(one)), one)
        if kept:
            rules.append((file, tuple(kept)))
    return Gathered(tuple(rules), tuple(around.values()), tuple(refused), tuple(report))


def _taken(name: str, span: Span, first: Span) -> Diagnostic:
    return codes.FOREIGN_RULE.at(
        span,
        f"`{name}` is the name of another rule already",
        also=[Label(first, "first here")],
        help="give one of them another name",
    )


def _name(one: decl.Declaration) -> str:
    name = one.pack if isinstance(one, decl.Use) else one.name
    return name.text


def texts(found: Gathered, container: str, command: str) -> tuple[dict[str, str], Gathered]:
    """The files of a folder that verifies, by path, and what is in them.

    What an importer reads should compile. Where it does not, say because a regular expression is too large to run in
    linear time or a condition too long for a clause, the rule is refused like any other, so that the rest is of use.
    """
    while True:
        made, wrong = _files(found, container, command)
        wrong = wrong or _uncompiled(made, found)
        if not wrong:
            return {name: one.text for name, one in made.items()}, found
        names = {one.name for one in wrong}
        kept = ((file, tuple(one for one in rules if one.name not in names)) for file, rules in found.rules)
        rules = tuple((file, rules) for file, rules in kept if rules)
        found = replace(found, rules=rules, refused=(*found.refused, *wrong))


def _files(found: Gathered, container: str, command: str) -> tuple[dict[str, Written], list[Refused]]:
    """The texts of all files; or the rules whose text would not read back, which must first be left out."""
    suffix = SUFFIX[container]
    events = [one for one in found.around if isinstance(one, decl.EventDecl)]
    names = {one.name for _, rules in found.rules for one in rules}
    others = [
        doing(one, names) if isinstance(one, decl.AgentDecl) else one
        for one in found.around
        if not isinstance(one, decl.EventDecl)
    ]
    made: dict[str, Written] = {}
    wrong: list[Refused] = []
    for name, around in (("events", events), ("agents", others)):
        if around and found.rules:
            note = f"The {name} of what `{command}` read."
            made[name + suffix] = rule_file(around, container, note, name + suffix)
    for file, rules in found.rules:
        note = f"Read from {file.path.name} by `{command}`."
        for begun in range(0, len(rules), MOST):
            some = rules[begun : begun + MOST]
            beside = [one for item in some for one in item.beside]
            name = _free(f"rules/{file.place}", suffix, made)
            try:
                made[name] = rule_file([*beside, *(one.rule for one in some)], container, note, name)
            except ValueError as error:
                wrong += _unwritable(some, error)
    return made, wrong


def _free(place: str, suffix: str, made: Container[str]) -> str:
    """The path of a file: `rules/orders`, then `rules/orders-2`, where one file would be too large."""
    number, name = 1, place + suffix
    while name in made:
        number += 1
        name = f"{place}-{number}{suffix}"
    return name


def _unwritable(rules: Sequence[Imported], error: ValueError) -> list[Refused]:
    """The rules whose text would not read back. Raises the error of all of them when each alone would."""
    wrong = []
    for one in rules:
        try:
            rule_file([*one.beside, one.rule], "atamo")
        except ValueError as reason:
            wrong.append(Refused(one.name, f"a rule cannot be written of it: {reason}", one.span))
    if not wrong:
        raise error
    return wrong


def _uncompiled(made: dict[str, Written], found: Gathered) -> list[Refused]:
    """The rules that do not compile, each with the first reason. Raises ValueError where no rule is to blame."""
    from atamo_rules.compiler.pipeline import Cache, compile_sources

    # Each file was read back when it was written, and is not read again.
    cache = Cache({name: (one.text, one.file, one.diagnostics) for name, one in made.items()})
    compiled = compile_sources([one.file.source for one in made.values()], _unread, cache=cache)
    imported = {one.name: one for _, rules in found.rules for one in rules}
    wrong: dict[str, Refused] = {}
    kinds = decl.Rule | decl.ActionTypeDecl
    rules = [item for file in compiled.files for item in file.declarations if isinstance(item, kinds)]
    for error in compiled.errors:
        rule = _around(rules, error.span)
        if rule is None or rule.name.text not in imported:
            raise ValueError(f"{error.span}: {error.message}")
        name = rule.name.text
        wrong.setdefault(name, Refused(name, error.message, imported[name].span))
    return list(wrong.values())


def _around(
    rules: Sequence[decl.Rule | decl.ActionTypeDecl], span: Span
) -> decl.Rule | decl.ActionTypeDecl | None:
    return next(
        (
            rule
            for rule in rules
            if rule.span.source is span.source and rule.span.start <= span.start < rule.span.end
        ),
        None,
    )


def _unread(relative_to: str, path: str) -> str:
    raise OSError(f"`{path}` is not read")
