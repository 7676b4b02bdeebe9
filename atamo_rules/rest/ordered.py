"""The JSON that clients send to the hub's HTTP interface, as JSON Schemas (2020-12) under names.

What `rest/orders.py` refuses is what these refuse, so they say all that can be said of one order by itself. The
`description` of a member is written to follow "it is": clients read it when theirs is wrong.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from atamo_rules.functions.time import LONGEST
from atamo_rules.model.authority import VERBS
from atamo_rules.people.roles import ROLES
from atamo_rules.people.tokens import KINDS, PROJECT

Schema: TypeAlias = dict[str, Any]

YES: Schema = {"type": "boolean", "description": "true or false"}
NOTE: Schema = {"type": "string", "maxLength": 1000, "description": "a text of at most 1000 characters"}
BY: Schema = {
    "type": "string",
    "maxLength": 256,
    "description": "a text: who asks, where the hub asks nobody",
}
_SPACES = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What is white space in one dialect of regexes or another: `\\s` is not the same to Python, ECMAScript and Rust, and
each of them reads these patterns."""
_SHORT = rf"[^{_SPACES}][^\r\n]{{0,199}}"
LEVEL: Schema = {
    "type": "string", "pattern": rf"^(hub|(user|group|organisation) {_SHORT})$",
    "description": "`user NAME`, `group NAME`, `organisation NAME` or `hub`",
}  # fmt: skip
FILES: Schema = {
    "type": "object",
    "propertyNames": {
        "maxLength": 100, "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*\.(atamo|yaml|yml|rules\.csv|py)$",
    },
    "additionalProperties": {"type": ["string", "null"]}, "minProperties": 1, "maxProperties": 50,
    "description": "an object of 1 to 50 names, such as `alerts.atamo`, and texts; null takes a file away",
}  # fmt: skip
_ATTRIBUTE = r"^[^\x00-\x1f]{1,256}$"
_WHO = rf"^(user|group) {_SHORT}$"
_HOST = r"^([A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?)$"
JSON_MEDIA = r"^[A-Za-z0-9!#$&^_.-]+/([A-Za-z0-9!#$&^_.+-]+\+)?[jJ][sS][oO][nN]( *;[ -~]*)?$"
"""A media type of JSON (RFC 6838, 4.2; RFC 6839, 3.1), whatever its parameters."""
YEARS = r"^(0[1-9]|00[1-9]|000[2-9]|[1-8]|9[0-8]|99[0-8]|999[0-8])"
"""How a moment begins that is one in every zone: the first and the last year are not whole in UTC."""


def order(about: str, needs: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    """An object that has these members and no others."""
    return {
        "type": "object", "description": about, "properties": members, "required": list(needs),
        "additionalProperties": False,
    }  # fmt: skip


def name(whose: str, most: int = 256) -> Schema:
    """A name that must be there."""
    pattern = rf"^[^{_SPACES}][^\r\n]{{0,{most - 1}}}$"
    return {"type": "string", "pattern": pattern, "description": f"a text of 1 to {most} characters: {whose}"}


def text(pattern: str, about: str) -> Schema:
    """A text of some form."""
    return {"type": "string", "pattern": pattern, "description": about}


def one_of(values: tuple[str, ...]) -> Schema:
    """One of some words."""
    return {"enum": list(values), "description": f"one of {', '.join(values)}"}


def many(items: Schema, most: int = 100) -> Schema:
    """A list of these."""
    bare = {key: value for key, value in items.items() if key != "description"}
    about = f"a list of at most {most}, each {items['description']}"
    return {"type": "array", "items": bare, "maxItems": most, "description": about}


_AGENT = name("for which agent it is")
_HOSTS = many(text(_HOST, "a host, such as `api.example` or `api.example:8443`"))
_OF = text(_WHO, "whose it is: `user NAME` or `group NAME`")
_TO = text(
    rf"^({PROJECT}|(user|group|organisation) {_SHORT})$",
    f"whose rules may use it: `user NAME`, `group NAME`, `organisation NAME`, or `{PROJECT}`",
)
_TENANT = {"type": "string", "maxLength": 256, "description": "a text: the name of an organisation"}
_WHICH: Schema = {
    "type": "object", "additionalProperties": False,
    "properties": {one: {"type": "string"} for one in ("event", "action", "agent", "rule", "organisation", "error")},
    "description": "an object of texts, with any of event, action, agent, rule, organisation, error",
}  # fmt: skip
_NUMBER: Schema = {
    "type": "integer", "minimum": 1, "maximum": 1 << 53, "description": "a whole number: that of one dead letter",
}  # fmt: skip
_UPTO: Schema = {
    "type": "integer", "minimum": 0, "maximum": 1 << 53,
    "description": "a whole number: that of the last dead letter that is meant",
}  # fmt: skip
_EITHER = [{"required": ["number"]}, {"required": ["which"]}]
_TIME: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": YEARS,
    "maxLength": LONGEST,
    "description": "a moment of RFC 3339",
}
_EVENT: dict[str, Schema] = {
    "id": text(_ATTRIBUTE, "a text of 1 to 256 characters"),
    "source": text(_ATTRIBUTE, "a text of 1 to 256 characters"),
    "type": text(_ATTRIBUTE, "the name of an event type"),
    "time": _TIME,
    "user": text(_ATTRIBUTE, "the name of a user"),
    "alerts": YES,
    "data": {
        "type": "object",
        "additionalProperties": True,
        "description": "an object, as the event type has it",
    },
}


