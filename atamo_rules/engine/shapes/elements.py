"""Questions about any value that a path through lists leads to."""

from __future__ import annotations

from atamo_rules.engine.shapes import comparisons
from atamo_rules.engine.shapes.paths import LONGEST, plain, read
from atamo_rules.engine.shapes.piece import ELEMENTS, MARK, PART, Here, Piece
from atamo_rules.model.meaning import EACH, Condition, Const, Exists, Get, IsNull, Step, Test
from atamo_rules.model.types import Text


def piece(node: Condition, get: Get, here: Here) -> Piece | None:
    """The expression of an atom about a path with EACH in it; None where only a frame can tell. Raises Beyond."""
    parts = _parts(get.steps)
    if len(get.steps) > LONGEST or not all(plain(part) for part in parts):
        return None
    head, soft = read(Get(get.root, parts[0], Text(), span=get.span), here)
    tail = parts[-1]
    if len(parts) == 2 and not tail and isinstance(node, Test):
        quick = _member(node, f"({here.value} := {head})", f"isinstance({here.value}, L)", soft, here)
        if quick is not None:
            return quick
    inside, name = here.inside("an element")
    loops = f"for {name} in I({head})"
    for part in parts[1:-1]:
        inner = _under(name, part)
        inside, name = inside.inside("an element")
        loops += f" for {name} in I({inner})"
    text = _under(name, tail, ", A" if isinstance(node, IsNull | Exists) else "")
    if not isinstance(node, Test):
        asked = comparisons.state(node, text, inside.value)
        return Piece(ELEMENTS + asked.cost, f"any({asked.text} {loops})", asked.constants)
    quick = _member(node, f"[{text} {loops}]", "", False, here)
    if quick is not None:
        return Piece(ELEMENTS, quick.text, quick.constants)
    test = comparisons.test(node, get.type, text, bool(tail), inside.value)
    return test and Piece(ELEMENTS + test.cost, f"any({test.text} {loops})", test.constants)


def _parts(steps: tuple[Step, ...]) -> list[tuple[Step, ...]]:
    """The steps between the lists a path goes through."""
    parts: list[tuple[Step, ...]] = [()]
    for step in steps:
        if step is EACH:
            parts.append(())
        else:
            parts[-1] += (step,)
    return parts


def _under(name: str, steps: tuple[Step, ...], default: str = "") -> str:
    """A path under an element, which often lacks it; what is no object there raises."""
    text = name
    for at, step in enumerate(steps):
        text = f"({text} or E)" if at else text
        text = f"{text}.get({step!r}{default if at == len(steps) - 1 else ''})"
    return text


def _member(node: Test, values: str, guard: str, soft: bool, here: Here) -> Piece | None:
    """An element that equals a text, or one of several texts, found by the list or the set itself."""
    assert isinstance(node.right, Const)
    constant = node.right.value
    if node.ignore_case or node.many:
        return None
    there = f"{values} is not None and " if soft else ""
    values = here.value if soft else values
    guard = f" and {guard}" if guard else ""
    if node.operator == "eq" and isinstance(constant, str):
        return Piece(PART, f"({there}{MARK} in {values}{guard})", (constant,))
    if node.operator == "in" and isinstance(constant, tuple) and all(isinstance(i, str) for i in constant):
        return Piece(PART, f"({there}not {MARK}.isdisjoint({values}){guard})", (frozenset(constant),))
    return None
