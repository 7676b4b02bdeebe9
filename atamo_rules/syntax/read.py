"""A rule file of either container to its tree, chosen by the name of the file."""

from __future__ import annotations

from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax.declarations import File

SUFFIXES = (".atamo", ".yaml", ".yml")


def read(source: Source) -> tuple[File, tuple[Diagnostic, ...]]:
    """The tree of a file, without what could not be read, and every mistake in it. Never raises on its text."""
    if source.name.endswith((".yaml", ".yml")):
        from atamo_rules.syntax.yaml_file import read_yaml_file

        return read_yaml_file(source)
    from atamo_rules.syntax.atamo_file import read_atamo

    return read_atamo(source)
