"""`atamo audit`: the records of a hub, searched, and proved to be what was written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atamo_rules.cli.console import color_of, say
from atamo_rules.cli.hubs import Place, hub_options
from atamo_rules.cli.moments import moment_option
from atamo_rules.cli.sentences import Sentences
from atamo_rules.cli.stopped import records_of

if TYPE_CHECKING:
    from atamo_rules.hub.audit.evidence import Evidence
    from atamo_rules.hub.audit.signing import VerifierKey

SEARCH = """\b
Examples:
  atamo audit search --event order-7
  atamo audit search --kind action.failed --since 2h
  atamo audit search --kind action. --agent crm --format jsonl > crm.jsonl
  atamo audit search --text "no answer" --follow

Exit codes: 0 told, also when nothing fits, 1 the hub refused, 2 usage, or no hub answers."""

VERIFY = """\b
Examples:
  atamo audit verify --against /mnt/other/checkpoints
  atamo audit verify desk/ --against checkpoints --key desk+1c3a5e7f+AbC…
  atamo audit verify --proof decision.tlog-proof --against checkpoints

Exit codes: 0 everything is what was written, 1 it is not: each record is named, 2 usage or files."""

PROVE = """\b
Examples:
  atamo audit prove 4711 --against checkpoints > decision.tlog-proof

Exit codes: 0 written, 1 the log is not what was written, or the record was erased, 2 usage or files."""

KEYGEN = """\b
Examples:
  atamo audit keygen acme/desk -o signing.key

