"""Random trees of rule files: anything the reader could have made, whether or not it means something."""

from __future__ import annotations

import re
from decimal import Decimal

from hypothesis import strategies as st

from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.words import NOT_VALUES

HERE = Source("made.atamo", "").span(0, 0)
"""Made trees stand nowhere."""

words = st.sampled_from(
    "total customer tier is_new a b1 text user group event count status rule request by times of".split()
)
texts = st.one_of(
    st.sampled_from(
        [
            "",
            "x",
            "a b",
            "no",
            "yes",
            "12:30",
            "0x10",
            "1e3",
            "null",
            "=x",
            "- a",
            "a: b",
            "a #b",
            "it's",
            '"q"',
            "back\\slash",
            "tab\tend",
            "two\nlines\n",
            "three\n\nlines",
            " lead",
            "é\u2028",
            "{x}",
            "[",
            "*a",
            "&a",
            "!t",
            "%d",
            "@at",
            "`",
            "|",
            ">",
            "?",
            "#",
            "~",
            "true",
            "a, b",
            "\U0001f600",
            "\x85",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
names = words.filter(lambda word: word not in NOT_VALUES)
dotted = st.lists(st.sampled_from("order placed created v2 a-b x".split()), min_size=1, max_size=3).map(
    ".".join
)
free = st.sampled_from(["+1", "detail-type", "a.b", "x y", "is", "1st", "ok", "_id", 'q"t', "ünï"])
whole = st.integers(-(10**20), 10**20)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.sampled_from(
    [Decimal("1E+5"), Decimal("0.10"), Decimal("5"), Decimal("-0.0"), Decimal("1E-7")]
)
numbers = st.one_of(whole, decimals)
lengths = st.builds(
    lambda amount, unit: tree.Quantity(amount, unit, span=HERE),
    st.integers(0, 90) | st.just(Decimal("1.5")),
    st.sampled_from(["second", "minute", "hour", "day", "week"]),
)


def _completing(
    policy: str, count: int, after: tree.Quantity, within: tree.Quantity | None, kept: tree.Quantity | None
) -> decl.Completing:
    return decl.Completing(
        policy,
        count if policy == "any" else 0,
        after if policy == "after" else None,
        within,
        kept,
        span=HERE,
    )


completings = st.builds(
    _completing,
    st.sampled_from(["all", "first", "any", "after"]),
    st.integers(0, 9_999),
    lengths,
    st.none() | lengths,
    st.none() | lengths,
)
"""When a request is complete."""


def name(text: str) -> tree.Name:
    return tree.Name(text, span=HERE)


def literal(value: object) -> tree.Literal:
    return tree.Literal(value, span=HERE)  # type: ignore[arg-type]


def step(key: object) -> tree.Step:
    return tree.Step(key, span=HERE)  # type: ignore[arg-type]


literals = st.one_of(texts, numbers, st.booleans(), st.none()).map(literal)
paths = st.builds(
    lambda first, rest: tree.Path((step(first), *map(step, rest)), span=HERE),
    names,
    st.lists(st.one_of(names, free, st.integers(0, 9)), max_size=3),
)
patterns = st.sampled_from(["a", "a/b", "\\d+", "^x$", "[/]", "\\\\", '"']).map(
    lambda p: tree.Regex(p, span=HERE)
)


def _compare(values: st.SearchStrategy[tree.Expr]) -> st.SearchStrategy[tree.Expr]:
    plain = [one for one in tree.COMPARISONS if one not in ("is between", "matches", "does not match")]
    several = [one for one in plain if one[:2] != "is" or "network" in one]
    several = [one for one in several if one[0] not in "<>"]
    return st.one_of(
        st.builds(
            lambda o, a, b, i: tree.Compare(o, a, b, "", i, span=HERE),
            st.sampled_from(plain),
            values,
            values,
            st.booleans(),
        ),
        st.builds(
            lambda o, a, b, q: tree.Compare(o, a, b, q, span=HERE),
            st.sampled_from(several),
            values,
            values,
            st.sampled_from(["any", "all"]),
        ),
        st.builds(
            lambda a, b, i: tree.Compare("matches", a, b, "", i, span=HERE), values, patterns, st.booleans()
        ),
        st.builds(
            lambda a, b: tree.Compare("matches", a, tree.ListValue(tuple(b), span=HERE), "any", span=HERE),
            values,
            st.lists(patterns, min_size=1, max_size=2),
        ),
        st.builds(
            lambda a, b, c: tree.Compare("is between", a, tree.ListValue((b, c), span=HERE), span=HERE),
            values,
            values,
            values,
        ),
        st.builds(lambda o, a: tree.State(o, a, span=HERE), st.sampled_from(tree.STATES), values),
    )


def _deeper(inner: st.SearchStrategy[tree.Expr]) -> st.SearchStrategy[tree.Expr]:
    some = st.lists(inner, min_size=2, max_size=3).map(tuple)
    positive = inner.filter(
        lambda one: not (isinstance(one, tree.Literal) and isinstance(one.value, int | Decimal))
    )
    return st.one_of(
        _compare(inner),
        some.map(lambda parts: tree.AllOf(parts, span=HERE)),
        some.map(lambda parts: tree.AnyOf(parts, span=HERE)),
        inner.map(lambda one: tree.Not(one, span=HERE)),
        positive.map(lambda one: tree.Negative(one, span=HERE)),
        st.builds(lambda o, a, b: tree.Arithmetic(o, a, b, span=HERE), st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda a, b: tree.Else(a, b, span=HERE), inner, inner),
        st.lists(inner, max_size=3).map(lambda items: tree.ListValue(tuple(items), span=HERE)),
        st.builds(lambda f, a: tree.Call(name(f), tuple(a), span=HERE), names, st.lists(inner, max_size=2)),
        st.builds(lambda v, c, x: tree.Count(name(v), c, x, span=HERE), names, inner, inner),
        st.builds(
            lambda q, v, c, x: tree.Quantified(q, name(v), c, x, span=HERE),
            st.sampled_from(["any", "every", "no"]),
            names,
            inner,
            inner,
        ),
    )


expressions: st.SearchStrategy[tree.Expr] = st.recursive(
    st.one_of(literals, paths, lengths), _deeper, max_leaves=8
)
"""Conditions and values alike: the grammar does not tell them apart."""


def _types(inner: st.SearchStrategy[type_tree.TypeExpr]) -> st.SearchStrategy[type_tree.TypeExpr]:
    return st.one_of(
        inner.map(lambda one: type_tree.ListOf(one, span=HERE)),
        inner.map(lambda one: type_tree.MapOf(one, span=HERE)),
    )


choices = st.one_of(texts, names, whole, st.booleans()).map(literal)
plain_types: st.SearchStrategy[type_tree.TypeExpr] = st.one_of(
    st.sampled_from(type_tree.TYPE_WORDS).map(lambda word: type_tree.Plain(word, span=HERE)),
    st.builds(
        lambda low, high: type_tree.Plain("whole", low, high, span=HERE),
        st.integers(-9, 9),
        st.none() | st.integers(10, 99),
    ),
    st.lists(choices, min_size=1, max_size=3).map(lambda values: type_tree.OneOf(tuple(values), span=HERE)),
)
types = st.recursive(plain_types, _types, max_leaves=2)


def _field(
    field_name: str, type: type_tree.TypeExpr, optional: bool, default: object, about: str | None
) -> type_tree.Field:
    return type_tree.Field(
        name(field_name),
        type,
        optional,
        literal(default) if default is not None else None,
        literal(about) if about is not None else None,
        span=HERE,
    )


def _fields(inner: st.SearchStrategy[type_tree.TypeExpr]) -> st.SearchStrategy[tuple[type_tree.Field, ...]]:
    plain = st.builds(
        _field,
        names | st.just("type"),
        inner,
        st.booleans(),
        st.none() | st.booleans() | texts,
        st.none() | texts,
    )
    return st.lists(plain, min_size=1, max_size=3, unique_by=lambda one: one.name.text).map(tuple)


def _record(fields: tuple[type_tree.Field, ...]) -> type_tree.TypeExpr:
    return type_tree.RecordOf(fields, span=HERE)


@st.composite
def fields(draw: st.DrawFn) -> tuple[type_tree.Field, ...]:
    """Declared fields, some of them records or lists of records."""
    found = list(draw(_fields(types)))
    if draw(st.booleans()):
        record = _record(draw(_fields(types)))
        nested = type_tree.ListOf(record, span=HERE) if draw(st.booleans()) else record
        found.append(_field("nested", nested, draw(st.booleans()), None, draw(st.none() | texts)))
    return tuple(found)


def _argument(key: object, value: tree.Value) -> tree.Argument:
    return tree.Argument((step(key),), value, span=HERE)


JINJA = re.compile(r"\{[{%#]")


def _value(text: tree.Value) -> tree.Value:
    """As the reader: a text with Jinja in it is a template."""
    if isinstance(text, tree.Literal) and isinstance(text.value, str) and JINJA.search(text.value):
        from atamo_rules.source.span import Fragment

        return tree.Template(text.value, Fragment(text.value, HERE), span=HERE)
    return text


def _objects(inner: st.SearchStrategy[tree.Value]) -> st.SearchStrategy[tree.Value]:
    keyed = st.tuples(names | free, inner)
    return st.lists(keyed, max_size=3, unique_by=lambda one: str(one[0])).map(
        lambda entries: tree.ObjectValue(tuple(_argument(k, v) for k, v in entries), span=HERE)
    )


templated = (
    st.sampled_from(["{{ a }}", "x {{ a.b }}\ny", "{% if a %}1{% endif %}{{ b }}"]).map(literal).map(_value)
)
values: st.SearchStrategy[tree.Value] = st.recursive(
    st.one_of(literals.map(_value), paths, templated, expressions),
    lambda inner: st.one_of(
        _objects(inner), st.lists(inner, max_size=2).map(lambda v: tree.ListValue(tuple(v), span=HERE))
    ),
    max_leaves=4,
)


@st.composite
def arguments(draw: st.DrawFn) -> tuple[tree.Argument, ...]:
    """What an action is given."""
    found = draw(st.lists(st.tuples(names, values), max_size=3, unique_by=lambda one: one[0]))
    return tuple(_argument(key, value) for key, value in found)


@st.composite
def actions(draw: st.DrawFn) -> decl.Do:
    """One action, with all it may say."""
    verb = draw(st.sampled_from(["send", "track", "ask", "publish", "emit", "reply"]))
    if verb == "reply":
        return decl.Do("reply", arguments=draw(arguments()), span=HERE)
    within = draw(st.none() | lengths)
    who = draw(
        st.none()
        | st.builds(
            lambda k, n: decl.Principal(k, name(n), span=HERE), st.sampled_from(["user", "group"]), dotted
        )
    )
    alias = draw(st.none() | names.map(name))
    retry = draw(st.none() | st.integers(0, 9)) if verb != "emit" else None
    target = name(draw(dotted) if verb == "emit" else f"crm.{draw(dotted)}")
    later = (decl.Do("reply", arguments=draw(arguments()), span=HERE),) if draw(st.booleans()) else ()
    after = draw(st.none() | lengths)
    given = draw(arguments())
    return decl.Do(verb, target, given, who, within, alias, None, later, False, retry, after, span=HERE)


def _data(value: object) -> tree.Value:
    return literal(value)


@st.composite
def bodies(draw: st.DrawFn) -> tree.ObjectValue:
    """The fields of a test's event: plain data, under paths."""
    keys = st.lists(st.one_of(names, free), min_size=1, max_size=2)
    found = draw(
        st.lists(
            st.tuples(keys, texts | numbers | st.booleans()), max_size=3, unique_by=lambda one: str(one[0])
        )
    )
    return tree.ObjectValue(
        tuple(tree.Argument(tuple(map(step, k)), _data(v), span=HERE) for k, v in found), span=HERE
    )


@st.composite
def tests(draw: st.DrawFn) -> decl.Test:
    """Events and what is expected of them."""
    given = decl.Given(name(draw(dotted)), draw(bodies()), span=HERE)
    matchers = tuple(decl.Matcher(one.keys, "is", one.value, span=HERE) for one in draw(bodies()).entries)
    times = draw(st.sampled_from([None, 0, 1, 3]))
    expected = decl.Expected("action", name(f"crm.{draw(dotted)}"), matchers, times, span=HERE)
    expect = draw(st.sampled_from([decl.Expect((), True, span=HERE), decl.Expect((expected,), span=HERE)]))
    return decl.Test(name(draw(texts.filter(bool))), (), (given, expect), span=HERE)


@st.composite
def triggers(draw: st.DrawFn) -> decl.Trigger:
    """When a rule fires: on an event, on several, or by the clock."""

    def on(request: bool = False) -> decl.On:
        return decl.On(name(draw(dotted)), request, draw(st.none() | names.map(name)), span=HERE)

    by = tuple(draw(st.lists(paths, max_size=2)))
    within, count = draw(lengths), literal(draw(st.integers(1, 99)))
    late = draw(st.none() | lengths)
    match draw(st.integers(0, 9)):
        case 0:
            return decl.Times(on(), count, within, by, late, span=HERE)
        case 1:
            of = tuple(draw(st.lists(paths, min_size=1, max_size=2)))
            return decl.Different(on(), count, of, within, by, late, span=HERE)
        case 2:
            return decl.Collect(on(), within, draw(st.none() | st.just(count)), by, late, span=HERE)
        case 3:
            return decl.Then(tuple(on() for _ in range(draw(st.integers(2, 3)))), within, by, late, span=HERE)
        case 4:
            return decl.Without(on(), on(), within, by, late, span=HERE)
        case 5:
            period = draw(st.sampled_from(["5 minutes", "hour", "weekday at 09:00", 'cron "0 9 * * 1-5"']))
            zone = draw(st.none() | st.just(literal("Europe/Paris")))
            return decl.Schedule(period, zone, draw(st.sampled_from(["", "once", "all", "skip"])), span=HERE)
        case _:
            return on(draw(st.booleans()))


@st.composite
def rules(draw: st.DrawFn) -> decl.Rule:
    """A rule with some of its clauses."""
    on = draw(triggers())
    metadata = [_argument("severity", literal(draw(texts)))] if draw(st.booleans()) else []
    metadata += [_argument(draw(free), literal(draw(texts)))] if draw(st.booleans()) else []
    return decl.Rule(
        name(draw(dotted)),
        on,
        draw(st.none() | texts.map(literal)),
        draw(st.none() | st.integers(-9, 999).map(literal)),
        draw(st.none() | st.sampled_from(["draft", "shadow", "live"]).map(name)),
        tuple(metadata),
        lets=tuple(
            decl.Let(name(n), value, span=HERE)
            for n, value in draw(st.dictionaries(names, expressions, max_size=2)).items()
        ),
        condition=draw(st.none() | expressions),
        actions=tuple(draw(st.lists(actions(), max_size=2))),
        stop=True,
        tests=tuple(draw(st.lists(tests(), max_size=2))),
        span=HERE,
    )


@st.composite
def files(draw: st.DrawFn) -> decl.File:
    """A whole file."""
    found: list[decl.Declaration] = []
    for label in draw(st.lists(names, max_size=2, unique=True)):
        kind = draw(st.sampled_from(["param", "list", "define", "event", "rule"]))
        match kind:
            case "param":
                found.append(
                    decl.Param(
                        name(label),
                        draw(types),
                        draw(st.none() | choices),
                        draw(st.none() | texts.map(literal)),
                        span=HERE,
                    )
                )
            case "list":
                found.append(
                    decl.ListDecl(
                        name(label), tuple(draw(st.lists(choices, min_size=1, max_size=3))), span=HERE
                    )
                )
            case "define":
                parameter = decl.Parameter(name("t"), event=name("order.placed"), span=HERE)
                found.append(decl.Define(name(label), (parameter,), draw(expressions), span=HERE))
            case "event":
                about = draw(st.none() | texts.map(literal))
                if draw(st.integers(0, 3)):
                    said = draw(st.none() | completings)
                    asked = said is not None
                    found.append(
                        decl.EventDecl(
                            name(label), about, asked, fields=draw(fields()), completing=said, span=HERE
                        )
                    )
                else:
                    through = draw(st.booleans())
                    found.append(
                        decl.EventDecl(name(label), about, anything=True, through_lists=through, span=HERE)
                    )
            case _:
                found.append(draw(rules()))
    return decl.File(HERE.source, tuple(found))
