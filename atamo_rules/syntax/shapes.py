"""The shape of a clause: the kinds of its tokens in order, and what the grammar makes of such an order.

Rules of real sets repeat in shape, and an LALR(1) parser is told what to do by kinds alone. So this walks Lark's own
tables with Lark's own scanners, and keeps what it learns: for each stack of states what the next kind leads to, and
for each sequence of kinds the parts it makes, ready to be filled with the tokens of any clause. A clause that does not
follow the grammar is none of its business: it gives None, and Lark says what is wrong.

The algorithm is that of D. E. Knuth, On the translation of languages from left to right (1965), with F. DeRemer's
lookaheads (1969). Positions follow Lark's: a part begins where the first thing it was made of
begins, brackets included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from re import Match
from typing import Any, Generic, TypeVar, cast

from lark import Lark, Token
from lark.parsers.lalr_analysis import Shift

from atamo_rules.syntax.parts import Leaf, Part, Tokens

MOST_POINTS = 8_192
"""Stacks of states that are remembered. All are forgotten when there are more: no clause depends on another."""
MOST_TOKENS = 131_072
"""Tokens of all remembered shapes together."""
LONGEST = 4_096
"""Tokens of a shape that is remembered: one that is longer will not come again."""
END = "$END"
Made = TypeVar("Made")


@dataclass(slots=True)
class Point:
    """Where a parser stands between two tokens: its stack of states, how text goes on there, and what follows it."""

    stack: tuple[Any, ...]
    match: Callable[[str, int], Match[str] | None]
    next: dict[str, Step] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What one more token does: the rules that end before it, by how many things each takes, and where that leads."""

    ended: tuple[Any, ...]
    point: Point | None


@dataclass(frozen=True, slots=True)
class Learnt(Generic[Made]):
    """What was learnt; replaced by an empty one when it is too much. Threads may write to it at once: they write the
    same."""

    points: dict[tuple[Any, ...], Point] = field(default_factory=dict)
    shapes: dict[tuple[str, ...], Made] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=lambda: [0])


class Shapes(Generic[Made]):
    """The shapes of one grammar. `make` turns the parts of a new shape into what is kept for it.

    `blanks` are characters between tokens that the grammar ignores and that none of its tokens begins with.
    """

    def __init__(self, lark: Lark, make: Callable[[Part], Made], *, blanks: str = "") -> None:
        self._blanks = blanks
        parser: Any = lark.parser
        self._table = parser.parser._parse_table
        self._lexers: Mapping[Any, Any] = parser.lexer.lexers
        self._make = make
        self._learnt: Learnt[Made] = Learnt()
        self._roots: dict[str, tuple[Any, ...]] = {
            start: (state,) for start, state in self._table.start_states.items()
        }

    @property
    def held(self) -> int:
        """Tokens of the shapes that are remembered."""
        return self._learnt.tokens[0]

    def read(self, start: str, text: str) -> tuple[Made, Tokens] | None:
        """What is kept for the shape of a clause, and its tokens; None where Lark has to say what is wrong."""
        learnt = self._learnt
        if len(learnt.points) > MOST_POINTS or learnt.tokens[0] > MOST_TOKENS:
            learnt = self._learnt = Learnt()
        root = self._roots[start]
        point = learnt.points.get(root) or self._point(root, learnt)
        kinds, texts, starts, ends = [start], [], [], []
        at, size, blanks = 0, len(text), self._blanks
        while at < size:
            if text[at] in blanks:
                at += 1
                continue
            found = point.match(text, at)
            if found is None:
                return None
            kind, begin, at = found.lastgroup or "", at, found.end()
            step = point.next.get(kind)
            if step is None:
                if kind in self._lexers[point.stack[-1]].ignore_types:
                    step = point.next[kind] = Step((), None)
                else:
                    step = self._step(point, kind, start, learnt)
                    if step is None:
                        return None
            if step.point is None:
                continue
            point = step.point
            kinds.append(kind)
            texts.append(found[0])
            starts.append(begin)
            ends.append(at)
        shape = tuple(kinds)
        made = learnt.shapes.get(shape)
        if made is None:
            part = self._parts(shape, start, learnt)
            if part is None:
                return None
            made = self._make(part)
            if len(shape) <= LONGEST:
                learnt.shapes[shape] = made
                learnt.tokens[0] += len(shape)
        return made, (texts, starts, ends)

    def _point(self, stack: tuple[Any, ...], learnt: Learnt[Made]) -> Point:
        known = learnt.points.get(stack)
        if known is None:
            known = learnt.points[stack] = Point(stack, _match(self._lexers[stack[-1]]))
        return known

    def _step(self, point: Point, kind: str, start: str, learnt: Learnt[Made]) -> Step | None:
        """What the table says of a kind after a stack; None where it says that no such token can follow."""
        stack = list(point.stack)
        states, end = self._table.states, self._table.end_states[start]
        ended: list[Any] = []
        while True:
            if kind not in states[stack[-1]]:
                return None
            action, target = states[stack[-1]][kind]
            if action is Shift:
                step = Step(tuple(ended), self._point((*stack, target), learnt))
                break
            if target.expansion:
                del stack[-len(target.expansion) :]
            ended.append(target)
            stack.append(states[stack[-1]][target.origin.name][1])
            if kind == END and stack[-1] == end:
                step = Step(tuple(ended), None)
                break
        point.next[kind] = step
        return step

    def _parts(self, shape: Sequence[str], start: str, learnt: Learnt[Made]) -> Part | None:
        """The parts that a shape makes: what Lark's tree builder makes of its tokens."""
        point = self._point(self._roots[start], learnt)
        values: list[_Value] = []
        for index, kind in enumerate((*shape[1:], END)):
            step = point.next.get(kind) or self._step(point, kind, start, learnt)
            if step is None:
                return None
            for rule in step.ended:
                size = len(rule.expansion)
                taken = values[len(values) - size :]
                del values[len(values) - size :]
                values.append(_built(rule, taken))
            if step.point is not None:
                values.append((Leaf(kind, index), index, index))
                point = step.point
        made = values[-1][0]
        assert isinstance(made, Part)
        return made


