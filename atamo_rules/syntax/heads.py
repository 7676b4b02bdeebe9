"""The heads of declarations: `WORD name "about" option "value"`, in `.atamo`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from atamo_rules.source import codes
from atamo_rules.syntax import tree
from atamo_rules.syntax.clauses import STRING, Reader, short
from atamo_rules.syntax.outline import Line

_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_\-]*(?:\.[A-Za-z0-9_\-]+)*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')


def head(
    line: Line, word: str, options: Sequence[str], reader: Reader
) -> tuple[tree.Name, dict[str, tree.Literal], tree.Literal | None] | None:
    """`WORD name "about" option "value" …`: the head of a declaration."""
    rest = line.after(word)
    found = _NAME.match(rest.text)
    if found is None:
        reader.say(codes.SYNTAX.at(line.span, f"this {word} has no name", help=f"write `{word} some_name`"))
        return None
    name = reader.name(rest, 0, found.end())
    about: tree.Literal | None = None
    values: dict[str, tree.Literal] = {}
    at = found.end()
    while name is not None and at < len(rest.text):
        piece = rest.text[at:]
        if piece[0].isspace():
            at += 1
            continue
        text = STRING.match(piece)
        option = next((o for o in options if re.match(rf"{o}\b", piece)), None)
        if text is not None and about is None and not values:
            about = reader.parse("expression", rest.cut(at, at + text.end()))
            at += text.end()
        elif option is not None:
            value = STRING.match(piece[len(option) :].lstrip())
            begin = at + len(piece) - len(piece[len(option) :].lstrip())
            if value is None:
                reader.say(codes.SYNTAX.at(rest.span(at, at + len(option)), f'`{option}` needs a "text"'))
                return None
            values[option] = reader.parse("expression", rest.cut(begin, begin + value.end()))
            at = begin + value.end()
        else:
            reader.say(
                codes.SYNTAX.at(
                    rest.span(at, len(rest.text)),
                    f"`{short(piece)}` does not belong after the name of this {word}",
                    help=_remedy(piece, name, options),
                )
            )
            return None
    return None if name is None else (name, values, about)


def _remedy(piece: str, name: tree.Name, options: Sequence[str]) -> str:
    """What to do about a piece of text that cannot stand behind the name of a declaration."""
    if piece.startswith(";"):
        return "leave the semicolon out: a clause ends with its line"
    if piece.startswith("{"):
        return "leave the braces out: what belongs to it stands below it, indented"
    if piece.startswith(":"):
        return "leave the colon out: only in YAML files clauses have one"
    if re.match(r"[A-Za-z0-9_ ]+\Z", piece):
        joined = "_".join([name.text, *piece.split()])
        return f"a name has no blanks: write `{joined}`; what it is about stands in quotes"
    more = " or ".join(f"`{o}`" for o in options)
    return f"a text that says what it is about{', or ' + more if more else ''}"
