"""What is said of a template that Jinja cannot read, or that has more of Jinja than templates are offered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atamo_rules.compiler.context import Context
from atamo_rules.compiler.template_places import Places
from atamo_rules.source import codes

if TYPE_CHECKING:
    from jinja2 import nodes

_WORDS = {
    "filterblock": "filter",
    "callblock": "call",
    "fromimport": "from",
    "assignblock": "set",
    "assign": "set",
    "scope": "autoescape",
}
"""What tags are called whose nodes have other names."""
_OFFERED = "`{{ value | filter }}`, `{% if %}`, `{% for x in list %}`, `{% set x = value %}`, `{# comment #}`"


def forbid(node: nodes.Node, places: Places, context: Context) -> None:
    """Refuse a tag that templates do not have."""
    kind = type(node).__name__.lower()
    word = _WORDS.get(kind, kind)
    context.report.append(
        codes.TEMPLATE_FORBIDDEN.at(
            places.word(node.lineno, word),
            f"this `{{% {word} %}}` is not offered to templates",
            help=f"templates have {_OFFERED}",
        )
    )


_OPEN = re.compile(r"tags: '(\w+)'.*closed is '(\w+)'|closed is '(\w+)'", re.DOTALL)
_UNKNOWN = re.compile(r"unknown tag '(\w+)'")
_TOKEN = re.compile(r"expected token '(.+)', got '(.+)'")


def plain(error: Exception) -> tuple[str, str | None]:
    """What Jinja complains of, as one sentence without Jinja's own words for things, and the remedy."""
    text = str(error.args[0] if error.args else error)
    if found := _UNKNOWN.search(text):
        block = _OPEN.search(text)
        closing = f"close `{{% {block[2] or block[3]} %}}` first" if block else f"templates have {_OFFERED}"
        return f"`{{% {found[1]} %}}` does not belong here", closing
    if (found := _OPEN.search(text)) and found[1]:
        return f"`{{% {found[2]} %}}` is never closed", f"add `{{% end{found[2]} %}}`"
    if found := _TOKEN.search(text):
        what = {"end of print statement": "`}}`", "end of statement block": "`%}`"}.get(
            found[1], f"`{found[1]}`"
        )
        got = "the end" if found[2] == "end of template" else f"`{found[2]}`"
        return f"this template cannot be read: {got} stands where {what} is needed", None
    if text == "unexpected '}'":
        return "this template cannot be read: a brace stands alone", "a value stands between `{{` and `}}`"
    first = text.partition(". ")[0].rstrip(".")
    return f"this template cannot be read: {first[:1].lower()}{first[1:]}", None
