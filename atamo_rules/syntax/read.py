"""A rule file of any container to its tree, chosen by the name of the file."""

from __future__ import annotations

from typing import Literal, TypeAlias

from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax.declarations import File

Container: TypeAlias = Literal["atamo", "yaml", "links", "sheet"]
YAML = (".yaml", ".yml")
SHEETS = (".rules.csv", ".rules.xlsx")
SUFFIXES = (".atamo", *YAML, *SHEETS)


def container_of(name: str) -> Container:
    """What a file of that name holds: `links.yaml` and `NAME.links.yaml` hold links, `NAME.rules.csv` rows."""
    if name.endswith(SHEETS):
        return "sheet"
    if name.endswith(YAML):
        stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
        return "links" if stem == "links" or stem.endswith(".links") else "yaml"
    return "atamo"


def read(source: Source) -> tuple[File, tuple[Diagnostic, ...]]:
    """The tree of a file, without what could not be read, and every mistake in it. Never raises on its text."""
    match container_of(source.name):
        case "sheet":
            from atamo_rules.syntax.sheet import read_sheet

            return read_sheet(source)
        case "links":
            from atamo_rules.syntax.links import read_links

            return read_links(source)
        case "yaml":
            from atamo_rules.syntax.yaml_file import read_yaml_file

            return read_yaml_file(source)
        case "atamo":
            from atamo_rules.syntax.atamo_file import read_atamo

            return read_atamo(source)