Exit codes: 0 written, 2 usage, or the file is there already."""


WHOLE = """\b
Examples:
  atamo audit search --event order-7
  atamo audit verify"""


@click.group(cls=Sentences, epilog=WHOLE)
def audit() -> None:
    """Search the audit, prove it, and check what others prove with it."""


@audit.command(epilog=SEARCH)
@click.option("--event", default="", help="Records about this event.")
@click.option(
    "--kind", default="", help="Records of this kind; of a family, such as `action.`, with a dot at its end."
)
@click.option("--who", default="", help="Records about events of this user.")
@click.option("--rule", default="", help="Records about this rule.")
@click.option("--agent", default="", help="Records about this agent.")
@click.option("--text", default="", help="Records that hold this anywhere, in upper or lower case.")
@moment_option("--since", "Records from then on.")
@moment_option("--until", "Records before then.")
@click.option(
    "--after", type=click.IntRange(0), default=0, metavar="POSITION", help="Records after this one."
)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@click.option("--follow", is_flag=True, help="Go on with records as they are written, until Ctrl-C.")
@hub_options
@click.option("--format", "format", type=click.Choice(["text", "jsonl"]), default="text")
def search(limit: int, after: int, follow: bool, place: Place, format: str, **query: Any) -> int:
    """Find records, oldest first."""
    from atamo_rules.cli.ink import Ink, plain
    from atamo_rules.cli.timeline import one_line
    from atamo_rules.model.strict_json import encode

    ink = Ink(color_of(sys.stdout))
    left, cursor = limit, after
    with place.open() as hub:
        while left > 0 or follow:
            given = {**query, "after": cursor, "limit": min(left, 1000) if left > 0 else 1000}
            page = hub.get("/v1/audit", given, wait=30.0 if follow else 0.0)
            for record in page["records"]:
                if format == "jsonl":
                    say(encode(record) + "\n")
                else:
                    about = f" {ink.faint(plain(record['event']))}" if record["event"] else ""
                    say(f"{record['position']:>7} {one_line(record, ink)}{about}\n")
            left -= len(page["records"])
            cursor = page["cursor"]
            if page["end"] and not follow:
                return 0
    return 0


@audit.command(epilog=VERIFY)
@click.argument("folder", default=".")
@click.option("--against", metavar="FILE", help="Checkpoints that were put down elsewhere.")
@click.option("--key", "keys", multiple=True, metavar="KEY",
              help="A verifier key, or its file: checkpoints must be signed by it. May be given again.")  # fmt: skip
@click.option("--proof", metavar="FILE", help="Check one record's proof instead of a whole log.")
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def verify(folder: str, against: str | None, keys: tuple[str, ...], proof: str | None, format: str) -> int:
    """Find every record that was changed, removed, moved, put in or cut off, and name it.

    FOLDER is a project (default: here) whose hub may run meanwhile, or a file that an auditor wrote. What it holds is
    compared with the checkpoints in FILE and the hashes in FILE.leaves beside it. Without --against only the numbers of
    the records can be checked: an end that was cut off does not show.
    """
    from atamo_rules.hub.audit.verify import verify as hold

    trusted = [_key(given) for given in keys]
    if trusted and against is None and proof is None:
        raise click.UsageError("--key is about checkpoints: give them with --against FILE.")
    evidence = _evidence(against, trusted)
    if proof is not None:
        return _proof(Path(proof), evidence, trusted, format)
    place, log = records_of(Path(folder))
    report = hold(log, evidence)
    if format == "json":
        from atamo_rules.hub.audit.verify import document
        from atamo_rules.model.strict_json import encode

        say(encode({"log": str(place), **document(report)}) + "\n")
        return 0 if report.intact else 1
    from atamo_rules.cli.ink import Ink, plain

    ink = Ink(color_of(sys.stdout))
    for sentence in report.sentences():
        say(f"{ink.bad('tampered')}: {plain(sentence)}\n")
    count = f"{report.size} record{'' if report.size == 1 else 's'}"
    if not report.intact:
        say(f"{place}: {count}, not what was written\n")
        return 1
    if against is None:
        say(f"{place}: {count}, numbered without a hole\n")
        say("nothing from elsewhere vouches for them: give --against FILE\n", err=True)
        return 0
    agreed = f"{report.checkpoints} checkpoint{'' if report.checkpoints == 1 else 's'}"
    signed = f" signed by {', '.join(key.name for key in trusted)}" if trusted else ""
    say(
        f"{place}: {ink.good('as written')}: {min(report.size, report.vouched)} of {count}, by {agreed}{signed}\n"
    )
    if report.size > report.vouched:
        later = report.size - report.vouched
        say(
            f"{later} came after the last checkpoint: nothing vouches for {'it' if later == 1 else 'them'} yet\n"
        )
    return 0


@audit.command(epilog=PROVE)
@click.argument("position", type=click.IntRange(1))
@click.argument("folder", default=".")
@click.option("--against", metavar="FILE", required=True, help="Checkpoints that were put down elsewhere.")
def prove(position: int, folder: str, against: str) -> int:
    """Write the record at POSITION and the proof that it is in the log, to be checked by anybody, offline.

    The proof leads to the newest checkpoint in FILE, in the form of c2sp.org/tlog-proof.
    """
    from atamo_rules.hub.audit.erased import leaf_of_bytes
    from atamo_rules.hub.audit.merkle import Frontier, leaf_hash
    from atamo_rules.hub.audit.proof_file import Proof
    from atamo_rules.hub.audit.proofs import inclusion

    evidence = _evidence(against, [])
    if position > evidence.size:
        raise click.UsageError(f"The newest checkpoint in `{against}` vouches for {evidence.size} records.")
    _, log = records_of(Path(folder))
    checkpoint, note = evidence.checkpoints[-1]
    leaves: list[bytes] = []
    record = b""
    for raw in log:
        leaves.append(leaf_of_bytes(raw))
        if len(leaves) == position:
            record = raw
        if len(leaves) == checkpoint.size:
            break
    if len(leaves) < checkpoint.size or Frontier().extend(leaves).root != checkpoint.root:
        say(f"the log is not what was written: atamo audit verify {folder} --against {against}\n", err=True)
        return 1
    if leaf_hash(record) != leaves[position - 1]:
        say(f"what record {position} said was erased: there is nothing to prove\n", err=True)
        return 1
    path = inclusion(leaves, position - 1, checkpoint.size)
    say(Proof(record, position - 1, path, note).written)
    return 0


@audit.command(epilog=KEYGEN)
@click.argument("name")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="Where the signing key is written, for you alone."
)
def keygen(name: str, output: str) -> int:
    """Make a key called NAME that signs checkpoints, and print the key that checks them.

    `atamo run --sign FILE` signs with it. Whoever verifies needs what is printed, and nothing else.
    """
    import os

    from atamo_rules.hub.audit.signing import new_key

    try:
        key = new_key(name)
        text, shown = key.text, key.verifier.text
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    try:
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{text}\n")
    except FileExistsError:
        raise click.UsageError(f"`{output}` is there already: a key is never written over.") from None
    say(f"{shown}\n")
    return 0


def _key(given: str) -> VerifierKey:
    """A verifier key, written out or in a file. Raises click.UsageError."""
    from atamo_rules.hub.audit.signing import read_verifier

    path = Path(given)
    try:
        return read_verifier(path.read_text("utf-8") if path.is_file() else given)
    except (ValueError, OSError) as error:
        raise click.UsageError(f"`--key {given[:80]}`: {error}.") from None


def _evidence(against: str | None, trusted: list[VerifierKey]) -> Evidence:
    """The evidence in a file, every checkpoint signed by every trusted key. Raises click.UsageError."""
    from atamo_rules.hub.audit.evidence import Evidence, read_evidence
    from atamo_rules.hub.audit.note import NoteBroken

    if against is None:
        return Evidence()
    path = Path(against)
    if not path.is_file():
        raise click.UsageError(f"`{against}` {'is not a file' if path.exists() else 'does not exist'}.")
    try:
        evidence = read_evidence(path)
    except NoteBroken as error:
        raise click.UsageError(f"`{against}` holds no checkpoints: {error}.") from None
    if not evidence.checkpoints:
        raise click.UsageError(f"`{against}` holds no checkpoint yet.")
    for key in trusted:
        for _, note in evidence.checkpoints:
            try:
                signed = key.signed(note)
            except ValueError as error:
                raise click.UsageError(f"{error}.") from None
            if not signed:
                raise click.UsageError(
                    f"`{against}`, line {note.line}: this checkpoint is not signed by {key.name}."
                )
    return evidence


def _proof(path: Path, evidence: Evidence, trusted: list[VerifierKey], format: str) -> int:
    """Check one record's proof, and whether its checkpoint is one that is believed."""
    from atamo_rules.cli.ink import plain
    from atamo_rules.hub.audit.form import name_of
    from atamo_rules.hub.audit.note import NoteBroken
    from atamo_rules.hub.audit.proof_file import read_proof
    from atamo_rules.model.strict_json import encode

    if not path.is_file():
        raise click.UsageError(f"`{path}` {'is not a file' if path.exists() else 'does not exist'}.")
    try:
        proof = read_proof(path.read_bytes().decode("utf-8"))
    except (NoteBroken, UnicodeDecodeError) as error:
        raise click.UsageError(f"`{path}` holds no proof: {error}.") from None
    known = any(one == proof.checkpoint for one, _ in evidence.checkpoints)
    signed = bool(trusted) and all(key.signed(proof.note) for key in trusted)
    holds = proof.holds and (known or signed)
    position = proof.index + 1
    if format == "json":
        record = proof.record.decode("utf-8", "replace")
        say(
            encode({"position": position, "holds": holds, "size": proof.checkpoint.size, "record": record})
            + "\n"
        )
    elif holds:
        say(
            f"record {position} ({plain(name_of(proof.record))}) is in the log of {proof.checkpoint.origin}\n"
        )
        say(f"{plain(proof.record.decode('utf-8', 'replace'))}\n")
    elif not proof.holds:
        say(f"{path} proves nothing: the record or the proof was changed\n")
    else:
        say(f"{path} leads to a checkpoint that is neither in --against FILE nor signed by a --key\n")
    return 0 if holds else 1
