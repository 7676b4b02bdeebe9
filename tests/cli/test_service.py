"""`atamo service`: files that the tools they are for take, and commands in them that run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.cli.dispatcher import ATAMO, atamo, environment

RULES = "event tick\n  n: whole\n\nrule seen\n  on tick\n  stop\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "My shop"
    folder.mkdir()
    (folder / "rules.atamo").write_text(RULES)
    return folder


@pytest.fixture
def plain(project: Path) -> Path:
    return project.rename(project.with_name("shop"))


def test_a_unit_is_what_systemd_takes(plain: Path) -> None:
    into = plain.parent / "deploy"
    done = atamo("service", "systemd", str(plain), "--vault", "/etc/shop/vault.key", "--into", str(into))
    assert (done.returncode, done.stdout) == (0, f"{into}/shop.service\n")
    unit = (into / "shop.service").read_text()
    assert "LoadCredential=vault.key:/etc/shop/vault.key" in unit
    assert "--vault file:${CREDENTIALS_DIRECTORY}/vault.key" in unit
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze: the unit was only read")
    unit = re.sub(r"ExecStart=\S+", f"ExecStart={shutil.which('true')}", unit)
    (into / "shop.service").write_text(unit)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(into / "shop.service")], capture_output=True, text=True
    )
    assert "shop.service" not in told.stderr, told.stderr


def test_the_command_of_a_unit_tells_systemd_when_it_is_ready_and_when_it_stops(plain: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    unit = atamo("service", "systemd", str(plain), "--port", str(port)).stdout
    command = next(line for line in unit.splitlines() if line.startswith("ExecStart=")).partition("=")[2]
    words = shlex.split(command.replace("/var/lib/shop", str(plain.parent / "state")))[1:]
    (plain.parent / "state").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(plain.parent / "notify"))
        manager.settimeout(20)
        hub = subprocess.Popen(
            [*ATAMO, *words], env={**environment(), "NOTIFY_SOCKET": str(plain.parent / "notify")},
            stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert manager.recv(1000) == b"READY=1"
            assert httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
            hub.send_signal(signal.SIGTERM)
            assert manager.recv(1000) == b"STOPPING=1"
        finally:
            hub.terminate()
            hub.communicate(timeout=20)
    assert {path.name for path in (plain.parent / "state").iterdir()} >= {"hub.db", "audit.jsonl"}
    assert [path.name for path in plain.iterdir()] == ["rules.atamo"], "the project itself is only read"


def test_a_manager_that_is_gone_is_no_reason_to_fail(plain: Path) -> None:
    done = subprocess.run(
        [*ATAMO, "run", str(plain), "--stdin"], input=b'{"type":"tick","data":{"n":1}}\n', capture_output=True,
        env={**environment(), "NOTIFY_SOCKET": str(plain.parent / "nobody")}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def entry(text: str) -> list[str]:
    """The command of a container file."""
    words: list[str] = json.loads(
        next(line for line in text.splitlines() if line.startswith("ENTRYPOINT"))[11:]
    )
    return words


def test_images_compose_and_kubernetes_fit_together(project: Path) -> None:
    into = project.parent / "deploy"
    for kind in ("compose", "kubernetes"):
        args = (
            "--port",
            "9000",
            "--allow-host",
            "hub.example",
            "--extra",
            "mail",
            "--into",
            str(into / kind),
        )
        done = atamo("service", kind, str(project), *args)
        assert done.returncode == 0, done.stderr
        assert "Containerfile" in done.stdout
    compose = yaml.safe_load((into / "compose" / "compose.yaml").read_text())
    assert compose["name"] == "my-shop"
    hub = compose["services"]["hub"]
    assert (hub["command"], hub["ports"]) == (["--allow-host", "hub.example"], ["127.0.0.1:9000:9000"])
    container = (into / "compose" / hub["build"]["dockerfile"]).read_text()
    assert '"atamo-rules[mail]==' in container
    assert ".env" in (into / "compose" / "Containerfile.dockerignore").read_text().split()
    one, two = yaml.safe_load_all((into / "kubernetes" / "kubernetes.yaml").read_text())
    pod = two["spec"]["template"]["spec"]
    (box,) = pod["containers"]
    assert (two["kind"], two["spec"]["replicas"], box["image"]) == ("StatefulSet", 1, "my-shop:latest")
    assert one["spec"]["selector"] == two["spec"]["template"]["metadata"]["labels"]
    assert box["args"] == ["--allow-host", "my-shop", "--allow-host", "hub.example"]
    assert {mount["name"] for mount in box["volumeMounts"]} == {
        *(volume["name"] for volume in pod["volumes"]),
        *(claim["metadata"]["name"] for claim in two["spec"]["volumeClaimTemplates"]),
    }
    drain = float(entry(container)[entry(container).index("--drain") + 1])
    assert drain < pod["terminationGracePeriodSeconds"]


def test_a_container_runs_what_the_command_knows(plain: Path) -> None:
    words = entry(atamo("service", "container", str(plain)).stdout)
    state = plain.parent / "data"
    state.mkdir()
    here = [word.replace("/project", str(plain)).replace("/data", str(state)) for word in words[1:]]
    done = atamo(*here, "--no-http", "--stdin", stdin='{"type":"tick","data":{"n":1}}\n')
    assert done.returncode == 0, done.stderr
    assert (state / "hub.db").exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--name", "Shop!"), "no name for a service"),
        (("--allow-host", "a b"), "is not a host"),
        (("--extra", "mail]"), "is no extra"),
        (("--host", "$(reboot)"), "is not a host"),
        (("--vault", "/etc/a key"), "characters that a unit's commands read otherwise"),
    ],
)
def test_wrong_words_are_refused(plain: Path, args: tuple[str, ...], says: str) -> None:
    done = atamo("service", "systemd", str(plain), *args)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_path_that_a_unit_would_read_otherwise_is_refused(project: Path) -> None:
    done = atamo("service", "systemd", str(project))
    assert done.returncode == 2
    assert "move it" in done.stderr


def test_nothing_is_written_over(plain: Path) -> None:
    into = plain.parent / "deploy"
    assert atamo("service", "compose", str(plain), "--into", str(into)).returncode == 0
    (into / "compose.yaml").write_text("mine")
    again: Any = atamo("service", "compose", str(plain), "--into", str(into))
    assert again.returncode == 2
    assert "--force writes over it" in again.stderr
    assert (into / "compose.yaml").read_text() == "mine"
    assert atamo("service", "compose", str(plain), "--into", str(into), "--force").returncode == 0
    assert (into / "compose.yaml").read_text() != "mine"
    assert atamo("service", "compose", str(plain / "none")).returncode == 2


@pytest.mark.parametrize("kind", ["systemd", "compose", "kubernetes"])
def test_a_project_that_has_its_files_beside_its_rules_is_still_without_errors(
    plain: Path, kind: str
) -> None:
    """The image of a folder is not made when it has errors, so what is written into it must be none."""
    for into in (plain, plain / "deploy"):
        assert atamo("service", kind, str(plain), "--into", str(into)).returncode == 0
    verified = atamo("verify", cwd=plain)
    assert verified.returncode == 0, verified.stderr
