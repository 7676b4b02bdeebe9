"""Canonical text: the one way in which a rule file is written, and the check that writing lost nothing.

Meaning is never changed: `same` compares what was read with what is written, and `fmt` writes nothing that is not
the same.
"""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.comments import written
from atamo_rules.syntax.unparse_atamo import atamo_rows
from atamo_rules.syntax.unparse_atamo_rule import split_metadata
from atamo_rules.syntax.unparse_yaml import yaml_rows
from atamo_rules.syntax.yaml_tidy import tidied

ORDER = (decl.Pack, decl.Use, decl.Param, decl.ListDecl, decl.Define, decl.EventDecl, decl.ActionTypeDecl,
         decl.AgentDecl, decl.Table, decl.Rule, decl.Test)  # fmt: skip
"""The order of kinds in a YAML file, which groups them."""


def canonical(file: decl.File, container: str) -> str:
    """The text, as `atamo` or as `yaml`, of a file that was read without a mistake; all its comments are in it.

    A YAML file that stays one keeps its layout.
    """
    if container == "atamo":
        return written(atamo_rows(file), file.source)
    if container_of(file.source.name) == "yaml":
        return tidied(file.source)
    return written(yaml_rows(file), file.source)


def container_of(name: str) -> str:
    """`atamo` or `yaml`, by the name of a file."""
    return "yaml" if name.endswith((".yaml", ".yml")) else "atamo"


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
