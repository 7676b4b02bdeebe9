"""Patterns an author may write: regular expressions that run in linear time (RE2 syntax), and IP networks."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network

from atamo_rules.compiler.context import Context
from atamo_rules.model.meaning import Const, Term
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import tree


def regex_problem(regex: tree.Regex, ignore_case: bool) -> Diagnostic | None:
    """Why RE2 refuses a pattern, or None when it takes it.

    RE2 (Cox, https://swtch.com/~rsc/regexp/) has no look-around and no back-references: what it cannot run in
    time linear in the text is a compile error here, not a surprise in production.
    """
    reason = _refusal(regex.pattern, ignore_case)
    if reason is None:
        return None
    hint = "look-around and back-references are not offered: write two conditions joined by `and`"
    return codes.BAD_REGEX.at(
        regex.span,
        f"this regular expression is refused: {reason}",
        help=hint if "(?" in regex.pattern or "escape" in reason else None,
    )


@lru_cache(4096)
def _refusal(pattern: str, ignore_case: bool) -> str | None:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    options.max_mem = 8 << 20
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not RE2 syntax"
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair"
    return None


def networks_written(expr: tree.Compare, term: Term, context: Context) -> bool:
    """Whether the networks on the right are written out and are some; says so when they are not."""
    if not isinstance(term, Const):
        context.report.append(
            codes.BAD_NETWORK.at(
                expr.right.span, "a network must be written out", help='such as "10.0.0.0/8"'
            )
        )
        return False
    values = term.value if isinstance(term.value, tuple | list) else (term.value,)
    for value in values:
        try:
            ip_network(str(value), strict=False)
        except ValueError:
            context.report.append(
                codes.BAD_NETWORK.at(
                    expr.right.span,
                    f"`{value}` is not an IP network",
                    help='write it as "10.0.0.0/8" or "fd00::/8"',
                )
            )
            return False
    return True
