"""Documents to frighten readers with: what people wrote, cut and mixed, and what nobody would write."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOKEN = re.compile(rb"\s+|\w+|.", re.S)
NASTY = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\r",
    b"\t",
    b"\x85",
    "\u2028".encode(),
    "\u202e".encode(),
    "\U0001f600".encode(),
    b"{{",
    b"}}",
    b"{%",
    b"%}",
    b"{#",
    b'"',
    b"'",
    b"/",
    b"\\",
    b"#",
    b"- ",
    b": ",
    b"? ",
    b"| ",
    b"> ",
    b"&a ",
    b"*a ",
    b"<<: ",
    b"!!python/object:os.system ",
    b"%YAML 1.1\n---\n",
    b"---\n",
    b"...\n",
    b"=",
    b"= ",
    b"not ",
    b"and ",
    b"or ",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b"any x in many has (",
    b"count(",
    b"9" * 5000,
    b"1e999999999",
    b"0.4e00669999999999999999999999",
    b"-" * 80,
    b"not " * 80,
    b"(" * 80,
    b"[" * 80,
    b"a and " * 500,
    b"x " * 3000,
    b"a." * 500,
    b"matches /(a+)+$/",
    b"matches /(?=x)/",
    b"matches /[/",
    b"$ref",
    b"#/",
    b"range(1000000000)",
    b"'a' * 1000000000",
    b"__class__",
    b"| attr('x')",
    b"self",
    b"null",
    b"true",
    b"NaN",
]
HUGE = {
    "brackets": b"[" * 100_000,
    "braces": b"{" * 100_000,
    "parentheses": b"event a of anything\nrule r\n  on a\n  when "
    + b"(" * 20_000
    + b"x"
    + b")" * 20_000
    + b"\n  stop\n",
    "ands": b"event a of anything\nrule r\n  on a\n  when "
    + b" and ".join([b"x is 1"] * 8_000)
    + b"\n  stop\n",
    "indents": b"\n".join(b" " * n + b"x:" for n in range(1, 3_000)),
    "dashes": b"- " * 50_000,
    "aliases": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)),
    "merges": b"a0: &a0 {x: 1}\n"
    + b"".join(b"a%d: &a%d {<<: [*a%d, *a%d]}\n" % (n, n, n - 1, n - 1) for n in range(1, 23)),
    "one line": b"x" * 3_000_000,
    "lines": b"list a = 1\n" * 30_000,
    "keys": b"lists:\n" + b"".join(b"  k%d: [1]\n" % n for n in range(20_000)),
    "comments": b"# x\n" * 200_000,
    "nots": b"event a of anything\nrule r\n  on a\n  when " + b"not " * 5_000 + b"x is 1\n  stop\n",
    "quote": b'list a = "' + b"\\u0041" * 200_000 + b'"\n',
    "json": b'{"a":' * 50_000,
    "number": b"1" * 1_000_000,
    "templates": b"{{ a }}" * 8_000,
    "loops": b"{% for x in many %}" * 200 + b"{% endfor %}" * 200,
}


def corpus() -> dict[str, list[bytes]]:
    """Documents by kind that are right, or nearly."""
    found: dict[str, list[bytes]] = {
        kind: []
        for kind in ("atamo", "yaml", "schema", "event", "template", "condition", "people", "patterns")
    }
    for folder in ("rulesets", "atamo_rules/cli/templates"):
        for path in sorted((ROOT / folder).rglob("*")):
            kind = {".atamo": "atamo", ".yaml": "yaml", ".json": "schema"}.get(path.suffix)
            if path.is_file() and kind and path.stat().st_size < 8_000:
                found["people" if path.name == "people.yaml" else kind].append(path.read_bytes())
    for path in sorted((ROOT / "tests/golden").rglob("*.case")):
        text = path.read_bytes()
        for name, suffix, body in re.findall(
            rb"^=== (\S+\.(atamo|yaml|json))\n(.*?)(?=^=== )", text, re.S | re.M
        ):
            kind = {"atamo": "atamo", "yaml": "yaml", "json": "schema"}[suffix.decode()]
            found["people" if name.endswith(b"people.yaml") else kind].append(body)
    found["event"] += [
        b'{"a": "x", "n": 1.50, "t": "2026-01-01T00:00:00Z", "many": ["y"], "deep": {"x": 3}}',
        b'{"type": "thing", "id": "1", "source": "s", "time": "2026-01-01T00:00:00Z", "data": {"a": ""}}',
    ]
    found["template"] += [
        b"{{ a }} and {{ n }}",
        b"{% for m in many %}{{ m | upper }}{% if not loop.last %}, {% endif %}{% endfor %}",
        b"{{ t | default('never') }} {{ deep.x * 2 }} {{ many | join(', ') }} {# gone #}",
    ]
    found["condition"] += [
        b'a is "x" and n > 1.5 and any m in many has (m starts with "y")',
        b"not (deep.x is between 1 and 5) or t is present",
        b"a matches /^x(y|z)+$/ ignoring case",
        b'count(many) >= 2 and many contains any of ["a", "b"]',
        b'(t else "2026-01-01T00:00:00Z") > now',
        b"n * 2 + deep.x / 4 is one of [1, 2.5]",
        b"leaves(many) exists and any v in leaves(deep) has (v is not 1)",
    ]
    for path in sorted((ROOT / "tests/importers/eventbridge").glob("*.case")):
        for _, body in re.findall(rb"^=== (\S+\.jsonl?)\n(.*?)(?=^=== )", path.read_bytes(), re.S | re.M):
            found["patterns"] += [body, *body.splitlines()]
    found["people"].append(b"users:\n  ada: {groups: [support], organisation: acme}\n")
    return found


def mutated(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """So many documents: tokens left out, doubled, swapped, taken from another document, or from `NASTY`."""
    chance = random.Random(seed)
    known = corpus()
    for _ in range(count):
        kind = chance.choice([one for one in known if known[one]])
        tokens = TOKEN.findall(chance.choice(known[kind]))
        for _ in range(chance.choice([1, 1, 2, 3, 8])):
            at = chance.randrange(len(tokens) + 1)
            match chance.randrange(6):
                case 0:
                    del tokens[at : at + chance.choice([1, 1, 2, 10])]
                case 1:
                    tokens[at:at] = tokens[at : at + chance.choice([1, 3, 20])]
                case 2:
                    tokens.insert(at, chance.choice(NASTY))
                case 3:
                    other = TOKEN.findall(chance.choice(known[kind]))
                    start = chance.randrange(len(other) + 1)
                    tokens[at:at] = other[start : start + chance.choice([1, 3, 30])]
                case 4:
                    tokens.insert(at, bytes(chance.randrange(256) for _ in range(chance.choice([1, 2, 8]))))
                case _:
                    chance.shuffle(part := tokens[at : at + 6])
                    tokens[at : at + 6] = part
        yield kind, b"".join(tokens)[:60_000]
