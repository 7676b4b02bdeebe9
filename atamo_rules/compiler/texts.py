"""Rules as texts to a ruleset, for programs that have no folder of files."""

from __future__ import annotations

from collections.abc import Mapping

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.errors import RulesetRejected
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.types import Json
from atamo_rules.source.span import Source


def compile_rules(
    texts: str | Mapping[str, str],
    *,
    params: Mapping[str, Json] | None = None,
    schemas: Mapping[str, str] | None = None,
) -> Ruleset:
    """The ruleset that some texts make together; nothing is read and nothing is run.

    A lone text is `rules.atamo`; of several, each has its file name, whose ending (`.atamo`, `.yaml`) says how it is
    read. `params` gives parameters other values than they are declared with, `schemas` are the JSON Schema files that
    `event … from` may name, by path. Raises RulesetRejected with the diagnostics when there is any mistake.
    """
    files = {"rules.atamo": texts} if isinstance(texts, str) else texts

    def read(by: str, path: str) -> str:
        if schemas is None or path not in schemas:
            raise FileNotFoundError(2, "No such file", path)
        return schemas[path]

    made = compile_sources([Source(name, text) for name, text in files.items()], read, params=params)
    if made.ruleset is None:
        raise RulesetRejected(made.errors)
    return made.ruleset
