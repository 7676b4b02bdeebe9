"""What all readers of `.atamo` share: clause by clause parsing, and the mistakes any clause can have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Code, Diagnostic, Edit, Fix, Label
from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.convert import FieldLine
from atamo_rules.syntax.declarations import VERBS
from atamo_rules.syntax.misplaced import METADATA, likely, listed, nearest, remedy
from atamo_rules.syntax.outline import Line
from atamo_rules.syntax.words import text_literal

_KEY = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_\-]*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')\s*:(?!:)')
_TEXTUAL = re.compile(r"(?=.*[/:@\\])[\w./:@\\~%+-]+")
"""A path, an address, the name of something in a module: nothing that a value is written as."""
_DOTTED = re.compile(r"[A-Za-z_][\w\-]*(?:\.[A-Za-z0-9_\-]+)*")
_EQUALS = re.compile(r"([A-Za-z_][\w-]*)\s*=>?\s*(\S.*)")
_ODD_KEY = re.compile(r"([^\s\"'{}\[\]:-][^\s\"'{}\[\]:]*)\s*:")
_DOTTED_KEY = re.compile(r"\s*([A-Za-z_][\w\-]*(?:\.[\w\-]+)+)\s*:")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
Placed = TypeVar("Placed", bound=tree.Node)
Heard = tuple[str, Fragment]
"""A clause, by the start symbol of the grammar that it is read by."""


class Reader:
    """Collects diagnostics while a file is read, and what was read as which clause where somebody wants to hear it."""

    def __init__(self, report: list[Diagnostic], heard: list[Heard] | None = None) -> None:
        self.report, self.heard = report, heard

    def say(self, diagnostic: Diagnostic) -> None:
        self.report.append(diagnostic)

    def parse(self, start: str, fragment: Fragment) -> Any:
        """What a clause says, or None after reporting why it cannot be read."""
        made, found = self.read(start, fragment)
        self.report.extend(found)
        return made

    def read(self, start: str, fragment: Fragment) -> tuple[Any, tuple[Diagnostic, ...]]:
        """What a clause says, or None and why it cannot be read."""
        if self.heard is not None:
            self.heard.append((start, fragment))
        return parse(start, fragment)

    def placed(self, node: Placed, line: Line) -> Placed:
        """A node with the whole span of its line."""
        return replace(node, span=line.whole)

    def no_children(self, line: Line) -> None:
        if line.children:
            self.say(
                codes.UNKNOWN_CLAUSE.at(
                    line.children[0].span,
                    f"nothing goes under `{line.word}`",
                    help=_beside(line),
                )
            )

    def unknown(
        self, line: Line, known: Sequence[str], where: str, *, code: Code = codes.UNKNOWN_CLAUSE
    ) -> None:
        """Report a line whose first word is no clause here, with the likeliest word and all that may stand."""
        word = line.written
        close = likely(word, known)
        span = line.fragment.span(0, len(word))
        self.say(
            code.at(
                span,
                f"`{word}` is not a clause of {where}",
                label=nearest(word, close),
                notes=[f"here {where} may go on with: {listed(known)}"],
                help=remedy(word, where),
                fixes=[Fix(f"write `{close[0]}`", (Edit(span, close[0]),))] if close else (),
            )
        )

    def meant(
        self, line: Line, known: Sequence[str], where: str, read: Sequence[str] | None = None
    ) -> Line | None:
        """Report a line whose first word is no clause here; gives the line with the word that was most likely meant, or
        None. Only words of `read`, by default all of `known`, are put in its place."""
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
                help=_ONE.get(word, "keep one of them"),
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
        """A value on one line. A path or an address without quotes was meant as a text, and is reported as such."""
        made, found = self.read("value", rest)
        if made is None and found and _TEXTUAL.fullmatch(rest.text):
            quoted = text_literal(rest.text)
            edit = Edit(rest.span(0, len(rest.text)), quoted)
            fixes = (Fix("put it in quotes", (edit,)),) if rest.exact else ()
            found = (replace(found[0], help=f"a text stands in quotes: `{quoted}`", notes=(), fixes=fixes),)
        self.report.extend(found)
        value: tree.Value | None = made
        return value

    def unquoted(self, rest: Fragment) -> tree.Value | None:
        """A template without quotes, reported and read as a text; None for anything else."""
        if "{{" not in rest.text or rest.text[0] in "\"'[{(":
            return None
        span = rest.span(0, len(rest.text))
        prefixed = re.fullmatch(rf"[fF]({STRING.pattern})", rest.text)
        quoted = prefixed[1] if prefixed else text_literal(rest.text)
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
            self.say(
                codes.SYNTAX.at(
                    line.span, f"`{short(line.text)}` is not `name: value`", help=_keyed(line.text)
                )
            )
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

    def fields(self, lines: Iterable[Line]) -> tuple[type_tree.Field, ...]:
        found = (self.field(line) for line in lines)
        return tuple(item for item in found if item is not None)

    def field(self, line: Line) -> type_tree.Field | None:
        """`name: type`, or `name:` with nested fields below it."""
        key = self.key(line)
        if key is None:
            return None
        name, rest = key
        nested = type_tree.RecordOf(self.fields(line.children), span=line.whole) if line.children else None
        if not rest.text or rest.text == "?" or STRING.fullmatch(rest.text.lstrip("? ")):
            if nested is None:
                self.say(
                    codes.SYNTAX.at(
                        line.span, f"`{name.text}` has no type", help=f"write `{name.text}: text`"
                    )
                )
                anything = type_tree.Plain("anything", span=line.span)
                return type_tree.Field(name, anything, span=line.whole)
            about = self.about(rest)
            return type_tree.Field(name, nested, rest.text.startswith("?"), None, about, span=line.whole)
        made: FieldLine | None = self.parse("field", rest)
        if made is None:
            # The field is there, whatever it holds: what uses it is not blamed.
            anything = type_tree.Plain("anything", span=line.span)
            return type_tree.Field(name, anything, span=line.whole)
        type = made.type
        if type is None:
            if nested is None:
                self.say(
                    codes.SYNTAX.at(
                        rest.span(0, len(rest.text)), "`list of` needs a type, or fields below it"
                    )
                )
                return None
            type = type_tree.ListOf(nested, span=line.whole)
        elif nested is not None:
            self.no_children(line)
        default = made.default if isinstance(made.default, tree.Literal) else None
        if made.default is not None and default is None:
            self.say(codes.BAD_LITERAL.at(made.default.span, "a field's default is one plain value"))
        return type_tree.Field(name, type, made.optional, default, made.about, span=line.whole)

    def about(self, rest: Fragment) -> tree.Literal | None:
        found = STRING.search(rest.text)
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


_ONE = {
    "when": "join the two with `and`",
    "on": "a rule is about one event type: write a second rule for the other",
}
"""The remedy for each clause that may stand once and was given twice."""


def _beside(line: Line) -> str:
    """The remedy for a line below a clause that takes no lines below it."""
    child = line.children[0]
    if child.word in VERBS and line.word in ("when", "on", "let"):
        return "actions stand under `do`, indented"
    if line.word in ("given", "expect") and _KEY.match(child.text):
        fields = ", ".join(" ".join(one.text.split()) for one in line.children)
        return f"write it behind `{line.word}`, in braces: `{line.text} {{ {fields} }}`"
    return f"indent it like `{line.word}`" if line.indent else "start it at the left margin"


def _keyed(text: str) -> str:
    """How a line should read that is not `name: value`."""
    dotted = _DOTTED_KEY.match(text)
    if dotted is not None:
        return f'a name with a dot stands in quotes: `"{dotted[1]}": …`'
    if re.match(r"on\s+(error|failure|fail|exception)\b", text):
        return "write `on timeout`: it is also for an agent that fails"
    equals = _EQUALS.fullmatch(text)
    if equals is not None:
        return f"write `{equals[1]}: {equals[2]}`"
    odd = _ODD_KEY.match(text)
    if odd is not None:
        return f'such a name stands in quotes: `"{odd[1]}": …`'
    return "write a name, a colon and a value"


def words_of(span: Span) -> list[str]:
    """The names in a text that could not be read: what it declares must be among them."""
    return list(dict.fromkeys(_DOTTED.findall(span.text)))


def short(text: str) -> str:
    """The beginning of a text, for a message: one line of at most forty characters."""
    line = text.split("\n", 1)[0]
    return line if len(line) <= 40 else line[:39] + "…"
