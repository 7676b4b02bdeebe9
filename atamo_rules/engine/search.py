"""Which of many texts are in a text: one pass over it, whatever their number.

RE2's set of literals is an automaton in the manner of Aho and Corasick (1975) whose states are made when a text first
needs them. Regular expressions are not put into one: the states of several with `.*` multiply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import re2

Search: TypeAlias = Callable[[bytes], "Sequence[int] | None"]
"""From a text in UTF-8 to the numbers of the texts that are in it, in no certain order; None where none is."""

LEAST, PER_BYTE, MOST = 8 << 20, 512, 1 << 30
"""Bytes that the automaton may take: at least, for each byte of the texts, and at most. Four times what is needed just
so: short of room it would make the same states again and again. What it does not need it does not take."""


def search(texts: Sequence[str]) -> Search | None:
    """The search for some texts, none of them empty; None where RE2 cannot hold them."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    memory = max(LEAST, PER_BYTE * sum(map(len, encoded)))
    while memory <= MOST:
        made = _made(encoded, memory)
        if made is not None:
            return made
        memory *= 4
    return None


def _made(texts: Sequence[bytes], memory: int) -> Search | None:
    options = re2.Options()
    options.literal = True
    options.log_errors = False
    options.max_mem = memory
    made: Any = re2.Set.SearchSet(options)
    try:
        for text in texts:
            made.Add(text)
        made.Compile()
    except re2.error:
        return None
    # An automaton that has no room for its states would find nothing, and say nothing.
    found: Search = made.Match
    return found if all(found(text) for text in texts[:: len(texts) // 8 + 1]) else None