def perhaps(schema: Schema) -> Schema:
    """This, or null, which is as if it were not there."""
    return {**schema, "type": [schema["type"], "null"]}


ORDERS: dict[str, Schema] = {
    "Event": {
        "type": "object", "description": "One event. With `?type=` the body is its bare data.",
        "properties": {
            **_EVENT, **{each: perhaps(_EVENT[each]) for each in ("id", "source", "time", "user")}
        },
        "required": ["type", "data"],
    },
    "CloudEvent": {
        "type": "object", "description": "One event as CloudEvents 1.0 has it in JSON.",
        "properties": {
            **_EVENT, "specversion": {"const": "1.0"}, "time": perhaps(_TIME), "user": perhaps(_EVENT["user"]),
            "subject": {"type": ["string", "null"], "minLength": 1},
            "dataschema": {"type": ["string", "null"], "minLength": 1},
            "datacontenttype": {"type": ["string", "null"], "pattern": JSON_MEDIA},
            "data_base64": {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/json"},
        },
        "required": ["specversion", "id", "source", "type"],
        "propertyNames": {"pattern": "^([a-z0-9]+|data_base64)$"},
        "not": {"required": ["data", "data_base64"]},
        "additionalProperties": {
            "type": ["string", "boolean", "null", "integer"], "minimum": -(2**31), "maximum": 2**31 - 1,
        },
    },
    "Redrive": {
        **order(
            "say which: either `number`, or `which` with any of event, action, agent, rule, organisation, error",
            number=_NUMBER, which=_WHICH, upto=_UPTO, by=BY, dry_run=YES,
            body={"description": "what one dead letter is to be sent with instead"},
        ),
        "oneOf": _EITHER,
        "dependentRequired": {"body": ["number"]},
    },
    "Discard": {
        **order(
            "say which: either `number`, or `which` with any of event, action, agent, rule, organisation, error",
            number=_NUMBER, which=_WHICH, upto=_UPTO, by=BY,
        ),
        "oneOf": _EITHER,
    },
    "Erasure": {
        **order(
            "say of what: either `event`, the id of a message, or `user`, the name of who sent them",
            event=name("the id of a message, or its key", 1024), user=name("the name of a user"),
            why=NOTE, by=BY, dry_run=YES, rewrite=YES,
        ),
        "oneOf": [{"required": ["event"]}, {"required": ["user"]}],
    },
    "NewProposal": order(
        "Rule files of one level as somebody wants them to be.", ("level", "files"),
        level=LEVEL, about=NOTE, files=FILES,
    ),
    "Word": order("Why.", why=NOTE),
    "Approval": order(
        "Against which rules it was seen, and why.",
        base={"type": "string", "maxLength": 64, "description": "a text: the digest of rules"}, why=NOTE,
    ),
    "Try": order(
        "An event, and rules to try beside those in force.", ("event",),
        event={"description": "an event, as one is sent"}, level=LEVEL, files=FILES,
    ),
    "NewKey": {
        **order(
            "`role` and `over` are given together", ("holder",),
            holder=name("whose key it is, a user or a service account"),
            organisation=_TENANT, role=one_of(tuple(ROLES)),
            over=text(
                rf"^(everything|own|(user|group|organisation) {_SHORT})$",
                "everything, own, user NAME, group NAME or organisation NAME",
            ),
            verbs=many(one_of(VERBS)), types=many(name("the name of an event type")),
            expires={
                "anyOf": [
                    {"type": "integer", "minimum": 1, "maximum": 3650}, {"type": "string", "format": "date-time"},
                ],
                "description": "a moment to come as in RFC 3339, or a number of days up to 3650",
            },
            about={"type": "string", "maxLength": 256, "description": "a text of at most 256 characters"},
        ),
        "dependentRequired": {"role": ["over"], "over": ["role"]},
    },
    "NewSecret": order(
        "A token to keep.", ("agent", "value"),
        agent=_AGENT,
        value={"type": "string", "minLength": 1, "maxLength": 65_536, "writeOnly": True,
               "description": "the token, a text that is not empty"},
        hosts=_HOSTS, kind=one_of(KINDS), who=_OF, organisation=_TENANT,
        about={"type": "string", "maxLength": 256, "description": "a text of at most 256 characters"},
        consent=many(_TO),
    ),
    "NewConsent": order(
        "Whose rules may act as somebody.", ("agent", "to"),
        agent=_AGENT, to=_TO, hosts=_HOSTS, who=_OF, organisation=_TENANT,
    ),
    "NewPerson": order(
        "An organisation, a group, a user or a service account, as a people file has it.",
        about={"type": "string", "maxLength": 1000, "description": "a text of at most 1000 characters"},
        organisation=_TENANT, groups=many(name("the name of a group")), **{"in": many(name("the name of a group"))},
    ),
    "Hook": {"description": "What the sender's webhooks are."},
}  # fmt: skip
"""Every shape of what is sent."""
