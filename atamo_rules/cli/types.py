"""`atamo types`: event types for a ruleset, made from a published bundle of JSON Schemas."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from atamo_rules.cli.console import say

LARGEST = 32 << 20
"""Bytes a bundle may have."""
OURS = {"events.atamo", "events.yaml", "schemas"}
"""What this command writes, and so all that --force may replace."""

EPILOG = """\b
Examples:
  atamo types schema.json -o rules/github
  atamo types schema.json -o rules/github --prefix github --policy flag
  npm pack @octokit/webhooks-schemas && tar xzf octokit-*.tgz
  atamo types package/schema.json -o rules/github

Exit codes: 0 written, 1 no event types can be made of this bundle, 2 usage or files."""


@click.command(epilog=EPILOG)
@click.argument("schema")
@click.option("-o", "--output", "output", required=True, metavar="DIR", help="The folder to make.")
@click.option(
    "--prefix",
    default="",
    metavar="NAME",
    help="Put before every name: `--prefix github` gives github.issues.",
)
@click.option("--to", type=click.Choice(["atamo", "yaml"]), default="atamo", show_default=True,
              help="The form of the declarations.")  # fmt: skip
@click.option("--policy", type=click.Choice(["reject", "flag", "quarantine"]), default="reject", show_default=True,
              help="What becomes of events that break their type.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a folder that this command made before.")
def types(schema: str, output: str, prefix: str, to: str, policy: str, force: bool) -> int:
    """Make one event type for each event of SCHEMA, a JSON Schema that bundles many; `-` is standard input.

    DIR gets a schema file for each event, complete in itself, and the declarations that name them. It is written
    whole or not at all, and nothing is ever fetched.
    """
    from atamo_rules.compiler.generate_types import generate
    from atamo_rules.compiler.schema_parts import BundleRefused
    from atamo_rules.model.strict_json import JsonRefused, decode

    place = destination(output, force)
    raw = bundle(schema)
    try:
        files = generate(decode(raw), prefix=prefix, to=to, policy=policy)
        trouble = unusable(files)
    except JsonRefused as error:
        return refused(schema, f"it is not JSON: {error}")
    except BundleRefused as error:
        return refused(schema, str(error), error.help)
    if trouble:
        return refused(schema, trouble)
    write(files, place)
    say(f"{place}: {len(files) - 1} event types in {next(iter(files))}, their schemas in schemas/\n")
    return 0


def refused(schema: str, why: str, help: str = "") -> int:
    """Say why a bundle is of no use; the exit code for it."""
    say(
        f"error: no event types can be made of {schema}: {why}\n{f'  = help: {help}{chr(10)}' if help else ''}",
        err=True,
    )
    return 1


def bundle(schema: str) -> bytes:
    """The bytes of the bundle. Raises ClickException."""
    from atamo_rules.hub.project.files import read_regular

    try:
        raw = sys.stdin.buffer.read(LARGEST + 1) if schema == "-" else read_regular(Path(schema), LARGEST)
    except OSError as error:
        raise click.ClickException(
            f"`{schema}` cannot be read: {(error.strerror or str(error)).lower()}."
        ) from None
    if len(raw) > LARGEST:
        raise click.ClickException(
            f"`{schema}` has more than {LARGEST} bytes, which is too large for a bundle of schemas."
        )
    return raw


def destination(output: str, force: bool) -> Path:
    """The folder to make, once it is sure that nothing of anybody's is lost by it. Raises ClickException."""
    place = Path(output)
    try:
        if place.is_symlink():
            place = place.resolve()
        held = {entry.name for entry in place.iterdir()} if place.exists() else set()
    except OSError as error:
        raise click.ClickException(
            f"`{output}` cannot be used: {(error.strerror or str(error)).lower()}."
        ) from None
    others = sorted(held - OURS)
    if held and not force:
        raise click.ClickException(
            f"`{output}` is not empty; --force replaces what this command made there before."
        )
    if others:
        raise click.ClickException(
            f"`{output}` also holds {', '.join(f'`{name}`' for name in others[:5])}, which --force would remove; "
            "give a folder of its own."
        )
    return place


def unusable(files: Mapping[str, str]) -> str:
    """Why the files would not verify, or empty. They are compiled before any of them is written."""
    from atamo_rules.compiler.pipeline import compile_sources
    from atamo_rules.source.span import Source

    name, text = next(iter(files.items()))
    made = compile_sources([Source(name, text)], lambda _, path: files[path])
    return "; ".join(error.message for error in made.errors[:3])


def write(files: Mapping[str, str], place: Path) -> None:
    """Make the folder beside its place, then move it there: it is whole or not at all. Raises ClickException."""
    made: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        fresh, old = made / "new", made / "old"
        for name, text in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
        if place.exists():
            os.rename(place, old)
        try:
            os.rename(fresh, place)
        except OSError:
            if old.exists():
                os.rename(old, place)
            raise
    except OSError as error:
        raise click.ClickException(
            f"`{place}` cannot be written: {(error.strerror or str(error)).lower()}."
        ) from None
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
