"""Every code of a problem, with what it means and what to do: what `atamo explain`, `/docs` and the reference show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem. Its code is stable: programs may go by it."""

    statuses: tuple[int, ...]
    about: str
    remedy: str


CATALOGUE: dict[str, Kind] = {
    "accept": Kind(
        (406,),
        "What the path answers in is nothing that `Accept` takes.",
        "Take what `detail` names, or send no `Accept`.",
    ),
    "again": Kind(
        (409,),
        "The same proposal was submitted at the same moment.",
        "Look whether it is there; else submit it again.",
    ),
    "beyond": Kind(
        (409,),
        "Submitted rules reach beyond the level they were submitted for.",
        "Submit them at the level they are meant for.",
    ),
    "broken": Kind(
        (409,),
        "The rules of a proposal no longer go with those in force.",
        "Mend what `detail` names, and submit it anew.",
    ),
    "busy": Kind(
        (503,),
        "Too much is under way, or the store is full for now. Nothing was taken.",
        "Send it again after `Retry-After`; the same id counts once.",
    ),
    "changed": Kind(
        (412,),
        "What `If-Match` or `If-None-Match` says of what is there is not so: somebody else was faster.",
        "GET it again, and decide again.",
    ),
    "conflict": Kind(
        (409,),
        "An event of this id was taken before, with another content.",
        "Use a new id for new content; the same content may be sent again.",
    ),
    "decided": Kind((409,), "Somebody has decided the proposal already.", "GET it: it says by whom."),
    "disconnected": Kind((400,), "The client left before its body was read.", "Send it again."),
    "encoding": Kind(
        (415,),
        "The body is compressed in a way that is not understood.",
        "Send it as it is, or by gzip; webhooks as they are.",
    ),
    "envelope": Kind(
        (400,),
        "The event's envelope is not right.",
        'Send `{"type": …, "data": {…}}`, or bare data with `?type=NAME`.',
    ),
    "erased": Kind(
        (410,),
        "What the message said was erased; `detail` says by whom and when.",
        "GET `/v1/events/{id}/trace` still tells each of its steps.",
    ),
    "fault": Kind((500,), "A fault of the hub itself.", "See the hub's standard error, and report it."),
    "forbidden": Kind(
        (403,),
        "Whoever asks may not do this.",
        "Ask whoever keeps the people files for a role that has the verb in `detail`.",
    ),
    "forgotten": Kind(
        (410,),
        "The message was over long ago, and is no longer kept.",
        "The audit still has each of its steps.",
    ),
    "gone": Kind(
        (410,),
        "The answers of a request are not kept any more.",
        "What became of it is told under `/v1/events`.",
    ),
    "gzip": Kind(
        (400,),
        "The body is called gzip, and is none, or is not whole.",
        "Compress it again, or send it as it is.",
    ),
    "host": Kind(
        (421,),
        "The hub is not called by the name in `Host`.",
        "Call it by its own name, or start it with `--allow-host NAME`.",
    ),
    "http": Kind(
        (400, 404, 405, 408, 413, 431), "Something else is wrong with the HTTP request.", "`title` says what."
    ),
    "in-files": Kind(
        (409,),
        "The people files say what this is, and they win.",
        "Change it there: `people.yaml`, or the folder `people`.",
    ),
    "in-use": Kind(
        (409,),
        "Somebody belongs to the group or organisation that is to be removed.",
        "Take them out of it first.",
    ),
    "invalid": Kind(
        (422,),
        "The data breaks the schema of its event type.",
        "Mend what `reasons` names, and send it again.",
    ),
    "keys": Kind((409,), "The vault's keys cannot be read.", "See the key file of `--vault`."),
    "last-admin": Kind(
        (409,),
        "Nobody who has a key could make keys afterwards, and so let anybody in again: the last such key is not "
        "revoked, and the last who may make them stays.",
        "Make a key of somebody else who is `admin` over everything, and do it again.",
    ),
    "malformed": Kind(
        (400,),
        "The body is not the JSON that is wanted here.",
        "Send one JSON document in UTF-8, of the shape in `/docs`.",
    ),
    "media-type": Kind((415,), "This kind of body is not understood.", "Send one of the kinds in `Accept`."),
    "method": Kind((405,), "The path has no such method.", "`Allow` lists those it has."),
    "no-checkpoint": Kind((404,), "No checkpoint of the audit was made yet.", "Ask again in a minute."),
    "no-proposals": Kind(
        (409,),
        "The rules of this hub come from where none can be submitted.",
        "Serve them from a folder: `atamo run DIR`.",
    ),
    "no-vault": Kind(
        (409,),
        "The hub keeps no tokens.",
        "`atamo secret keygen vault.key`, then `atamo run --vault file:vault.key`.",
    ),
    "not-a-request": Kind(
        (422,), "The type is declared as an event, and is sent as a request.", "POST it to `/v1/events`."
    ),
    "not-found": Kind((404,), "There is nothing under this path.", "`/docs` describes all paths."),
    "not-held": Kind((404,), "It is not paused.", "GET `/v1/holds` lists what is."),
    "order": Kind(
        (400, 422),
        "What is to be done is not said as it must be (400), or cannot be meant (422).",
        "`detail` says what is wrong; `/docs` has the shape.",
    ),
    "origin": Kind((403,), "A page of another site calls the hub.", "Have a server of your own call it."),
    "overtaken": Kind(
        (409,),
        "Another proposal has changed the same files since.",
        "Submit it anew, or roll the later one back first.",
    ),
    "parameter": Kind(
        (400,),
        "A parameter of the address is unknown, or has no value that fits.",
        "`remedy` lists those there are.",
    ),
    "rate": Kind(
        (429,),
        "The key asks more often than the hub lets one.",
        "Ask again after `Retry-After`; `RateLimit` says how it stands.",
    ),
    "request": Kind(
        (409,),
        "A part of a request is to be cancelled.",
        "Cancel it as a whole: leave out `agent` and `rule`.",
    ),
    "schema": Kind(
        (500,),
        "The schema of the event type cannot be used.",
        "Tell whoever keeps the rules; `atamo verify` says where.",
    ),
    "signature": Kind(
        (401,),
        "A post to `/hooks` does not show itself genuine.",
        "See the secret on both sides, and the sender's clock.",
    ),
    "slow": Kind((408,), "The body took too long to come.", "Send it again, faster or in parts."),
    "stale": Kind(
        (409,),
        "Other rules are in force than those the proposal was seen against.",
        "Look at it against those of now, and approve with their `base`.",
    ),
    "stopping": Kind(
        (503,),
        "The hub is stopping, or cannot take anything more.",
        "Send it again shortly; the same id counts once.",
    ),
    "store": Kind(
        (503,), "The hub cannot keep anything. Nothing was taken.", "See the hub's standard error."
    ),
    "taken": Kind(
        (409,), "The name is that of a service account, or of a user.", "Give one of them another name."
    ),
    "too-large": Kind(
        (413,),
        "The body has more bytes than the hub takes, as it came or once opened.",
        "Send less at once, or run with a larger `--max-body`.",
    ),
    "too-many": Kind(
        (413, 429),
        "A batch has too many messages; or too many wrong keys or signatures came from one address.",
        "Send it in parts; or wait for `Retry-After`.",
    ),
    "unauthenticated": Kind(
        (401,),
        "Nobody is known by what was shown.",
        "Send `Authorization: Bearer KEY` with a key that has not ended.",
    ),
    "unknown-action-type": Kind(
        (404,), "There is no such type of action.", "GET `/v1/action-types` lists them."
    ),
    "unknown-agent": Kind((404,), "There is no such agent.", "GET `/v1/agents` lists them."),
    "unknown-consent": Kind((404,), "There is no consent of this id.", "GET `/v1/consents` lists them."),
    "unknown-group": Kind(
        (404,), "There is no such group that whoever asks may manage.", "GET `/v1/people/groups` lists them."
    ),
    "unknown-id": Kind(
        (404,),
        "Nothing is kept under this id, or nothing that whoever asks may see.",
        "Search for it: `atamo audit search --text`.",
    ),
    "unknown-key": Kind((404,), "There is no key of this id.", "GET `/v1/keys` lists them."),
    "unknown-kind": Kind(
        (404,), "There is no such kind of thing under this path.", "`remedy` lists those there are."
    ),
    "unknown-letter": Kind((404,), "There is no dead letter of this number.", "GET `/v1/dead` lists them."),
    "unknown-organisation": Kind(
        (404,), "There is no such organisation.", "GET `/v1/people/organisations` lists them."
    ),
    "unknown-rule": Kind((404,), "There is no such rule.", "GET `/v1/rules` lists them."),
    "unknown-secret": Kind((404,), "There is no token of this id.", "GET `/v1/secrets` lists them by name."),
    "unknown-service": Kind(
        (404,),
        "There is no such service account that whoever asks may manage.",
        "GET `/v1/people/services` lists them.",
    ),
    "unknown-type": Kind((404,), "There is no such event type.", "GET `/v1/types` lists them."),
    "unknown-user": Kind(
        (404,), "There is no such user whom whoever asks may manage.", "GET `/v1/people/users` lists them."
    ),
}
"""By code, in order."""


def type_of(code: str) -> str:
    """The `type` of a problem (RFC 9457, 3.1.1): where it is explained, from the hub's own address."""
    return f"/docs#problem-{code}" if code in CATALOGUE else "about:blank"


def page(code: str) -> str | None:
    """What `atamo explain` says of a code; None for one that there is not."""
    kind = CATALOGUE.get(code)
    if kind is None:
        return None
    statuses = " or ".join(map(str, kind.statuses))
    return f"# {code}: a hub answers {statuses}\n\n{kind.about}\n\n## What to do\n\n{kind.remedy}\n"
