"""Packs: every `use` must name one that is here, in a version that fits."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence

from atamo_rules.compiler.declared import Declared
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Edit, Fix
from atamo_rules.syntax import declarations as decl


def packs(declared: Declared, files: Sequence[decl.File]) -> None:
    """Every `use` must name a pack that is here, in a version that fits: one of its own organisation, or one of all."""
    spaces: dict[str, dict[str, str]] = {"": {}}
    for file in files:
        here = spaces.setdefault(file.source.space, {})
        for item in file.declarations:
            if isinstance(item, decl.Pack):
                here.setdefault(item.name.text, str(item.version.value) if item.version else "")
    for file in files:
        for item in file.declarations:
            if isinstance(item, decl.Use):
                _use(declared, item, ChainMap(spaces[file.source.space], spaces[""]))


def _use(declared: Declared, item: decl.Use, here: Mapping[str, str]) -> None:
    name = item.pack.text
    if ("pack", name) in declared.broken:
        return
    if name not in here:
        declared.report.append(
            codes.PACK_MISSING.at(
                item.pack.span, f"the pack `{name}` is not among these files", help="verify them together"
            )
        )
    elif item.version is not None and not version_fits(here[name], str(item.version.value)):
        declared.report.append(
            codes.PACK_MISSING.at(
                item.version.span,
                f"`{name}` is here in version {here[name] or 'unknown'}, not `{item.version.value}`",
                help=f'write `version "{here[name]}"`' if here[name] else None,
                fixes=[Fix("use the version that is here", (Edit(item.version.span, f'"{here[name]}"'),))],
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
