"""YAML text to nodes that keep their places: PyYAML's parser for the characters, YAML 1.2 for what they mean.

The nodes are built from the parser's events, so depth is bounded before anything recurses (composing deep text
crashes libyaml's own composer).
"""

from __future__ import annotations

import re
from typing import Any

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax.yaml_composer import MOST_REPEATED, Composer, Refused
from atamo_rules.syntax.yaml_nodes import Node

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def read_yaml(source: Source) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The one document of a text, or None and why not; an empty text has no document and no mistake."""
    found, mistakes = _read(source, most=1)
    return (found[0] if found and not mistakes else None), mistakes


def read_documents(source: Source) -> tuple[tuple[Node, ...], tuple[Diagnostic, ...]]:
    """Every document of a text, in order, up to the first mistake; empty documents are left out."""
    return _read(source, most=MOST_REPEATED)


def _read(source: Source, most: int) -> tuple[tuple[Node, ...], tuple[Diagnostic, ...]]:
    import yaml

    documents: list[Node] = []
    found = _UNPRINTABLE.search(source.text)
    if found is not None:
        where = source.span(found.start(), found.end())
        message = f"the character U+{ord(found.group()):04X} cannot stand in YAML"
        return (), (codes.NOT_TEXT.at(where, message, help="take it out, and save the file as text"),)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # libyaml misreads a last line of nothing but blanks inside a block scalar unless a line end follows it.
        last = source.text.rpartition("\n")[2]
        text = source.text + "\n" if last and not last.strip() else source.text
        documents.extend(Composer(source, yaml.parse(text, Loader=loader)).documents(most))
        return tuple(documents), ()
    except Refused as refused:
        return tuple(documents), (refused.diagnostic,)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, max(len(source.text) - 1, 0)) if mark is not None else 0
        reason = " ".join(str(part) for part in (error.context, error.problem) if part)
        where = source.span(at, min(at + 1, len(source.text)))
        return tuple(documents), (
            codes.YAML_SYNTAX.at(where, f"this cannot be read as YAML: {reason}", help=_remedy(reason)),
        )
    except yaml.YAMLError as error:
        message = f"this cannot be read as YAML: {str(error)[:200]}"
        return tuple(documents), (codes.YAML_SYNTAX.at(source.span(0, 1), message),)


_REMEDIES = (
    ("mapping values are not allowed", "put a value that holds `: ` in quotes, or look at the indentation"),
    ("cannot start any token", "indent with blanks, and put a value that begins so in quotes"),
    ("found unexpected end of stream", "close the quote that is still open"),
    ("did not find expected key", "lines that stand side by side begin in the same column"),
    ("did not find expected ',' or", "a bracket above is still open, or a comma is missing"),
    ("exceeded maximum nesting depth", "write it flatter, or close the brackets that are open"),
    ("could not find expected ':'", "write `name: value`"),
)
"""What the commonest complaints of YAML parsers come from."""


def _remedy(reason: str) -> str | None:
    return next((remedy for words, remedy in _REMEDIES if words in reason), None)
