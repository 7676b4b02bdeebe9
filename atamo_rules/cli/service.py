"""`atamo service`: the files that run a project as a service: a systemd unit, a container, compose, Kubernetes."""

from __future__ import annotations

import json
import re
import shutil
import sys
from importlib.resources import files
from pathlib import Path

import click

from atamo_rules import __version__
from atamo_rules.cli.console import say

FILES = {
    "systemd": {"{name}.service": "systemd.txt"},
    "container": {"Containerfile": "Containerfile.txt", "Containerfile.dockerignore": "ignore.txt"},
    "compose": {
        "compose.yaml": "compose.txt", "Containerfile": "Containerfile.txt",
        "Containerfile.dockerignore": "ignore.txt",
    },
    "kubernetes": {
        "kubernetes.yaml": "kubernetes.txt", "Containerfile": "Containerfile.txt",
        "Containerfile.dockerignore": "ignore.txt",
    },
}  # fmt: skip
_LOAD = "# Nobody but this service reads it, whoever owns the file.\nLoadCredential=vault.key:{}\n"
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}")

EPILOG = """\b
Examples:
  atamo service systemd shop/
  atamo service systemd shop/ --vault /etc/shop/vault.key > shop.service
  atamo service compose shop/ --into shop/
  atamo service kubernetes shop/ --image registry.example/shop:1 --into k8s/

Exit codes: 0 made, 2 usage, or a file that is there already (then nothing was written)."""


@click.command(epilog=EPILOG)
@click.argument("kind", type=click.Choice(list(FILES)))
@click.argument("folder", default=".")
@click.option("--name", metavar="NAME", help="What the service is called.  [default: the name of FOLDER]")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="The port it listens on."
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="systemd: the address it listens on.")  # fmt: skip
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME",
              help="A name that clients may call it by. May be given again.")  # fmt: skip
@click.option("--image", metavar="IMAGE", help="kubernetes: the image to run.  [default: NAME:latest]")
@click.option("--extra", "extras", multiple=True, metavar="NAME",
              help="An extra of Atamo that the image has, such as mail. May be given again.")  # fmt: skip
@click.option("--vault", metavar="KEYFILE", help="systemd: the key file of a vault; the unit hands it over.")
@click.option("--into", metavar="DIR", help="Write the files there, instead of to standard output.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
def service(
    kind: str,
    folder: str,
    name: str | None,
    port: int,
    host: str,
    hosts: tuple[str, ...],
    image: str | None,
    extras: tuple[str, ...],
    vault: str | None,
    into: str | None,
    force: bool,
) -> int:
    """Make the files that run FOLDER as a service of KIND: with a store that outlives it, probes, and few rights.

    They are yours from then on: read them, change them, keep them beside the rules.
    """
    name = name or _called(Path(folder))
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"`{name}` is no name for a service: small letters, digits, and - between them."
        )
    for one in (*hosts, host):
        if not _HOST.fullmatch(one):
            raise click.UsageError(f"`{one[:80]}` is not a host: write `hub.example`, or an address.")
    for one in extras:
        if not _NAME.fullmatch(one):
            raise click.UsageError(f"`{one[:80]}` is no extra: `atamo version` lists them.")
    if not Path(folder).is_dir():
        raise click.UsageError(f"`{folder}` {'is no folder' if Path(folder).exists() else 'does not exist'}.")
    if kind == "systemd":
        for path in (str(Path(folder).resolve()), vault or "/"):
            _plain(path)
    words = _words(name, folder, port, host, hosts, image, extras, vault)
    made = {path.format(name=name): _filled(source, words) for path, source in FILES[kind].items()}
    if into is None:
        first = next(iter(made.values()))
        say(first)
        for path in list(made)[1:]:
            say(f"`--into DIR` writes {path} too\n", err=True)
        return 0
    return _write(Path(into), made, force)


def _called(folder: Path) -> str:
    """The name of a folder, as services are called."""
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "atamo"


def _words(
    name: str,
    folder: str,
    port: int,
    host: str,
    hosts: tuple[str, ...],
    image: str | None,
    extras: tuple[str, ...],
    vault: str | None,
) -> dict[str, str]:
    allowed = [word for one in hosts for word in ("--allow-host", one)]
    return {
        "HUB": name,
        "FOLDER": str(Path(folder).resolve()),
        "ATAMO": shutil.which("atamo") or f"{Path(sys.executable).parent}/atamo",
        "HOST": host,
        "PORT": str(port),
        "VERSION": __version__,
        "IMAGE": json.dumps(image or f"{name}:latest"),
        "EXTRAS": f"[{','.join(extras)}]" if extras else "",
        "VAULT": "".join((
            "".join(f" --allow-host {one}" for one in hosts),
            " --vault file:${CREDENTIALS_DIRECTORY}/vault.key" if vault else "",
        )),
        "LOAD": _LOAD.format(vault) if vault else "",
        "ALLOW": json.dumps(allowed),
        "ARGS": json.dumps(["--allow-host", name, *allowed]),
    }  # fmt: skip


def _plain(path: str) -> None:
    """Whether a unit's commands have a path as it is (systemd.service(5), "Command lines"). Raises
    click.UsageError."""
    if not re.fullmatch(r"[A-Za-z0-9_./@+,:~=-]+", path):
        raise click.UsageError(f"`{path}` has characters that a unit's commands read otherwise; move it.")


def _filled(source: str, words: dict[str, str]) -> str:
    text = files("atamo_rules.cli").joinpath("templates", "service", source).read_text("utf-8")
    return re.sub(rf"(?<![A-Z_])({'|'.join(words)})(?![A-Z_])", lambda found: words[found[1]], text)


def _write(folder: Path, made: dict[str, str], force: bool) -> int:
    there = [path for path in made if (folder / path).exists()]
    if there and not force:
        raise click.UsageError(
            f"`{folder / there[0]}` is there already. Nothing was written; --force writes over it."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in made.items():
            (folder / path).write_text(text, "utf-8")
    except OSError as error:
        raise click.UsageError(
            f"`{folder}` cannot be written: {(error.strerror or str(error)).lower()}."
        ) from None
    for path in made:
        say(f"{folder / path}\n")
    return 0
