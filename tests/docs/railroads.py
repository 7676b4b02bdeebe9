"""The grammar of clauses as railroad diagrams, made of `grammar/atamo.lark` itself: a page, and a picture of each rule.

(Drawn by Tab Atkins' railroad-diagrams; their form is that of the Pascal User Manual and Report of Jensen and Wirth.)
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from lark import Token, Tree
from lark.load_grammar import load_grammar

GRAMMAR = Path(__file__).parents[2] / "grammar" / "atamo.lark"
FOLDER = "grammar"
STYLE = """
svg { background: #fff; } path { stroke: #444; stroke-width: 2; fill: none; }
text { font: 14px ui-monospace, monospace; text-anchor: middle; fill: #222; white-space: pre; }
rect { stroke: #444; stroke-width: 2; fill: #eef1fb; } g.terminal rect { fill: #f6efe0; }
@media (prefers-color-scheme: dark) {
svg { background: #1e2129; } path, rect { stroke: #aab; } text { fill: #eee; } rect { fill: #2b3150; }
g.terminal rect { fill: #40382a; }
}
"""
_SECTION = re.compile(r"^// --- (?P<title>.*?) -+$", re.MULTILINE)
_PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*|[^\w\s]")
"""A terminal that is shown as it stands: words, or one mark."""
_MARK = re.compile(r"\\?([^\w\s])")
_RULE = re.compile(r"^\??(?P<name>[a-z_]+)(?:\.\d+)?:", re.MULTILINE)


def sections() -> list[tuple[str, list[str]]]:
    """The grammar's own headings, and the rules below each."""
    text = GRAMMAR.read_text("utf-8")
    heads = list(_SECTION.finditer(text))
    found = []
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        part = text[head.end() : following.start() if following else len(text)]
        names = [rule["name"] for rule in _RULE.finditer(part)]
        if names:
            found.append((head["title"].strip(), names))
    return found


def diagrams() -> dict[str, str]:
    """An SVG for every rule, by its name."""
    import railroad

    words, made = _words(), {}
    for name, _, tree, *_ in _grammar().rule_defs:
        out = io.StringIO()
        railroad.Diagram(_track(tree, words), type="simple", css=STYLE).writeStandalone(out.write, STYLE)
        told = f"<title>{name}</title><desc>The rule {name} of the grammar of clauses.</desc>"
        drawn = out.getvalue().replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
        made[str(name)] = drawn.replace(">", f">{told}", 1)
    return made


def page() -> str:
    """The page that shows them."""
    out = ["# The grammar of clauses\n", "<!-- made by tests/docs/railroads.py of grammar/atamo.lark -->\n"]
    out.append(
        "A rule file is an outline, or a mapping in YAML; what stands in one clause is read by this grammar, which is\n"
        "the same for both: `grammar/atamo.lark`. Round boxes are written as they stand, square ones are other rules\n"
        "or, in capitals, [words](#words) of more forms than one. What the clauses mean: [the language](language.md).\n"
    )
    for title, names in sections():
        out.append(f"## {title[:1].upper()}{title[1:]}\n")
        out += [f"**{name}**\n\n![{name}]({FOLDER}/{name}.svg)\n" for name in names]
    out.append("## Words\n\n| word | pattern |\n|---|---|")
    out += [
        f"| `{name}` | {code(word)} |"
        for name, word in sorted(_words().items())
        if not _PLAIN.fullmatch(word)
    ]
    return "\n".join(out) + "\n"


def code(text: str) -> str:
    """A text as code in a table."""
    return f"`{text}`".replace("|", "\\|")


def _grammar() -> Any:
    return load_grammar(GRAMMAR.read_text("utf-8"), "atamo", [], False)[0]


def _words() -> dict[str, str]:
    return {str(name): _word(tree) for name, (tree, _) in _grammar().term_defs if not name.startswith("__")}


def _track(tree: Any, words: dict[str, str]) -> Any:
    import railroad

    match tree:
        case Tree(data="expansions", children=parts):
            choices = [_track(part, words) for part in parts]
            return choices[0] if len(choices) == 1 else railroad.Choice(0, *choices)
        case Tree(data="expansion", children=parts):
            return railroad.Sequence(*(_track(part, words) for part in parts)) if parts else railroad.Skip()
        case Tree(data="alias", children=[inner, *_]):
            return _track(inner, words)
        case Tree(data="maybe", children=[inner]):
            return railroad.Optional(_track(inner, words))
        case Tree(data="expr", children=[inner, Token() as op, *_]):
            track = _track(inner, words)
            if op == "*":
                return railroad.ZeroOrMore(track)
            return railroad.OneOrMore(track) if op == "+" else railroad.Optional(track)
        case Tree(data="value", children=[inner]):
            return _track(inner, words)
        case Tree(data="literal", children=[literal]):
            return railroad.Terminal(_plain(str(literal)))
        case Tree(data="range", children=[first, last]):
            return railroad.Terminal(f"{_plain(str(first))} … {_plain(str(last))}")
        case _:
            name = str(getattr(tree, "name", tree))
            word = words.get(name, "")
            return railroad.Terminal(word) if _PLAIN.fullmatch(word) else railroad.NonTerminal(name)


def _word(tree: Any) -> str:
    """A terminal as it is written, where that is a word or a few; else its pattern."""
    literals = tree.scan_values(lambda one: isinstance(one, Token) and one.type in ("REGEXP", "STRING"))
    found = [_plain(str(one)) for one in literals]
    return found[0] if len(found) == 1 else " | ".join(str(one) for one in dict.fromkeys(found))


def _plain(literal: str) -> str:
    """A literal as people write it, where that can be: blanks for `\\s+`, nothing about where words end."""
    if literal.startswith('"'):
        return literal[1 : literal.rindex('"')]
    body = literal[1 : literal.rindex("/")]
    words = re.sub(r"\\b|\(\?!.*?\\b\)|\(\?!.*?\)$", "", body).replace("\\s+", " ")
    return words if _PLAIN.fullmatch(words) else _MARK.sub(r"\1", words) if _MARK.fullmatch(words) else body
