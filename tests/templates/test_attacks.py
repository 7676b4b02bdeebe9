"""What templates must never do: run what an event holds, reach Python, or grow without bound."""

from __future__ import annotations

import jinja2
import pytest

from tests.templates.filling import filled, fired, made

FIELDS = "a: text\nn: whole\ntags: list of text\no:\n  items: text\n  x: text\nlabels: map of text\nany: anything\n"
BODY = {"a": "abc", "n": 3, "tags": ["p", "q"], "o": {"items": "I", "x": "X"}, "labels": {}, "any": None}

# --- S1: an event is data -------------------------------------------------------------------------------

INJECTED = (
    "{{ 7*7 }}", "{{ '7'*7 }}", "{% if true %}49{% endif %}", "{# gone #}", "{{", "}}", "{%", "${7*7}", "#{7*7}", "%s",
    "%(a)s", "{a}", "{0.__class__}", "{{ a }}", "{% raw %}", "-%}", "{%- set x = 1 -%}", "\\u007b\\u007b 7*7 }}",
)  # fmt: skip
READING = (
    "{{ a }}!", "{{ o.x }}!", "{{ tags[0] | default('') }}!", "{% for t in tags %}{{ t }}{% endfor %}!",
    "{{ labels['k'] | default('') }}!", "{{ any.deep.er }}!", "{% set x = a %}{{ x }}!", "{{ a | trim }}!",
    "{{ a | default('x') }}!", "{{ tags | join('') }}!", "{{ a if n > 1 else '' }}!",
    "{{ keys(labels) | first | default('') }}!",
    "{{ a | replace('no such text', a) }}!",
)  # fmt: skip


def injected(text: str) -> dict[str, object]:
    return {
        "a": text, "n": 3, "tags": [text], "o": {"items": text, "x": text},
        "labels": {"k": text} if text else {}, "any": {"deep": {"er": text}},
    }  # fmt: skip


@pytest.mark.parametrize("reading", READING)
def test_what_an_event_holds_is_never_a_template(reading: str) -> None:
    for text in INJECTED:
        body = injected(text)
        wanted = f"{text}!"
        if "keys" in reading:
            body["labels"] = {text: "v"}
        assert filled(FIELDS, reading, body) == wanted  # type: ignore[arg-type]


def test_this_check_fails_on_a_renderer_that_fills_twice() -> None:
    twice = jinja2.Environment().from_string
    assert twice(twice("{{ a }}!").render(a="{{ 7*7 }}")).render() == "49!" != "{{ 7*7 }}!"


def test_keys_are_data_and_not_the_methods_of_a_dict() -> None:
    assert filled(FIELDS, "{{ o.items }}{{ o['items'] }}", BODY) == "II"
    assert filled("", "{{ keys }}{{ items.update }}", {"keys": "K", "items": {"update": "U"}}) == "KU"
    plain = jinja2.Environment().from_string("{{ o.items }}").render(BODY)
    assert plain.startswith("<built-in method"), "plain Jinja gives the method, so this test can fail"


def test_absent_keys_of_anything_find_no_attribute() -> None:
    for path in ("any.keys", "any.__class__", "any['__class__']", "any._x", "a.upper"):
        found = made(FIELDS, f"{{{{ {path} }}}}")
        if found.ruleset is not None:
            done = fired(FIELDS, f"{{{{ {path} }}}}", {**BODY, "any": {}})
            assert done.actions == ()
            assert "absent" in done.problems[0]


# --- S2: there is no Python behind a template -----------------------------------------------------------

ESCAPES = (
    "{{ a.__class__ }}", "{{ a|attr('__class__') }}", "{{ ''.__class__.__mro__ }}", "{{ o._x }}", "{{ a.format }}",
    "{{ '%s'|format(a) }}", "{{ a.format(n) }}", "{{ '{0.__class__}'.format(a) }}", "{{ a.format_map(o) }}",
    "{{ cycler('a') }}", "{{ cycler.__init__.__globals__ }}", "{{ joiner() }}", "{{ lipsum() }}",
    "{{ lipsum.__globals__ }}", "{{ self }}", "{{ self._TemplateReference__context }}", "{{ namespace(a=1) }}",
    "{{ dict(a=1) }}", "{{ tags|map('upper') }}", "{{ tags|map(attribute='__class__') }}", "{{ tags|select }}",
    "{{ tags|groupby('x') }}", "{{ a|pprint }}", "{{ a|xmlattr }}", "{{ a|urlize }}", "{{ a|safe }}", "{{ a|random }}",
    "{% macro m() %}{% endmacro %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% from 'x' import y %}",
    "{% extends 'x' %}", "{% block b %}{% endblock %}", "{% call a() %}{% endcall %}", "{% debug %}", "{% do a %}",
    "{% filter upper %}x{% endfilter %}", "{% autoescape true %}{{ a }}{% endautoescape %}",
    "{% with x = 1 %}{% endwith %}",
    "{% trans %}{% endtrans %}", "{% set ns.x = 1 %}", "{% set a, b = 1, 2 %}", "{% set x %}{% endset %}",
    "{% set event = 1 %}", "{% set a = 1 %}", "{% for loop in tags %}{% endfor %}", "{{ a[0:2] }}", "{{ a.upper() }}",
    "{{ tags.append('x') }}", "{{ o.keys() }}", "{{ o.items() }}", "{{ o['__class__'] }}", "{{ o[a] }}", "{{ loop }}",
    "{{ caller() }}", "{{ config }}", "{{ request }}", "{{ url_for.__globals__ }}", "{{ get_flashed_messages }}",
    "{% for k, v in o %}{% endfor %}", "{% for x in tags recursive %}{{ loop(x) }}{% endfor %}", "{{ a is callable }}",
    "{{ a is sameas a }}", "{{ {'a': 1} }}", "{{ (a,)[0] }}", "{{ true.__class__ }}", "{{ [].__class__ }}",
    "{{ now.__class__ }}", "{{ user.__class__ }}", "{{ user.password }}", "{{ param.__class__ }}", "{{ nothing_here }}",
    "{{ upper.__globals__ }}", "{{ event.__class__ }}", "{{ x.y.z }}", "{{ a|e }}", "{{ a|tojson }}",
)  # fmt: skip


