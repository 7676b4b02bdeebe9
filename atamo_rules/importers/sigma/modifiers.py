"""What stands before the colon in a detection: a field, and the modifiers that say how its values are compared.

The modifiers are those of the Sigma specification, version 2.1, with the names that pySigma adds for their flags.
"""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax.yaml_scalars import Scalar

ENCODINGS = {"wide": "utf-16le", "utf16le": "utf-16le", "utf16be": "utf-16be", "utf16": "utf-16"}
PLACES = ("contains", "startswith", "endswith")
BOUNDS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_FLAGS = {"i": "i", "ignorecase": "i", "m": "m", "multiline": "m", "s": "s", "dotall": "s"}
_MOMENTS = ("minute", "hour", "day", "week", "month", "year")
_READINGS = ("re", "cidr", "fieldref", "exists", *BOUNDS)
_KNOWN = (*_READINGS, *PLACES, *ENCODINGS, *_FLAGS, *_MOMENTS, "all", "neq", "cased", "windash", "base64",
          "base64offset", "expand")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A field, empty for keywords, and how its values are read and compared.

    `reading` is "" for texts, or one of re, cidr, fieldref, exists, lt, lte, gt, gte. `place` is "", contains,
    startswith or endswith; `encoding` is how base64 reads the text. `every` is the modifier `all`.
    """

    field: str
    span: Span
    reading: str = ""
    place: str = ""
    every: bool = False
    negated: bool = False
    cased: bool = False
    dashes: bool = False
    base64: str = ""
    encoding: str = ""
    flags: str = ""
    expand: bool = False


def key(node: Scalar) -> Key:
    """The key that a scalar writes. Raises Malformed and Unsayable."""
    field, *names = node.text.split("|")
    for name in names:
        if name in _MOMENTS:
            raise Unsayable(f"`{name}` takes a part of a time, whose form Sigma leaves open", node.span)
        if name not in _KNOWN:
            raise Unsayable(f"the modifier `{name}` is not known", node.span)
    for position, name in enumerate(names):
        if name in names[:position]:
            raise Malformed(codes.YAML_SHAPE, node.span, f"the modifier `{name}` stands twice")
    made = Key(
        field,
        node.span,
        _one(names, _READINGS, node),
        _one(names, PLACES, node),
        "all" in names,
        "neq" in names,
        "cased" in names,
        "windash" in names,
        _one(names, ("base64", "base64offset"), node),
        ENCODINGS.get(_one(names, tuple(ENCODINGS), node), ""),
        "".join(sorted({_FLAGS[name] for name in names if name in _FLAGS})),
        "expand" in names,
    )
    _checked(made, names, node)
    return made


def _one(names: list[str], choice: tuple[str, ...], node: Scalar) -> str:
    """The one of some modifiers that is there, or the empty text."""
    found = [name for name in names if name in choice]
    if len(found) > 1:
        raise Unsayable(f"`{found[0]}` and `{found[1]}` do not go together", node.span)
    return found[0] if found else ""


def _checked(made: Key, names: list[str], node: Scalar) -> None:
    """Refuse what has no meaning, or none that is the same everywhere."""
    if made.reading:
        texts = [
            name
            for name in names
            if name in (*ENCODINGS, "windash", "base64", "base64offset", "expand", "cased")
        ]
        if made.place and made.reading != "fieldref":
            texts.append(made.place)
        if texts:
            raise Unsayable(f"`{made.reading}` and `{texts[0]}` do not go together", node.span)
        before = names[: names.index(made.reading)]
        if any(name not in ("all", "neq") for name in before):
            raise Malformed(
                codes.YAML_SHAPE, node.span, f"`{made.reading}` is the first modifier, if it is there"
            )
    if made.flags and made.reading != "re":
        raise Malformed(codes.YAML_SHAPE, node.span, "`i`, `m` and `s` stand behind `re`")
    if made.encoding and not made.base64:
        raise Unsayable("a text in UTF-16 is compared, whose bytes are no characters", node.span)
    if made.base64:
        allowed = [name for name in names if name in (*ENCODINGS, made.base64, *PLACES)]
        if allowed != sorted(allowed, key=lambda name: (name in PLACES, name == made.base64)):
            raise Malformed(
                codes.YAML_SHAPE,
                node.span,
                f"`{made.base64}` stands behind the encoding and before `contains`",
            )
        if made.dashes or made.expand:
            raise Unsayable(f"`{made.base64}` goes with neither `windash` nor `expand`", node.span)
    if not made.field:
        if made.reading in ("exists", "fieldref", *BOUNDS):
            raise Malformed(codes.YAML_SHAPE, node.span, f"`{made.reading}` needs a field before it")
        if made.place in ("startswith", "endswith"):
            raise Unsayable(
                "a keyword stands anywhere in an event, so it neither begins nor ends it", node.span
            )
