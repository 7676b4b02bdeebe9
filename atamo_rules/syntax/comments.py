"""Comments: where they stand in a file, and where they go in its canonical text.

The tree holds none: what people write for each other is no part of what a file means. Each comment is put back by its
place: one on a line of its own goes above whatever followed it, one at the end of a line goes behind whatever stood
before it. So a comment may move a line, and is never lost.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence

from atamo_rules.source.span import Source, Span
from atamo_rules.syntax.rows import Row
from atamo_rules.syntax.tree import Comment


def comments_of(source: Source) -> tuple[Comment, ...]:
    """Every comment of a rule file, in order."""
    if source.name.endswith((".yaml", ".yml")):
        return tuple(_yaml_comments(source))
    from atamo_rules.syntax.outline import comments

    return comments(source)


def _yaml_comments(source: Source) -> Iterator[Comment]:
    """What begins with `#` behind a blank, outside scalars (YAML 1.2, section 6.6)."""
    from atamo_rules.syntax.yaml_nodes import Mapping, Node
    from atamo_rules.syntax.yaml_reading import read_yaml
    from atamo_rules.syntax.yaml_scalars import Scalar

    root, _ = read_yaml(source)
    spans: list[Span] = []
    stack: list[Node] = [root] if root is not None else []
    while stack:
        one = stack.pop()
        if isinstance(one, Scalar):
            spans.append(one.span)
        else:
            stack.extend(
                [part for entry in one.entries for part in entry] if isinstance(one, Mapping) else one.items
            )
    scalars = sorted((span.start, span.end) for span in spans)
    starts = [start for start, _ in scalars]
    text = source.text
    at = text.find("#")
    while at != -1:
        nearest = bisect.bisect_right(starts, at) - 1
        inside = nearest >= 0 and at < scalars[nearest][1]
        if inside or (at and text[at - 1] not in " \t\n"):
            at = text.find("#", at + 1)
            continue
        end = text.find("\n", at)
        end = len(text) if end == -1 else end
        alone = not text[text.rfind("\n", 0, at) + 1 : at].strip()
        yield Comment(at, text[at + 1 : end].strip(), alone)
        at = text.find("#", end)


def placed(
    rows: Sequence[Row], source: Source
) -> tuple[list[list[Comment]], list[list[Comment]], list[Comment]]:
    """For each row the comments before it and those beside it; and what stands after the last row."""
    before: list[list[Comment]] = [[] for _ in rows]
    beside: list[list[Comment]] = [[] for _ in rows]
    after: list[Comment] = []
    places = sorted(
        (one.place.start, n) for n, one in enumerate(rows) if one.place and one.place.source is source
    )
    starts = [start for start, _ in places]
    for comment in comments_of(source):
        at = bisect.bisect_left(starts, comment.offset)
        if comment.alone or not at:
            if at < len(places):
                # Of rows that come from one place the first is the outermost.
                before[places[bisect.bisect_left(starts, starts[at])][1]].append(comment)
            else:
                after.append(comment)
        else:
            beside[places[at - 1][1]].append(comment)
    return before, beside, after


def written(rows: Sequence[Row], source: Source) -> str:
    """The text of rows with the source's comments, and with its empty lines, never two together."""
    before, beside, after = placed(rows, source)
    lines: list[str] = []
    last = _Last()
    kind = ""
    for one, above, behind in zip(rows, before, beside, strict=True):
        above = above + behind[:-1]
        tail = f"  {_hash(behind[-1])}" if behind else ""
        forced = bool(one.opens) and one.indent <= last.indent
        tight = one.lone and (kind == "lone" or (one.opens == "Use" and kind == "Pack"))
        for n, (text, offset) in enumerate(
            [*((_hash(c), c.offset) for c in above), (one.text, _offset(one, source))]
        ):
            empty = last.gap(source, offset, deeper=one.indent > last.indent)
            if lines and ((forced and not n and not tight) or empty):
                lines.append("")
            lines.append(" " * one.indent + text + (tail if n == len(above) else ""))
            last.was(source, offset, one.indent)
        if one.opens:
            kind = "lone" if one.lone else one.opens
    for comment in after:
        if lines and (last.gap(source, comment.offset, deeper=False) or comment is after[0]):
            lines.append("")
        lines.append(_hash(comment))
        last.was(source, comment.offset, 0)
    return "".join(line.rstrip(" ") + "\n" for line in lines)


def _hash(comment: Comment) -> str:
    return (
        f"# {comment.text}".rstrip() if not comment.text.startswith(("!", "#", ":")) else f"#{comment.text}"
    )


def _offset(one: Row, source: Source) -> int | None:
    return one.place.start if one.place is not None and one.place.source is source else None


class _Last:
    """The line of the source that the last written line came from."""

    def __init__(self) -> None:
        self.line = 0
        self.indent = 0

    def was(self, source: Source, offset: int | None, indent: int) -> None:
        self.indent = indent
        if offset is not None:
            self.line = max(self.line, source.place(offset).line)

    def gap(self, source: Source, offset: int | None, *, deeper: bool) -> bool:
        """Whether the author left a line empty above what comes next."""
        if offset is None or deeper:
            return False
        line = source.place(offset).line
        return line > self.line and line > 1 and not source.line(line - 1).strip()
