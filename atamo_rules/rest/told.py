"""What a hub counts for all, as whoever asks is told it: to its own people as it is, to others in numbers of their own.

Two answers that differ only by what another organisation did in between would tell that it did something: so positions,
cursors, ids of steps, numbers of dead letters and digests of rules go through here on their way out, and back in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from atamo_rules.rest.problem import Problem

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub


class Told:
    """Numbers and digests as one organisation has them; without a hub, as the hub has them."""

    def __init__(self, hub: Hub | None, organisation: str = "") -> None:
        self.numbering, self.organisation = hub.numbering if hub is not None else None, organisation
        if hub is not None:
            hub.numbering.take(hub.current)

    def out(self, number: int) -> int:
        """What a number is told as."""
        return number if self.numbering is None else self.numbering.blind(self.organisation).out(number)

    def into(self, told: int) -> int:
        """The number that somebody was told so. Raises Problem."""
        if self.numbering is None:
            return told
        number = self.numbering.blind(self.organisation).into(told)
        if number is None:
            raise Problem(
                400, "parameter", "this number was not told to you by this hub", f"it is {told}",
                "begin anew, without `after` or `Last-Event-ID`, and go on from the cursor that is answered",
            )  # fmt: skip
        return number

    def perhaps(self, told: int) -> int:
        """As `into`, but 0, which nothing has, for a number that was not told."""
        return told if self.numbering is None else self.numbering.blind(self.organisation).into(told) or 0

    def digest(self, digest: str) -> str:
        """What is told of the rules of a digest."""
        return digest if self.numbering is None else self.numbering.digest(digest, self.organisation)

    def names(self, digest: str, told: str) -> bool:
        """Whether a digest that somebody was told stands for the rules of this digest."""
        return told == digest or (bool(told) and told == self.digest(digest))

    def record(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record of the audit that is about to be told."""
        if self.numbering is None:
            return dict(record)
        made = {**record, "position": self.out(record["position"]), "rules": self.digest(record["rules"])}
        return {**made, "what": self._facts(record["kind"], record["what"])}

    def step(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """A step of a message that is about to be told."""
        if self.numbering is None:
            return dict(step)
        return {**self._facts(step["kind"], step), "position": self.out(step["position"])}

    def _facts(self, kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        made = dict(facts)
        match kind:
            case "event.decided":
                made["digest"] = self.digest(str(made.get("digest", "")))
            case "event.erased":  # `records` are those that were left hollow, by their positions
                made["records"] = {
                    str(self.out(int(at))): what for at, what in made.get("records", {}).items()
                }
            case _ if "letter" in made:
                made["letter"] = self.out(made["letter"])
        return made


HUBS = Told(None)
"""As the hub has them."""