def _match(lexer: Any) -> Callable[[str, int], Match[str] | None]:
    """How Lark's lexer finds the next token, blanks included; finds none where it does so in more than one step."""
    regexes = lexer.scanner._mres
    return regexes[0].match if len(regexes) == 1 and not lexer.callback else lambda text, at: None


_Value = tuple[Part | Leaf, int, int]
"""What a rule made, and the tokens it was made of, those around it included that it does not show."""


def _built(rule: Any, taken: Sequence[_Value]) -> _Value:
    """What a rule makes of what it takes, as Lark's builder of parse trees has it for `?rule`, `_rule` and aliases."""
    children: list[Part | Leaf] = []
    for symbol, (child, _, _) in zip(rule.expansion, taken, strict=True):
        if symbol.is_term:
            if rule.options.keep_all_tokens or not symbol.filter_out:
                children.append(child)
        elif symbol.name.startswith("_"):
            assert isinstance(child, Part)
            children.extend(child.children)
        else:
            children.append(child)
    first = next((begin for _, begin, _ in taken if begin >= 0), -1)
    last = next((end for _, _, end in reversed(taken) if end >= 0), -1)
    if rule.options.expand1 and not rule.alias and len(children) == 1:
        child = children[0]
        if isinstance(child, Part) and child.first < 0:
            child = replace(child, first=first, last=last)
        return child, first, last
    return Part(rule.alias or rule.origin.name, tuple(children), first, last), first, last


def by_lark(lark: Lark, start: str, text: str) -> tuple[Part, Tokens]:
    """One clause as Lark reads it, without anything that was learnt. Raises Lark's UnexpectedInput."""
    parser: Any = lark.parse_interactive(text, start)
    found: list[Any] = list(parser.iter_parse())
    whole = parser.feed_eof(found[-1] if found else None)
    starts, ends = [token.start_pos for token in found], [token.end_pos for token in found]
    return _part(whole, starts, ends), ([str(token) for token in found], starts, ends)


def _part(node: Any, starts: list[int], ends: list[int]) -> Part:
    children: list[Part | Leaf] = []
    for child in node.children:
        if isinstance(child, Token):
            children.append(Leaf(child.type, starts.index(cast(int, child.start_pos))))
        else:
            children.append(_part(child, starts, ends))
    if node.meta.empty:
        return Part(node.data, tuple(children), -1, -1)
    first, last = starts.index(node.meta.start_pos), ends.index(node.meta.end_pos)
    return Part(node.data, tuple(children), first, last)
