"""Words that begin no clause where they stand, and what their author most likely meant by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from atamo_rules.syntax.declarations import VERBS

METADATA = (
    "severity",
    "owner",
    "author",
    "licence",
    "url",
    "runbook",
    "tags",
    "reference",
    "since",
)
"""Words that describe a rule or pack and change nothing; any others stand under `meta`."""


def listed(known: Sequence[str]) -> str:
    """The words that may stand somewhere; those that only describe are left out where there are others."""
    return ", ".join([word for word in known if word not in METADATA] or known)


MEANT = {
    "if": "when", "where": "when", "condition": "when", "then": "do", "action": "do", "actions": "do",
    "trigger": "on", "priority": "order", "salience": "order", "var": "let", "set": "let",
    "call": "send", "invoke": "send", "notify": "send", "run": "send", "execute": "send", "fire": "emit",
    "respond": "reply", "answer": "reply", "return": "reply",
}  # fmt: skip
"""What other languages call our clauses."""


def nearest(word: str, close: Sequence[str]) -> str:
    """The label under a word for which another was likely meant."""
    if close and word == f"{close[0]}:":
        return "no colon stands here"
    return f"did you mean `{close[0]}`?" if close else ""


def remedy(word: str, where: str) -> str | None:
    """How to say here what a word of other languages says, where no clause of ours has its meaning."""
    if word.startswith(("//", "/*", "--", ";")):
        return "a comment begins with `#`"
    if word[:1] in ("{", "}"):
        return "no braces stand around clauses: what belongs to one stands below it, indented"
    if where == "a rule" and word in ("else", "elif", "otherwise"):
        return "a rule has one condition: write a second rule with `when not (…)`"
    if word in ("and", "or", "else"):
        return "to go on with the line above, indent this one deeper than it"
    if where == "a rule file" and word.rstrip(":") in OF_RULES:
        return f"indent `{word}` by two blanks, so that it belongs to the rule above it"
    if where == "`do`" and _TARGET.fullmatch(word):
        return f"say how it is done: `send {word}`"
    if where == "`do`" and word in ("wait", "sleep", "delay", "pause"):
        return "an action waits by itself: `send agent.action after 5 minutes`"
    if where == "`do`" and word == "-":
        return "leave the dash out: only in YAML files actions have one"
    if where == "a rule" and word.rstrip(":").lower() in ("description", "desc", "about", "title", "comment"):
        return 'what a rule is about stands in quotes behind its name: `rule name "about"`'
    if where == "a rule" and word in VERBS:
        return "actions stand under `do`, indented"
    if where == "`do`" and word in ("if", "unless", "when", "for", "switch", "case"):
        return "all actions of a rule are done; for another condition write another rule with its own `when`"
    return None


OF_RULES = (
    "on",
    "every",
    "when",
    "if",
    "do",
    "then",
    "let",
    "for",
    "except",
    "order",
    "stop",
    "given",
    "expect",
)
"""Clauses that are often left at the margin."""

_TARGET = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)+")
LONGEST_WORD = 64
"""Most characters of a word that is looked up among similar ones: the time that takes grows with the word."""


def likely(word: str, known: Sequence[str]) -> list[str]:
    """The clause that a word is most likely meant to be, or nothing."""
    meant = MEANT.get(word.rstrip(":").lower(), "")
    if meant in known:
        return [meant]
    return get_close_matches(word, known, n=1, cutoff=0.6) if len(word) <= LONGEST_WORD else []
