"""Imported declarations as the text of a rule file, in the one spelling that `atamo fmt` would give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atamo_rules.source.diagnostic import Diagnostic, Severity
from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.canonical import canonical, same
from atamo_rules.syntax.read import read

SUFFIX = {"atamo": ".atamo", "yaml": ".yaml"}


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a rule file, what it reads back as, and what is said of it, none of which is an error."""

    text: str
    file: decl.File
    diagnostics: tuple[Diagnostic, ...]


def rule_file(
    declarations: Sequence[decl.Declaration], container: str, note: str = "", name: str = ""
) -> Written:
    """The text of a file, with a comment at its head. Raises ValueError when it would not read back as the same.

    `name` is that of the file in what it reads back as.
    """
    # Foreign places have no lines in this file: nothing is broken where its author broke a line.
    file = decl.File(Source("imported", ""), tuple(declarations))
    text = (
        "".join(f"# {line}\n" for line in note.splitlines()) + "\n" * bool(note) + canonical(file, container)
    )
    back, found = read(Source(name or f"imported{SUFFIX[container]}", text))
    first = next((one for one in found if one.severity is Severity.ERROR), None)
    if first is not None:
        raise ValueError(first.message)
    if not same(file, back):
        raise ValueError("its text would mean something else")
    return Written(text, back, found)
