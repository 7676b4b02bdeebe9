"""What each way into the hub takes and answers: the same table that the OpenAPI document is made of."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.functions.time import LONGEST
from atamo_rules.model.audit import FAMILIES, KINDS
from atamo_rules.rest.ordered import YEARS, Schema
from atamo_rules.rest.shapes import MOMENT, TEXT, WHOLE, YES

CURSOR: Schema = {"type": "integer", "minimum": 0, "maximum": 1 << 53}
NAME: Schema = {"type": "string", "minLength": 1}
POLICY: Schema = {
    "type": "string",
    "pattern": r"^(all|first|any\([1-9][0-9]{0,2}\)|deadline\([1-9][0-9]{0,4}(\.[0-9]{1,3})?\))$",
}
LIMIT: Schema = {"type": "integer", "minimum": 0, "maximum": 1000}
TIME: Schema = {**MOMENT, "pattern": YEARS, "maxLength": LONGEST}


@dataclass(frozen=True, slots=True)
class Operation:
    """`takes` and `gives` name shapes; `gives` by status, "" where there is no body. `query` are the parameters of the
    address, `media` what comes instead of JSON."""

    about: str
    gives: dict[int, str]
    takes: str = ""
    query: tuple[tuple[str, Schema], ...] = ()
    media: str = "application/json"
    needs: tuple[str, ...] = ()
    """Parameters of the query that must be there."""
    leads: tuple[str, ...] = ()
    """Operations that are asked about the `id` that this one answers."""
    batch: bool = False
    """Whether events may come as a batch."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of all that may be in the address."""
        return tuple(name for name, _ in self.query)


