"""Values of a detection as YAML 1.1 reads them, which is what Sigma's own tools do: `yes` is true, `010` is eight."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from atamo_rules.importers.sigma.trouble import Malformed
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax.yaml_scalars import Scalar

LONGEST = 1_000
"""Characters of what is more than text."""
_KINDS = ("bool", "int", "float", "null", "timestamp")


@dataclass(frozen=True, slots=True)
class Read:
    """One value, as far as its key allows it: a text, number or truth value, or None for null."""

    value: str | int | Decimal | bool | None
    span: Span

    @property
    def text(self) -> str:
        """The value as text, as logs write it."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return format(self.value, "f") if isinstance(self.value, Decimal) else str(self.value)


def read(node: Scalar) -> Read:
    """What a scalar means. Raises Malformed for dates, and for numbers that are none."""
    if not node.plain:
        return Read(node.text, node.span)
    kind = _kind(node.text) if len(node.text) <= LONGEST else ""
    if kind == "null":
        return Read(None, node.span)
    if kind == "bool":
        return Read(node.text.lower() in ("yes", "true", "on"), node.span)
    if kind == "int":
        return Read(int(_constructed("int", node.text)), node.span)
    if kind == "float":
        number = Decimal(str(_constructed("float", node.text)))
        if number.is_finite():
            return Read(number, node.span)
    if kind in ("float", "timestamp"):
        message = f"YAML reads `{node.text}` as something that Sigma has no value for"
        raise Malformed(codes.YAML_UNUSED, node.span, message, f"write '{node.text}' for the text")
    return Read(node.text, node.span)


def _kind(text: str) -> str:
    """What YAML 1.1 takes a plain scalar for; empty for text."""
    import yaml

    tag = _loader().resolve(yaml.ScalarNode, text, (True, False))
    kind = str(tag).rpartition(":")[2]
    return kind if kind in _KINDS else ""


def _constructed(kind: str, text: str) -> Any:
    import yaml

    return getattr(_loader(), f"construct_yaml_{kind}")(yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", text))


@cache
def _loader() -> Any:
    """PyYAML's own idea of YAML 1.1."""
    import yaml

    return yaml.SafeLoader("")