@pytest.mark.parametrize("template", ESCAPES)
def test_ways_out_are_mistakes_at_their_place(template: str) -> None:
    found = made(FIELDS, template)
    assert found.ruleset is None
    for error in found.errors:
        assert error.code.id[:3] in ("E02", "E03")
        assert error.span.source.name == "rules.atamo"


def test_plain_jinja_lets_some_of_them_out() -> None:
    """So that the list above is not one of templates that nobody would render."""
    plain = jinja2.Environment()
    out = 0
    for template in ESCAPES:
        try:
            plain.from_string(template).render(**BODY)
            out += 1
        except Exception:
            continue
    assert out > 20


# --- S3: what a template costs --------------------------------------------------------------------------

COSTS = (
    "{{ range(10**9) }}", "{{ 'a'*10**9 }}", "{{ 10**(10**8) }}", "{{ '%0999999999d'|format(1) }}",
    "{{ lipsum(n=100000) }}",
    "{{ a|center(1000000000) }}", "{{ a|wordwrap(1) }}", "{% for i in range(10**9) %}x{% endfor %}", "{{ 'a' * 5 }}",
    "{{ n // 1 }}", "{{ n % 7 }}", "{{ n ** n }}",
)  # fmt: skip


@pytest.mark.parametrize("template", COSTS)
def test_what_has_no_bound_does_not_compile(template: str) -> None:
    assert made(FIELDS, template).ruleset is None


def test_plain_jinja_would_compute_them() -> None:
    assert len(jinja2.Environment().from_string("{{ 'a'*10**6 }}").render()) == 10**6


LIST = ["x" * 100] * 1000


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for x in tags %}{% for y in tags %}{% for z in tags %}x{% endfor %}{% endfor %}{% endfor %}", "steps"),
        ("{% for x in tags %}{% for y in tags %}{% for z in tags %}{% endfor %}{% endfor %}{% endfor %}", "steps"),
        ("{% for x in tags %}{% endfor %}", None),
        ("{% for x in tags %}{{ tags | join('') }}{% endfor %}", "characters"),
        ("{{ a | replace('a', a) | replace('a', a) | replace('a', a) | replace('a', a) }}", "absent"),
        ("{{ a | indent(100) | indent(100) | replace('a', a) | replace('a', a) }}", "absent"),
        ("{{ tags | join(a) | replace('x', a) }}", "absent"),
        ("{{ n * n * n * n * n * n * n * n * n * n }}", "absent"),
        ("{% set x = a ~ '' %}", None),
    ],
)  # fmt: skip
def test_what_grows_with_the_event_stops_at_the_limit(template: str, reason: str | None) -> None:
    """With an event of 100 kB; the deadline is a guard against hanging and no measure."""
    if made(FIELDS, template).ruleset is None:
        assert reason is None
        return
    done = fired(FIELDS, template, {**BODY, "a": "a" * 2000, "n": 10**1000, "tags": LIST})
    if reason is None:
        assert done.actions
        return
    assert done.actions == ()
    assert reason in done.problems[0]


# --- numbers and texts of the template's own ------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ 9007199254740993.5 }}", "9007199254740993.5"),
        ("{{ 1.10 }}", "1.10"),
        ("{{ 0.1000000000000000055 }}", "0.1000000000000000055"),
        ("{{ 0.1 + 0.2 }}", "0.3"),
        ("{% if n > 1e400 %}more{% else %}less{% endif %}", "less"),
        ("{{ -0.50 }} {{ 1_000.5 }}", "-0.50 1000.5"),
    ],
)
def test_numbers_in_templates_are_exact(template: str, text: str) -> None:
    """They went through binary numbers: 9007199254740993.5 printed as …994.0, and 1e400 as Infinity."""
    assert filled(FIELDS, template, BODY) == text


@pytest.mark.parametrize(
    "value", ["1e99999", "1e9999999999999999999", "9" * 5000, r"'\ud800'", "1." + "1" * 5000]
)
def test_what_json_cannot_hold_is_refused_in_templates(value: str) -> None:
    assert [error.code.id for error in made(FIELDS, f"{{{{ {value} }}}}").errors] == ["E0301"]