_WHICH = tuple((name, TEXT) for name in ("event", "action", "agent", "rule", "organisation", "error"))
_PAGE = (("after", CURSOR), ("limit", LIMIT))
_ASKED: tuple[tuple[str, Schema], ...] = (
    ("type", NAME), ("mode", {"enum": ["load", "feed"]}), ("policy", POLICY),
    ("deadline", {"type": "number", "minimum": 0.001, "maximum": 86_400}),
    ("keep_alive", {"type": "number", "minimum": 0.001, "maximum": 86_400}),
    ("retain", {"type": "number", "minimum": 0.001, "maximum": 604_800}),
    ("disconnect", {"enum": ["keep", "cancel"]}),
)  # fmt: skip
_SEARCH: tuple[tuple[str, Schema], ...] = (
    ("event", TEXT), ("kind", {"enum": [*KINDS, *FAMILIES]}), ("who", TEXT), ("rule", TEXT), ("agent", TEXT),
    ("text", TEXT), ("since", TIME), ("until", TIME),
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {
    "POST /v1/events": Operation(
        "Take one event, or a batch of them", {202: "Result|Batch"}, "Event", (("type", NAME),), batch=True,
        leads=("get_events_id", "get_events_id_trace", "get_events_id_telemetry", "delete_events_id"),
    ),
    "GET /v1/types": Operation("List event types", {200: "Types"}, query=_PAGE),
    "GET /v1/types/{name}": Operation("Show an event type", {200: "Type"}),
    "GET /v1/action-types": Operation("List types of actions", {200: "ActionTypes"}, query=_PAGE),
    "GET /v1/action-types/{name}": Operation("Show a type of action", {200: "ActionType"}),
    "GET /v1/agents": Operation("List agents", {200: "Agents"}, query=_PAGE),
    "GET /v1/agents/{name}": Operation("Show an agent: its settings, how it stands, what it did", {200: "Agent"}),
    "GET /v1/events/{id}": Operation("Show what is kept of a message", {200: "Told"}),
    "DELETE /v1/events/{id}": Operation(
        "Cancel what is open of a message", {200: "Cancelled"},
        query=(("by", TEXT), ("agent", TEXT), ("rule", TEXT)),
    ),
    "GET /v1/events/{id}/trace": Operation("Tell the story of a message", {200: "Trace"}),
    "GET /v1/events/{id}/why": Operation(
        "Say why a rule fires or does not", {200: "Why"}, query=(("rule", TEXT), ("now", YES)), needs=("rule",)
    ),
    "GET /v1/events/{id}/telemetry": Operation("Show the steps of a message", {200: "Steps"}, query=_PAGE),
    "GET /v1/events/{id}/follow": Operation(
        "Follow a message as it goes", {200: ""}, query=(("after", CURSOR),), media="text/event-stream"
    ),
    "POST /v1/requests": Operation(
        "Ask, and be answered by several agents", {200: "Page", 202: "Page|Result"}, "Event", _ASKED,
        leads=("get_requests_id", "delete_requests_id", "get_events_id"),
    ),
    "GET /v1/requests/{id}": Operation(
        "Fetch answers from a cursor on", {200: "Page", 304: ""},
        query=(("after", CURSOR), ("wait", {"type": "number", "minimum": 0, "maximum": 60})),
    ),
    "DELETE /v1/requests/{id}": Operation("Cancel a request", {200: "Request"}),
    "GET /v1/requests/{id}/events": Operation(
        "Be sent answers as they come", {200: "", 204: ""},
        query=(("after", CURSOR), ("disconnect", {"enum": ["keep", "cancel"]})), media="text/event-stream",
    ),
    "GET /v1/rules": Operation("List the rules in force", {200: "Rules"}, query=_PAGE),
    "GET /v1/rules/{id}": Operation("Show a rule: what it does, and when it is tried", {200: "Rule"}),
    "GET /v1/audit": Operation("Search the audit", {200: "Records"}, query=(*_PAGE, *_SEARCH)),
    "GET /v1/audit/checkpoint": Operation("Fetch the newest checkpoint", {200: ""}, media="text/plain"),
    "GET /v1/decided": Operation(
        "List events with what was decided of them", {200: "Decided"},
        query=(*_PAGE, ("since", TIME), ("until", TIME), ("type", TEXT)),
    ),
    "GET /v1/status": Operation("Say how the hub stands", {200: "Status"}),
    "GET /metrics": Operation("Give metrics", {200: ""}, media="application/openmetrics-text|text/plain"),
    "GET /v1/holds": Operation("List all that is paused", {200: "Holds"}, query=_PAGE),
    "GET /v1/holds/{kind}/{name}": Operation("Show one pause", {200: "Hold"}),
    "PUT /v1/holds/{kind}/{name}": Operation("Pause", {200: "Hold", 201: "Hold"}, query=(("by", TEXT), ("why", TEXT))),
    "DELETE /v1/holds/{kind}/{name}": Operation("Resume", {200: "Hold"}, query=(("by", TEXT),)),
    "GET /v1/dead": Operation("List dead letters", {200: "Letters"}, query=(*_PAGE, *_WHICH)),
    "GET /v1/dead/{number}": Operation("Show a dead letter", {200: "Letter"}),
    "POST /v1/dead/redrive": Operation("Have dead letters done again", {200: "Redriven"}, "Redrive"),
    "POST /v1/dead/discard": Operation("Take dead letters away", {200: "Discarded"}, "Discard"),
    "POST /v1/erasures": Operation("Erase what messages said", {200: "Erasures"}, "Erasure"),
    "POST /v1/proposals": Operation("Submit rules", {201: "Proposal"}, "NewProposal", leads=(
        "get_proposals_id", "post_proposals_id_approve", "post_proposals_id_withdraw", "post_proposals_id_rollback")),
    "GET /v1/proposals": Operation("List proposals", {200: "Proposals"}, query=(("state", TEXT), *_PAGE)),
    "GET /v1/proposals/{id}": Operation("Show a proposal", {200: "Proposal"}),
    "POST /v1/proposals/{id}/approve": Operation("Put a proposal in force", {200: "Proposal"}, "Approval"),
    "POST /v1/proposals/{id}/reject": Operation("Reject a proposal", {200: "Proposal"}, "Word"),
    "POST /v1/proposals/{id}/withdraw": Operation("Withdraw one's own proposal", {200: "Proposal"}, "Word"),
    "POST /v1/proposals/{id}/rollback": Operation("Take back what a proposal brought", {200: "Proposal"}, "Word"),
    "POST /v1/try": Operation("Try rules on an event, without effect", {200: "Tried"}, "Try"),
    "GET /v1/people/{kind}": Operation(
        "List organisations, groups, users or service accounts", {200: "People"}, query=_PAGE
    ),
    "GET /v1/people/{kind}/{name}": Operation("Show one of them", {200: "Person"}),
    "PUT /v1/people/{kind}/{name}": Operation(
        "Make or change one of them", {200: "Person", 201: "Person"}, "NewPerson"
    ),
    "DELETE /v1/people/{kind}/{name}": Operation("Remove one of them, and revoke the keys it has", {200: "Person"}),
    "GET /v1/keys": Operation("List keys", {200: "Keys"}, query=_PAGE),
    "POST /v1/keys": Operation("Make a key, shown once", {201: "Key"}, "NewKey", leads=(
        "get_keys_id", "delete_keys_id")),
    "GET /v1/keys/{id}": Operation("Show a key, without what opens", {200: "Key"}),
    "DELETE /v1/keys/{id}": Operation("Revoke a key; it can still be shown", {200: "Key"}, query=(("made", YES),)),
    "GET /v1/secrets": Operation("List secrets by their names", {200: "Secrets"}, query=_PAGE),
    "POST /v1/secrets": Operation("Keep a secret", {201: "Secret"}, "NewSecret"),
    "POST /v1/secrets/rotate": Operation("Seal all secrets with the newest key", {200: "Tried"}),
    "DELETE /v1/secrets/{id}": Operation("Take a secret away", {200: "Secret"}),
    "GET /v1/consents": Operation("List what was agreed to", {200: "Consents"}, query=_PAGE),
    "POST /v1/consents": Operation("Let rules of another owner act as oneself", {201: "Consent"}, "NewConsent"),
    "DELETE /v1/consents/{id}": Operation("Withdraw a consent", {200: "Consent"}),
    "POST /hooks/{path}": Operation("Take a webhook that shows itself genuine", {200: "Hook", 202: "Hook"}, "Hook"),
    "GET /healthz": Operation("Say whether the process lives", {200: "Health"}),
    "GET /readyz": Operation("Say whether messages are taken", {200: "Health"}),
    "GET /openapi.json": Operation("Describe this interface", {200: "Tried"}),
    "GET /docs": Operation("Describe this interface to people", {200: ""}, media="text/html"),
}  # fmt: skip
"""By method and path, converters of paths left out. WHOLE numbers of paths are checked by the router."""
PATHS: dict[str, Schema] = {
    "id": TEXT, "name": TEXT, "path": TEXT, "kind": {"enum": ["agent", "rule", "organisation"]},
    "number": {**WHOLE, "minimum": 1, "maximum": 10**16 - 1},
}  # fmt: skip
OF_PEOPLE: Schema = {"enum": ["organisations", "groups", "users", "services"]}
"""What a `kind` of people is; elsewhere it is what can be paused."""


def step(path: str, name: str) -> Schema:
    """The schema of a parameter of a path."""
    return OF_PEOPLE if name == "kind" and path.startswith("/v1/people") else PATHS[name]
