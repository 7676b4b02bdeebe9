"""The one text that a rule file has: canonical text, and what of a tree must survive being written.

Meaning is never changed: `same` compares what was read with what is written, and `fmt` writes nothing that is not
the same.
"""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.comments import written
from atamo_rules.syntax.unparse_atamo import atamo_rows, split_metadata
from atamo_rules.syntax.unparse_yaml import yaml_rows

ORDER = (decl.Pack, decl.Use, decl.Param, decl.ListDecl, decl.Define, decl.EventDecl, decl.AgentDecl, decl.Table,
         decl.Rule, decl.Test)  # fmt: skip
"""The order of kinds in a YAML file, which groups them."""


def canonical(file: decl.File, container: str) -> str:
    """The text of a file that was read without a mistake, as `atamo` or as `yaml`, with all its comments."""
    rows = atamo_rows(file) if container == "atamo" else yaml_rows(file)
    return written(rows, file.source)


def same(one: decl.File, two: decl.File) -> bool:
    """Whether two files say the same: kinds may be grouped and metadata sorted, and nothing else may differ."""
    return _sorted(one) == _sorted(two)


def _sorted(file: decl.File) -> list[decl.Declaration]:
    plain = [_settled(one) for one in file.declarations]
    return sorted(
        plain, key=lambda one: (ORDER.index(type(one)), isinstance(one, decl.EventDecl) and one.request)
    )


def _settled(one: decl.Declaration) -> decl.Declaration:
    if isinstance(one, decl.Rule):
        lines, below = split_metadata(one.metadata)
        return replace(one, metadata=(*lines, *below))
    return one
