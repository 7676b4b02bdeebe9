"""What is filed under a key: rules to be asked the rest of their condition, ids that need not be asked, or an index.

A bucket is a list of entries, in the order of the rules: each a tuple that begins with the function that asks the
rest, to be called with the body and the entry, and the rule's id. Where all rules of a probe have nothing left to ask,
its buckets are plain lists of ids. Where a bucket is overfull, it is the match function of an index of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from atamo_rules.engine.index.source import Source
from atamo_rules.engine.shapes import Question

Entry: TypeAlias = Question
Matching: TypeAlias = Callable[[Any], list[str]]
Bucket: TypeAlias = "list[Entry] | list[str] | Matching"
Nested: TypeAlias = "Callable[[list[Entry]], Matching | None]"
"""Makes an index of what is in one bucket; None where none is worth while."""

CROWDED = 64
"""Rules in one bucket from which an index of their own is worth while."""
CROWDED_TEXTS = 8
"""The same of rules on what is read as text, which are dearer to ask."""


def always(body: Any, entry: Entry = ()) -> bool:
    """The rest of a condition of which nothing is left."""
    return True


def holding(entries: Iterable[Entry], body: Any) -> list[str]:
    """The ids of those whose rest holds."""
    return [entry[1] for entry in entries if entry[0](body, entry)]


class Filing:
    """How the buckets of one probe are taken: chosen once all of them are there."""

    def __init__(self, buckets: list[list[Entry]], nested: Nested, *, spelled: bool = False) -> None:
        crowded = min(CROWDED, CROWDED_TEXTS) if spelled else CROWDED
        self.sure = all(entry[0] is always for bucket in buckets for entry in bucket)
        self.nested = False
        self._made: dict[int, Bucket] = {}
        for bucket in buckets:
            made: Bucket = bucket
            if self.sure:
                made = [entry[1] for entry in bucket]
            elif len(bucket) > crowded:
                made = nested(bucket) or bucket
                self.nested = self.nested or made is not bucket
            self._made[id(bucket)] = made

    def __getitem__(self, bucket: list[Entry]) -> Any:
        return self._made[id(bucket)]

    def emit(self, source: Source, name: str) -> None:
        """Lines that put into `out` what matches of the bucket in a variable."""
        if self.sure:
            source.line(f"out += {name}")
        elif self.nested:
            with source.block(f"if {name}.__class__ is list:"):
                asking(source, name)
            with source.block("else:"):
                source.line(f"out += {name}(e)")
        else:
            asking(source, name)

    def take(self, bucket: Bucket, body: Any, out: list[str]) -> None:
        """The same, without generated code."""
        found: Any = bucket
        if not isinstance(found, list):
            out += found(body)
        elif self.sure:
            out += found
        else:
            out += holding(found, body)


def asking(source: Source, name: str) -> None:
    """Lines that ask the entries in a variable. Only the id of a rule that matches is touched."""
    with source.block(f"for c in {name}:"), source.block("if c[0](e, c):"):
        source.line("out.append(c[1])")
