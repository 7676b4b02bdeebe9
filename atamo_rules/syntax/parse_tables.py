"""The parser of the clause grammar as plain data: what Lark made of the grammar once, so that no start makes it again.

`grammar/atamo.tables.json` is shipped beside the grammar. It is JSON, which can only be read and not run, and it is
used for nothing but the very grammar, start symbols and version of Lark that it was made of: with any other, Lark
makes its tables anew, as it does while somebody edits the grammar. `tests/golden/test_parse_tables.py` makes the file
(`--bless`), and holds it to what Lark makes of the grammar.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

Tables = Mapping[str, Any]
"""`of`: what they were made of; `data`: what Lark says of a parser; `memo`: its rules and terminals, by number."""


def made_of(grammar: str, starts: Sequence[str]) -> str:
    """What tables depend on, as a digest: the grammar, its start symbols, and whose tables they are."""
    return sha256(json.dumps([lark.__version__, grammar, list(starts)]).encode()).hexdigest()


def built(grammar: str, starts: Sequence[str]) -> lark.Lark:
    """A parser made of the grammar itself, which takes a seventh of a second."""
    return lark.Lark(
        grammar, parser="lalr", start=list(starts), propagate_positions=True, maybe_placeholders=False
    )


def written(parser: lark.Lark, of: str) -> str:
    """Tables as the text of the file. JSON has no numbers as keys: what Lark numbers from 0 becomes lists."""
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    table["tokens"] = [table["tokens"][number] for number in range(len(table["tokens"]))]
    table["states"] = [
        [[token, *action] for token, action in sorted(table["states"][state].items())]
        for state in range(len(table["states"]))
    ]
    made = {"of": of, "data": data, "memo": [memo[number] for number in range(len(memo))]}
    return json.dumps(made, separators=(",", ":"), sort_keys=True) + "\n"


def taken(text: str, of: str) -> lark.Lark | None:
    """The parser of a file's text; None where its tables were made of something else."""
    made: Tables = json.loads(text)
    if made["of"] != of:
        return None
    data = made["data"]
    table = data["parser"]["parser"]
    table["states"] = {
        state: {token: (action, to) for token, action, to in actions}
        for state, actions in enumerate(table["states"])
    }
    # The door that parsers go through that Lark writes as programs of their own (`lark.tools.standalone`).
    load: Callable[[Any, Any], lark.Lark] = lark.Lark._load_from_dict
    return load(data, made["memo"])
