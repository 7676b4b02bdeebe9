"""The JSON that the hub's HTTP interface answers, as JSON Schemas (2020-12) under names."""

from __future__ import annotations

from atamo_rules.rest.ordered import ORDERS, Schema

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
YES: Schema = {"type": "boolean"}
ANYTHING: Schema = {}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def each(items: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": items}


def ref(name: str) -> Schema:
    """The shape of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def shape(about: str, /, *, more: Schema | None = None, **members: Schema) -> Schema:
    """An object that has these members, and those of `more` at times. Others may come with later releases."""
    return {
        "type": "object", "description": about, "properties": {**members, **(more or {})},
        "required": list(members),
    }  # fmt: skip


RESULT = shape(
    "What became of one message at the door.",
    id=TEXT,
    state={"enum": ["accepted", "duplicate", "quarantined", "refused"]},
    more={"reasons": each(TEXT), "code": TEXT},
)
FRAME = shape(
    "One piece of an answer; `seq` is dense in its request and is the cursor.",
    req=TEXT, seq=WHOLE, kind=TEXT, body=ANYTHING, cache=TEXT,
    more={"agent": TEXT, "action": TEXT, "rule": TEXT, "key": TEXT, "at": MOMENT, "age_s": {"type": "number"},
          "late": YES},
)  # fmt: skip
REQUEST: Schema = {
    "id": TEXT, "type": TEXT, "mode": {"enum": ["load", "feed"]}, "policy": TEXT, "state": TEXT,
    "expected": each(TEXT), "answered": WHOLE, "missing": each(TEXT),
    "failed": each(shape("A part that failed.", name=TEXT, why=TEXT)),
}  # fmt: skip
RECORD = shape(
    "One record of the audit.",
    position=WHOLE, at=MOMENT, kind=TEXT,
    more={"event": TEXT, "who": TEXT, "what": ANYTHING, "cause": ANYTHING, "digest": TEXT},
)  # fmt: skip
LETTER = shape(
    "An action that was given up.",
    number=WHOLE, at=MOMENT, event=TEXT, rule=TEXT, because=TEXT, provider=TEXT, action=TEXT, verb=TEXT, target=TEXT,
    agent=TEXT, who=TEXT, error=TEXT, why=TEXT, attempts=WHOLE,
    more={"body": ANYTHING, "errors": each(TEXT)},
)  # fmt: skip
HOLD = shape(
    "A pause.", kind={"enum": ["agent", "rule", "organisation"]}, name=TEXT,
    more={"new": YES, "by": TEXT, "at": {"type": ["string", "null"], "format": "date-time"}, "why": TEXT},
)  # fmt: skip
AGENT = shape(
    "Who does what rules want done; nothing that looks like a secret is in its settings.",
    name=TEXT, plugin=TEXT, about=TEXT, does=each(TEXT), settings={"type": "object"}, concurrency=WHOLE,
    timeout={"type": "number"}, held=YES, running=WHOLE,
    breaker=shape("Whether it is left alone.", state={"enum": ["closed", "open", "half open"]}, failed=WHOLE,
                  policy={"type": "object"}, seconds={"type": ["number", "null"]}),
    counts={"type": "object"}, took_ms={"type": "object"},
    limits=shape("How often it may be called: `tokens` calls may be made now, the next in `seconds`.",
                 rate={"type": ["string", "null"]},
                 more={"burst": WHOLE, "tokens": WHOLE, "seconds": {"type": "number"}}),
    more={"hold": {"anyOf": [ref("Hold"), {"type": "null"}]}, "retry": {"type": "object"}},
)  # fmt: skip
KEY = shape(
    "A key, without what opens.",
    id=TEXT, holder=TEXT, organisation=TEXT,
    more={"key": TEXT, "role": TEXT, "over": TEXT, "verbs": each(TEXT), "types": each(TEXT), "expires": ANYTHING,
          "about": TEXT, "made": ANYTHING, "used": ANYTHING, "revoked": ANYTHING, "by": TEXT, "made_by": each(TEXT),
          "parent": TEXT, "also": each(TEXT)},
)  # fmt: skip
PROPOSAL = shape(
    "Some rule files of one level as somebody wants them to be.",
    id=TEXT, level=TEXT, author=TEXT, at=MOMENT, about=TEXT, base=TEXT, digest=TEXT,
    state={"enum": ["open", "refused", "applied", "rejected", "withdrawn", "rolled back"]}, decided=TEXT, why=TEXT,
    more={"tenant": TEXT, "files": ANYTHING, "before": ANYTHING, "report": {"type": "object"}, "current": TEXT,
          "made_by": each(TEXT), "sender": TEXT},
)  # fmt: skip
PROBLEM = shape(
    "What is wrong, and what to do (RFC 9457).",
    type=TEXT, title=TEXT, status=WHOLE, code=TEXT,
    more={"detail": TEXT, "remedy": TEXT, "reasons": each(TEXT)},
)  # fmt: skip

SHAPES: dict[str, Schema] = {
    **ORDERS,
    "Result": RESULT,
    "Batch": shape("Results of a batch, in its order.", taken=WHOLE, refused=WHOLE, results=each(ref("Result"))),
    "Told": shape("All that is kept of one message.", id=TEXT, type=TEXT, state=TEXT, more={"source": TEXT}),
    "Trace": shape(
        "The story of one event.",
        event={"type": "object"}, decided_under=TEXT, rules_now=TEXT, computed=YES, rules=each({"type": "object"}),
        records=each(ref("Record")), follows=ANYTHING,
    ),
    "Why": {"type": "object", "description": "One rule's condition on one event, with every value."},
    "Steps": {"type": "object", "description": "What became of a message, step by step."},
    "Cancelled": shape("What was cancelled.", id=TEXT, cancelled=WHOLE, request=YES),
    "Frame": FRAME,
    "Request": {"type": "object", "description": "How a request stands.", "properties": {**REQUEST, "why": TEXT},
                "required": list(REQUEST)},
    "Page": {
        "type": "object", "description": "A request, and a page of its frames.",
        "properties": {**REQUEST, "why": TEXT, "cursor": WHOLE, "frames": each(ref("Frame"))},
        "required": [*REQUEST, "cursor", "frames"],
    },
    "Type": shape(
        "An event type.", name=TEXT, request=YES, when_invalid=TEXT, schema={"type": ["object", "boolean"]},
        more={"about": TEXT, "answer": {"type": ["object", "null"]}},
    ),
    "Types": shape("The event types.", types=each(ref("Type"))),
    "ActionType": shape(
        "Something agents can be asked to do.", name=TEXT, verb=TEXT, agents=each(TEXT), schema={"type": "object"},
        more={"about": TEXT, "answer": {"type": ["object", "null"]}, "safe": YES,
              "retry": {"type": ["integer", "null"]}, "example": ANYTHING},
    ),
    "ActionTypes": shape("The types of actions.", action_types=each(ref("ActionType"))),
    "Agent": AGENT,
    "Agents": shape("The agents.", agents=each(ref("Agent"))),
    "Rules": shape("The rules in force.", digest=TEXT, rules=each(shape(
        "A rule of a list.", id=TEXT, about=TEXT, on=TEXT, status=TEXT, at=TEXT, digest=TEXT))),
    "Rule": shape(
        "A rule. `order` says when it is tried, the lowest first; `stop` whether no later one is; `does` names what it "
        "sends.", id=TEXT, about=TEXT, on=TEXT, status=TEXT, at=TEXT, digest=TEXT, order=WHOLE, stop=YES,
        does=each(TEXT), metadata={"type": "object"},
    ),
    "Record": RECORD,
    "Records": shape("A page of the audit.", records=each(ref("Record")), cursor=WHOLE, end=YES),
    "Decided": shape("Events and what was decided of them.", events=each({"type": "object"}), cursor=WHOLE, end=YES),
    "Status": shape("How the hub stands.", digest=TEXT, rules=WHOLE, accepting=YES, uptime={"type": "number"},
                    open={"type": "object"}, paused=each(ref("Hold")), limited=each(shape(
                        "An agent that is at its rate.", agent=TEXT, rate=TEXT,
                        stands={"type": "number"}, seconds={"type": "number"})), providers=each(shape(
                        "A provider beside the rules.", name=TEXT, version=TEXT, digest=TEXT,
                        state={"enum": ["asked", "left alone"]}, running=WHOLE, failures=WHOLE, more={"why": TEXT}))),
    "Hold": HOLD,
    "Holds": shape("All that is paused.", holds=each(ref("Hold")), held={"type": ["integer", "null"]}),
    "Letter": LETTER,
    "Letters": shape("A page of dead letters.", letters=each(ref("Letter")), cursor={"type": ["integer", "null"]},
                     end=YES, groups=each(shape("How many.", agent=TEXT, error=TEXT, count=WHOLE))),
    "Redriven": shape("What was done again.", redriven=WHOLE, more={"upto": WHOLE, "letters": each(ref("Letter"))}),
    "Discarded": shape("What was taken away.", discarded=WHOLE, upto=WHOLE),
    "Erasures": shape(
        "What was erased, or would be: keys of messages, those of which something would not end, and others that a "
        "rule joined with them, whose actions may say something of them. `kept` are sentences, each of something that "
        "may be kept still; `sent` are agents and their actions by which something of them went out.",
        erased=WHOLE, events=each(TEXT), left=each(TEXT), joined=each(TEXT), kept=each(TEXT), sent=each(TEXT),
    ),
    "Proposal": PROPOSAL,
    "Proposals": shape("Proposals, the newest first.", proposals=each(ref("Proposal"))),
    "Tried": {"type": "object", "description": "What rules would do with an event."},
    "Key": KEY,
    "Keys": shape("The keys.", keys=each(ref("Key"))),
    "Person": shape(
        "An organisation, a group, a user or a service account.", kind=TEXT, name=TEXT, kept={"enum": ["files", "hub"]},
        more={"about": TEXT, "organisation": TEXT, "groups": each(TEXT), "in": each(TEXT), "member_of": each(TEXT),
              "grants": each(TEXT)},
    ),
    "People": {
        "type": "object", "description": "All of one kind, under its name.",
        "properties": dict.fromkeys(("organisations", "groups", "users", "services"), each(ref("Person"))),
    },
    "Secret": shape("A token, by everything but itself.", id=TEXT, agent=TEXT),
    "Secrets": shape("Tokens, by their names.", secrets=each(ref("Secret"))),
    "Consent": shape("Rules of an owner may act as somebody.", id=TEXT, agent=TEXT),
    "Consents": shape("What was agreed to.", consents=each(ref("Consent"))),
    "Health": shape("The process lives.", status=TEXT, more={"digest": TEXT}),
    "Problem": PROBLEM,
}  # fmt: skip
"""Every shape that the operations name: what is sent, and what is answered."""
