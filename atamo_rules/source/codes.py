"""Every diagnostic code, once. Ranges by stage; an id is never reused.

E01 text and syntax · E02 names and types · E03 templates · E04 agents and actions · E05 time
W06 analysis · T07 tests · R08 reload and running · E09 rules of other systems
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

# --- E012x: YAML ----------------------------------------------------------------------------------------
YAML_SYNTAX = Code("E0120", "the text is not YAML")
YAML_DUPLICATE = Code("E0121", "a key stands twice")
YAML_UNUSED = Code("E0122", "a part of YAML that rule files do not use")
YAML_SHAPE = Code("E0123", "another shape of YAML is needed here")
YAML_SURPRISE = Code("W0124", "a plain word that YAML 1.1 read otherwise", Severity.WARNING)

# --- E013x: sheets of rows, and links -------------------------------------------------------------------
BAD_SHEET = Code("E0130", "a sheet of rows cannot be read as rules")
SHEET_CELL = Code("E0131", "a cell is written as only a spreadsheet reads it")
LINK_TOO_MUCH = Code("E0132", "a link does more than links do")

# --- E02xx: names and types -----------------------------------------------------------------------------
UNKNOWN_FIELD = Code("E0201", "the event type has no such field")
UNKNOWN_NAME = Code("E0202", "nothing has this name")
NOT_A_VALUE = Code("E0203", "not a value of this field")
MAY_BE_MISSING = Code("E0204", "a value that may be missing is used unguarded")
NAME_CLASH = Code("E0205", "a name could mean two things")
WRONG_TYPE = Code("E0206", "these types do not go together")
DECLARED_TWICE = Code("E0207", "the same name is declared twice")
PACK_MISSING = Code("E0208", "a pack that is used is not here")
NOT_A_CONDITION = Code("E0209", "a condition is needed here")
NOT_A_VALUE_HERE = Code("E0210", "a value is needed here")
BAD_CALL = Code("E0211", "a call does not fit its function")
BAD_REGEX = Code("E0212", "a regular expression cannot run in linear time")
BAD_NETWORK = Code("E0213", "not an IP network")
BAD_PARAM = Code("E0214", "a parameter's value does not fit its type")
BAD_DEFAULT = Code("E0215", "a field's default does not fit its type")
BAD_TABLE = Code("E0216", "a decision table does not fit its columns")
TABLE_GAP = Code("E0217", "`exactly one row` does not hold")
TABLE_UNDECIDED = Code("W0218", "`exactly one row` could not be proved", Severity.NOTE)
BAD_POLICY = Code("E0219", "not a policy for invalid events")
BAD_BOUNDS = Code("E0220", "a type's bounds are empty")
BAD_COMPLETING = Code("E0222", "a request cannot be complete in this way")
OPEN_EVENT = Code("W0221", "the event type has no schema, so nothing here is checked", Severity.NOTE)

# --- E03xx: templates -----------------------------------------------------------------------------------
TEMPLATE_SYNTAX = Code("E0301", "a template cannot be read")
TEMPLATE_FIELD = Code("E0302", "a template reads a field that is not there")
TEMPLATE_MISSING = Code("E0303", "a template prints a value that may be missing")
TEMPLATE_FORBIDDEN = Code("E0304", "this part of Jinja is not offered to rules")
TEMPLATE_FILTER = Code("E0305", "no such filter or test")
LONE_TEMPLATE = Code("W0306", "a template of one expression turns its value into text", Severity.WARNING)
UNFILLED = Code("W0307", "braces in a text fill in nothing", Severity.WARNING)

# --- E04xx: agents and actions --------------------------------------------------------------------------
UNKNOWN_ACTION = Code("E0401", "no agent offers this action")
MISSING_ARGUMENT = Code("E0402", "a required argument is missing")
UNKNOWN_ARGUMENT = Code("E0403", "the action has no such parameter")
WRONG_ARGUMENT = Code("E0404", "an argument does not fit its parameter")
WRONG_VERB = Code("E0405", "the action is not done with this verb")
BAD_REPLY = Code("E0406", "there is nobody to reply to")
REPEATED_ARGUMENT = Code("E0407", "an argument is given twice")
UNDECLARED_AGENT = Code(
    "W0408", "the agent is not declared, so its arguments are not checked", Severity.WARNING
)
NOBODY_DOES = Code("E0411", "no agent does this type of action")
WHICH_AGENT = Code("E0412", "several agents do this action, and one is needed")

# --- E05xx: time ----------------------------------------------------------------------------------------
BAD_TIME = Code("E0502", "a time clause does not fit its types")
BAD_WINDOW = Code("E0503", "a window that nothing fits into")

# --- W06xx: analysis ------------------------------------------------------------------------------------
NEVER_TRUE = Code("W0601", "a condition can never hold", Severity.WARNING)
TAKEN = Code("W0602", "rules before it take all its events", Severity.WARNING)
ALWAYS_TRUE = Code("W0603", "a condition always holds", Severity.WARNING)
TWICE = Code("W0604", "two rules do the same for the same events", Severity.WARNING)
UNUSED = Code("W0605", "declared and never used", Severity.WARNING)
SCANNED = Code("W0606", "rules that no index can find are asked for every event", Severity.WARNING)
UNANSWERED = Code("W0607", "a request that no rule answers", Severity.NOTE)
IDLE_TIME = Code("W0610", "a clause about time that changes nothing", Severity.WARNING)
LOOP = Code("W0620", "rules that may make one another act for ever", Severity.NOTE)

# --- T07xx: tests in files ------------------------------------------------------------------------------
TEST_FAILED = Code("E0701", "a test failed")
VACUOUS_TEST = Code("E0702", "a test passes without testing anything")
BAD_TEST = Code("E0703", "a test does not fit the types")
NOT_COVERED = Code("W0710", "no test shows this outcome", Severity.WARNING)
COVERAGE_LOW = Code("E0712", "the tests cover too little")
NO_TESTS = Code("E0711", "the tests of this ruleset match nothing")

# --- E024x: schemas -------------------------------------------------------------------------------------
SCHEMA_UNREADABLE = Code("E0240", "a schema file cannot be read")
SCHEMA_BROKEN = Code("E0241", "not a schema that events can have")
SCHEMA_NOTE = Code("W0245", "a part of a schema that types cannot express", Severity.NOTE)

# --- R08xx: reload and running --------------------------------------------------------------------------
BAD_AGENT = Code("E0801", "an agent cannot be used as it is declared")
BAD_PEOPLE = Code("E0802", "a people file says what cannot be")
NOTHING_HERE = Code("E0803", "there are no rules here")
NEVER_ANSWERS = Code("W0804", "an agent is asked that never answers", Severity.WARNING)
BAD_SOURCE = Code("E0806", "a source of events cannot be used as it is declared")
BAD_CODE = Code("E0809", "code of users is not taken")
SECRET_WRITTEN = Code("W0811", "a setting looks like a secret", Severity.WARNING)
NEARLY_KNOWN = Code("W0812", "somebody is named whom the people files have nearly", Severity.WARNING)

# --- E09xx: rules of other systems ----------------------------------------------------------------------
FOREIGN_SYNTAX = Code("E0901", "a file of another system cannot be read")
FOREIGN_RULE = Code("E0902", "not a rule of the system it came from")
FOREIGN_IN_VAIN = Code("W0903", "a part of a foreign rule has no effect", Severity.WARNING)
