"""What must always be true of a hub, checked against its audit, its store and its agents.

The audit is read record by record, as a book: each record must be possible after those before it. The books are then
laid beside what the store holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.decision import Action
from atamo_rules.model.types import Json
from tests.simulation.kept import OPEN, Kept
from tests.simulation.rules import ATTEMPTS, POLICY, USERS
from tests.simulation.windows import WindowBooks

ENDS = {
    "action.done": "done",
    "action.failed": "failed",
    "action.timeout": "timeout",
    "action.cancelled": "cancelled",
}
INSTANT = ("emit", "reply")
REQUEST_ENDS = {f"request.{end}" for end in ("completed", "degraded", "failed", "expired", "cancelled")}


@dataclass
class Line:
    """One action in the books. `state` is waiting, running, or how it ended; `called` are attempts that its agent saw
    since it was last begun anew."""

    event: str
    rule: str
    target: str
    who: str
    asks: bool = False
    dead: bool = False
    state: str = "waiting"
    attempts: int = 0
    called: int = 0

    @property
    def open(self) -> bool:
        return self.state in ("waiting", "running")


@dataclass
class Ledger:
    """The books of one store. A breach is an AssertionError that names the record."""

    digests: set[str] = field(default_factory=set)
    """Of every generation that was ever in force."""
    position: int = 0
    actions: dict[str, Line] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    """accepted, decided or finished."""
    requests: dict[str, str] = field(default_factory=dict)
    """open, or the kind that ended it."""
    rules: dict[str, str] = field(default_factory=dict)
    """By event, the digest of the generation that decided it, and goes on with it in every process."""
    open: Counter[str] = field(default_factory=Counter)
    holds: set[tuple[Json, Json]] = field(default_factory=set)
    promised: set[str] = field(default_factory=set)
    """Keys of events whose clients were told that they are taken."""
    bodies: dict[str, object] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    """Actions that an agent is at in this process."""
    kinds: Counter[str] = field(default_factory=Counter)
    windows: WindowBooks = field(default_factory=WindowBooks)

    # --- the audit --------------------------------------------------------------------------------------

    def read(self, records: Iterable[AuditRecord]) -> None:
        """Enter new records."""
        for record in records:
            assert record.position == self.position + 1, f"position {record.position} after {self.position}"
            self.position = record.position
            self.kinds[record.kind] += 1
            try:
                self.windows.enter(record)
                self._enter(record)
            except AssertionError as error:
                raise AssertionError(f"{error}\n  in {record}") from None

    def _enter(self, record: AuditRecord) -> None:
        key, what = record.event, record.what
        if record.rules and record.kind != "rules.activated":
            assert record.rules in self.digests, "the rules of no generation"
        match record.kind:
            case "event.accepted":
                assert key not in self.events, "taken twice"
                self.events[key] = "accepted"
            case "event.decided":
                assert self.events.get(key) == "accepted", "decided twice, or never taken"
                assert record.rules == what["digest"], "two generations in one decision"
                self.events[key], self.rules[key] = "decided", record.rules
            case "rule.evaluated" | "event.unrouted":
                assert record.rules == self.rules.get(key), "a decision of two generations"
            case "event.finished":
                assert self.events.get(key) == "decided", "finished twice, or before it was decided"
                assert self.open[key] == 0, "finished with open actions"
                self.events[key] = "finished"
            case "work.paused":
                self.holds.add((what["what"], what["name"]))
            case "work.resumed":
                self.holds.discard((what["what"], what["name"]))
            case "action.created":
                self._created(record)
            case "action.redriven":
                before, again = self.actions[str(what["action"])], str(what["again"])
                assert before.dead, "begun anew while it was no dead letter"
                before.dead = False
                if again == what["action"]:
                    before.state, before.attempts, before.called = "waiting", 0, 0
                else:
                    assert again not in self.actions, "two actions of one idempotency key"
                    self.actions[again] = replace(before, state="waiting", attempts=0, called=0)
                self.open[key] += 1
                self.events[key] = "decided"
            case "action.discarded":
                line = self.actions[str(what["action"])]
                assert line.dead, "thrown away while it was no dead letter"
                line.dead = False
            case "request.opened":
                assert key not in self.requests, "opened twice"
                self.requests[key] = "open"
            case kind if kind in REQUEST_ENDS:
                assert self.requests.get(key) == "open", f"a request that is over ends once more as {kind}"
                self.requests[key] = kind
            case kind if kind.startswith("action.") and "action" in what:
                self._step(record, self.actions[str(what["action"])])

    def _created(self, record: AuditRecord) -> None:
        key, what = record.event, record.what
        id = str(what["action"])
        assert self.events.get(key) == "decided", "an action of an event that is not open"
        assert id not in self.actions, "two actions of one idempotency key"
        assert self.rules.setdefault(key, record.rules) == record.rules, "an event under two generations"
        instant = what["verb"] in INSTANT
        self.actions[id] = Line(
            key, str(what["rule"]), str(what["target"]), record.who, what["verb"] == "ask",
            state="done" if instant else "waiting",
        )  # fmt: skip
        self.open[key] += not instant

    def _step(self, record: AuditRecord, line: Line) -> None:
        attempt = record.what.get("attempt")
        match record.kind:
            case "action.started":
                assert line.state == "waiting", f"begun while it was {line.state}"
                assert attempt == line.attempts + 1, f"attempt {attempt} after {line.attempts}"
                user = USERS.get(line.who)
                mine = {
                    ("agent", line.target.partition(".")[0]),
                    ("rule", line.rule),
                    ("organisation", user.organisation if user else ""),
                }
                assert not self.holds & mine, f"begun while it was held: {self.holds & mine}"
                line.state, line.attempts = "running", line.attempts + 1
            case "action.retry" | "action.lost":
                assert (line.state, attempt) == ("running", line.attempts), "no such attempt runs"
                line.state = "waiting"
            case kind if kind in ENDS:
                assert line.open, f"a second result: it was {line.state}"
                if kind in ("action.done", "action.failed"):
                    assert (line.state, attempt) == ("running", line.attempts), "the result of no attempt"
                line.state = ENDS[kind]
                line.dead = kind == "action.failed" and not line.asks
                self.open[line.event] -= 1

    # --- the agents -------------------------------------------------------------------------------------

    def called(self, action: Action) -> None:
        """An agent is about to do something."""
        line = self.actions[action.id]
        line.called += 1
        most = ATTEMPTS.get((line.rule, line.target), POLICY)
        assert line.called <= line.attempts, f"{action.id} runs and was not counted"
        assert line.called <= most, f"{action.id} runs {line.called} times of {most}"
        assert action.id not in self.running, f"{action.id} runs twice at once"
        same = (action.target, action.body)
        assert self.bodies.setdefault(action.id, same) == same, f"{action.id} is two things"
        self.running.add(action.id)

    # --- the store --------------------------------------------------------------------------------------

    def compare(self, kept: Kept) -> None:
        """Lay the books beside what is kept."""
        self.read(kept.records)
        self.windows.compare()
        lost = self.promised - self.events.keys()
        assert not lost, f"accepted and lost: {sorted(lost)}"
        assert self.events.keys() == kept.events.keys(), "events that are in one of audit and store"
        undecided = {key for key, state in self.events.items() if state == "accepted"}
        assert undecided == {key for key, state in kept.events.items() if state == "accepted"}
        for key, state in self.events.items():
            assert (state == "finished") == (state != "accepted" and self.open[key] == 0), f"{key} is {state}"
        mine = {id: (line.state, line.attempts) for id, line in self.actions.items()}
        theirs = {
            id: ("waiting" if state in OPEN and state != "running" else state, attempts)
            for id, (state, attempts) in kept.actions.items()
        }
        assert mine.keys() == theirs.keys(), "actions that are in one of audit and store"
        unlike = {id: (mine[id], theirs[id]) for id in mine if mine[id] != theirs[id]}
        assert not unlike, f"audit and store differ: {unlike}"
        assert sum(line.dead for line in self.actions.values()) == kept.letters, (
            "dead letters that nobody wrote"
        )
        for name, (frames, _) in kept.logs.items():
            assert frames == tuple(range(1, len(frames) + 1)), f"the frames of {name} are {frames}"

    def died(self, left: Kept, *, orderly: bool) -> None:
        """The process is over and left this. One that ended in order may have given up its attempts: that is no step
        of an action, and not in the audit."""
        self.read(left.records)
        self.running.clear()
        for id, line in self.actions.items():
            if orderly and line.state == "running" and left.actions[id][0] == "waiting":
                line.state = "waiting"
        self.compare(replace(left, records=()))

    def over(self, kept: Kept) -> None:
        """Nothing is open any more."""
        self.compare(kept)
        self.windows.over()
        assert set(self.events.values()) <= {"finished"}, "an event that never ended"
        assert not any(line.open for line in self.actions.values())
        left_open = [key for key, state in self.requests.items() if state == "open"]
        assert not left_open, f"requests that never ended: {left_open}"
