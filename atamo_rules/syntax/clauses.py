"""What all readers of `.atamo` share: clause by clause parsing, and the mistakes any clause can have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeVar

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Code, Diagnostic, Edit, Fix, Label
from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.convert import FieldLine
from atamo_rules.syntax.declarations import VERBS
from atamo_rules.syntax.outline import Line
from atamo_rules.syntax.words import text_literal

METADATA = (
    "severity",
    "owner",
    "author",
    "licence",
    "url",
    "runbook",
    "tags",
    "reference",
    "since",
)
"""Words that describe a rule or pack and change nothing; any others stand under `meta`."""

_KEY = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_\-]*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')\s*:(?!:)')
_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_\-]*(?:\.[A-Za-z0-9_\-]+)*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_TEXTUAL = re.compile(r"(?=.*[/:@\\])[\w./:@\\~%+-]+")
"""A path, an address, the name of something in a module: nothing that a value is written as."""
_DOTTED = re.compile(r"[A-Za-z_][\w\-]*(?:\.[A-Za-z0-9_\-]+)*")
_DOTTED_KEY = re.compile(r"\s*([A-Za-z_][\w\-]*(?:\.[\w\-]+)+)\s*:")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
Placed = TypeVar("Placed", bound=tree.Node)


class Reader:
    """Collects diagnostics while a file is read."""

    def __init__(self, report: list[Diagnostic]) -> None:
        self.report = report

    def say(self, diagnostic: Diagnostic) -> None:
        self.report.append(diagnostic)

    def parse(self, start: str, fragment: Fragment) -> Any:
        """What a clause says, or None after reporting why it cannot be read."""
        made, found = parse(start, fragment)
        self.report.extend(found)
        return made

    def placed(self, node: Placed, line: Line) -> Placed:
        """A node with the whole span of its line."""
        return replace(node, span=line.whole)

    def no_children(self, line: Line) -> None:
        if line.children:
            self.say(
                codes.UNKNOWN_CLAUSE.at(
                    line.children[0].span,
                    f"nothing goes under `{line.word}`",
                    help=f"indent it like `{line.word}`" if line.indent else "start it at the left margin",
                )
            )

    def unknown(
        self, line: Line, known: Sequence[str], where: str, *, code: Code = codes.UNKNOWN_CLAUSE
    ) -> None:
        """A line whose first word says nothing here: the likeliest word, and all that may stand."""
        word = line.written
        close = likely(word, known)
        span = line.fragment.span(0, len(word))
        self.say(
            code.at(
                span,
                f"`{word}` is not a clause of {where}",
                label=_nearest(word, close),
                notes=[f"here {where} may go on with: {listed(known)}"],
                help=_hint(word, where),
                fixes=[Fix(f"write `{close[0]}`", (Edit(span, close[0]),))] if close else (),
            )
        )

    def meant(
        self, line: Line, known: Sequence[str], where: str, read: Sequence[str] | None = None
    ) -> Line | None:
        """Say that a line's first word says nothing here; gives the line as it is most likely meant, if any way.

        `read` are the words that a misspelt line is read as, where they are fewer than `known`.
        """
        self.unknown(line, known, where)
        words = [word for word in (known if read is None else read) if " " not in word]
        close = likely(line.written, words)
        return replace(line, meant=close[0]) if close else None

    def repeated(self, line: Line, word: str, first: Span) -> None:
        self.say(
            codes.REPEATED_CLAUSE.at(
                line.fragment.span(0, len(word)),
                f"`{word}` is given twice",
                also=[Label(first, "first given here")],
                help="join the two with `and`" if word == "when" else "keep one of them",
            )
        )

    # --- arguments and fields ---------------------------------------------------------------------------

    def arguments(self, lines: Iterable[Line]) -> tuple[tree.Argument, ...]:
        found = (self.argument(line) for line in lines)
        return tuple(item for item in found if item is not None)

    def argument(self, line: Line) -> tree.Argument | None:
        """`key: value`, or `key:` with an object or `- item` lines below it."""
        key = self.key(line)
        if key is None:
            return None
        name, rest = key
        step = tree.Step(name.text, span=name.span)
        value: tree.Value | None
        if rest.text:
            self.no_children(line)
            value = self.unquoted(rest) or self.value(rest)
        elif line.children and line.children[0].text.startswith("-"):
            value = self.items(line)
        else:
            value = tree.ObjectValue(self.arguments(line.children), span=line.whole)
        if value is None:
            return None
        return tree.Argument((step,), value, span=line.whole)

    def value(self, rest: Fragment) -> tree.Value | None:
        """A value of one line. What is no value and reads like a path or an address was meant as a text."""
        made, found = parse("value", rest)
        if made is None and found and _TEXTUAL.fullmatch(rest.text):
            quoted = text_literal(rest.text)
            edit = Edit(rest.span(0, len(rest.text)), quoted)
            fixes = (Fix("put it in quotes", (edit,)),) if rest.exact else ()
            found = (replace(found[0], help=f"a text stands in quotes: `{quoted}`", notes=(), fixes=fixes),)
        self.report.extend(found)
        value: tree.Value | None = made
        return value

    def unquoted(self, rest: Fragment) -> tree.Value | None:
        """A template that somebody wrote without quotes, said and taken for text; None for anything else."""
        if "{{" not in rest.text or rest.text[0] in "\"'[{(":
            return None
        span = rest.span(0, len(rest.text))
        quoted = text_literal(rest.text)
        self.say(
            codes.SYNTAX.at(
                span,
                "a text with `{{ }}` in it stands in quotes",
                help=f"write `{quoted}`",
                fixes=[Fix("put it in quotes", (Edit(span, quoted),))],
            )
        )
        return tree.Literal(rest.text, span=span)

    def items(self, line: Line) -> tree.ListValue:
        values: list[tree.Value] = []
        for child in line.children:
            if not child.text.startswith("-"):
                self.say(codes.SYNTAX.at(child.span, "every line of a list begins with `-`"))
                continue
            rest = child.after("-")
            if not rest.text:
                values.append(tree.ObjectValue(self.arguments(child.children), span=child.whole))
            elif _KEY.match(rest.text) and not rest.text.startswith(("{", "[")):
                first = Line(rest, child.indent + 2)
                entries = self.arguments([first, *child.children])
                values.append(tree.ObjectValue(entries, span=child.whole))
            else:
                value = self.parse("value", rest)
                if value is not None:
                    values.append(value)
        return tree.ListValue(tuple(values), span=line.whole)

    def key(self, line: Line) -> tuple[tree.Name, Fragment] | None:
        """The key of a `key: rest` line and what stands after the colon."""
        found = _KEY.match(line.text)
        if found is None:
            dotted = _DOTTED_KEY.match(line.text)
            remedy = (
                f'a name with a dot stands in quotes: `"{dotted[1]}": …`'
                if dotted
                else "write a name, a colon and a value"
            )
            self.say(codes.SYNTAX.at(line.span, f"`{_short(line.text)}` is not `name: value`", help=remedy))
            return None
        name = self.name(line.fragment, *found.span(1))
        return None if name is None else (name, line.after(found.group()))

    def name(self, fragment: Fragment, start: int, end: int) -> tree.Name | None:
        """The name at a place of a fragment; in quotes, it is a text that has to be read."""
        text = fragment.text[start:end]
        if text[0] not in "\"'":
            return tree.Name(text, span=fragment.span(start, end))
        made: tree.Name | None = self.parse("name", fragment.cut(start, end))
        return made

    def fields(self, lines: Iterable[Line]) -> tuple[tree.Field, ...]:
        found = (self.field(line) for line in lines)
        return tuple(item for item in found if item is not None)

    def field(self, line: Line) -> tree.Field | None:
        """`name: type`, or `name:` with nested fields below it."""
        key = self.key(line)
        if key is None:
            return None
        name, rest = key
        nested = tree.RecordOf(self.fields(line.children), span=line.whole) if line.children else None
        if not rest.text or rest.text == "?" or _STRING.fullmatch(rest.text.lstrip("? ")):
            if nested is None:
                self.say(
                    codes.SYNTAX.at(
                        line.span, f"`{name.text}` has no type", help=f"write `{name.text}: text`"
                    )
                )
                anything = tree.Plain("anything", span=line.span)
                return tree.Field(name, anything, span=line.whole)
            about = self.about(rest)
            return tree.Field(name, nested, rest.text.startswith("?"), None, about, span=line.whole)
        made: FieldLine | None = self.parse("field", rest)
        if made is None:
            # The field is there, whatever it holds: what uses it is not blamed.
            anything = tree.Plain("anything", span=line.span)
            return tree.Field(name, anything, span=line.whole)
        type = made.type
        if type is None:
            if nested is None:
                self.say(
                    codes.SYNTAX.at(
                        rest.span(0, len(rest.text)), "`list of` needs a type, or fields below it"
                    )
                )
                return None
            type = tree.ListOf(nested, span=line.whole)
        elif nested is not None:
            self.no_children(line)
        default = made.default if isinstance(made.default, tree.Literal) else None
        if made.default is not None and default is None:
            self.say(codes.BAD_LITERAL.at(made.default.span, "a field's default is one plain value"))
        return tree.Field(name, type, made.optional, default, made.about, span=line.whole)

    def about(self, rest: Fragment) -> tree.Literal | None:
        found = _STRING.search(rest.text)
        return self.parse("expression", rest.cut(found.start(), found.end())) if found else None

    def metadata(self, line: Line) -> tree.Argument | None:
        """`severity "high"`: a known word and its value."""
        word = line.word
        if word not in METADATA:
            self.unknown(line, METADATA, "a pack")
            return None
        return self.described(line, word)

    def described(self, line: Line, word: str) -> tree.Argument | None:
        self.no_children(line)
        value = self.parse("value", line.after(word))
        if value is None:
            return None
        step = tree.Step(word, span=line.fragment.span(0, len(word)))
        return tree.Argument((step,), value, span=line.span)


def words_of(span: Span) -> list[str]:
    """The names in a text that could not be read: what it declares must be among them."""
    return list(dict.fromkeys(_DOTTED.findall(span.text)))


def listed(known: Sequence[str]) -> str:
    """The words that may stand somewhere; those that only describe are left out where there are others."""
    return ", ".join([word for word in known if word not in METADATA] or known)


MEANT = {
    "if": "when", "where": "when", "condition": "when", "then": "do", "action": "do", "actions": "do",
    "trigger": "on", "priority": "order", "salience": "order", "var": "let", "set": "let",
}  # fmt: skip
"""What other languages call our clauses."""


def _nearest(word: str, close: Sequence[str]) -> str:
    if close and word == f"{close[0]}:":
        return "no colon stands here"
    return f"did you mean `{close[0]}`?" if close else ""


def _hint(word: str, where: str) -> str | None:
    """What a word that other languages have is said with here, where no other clause stands for it."""
    if word in ("and", "or", "else"):
        return "to go on with the line above, indent this one deeper than it"
    if where == "a rule" and word.rstrip(":").lower() in ("description", "desc", "about", "title", "comment"):
        return 'what a rule is about stands in quotes behind its name: `rule name "about"`'
    if where == "a rule" and word in VERBS:
        return "actions stand under `do`, indented"
    if where == "`do`" and word in ("if", "unless", "when", "for", "switch", "case"):
        return "all actions of a rule are done; for another condition write another rule with its own `when`"
    return None


LONGEST_WORD = 64
"""Characters of a word that may be a slip of another one: looking for it takes longer the longer the word is."""


def likely(word: str, known: Sequence[str]) -> list[str]:
    """The clause that a word is most likely meant to be, or nothing."""
    meant = MEANT.get(word.rstrip(":").lower(), "")
    if meant in known:
        return [meant]
    return get_close_matches(word, known, n=1, cutoff=0.6) if len(word) <= LONGEST_WORD else []


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
        text = _STRING.match(piece)
        option = next((o for o in options if re.match(rf"{o}\b", piece)), None)
        if text is not None and about is None and not values:
            about = reader.parse("expression", rest.cut(at, at + text.end()))
            at += text.end()
        elif option is not None:
            value = _STRING.match(piece[len(option) :].lstrip())
            begin = at + len(piece) - len(piece[len(option) :].lstrip())
            if value is None:
                reader.say(codes.SYNTAX.at(rest.span(at, at + len(option)), f'`{option}` needs a "text"'))
                return None
            values[option] = reader.parse("expression", rest.cut(begin, begin + value.end()))
            at = begin + value.end()
        else:
            span = rest.span(at, len(rest.text))
            more = " or ".join(f"`{o}`" for o in options)
            remedy = f"a text that says what it is about{', or ' + more if more else ''}"
            if piece.startswith(":"):
                remedy = "leave the colon out: only in YAML files clauses have one"
            elif name is not None and re.match(r"[A-Za-z0-9_ ]+\Z", piece):
                joined = "_".join([name.text, *piece.split()])
                remedy = f"a name has no blanks: write `{joined}`; what it is about stands in quotes"
            reader.say(
                codes.SYNTAX.at(
                    span,
                    f"`{_short(piece)}` does not belong after the name of this {word}",
                    help=remedy,
                )
            )
            return None
    return None if name is None else (name, values, about)


def _short(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= 40 else line[:39] + "…"
