"""Regular expressions of PCRE as RE2: the same texts are found, or the expression is refused by name."""

from __future__ import annotations

import re

import pytest
import re2

from atamo_rules.importers.sigma.regexes import Untold, as_re2

TEXTS = ("", "a", "ab", "b", "a\n", "ab\n", "a\nb", "x1", "a b", "a\vb", "a\tb", "a-b", "a/b", "[]", "]", "$", "é", "A",
         "aa", "aaaa", "\x08", "\x1b", "{2}", "a.b", "a\\b", "^a$", "C:\\x", "_", "a\n\n")  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    [
        "a", "^a$", "b$", "^$", "(a$|b)", "((a|b)$)", "a|b$", "a$|b", r"\$", "[$]", "(^|x)a$",
        r"a\sb", r"[\s]", r"a\Sb", r"[\S]+", r"[^\S]", r"[^\s]", r"^\S+$", r"\d", r"[\d]", r"\bb\b", r"[\b]",
        r"a\/b", r"[\/]", r"\.", r"a\-b", r"[\w-]b", "[a-]", "[]]", "[^]]", "[]a]", "a{2}",
        "a{2,}", "a{1,2}$", "a{x", "(?i)A", "(?i:A)b", "(?s)a.b", "(?m)^b$", "(?m)a$", "a.b", r"\x41", r"\x{41}",
        r"\0", r"\e", r"\t", r"\n", "a\nb", r"[\n]", "[[:alpha:]]", "(?P<x>a)", "(?:a|b)+", "a+?", "a*?b",
        r"C:\\x", r"\\", r"\]", "]", "}", r"\%", r"\"", r"\_", "é", "(a)(b)?$", r"\Aa", r"a\z",
    ],
)  # fmt: skip
def test_the_same_texts_are_found(pattern: str) -> None:
    # Python has no `\z`, `\e`, `\x{}` or named classes; what it has of them is written out.
    python = (
        pattern.replace(r"\z", r"\Z")
        .replace(r"\e", r"\x1b")
        .replace(r"\x{41}", "A")
        .replace("[:alpha:]", "a-zA-Z")
    )
    for flags in ("", "s"):
        found = re.compile(python, re.ASCII | (re.DOTALL if flags else 0))
        ours = re2.compile(as_re2(pattern, flags))
        for text in TEXTS:
            assert (ours.search(text) is not None) is (found.search(text) is not None), repr(text)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)b", "looks ahead"),
        ("(?!a)b", "looks ahead"),
        ("(?<=a)b", "looks behind"),
        ("(?<!a)b", "looks behind"),
        (r"(a)\1", "refers back to a group"),
        ("(?P<n>a)(?P=n)", "refers back to a group"),
        ("(?>a)", "holds an atomic group"),
        ("a++", "holds a possessive quantifier"),
        ("a{2}+", "holds a possessive quantifier"),
        ("(?x)a b", "sets the flag `x`"),
        ("a(?m)b", "sets the flag `m` for a part of it"),
        ("a$b", "holds a `$` that something follows"),
        (r"(a$|b)\s*", "holds a `$` that something follows"),
        ("a{,3}", "holds `{,n}`, which versions of PCRE read differently: write `{0,n}`"),
        (r"a\Z", r"holds `\Z`"),
        (r"\h", r"holds `\h`"),
        (r"\Qa\E", r"holds `\Q`"),
        (r"\K", r"holds `\K`"),
        ("(?#x)", "holds a comment"),
        ("[a", "holds a `[` that is not closed"),
        ("a\\", "ends with a backslash"),
        ("a{1001}", "is refused by RE2: invalid repetition size: {1001}"),
        ("(a", "is refused by RE2: missing ): (a"),
        ("*a", "is refused by RE2: no argument for repetition operator: *"),
    ],
)
def test_what_re2_cannot_say_is_refused_by_name(pattern: str, why: str) -> None:
    with pytest.raises(Untold) as told:
        as_re2(pattern)
    assert str(told.value) == why
