"""Every diagnostic code, once. Ranges by stage; an id is never reused.

E01 text and syntax · E02 names and types · E03 templates · E04 agents and actions · E05 time
W06 analysis · T07 tests · R08 reload and running
"""

from __future__ import annotations

from atamo_rules.source.diagnostic import Code, Severity

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

# --- E010x–E011x: .atamo text ---------------------------------------------------------------------------
TABS = Code("E0101", "indentation mixes tabs or does not line up")
UNKNOWN_CLAUSE = Code("E0102", "no such clause here")
SYNTAX = Code("E0103", "the text does not follow the grammar")
MIXED_AND_OR = Code("E0104", "`and` and `or` are mixed without parentheses")
REPEATED_CLAUSE = Code("E0105", "a clause is given twice")
MISSING_CLAUSE = Code("E0106", "a required clause is missing")
BAD_LITERAL = Code("E0107", "a literal cannot be read")
TOO_DEEP = Code("E0108", "the text is nested too deeply or is too large")
NOT_TEXT = Code("E0109", "the file is not UTF-8 text")
SUSPICIOUS_TEXT = Code("W0110", "invisible or direction-changing characters", WARNING)
