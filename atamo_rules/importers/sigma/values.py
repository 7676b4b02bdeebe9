"""Values of a detection as comparisons of ours: `Image|endswith: ['\\a.exe']` as `Image ends with "\\a.exe"`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from ipaddress import ip_network

from atamo_rules.importers.sigma.fields import Fields
from atamo_rules.importers.sigma.modifiers import BOUNDS, PLACES, Key
from atamo_rules.importers.sigma.patterns import Pattern, literal, pattern
from atamo_rules.importers.sigma.regexes import Untold, as_re2
from atamo_rules.importers.sigma.scalars import Read
from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree

_PLACEHOLDER = re.compile(r"%([A-Za-z_][A-Za-z0-9_\-]*)%")
_DASH = re.compile(r"\B[-/]\b")
MOST_DASHES = 3
"""Of one value: each is written in five ways."""
_OPERATORS = ("is", "starts with", "ends with", "contains", "is like")
_NEGATED = {
    "is": "is not",
    "is one of": "is not one of",
    "starts with": "does not start with",
    "ends with": "does not end with",
    "contains": "does not contain",
    "matches": "does not match",
    "is like": "is not like",
    "is in network": "is not in network",
}


def comparison(key: Key, values: Sequence[Read], fields: Fields) -> tree.Expr:
    """The condition that a key and its values make. Raises Malformed and Unsayable."""
    parts = _parts(key, values, fields)
    made = joined(parts, every=key.every, span=key.span)
    return negation(made, key.span) if key.negated else made


def joined(parts: Sequence[tree.Expr], *, every: bool, span: Span) -> tree.Expr:
    """Parts joined by `and`, or by `or`; what is joined in the same way inside them is one with them."""
    kind = tree.AllOf if every else tree.AnyOf
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]
    return flat[0] if len(flat) == 1 else kind(tuple(flat), span=span)


def negation(part: tree.Expr, span: Span) -> tree.Expr:
    """The opposite, in the words that a person would choose."""
    match part:
        case tree.Not():
            return part.part
        case tree.Compare(left=tree.AnyField()):
            pass
        case tree.Compare() if part.operator in _NEGATED and part.quantifier != "all":
            return tree.Compare(
                _NEGATED[part.operator], part.left, part.right, part.quantifier, part.ignoring_case, span=span
            )
        case tree.State("is absent", operand):
            return tree.State("is present", operand, span=span)
        case tree.State("exists", operand):
            return tree.State("does not exist", operand, span=span)
    return tree.Not(part, span=span)


def _parts(key: Key, values: Sequence[Read], fields: Fields) -> list[tree.Expr]:
    field = fields.asked(key)
    nulls = [one for one in values if one.value is None]
    others = [one for one in values if one.value is not None]
    if not values:
        nulls = [Read(None, key.span)]
    if nulls and (not key.field or key.reading or key.place or key.base64 or key.dashes or key.expand):
        raise Malformed(codes.YAML_SHAPE, nulls[0].span, "a null has no text that could be compared here")
    parts: list[tree.Expr] = [tree.State("is absent", field, span=nulls[0].span)] if nulls else []
    if not others:
        return parts
    match key.reading:
        case "":
            return [*_texts(key, others, field), *parts]
        case "re":
            return _regexes(key, others, field)
        case "cidr":
            return _networks(key, others, field)
        case "fieldref":
            return [_reference(key, one, fields) for one in others]
        case "exists":
            return [_exists(one, field) for one in others]
    return [_bound(key, one, field) for one in others]


# --- texts ----------------------------------------------------------------------------------------------


def _texts(key: Key, values: Sequence[Read], field: tree.Expr) -> list[tree.Expr]:
    """Comparisons with texts: those with one operator are one comparison."""
    if key.expand:
        return [_expanded(key, one, field) for one in values]
    groups: dict[str, list[tree.Literal]] = {}
    for one in values:
        operator, text = _pattern(key, one).shape()
        groups.setdefault(operator, []).append(tree.Literal(text, span=one.span))
    return [
        part
        for operator in _OPERATORS
        if operator in groups
        for part in _compared(key, operator, groups[operator], field)
    ]


def _pattern(key: Key, one: Read) -> Pattern:
    if key.place and not isinstance(one.value, str):
        raise Malformed(codes.YAML_SHAPE, one.span, f"`{key.place}` needs a text", f"write '{one.text}'")
    made = pattern(one.text) if isinstance(one.value, str) else literal(one.text)
    if key.base64 and made.plain is None:
        raise Malformed(codes.YAML_SHAPE, one.span, f"what `{key.base64}` encodes has no wildcards")
    if key.base64 and made.plain == "":
        raise Malformed(codes.YAML_SHAPE, one.span, f"`{key.base64}` needs a text")
    if key.dashes and len(_DASH.findall(one.text)) > MOST_DASHES:
        raise Unsayable(
            f"`windash` is asked of more than {MOST_DASHES} dashes, which pySigma refuses too", one.span
        )
    place = key.place if key.field else "contains"
    match place:
        case "contains":
            return made.inside()
        case "startswith":
            return made.ended()
        case "endswith":
            return made.begun()
    return made


def _compared(key: Key, operator: str, texts: Sequence[tree.Literal], field: tree.Expr) -> list[tree.Expr]:
    if key.base64:
        return [_encoded(key, operator, text, field) for text in texts]
    folds = not key.cased and any(_has_case(str(text.value)) for text in texts)
    if key.dashes:
        if key.every:
            return [_dashed(operator, (text,), field, folds) for text in texts]
        return [_dashed(operator, texts, field, folds)]
    if len(texts) == 1:
        return [tree.Compare(operator, field, texts[0], "", folds, span=texts[0].span)]
    span = texts[0].span
    listed = tree.ListValue(tuple(texts), span=span)
    if operator == "is" and not key.every:
        return [tree.Compare("is one of", field, listed, "", folds, span=span)]
    if operator == "is" or (key.every and isinstance(field, tree.AnyField)):
        # Each of several keywords may stand in another field, so that each is asked for alone.
        return [tree.Compare(operator, field, text, "", folds, span=text.span) for text in texts]
    return [tree.Compare(operator, field, listed, "all" if key.every else "any", folds, span=span)]


def _has_case(text: str) -> bool:
    """Whether ignoring case can make a difference."""
    return not text.isascii() or text.lower() != text.upper()


def _dashed(operator: str, texts: Sequence[tree.Literal], field: tree.Expr, folds: bool) -> tree.Expr:
    """`CommandLine contains any of dashes([" -c ", " -e "])`."""
    span = texts[0].span
    argument = texts[0] if len(texts) == 1 else tree.ListValue(tuple(texts), span=span)
    call = tree.Call(tree.Name("dashes", span=span), (argument,), span=span)
    if operator == "is":
        return tree.Compare("is one of", field, call, "", folds, span=span)
    return tree.Compare(operator, field, call, "any", folds, span=span)


def _encoded(key: Key, operator: str, text: tree.Literal, field: tree.Expr) -> tree.Expr:
    """`CommandLine contains base64("…")`, or `contains any of base64_offsets("…")`."""
    span = text.span
    encoding = (tree.Literal(key.encoding, span=span),) if key.encoding else ()
    folds = not key.cased
    if key.base64 == "base64":
        call = tree.Call(tree.Name("base64", span=span), (text, *encoding), span=span)
        return tree.Compare(operator, field, call, "", folds, span=span)
    call = tree.Call(tree.Name("base64_offsets", span=span), (text, *encoding), span=span)
    if operator == "is":
        return tree.Compare("is one of", field, call, "", folds, span=span)
    return tree.Compare(operator, field, call, "any", folds, span=span)


def _expanded(key: Key, one: Read, field: tree.Expr) -> tree.Expr:
    """`User is one of param.admins`: the values that a placeholder stands for are given by whoever uses these rules."""
    found = _PLACEHOLDER.fullmatch(one.text)
    if found is None or not isinstance(one.value, str):
        if "%" not in one.text:
            raise Malformed(codes.YAML_SHAPE, one.span, "`expand` needs a placeholder such as `%names%`")
        raise Unsayable("a placeholder has text around it, and its values are not known", one.span)
    if key.dashes:
        raise Unsayable("`expand` and `windash` do not go together", key.span)
    steps = tuple(tree.Step(text, span=one.span) for text in ("param", placeholder(found[1])))
    values = tree.Path(steps, span=one.span)
    folds = not key.cased
    operator = {"contains": "contains", "startswith": "starts with", "endswith": "ends with"}.get(
        key.place if key.field else "contains"
    )
    if operator is None:
        return tree.Compare("is one of", field, values, "", folds, span=one.span)
    return tree.Compare(operator, field, values, "any", folds, span=one.span)


def placeholder(name: str) -> str:
    """The parameter that a placeholder becomes."""
    return name.replace("-", "_")


# --- other readings -------------------------------------------------------------------------------------


def _regexes(key: Key, values: Sequence[Read], field: tree.Expr) -> list[tree.Expr]:
    patterns: list[tree.Regex] = []
    for one in values:
        if not isinstance(one.value, str):
            raise Malformed(codes.YAML_SHAPE, one.span, "`re` needs a text", f"write '{one.text}'")
        if not one.value:
            raise Unsayable("a regular expression is empty, which finds itself everywhere", one.span)
        try:
            written = as_re2(one.value, key.flags.replace("i", ""))
        except Untold as untold:
            raise Unsayable(f"the regular expression `{_short(one.value)}` {untold}", one.span) from None
        patterns.append(tree.Regex(written, span=one.span))
    folds, span = "i" in key.flags, patterns[0].span
    if len(patterns) == 1:
        return [tree.Compare("matches", field, patterns[0], "", folds, span=span)]
    if key.every and isinstance(field, tree.AnyField):
        return [tree.Compare("matches", field, one, "", folds, span=one.span) for one in patterns]
    listed = tree.ListValue(tuple(patterns), span=span)
    return [tree.Compare("matches", field, listed, "all" if key.every else "any", folds, span=span)]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _networks(key: Key, values: Sequence[Read], field: tree.Expr) -> list[tree.Expr]:
    texts: list[tree.Literal] = []
    for one in values:
        try:
            ip_network(one.text)
        except ValueError:
            message = f"`{_short(one.text)}` is not an IP network"
            raise Malformed(
                codes.BAD_NETWORK, one.span, message, "write it as 10.0.0.0/8 or fd00::/8"
            ) from None
        texts.append(tree.Literal(one.text, span=one.span))
    span = texts[0].span
    if len(texts) == 1:
        return [tree.Compare("is in network", field, texts[0], span=span)]
    listed = tree.ListValue(tuple(texts), span=span)
    return [tree.Compare("is in network", field, listed, "all" if key.every else "any", span=span)]


def _reference(key: Key, one: Read, fields: Fields) -> tree.Expr:
    """`SubjectUserName is TargetUserName ignoring case`."""
    name = pattern(one.text).plain if isinstance(one.value, str) else None
    if not name:
        raise Malformed(codes.YAML_SHAPE, one.span, "`fieldref` needs the name of a field, without wildcards")
    operator = dict(zip(("", *PLACES), ("is", "contains", "starts with", "ends with"), strict=True))[
        key.place
    ]
    return tree.Compare(operator, fields.asked(key), fields.path(name, one.span), "", True, span=one.span)


def _exists(one: Read, field: tree.Expr) -> tree.Expr:
    if not isinstance(one.value, bool):
        raise Malformed(codes.YAML_SHAPE, one.span, "`exists` needs `true` or `false`")
    return tree.State("exists" if one.value else "does not exist", field, span=one.span)


def _bound(key: Key, one: Read, field: tree.Expr) -> tree.Expr:
    if isinstance(one.value, bool) or not isinstance(one.value, int | Decimal):
        raise Malformed(
            codes.YAML_SHAPE, one.span, f"`{key.reading}` needs a number", "write it without quotes"
        )
    return tree.Compare(BOUNDS[key.reading], field, tree.Literal(one.value, span=one.span), span=one.span)
