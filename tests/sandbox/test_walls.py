"""Each wall alone holds what it is there for: else one of them could fall, and the others would hide it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.sandbox.child import shown
from atamo_rules.sandbox.confinement import SECOND, WALLS, Confinement
from atamo_rules.sandbox.inside.seccomp import ALLOW, EPERM, ERRNO, KILL, program
from atamo_rules.sandbox.inside.syscalls import AARCH64, X86_64, Machine
from tests.house.repository import ROOT
from tests.sandbox.walls import needs_walls

PRELUDE = """
import json, os, socket, sys
from atamo_rules.sandbox.inside import kernel, landlock, namespaces, rights, root, seccomp
told = json.loads(sys.argv[1])
shown = told["shown"]
def tried(attempt):
    try:
        return attempt()
    except OSError as error:
        return error.errno
def apart(work):
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writable, json.dumps(work()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    print(os.read(readable, 65536).decode())
"""
PID = 4321
"""Of the process that a filter is made for."""
EPERM_, ESRCH, EACCES, EROFS, ENOENT, ENETUNREACH = 1, 3, 13, 30, 2, 101


def alone(script: str, **told: Any) -> Any:
    """What a script prints in a process of its own, with the parts of a sandbox at hand."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + script, json.dumps({"shown": shown(), **told})],
        capture_output=True, text=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_walls
def test_a_root_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    got = alone(
        """
namespaces.enter()
root.enter(shown)
print(json.dumps({
    "tops": sorted(os.listdir("/")),
    "secret": tried(lambda: open(told["file"]).read()),
    "written": [tried(lambda: os.mkdir(where + "/x")) for where in ("/", *shown)],
    "library": os.path.exists(os.__file__),
    "installed": [os.listdir(where + "/site-packages") for where in shown if os.path.isdir(where + "/site-packages")],
    "proc": os.path.exists("/proc"),
}))""",
        file=str(tmp_path / "secret"),
    )
    assert set(got["tops"]) <= {folder.split("/")[1] for folder in shown()}
    assert got["secret"] == ENOENT
    assert set(got["written"]) == {EROFS}
    assert got["library"]
    assert all(one == [] for one in got["installed"])
    assert not got["proc"]


@needs_walls
def test_processes_and_a_network_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        got = alone(
            """
outside = os.getpid()
namespaces.enter()
apart(lambda: {
    "pid": os.getpid(),
    "signal": tried(lambda: os.kill(outside, 0)) if outside > 2 else 3,
    "connect": tried(lambda: socket.create_connection(("127.0.0.1", told["port"]), 1)),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "name": os.uname().nodename,
})""",
            port=server.getsockname()[1],
        )
    assert got["pid"] == 1
    assert got["signal"] == ESRCH
    assert got["connect"] == ENETUNREACH
    assert got["interfaces"] == ["lo"]
    assert got["name"] == "sandbox"


@needs_walls
def test_no_right_of_its_own() -> None:
    got = alone("""
namespaces.enter()
def work():
    rights.drop()
    rights.limit(1 << 30, 60)
    rights.hide()
    import resource
    return {
        "users": [*os.getresuid(), *os.getresgid()],
        "root": tried(lambda: os.setuid(0)),
        "mount": tried(lambda: kernel.call("mount", b"x", b"/tmp", b"tmpfs", 0, b"")),
        "name": tried(lambda: kernel.call("sethostname", b"x", 1)),
        "cores": resource.getrlimit(resource.RLIMIT_CORE),
        "more": tried(lambda: resource.prlimit(0, resource.RLIMIT_NOFILE, (99, 99))),
    }
apart(work)""")
    assert set(got["users"]) == {1}
    assert got["root"] in (EPERM_, 22)
    assert got["mount"] == got["name"] == EPERM_
    assert got["cores"] == [0, 0]


def test_landlock_alone(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as server:
        got = alone(
            """
def work():
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    try:
        landlock.restrict(shown)
    except OSError as error:
        return {"missing": str(error)}
    return {
        "secret": tried(lambda: open(told["file"]).read()),
        "root": tried(lambda: os.listdir("/")),
        "written": tried(lambda: os.mkdir(told["file"] + "x")),
        "library": len(open(os.__file__).read()) > 0,
        "connect": tried(lambda: socket.create_connection(("127.0.0.1", told["port"]), 1) and 0),
    }
apart(work)""",
            file=str(tmp_path / "secret"),
            port=server.getsockname()[1],
        )
    if "missing" in got:
        pytest.skip(f"this kernel has no Landlock: {got['missing']}")
    assert got["secret"] == got["root"] == got["written"] == EACCES
    assert got["library"]
    assert got["connect"] in (EACCES, 0)  # ports are known to it from version 4 on


def test_the_filter_of_calls_alone() -> None:
    got = alone("""
def work():
    import ctypes, mmap, threading
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    try:
        seccomp.restrict()
    except OSError as error:
        return {"missing": str(error)}
    def thread():
        try:
            threading.Thread(target=print).start()
        except RuntimeError:
            return 1
    libc = ctypes.CDLL(None, use_errno=True)
    return {
        "refused": [tried(one) for one in (
            socket.socket, os.fork, thread, lambda: os.kill(1, 0), lambda: os.setuid(5), lambda: os.chroot("/"),
            lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC), lambda: os.execv("/bin/sh", ["sh"]),
            lambda: os.unlink("/nowhere"), lambda: os.memfd_create("x"), lambda: os.mkfifo("/nowhere/x"),
        )],
        "new": [tried(lambda: kernel.syscall("x", number, 0, 0)) for number in (425, 434, 435, 438, 447, 100000)],
        "free": [os.getpid() > 0, len(os.urandom(8)), len(open(os.__file__).read()) > 0, __import__("time").time() > 0],
    }
apart(work)""")
    if "missing" in got:
        pytest.skip(f"the filter is not known here: {got['missing']}")
    assert set(got["refused"]) == {EPERM_}
    assert set(got["new"]) == {38}
    assert got["free"] == [True, 8, True, True]


def decided(machine: Machine, number: int, arguments: tuple[int, ...] = (), audit: int | None = None) -> int:
    """What the filter says of a call: its program, walked as the kernel walks it."""
    data = {0: number, 4: machine.audit if audit is None else audit}
    for place, value in enumerate((*arguments, 0, 0, 0, 0, 0, 0)[:6]):
        data[16 + 8 * place] = value & 0xFFFFFFFF
        data[20 + 8 * place] = value >> 32
    steps, at, held = program(machine, PID), 0, 0
    while True:
        operation, so, not_so, operand = steps[at]
        at += 1
        if operation == 0x20:
            held = data[operand]
        elif operation == 0x06:
            return operand
        else:
            met = {0x15: held == operand, 0x35: held >= operand, 0x45: bool(held & operand)}[operation]
            at += so if met else not_so


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=["x86_64", "aarch64"])
def test_the_filter_says_of_every_call_what_the_table_says(machine: Machine) -> None:
    asked = {machine.mmap, machine.mprotect, machine.fcntl, machine.prlimit64, machine.tgkill}
    assert len(set(machine.free)) == len(machine.free)
    assert asked.isdisjoint(machine.free)
    for number in set(range(600)) - asked:
        expected = ALLOW if number in machine.free else ERRNO | (38 if number >= 424 else EPERM)
        assert decided(machine, number) == expected
        assert decided(machine, number, audit=0x40000003) == KILL
    # The calls of x32 are those of x86_64 with a bit that no table knows.
    assert decided(machine, 0x40000000 | machine.free[0]) == ERRNO | 38


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=["x86_64", "aarch64"])
def test_some_calls_are_allowed_by_what_they_are_given(machine: Machine) -> None:
    no = ERRNO | EPERM
    for protection in range(8):
        for flags in (0x02, 0x22):
            refused = protection & 4 and (protection & 2 or flags & 0x20)
            got = decided(machine, machine.mmap, (0, 4096, protection, flags))
            assert got == (no if refused else ALLOW)
        assert decided(machine, machine.mprotect, (0, 4096, protection)) == (no if protection & 4 else ALLOW)
    for command in range(20):
        assert decided(machine, machine.fcntl, (3, command)) == (ALLOW if command in (1, 2, 3) else no)
    for process in (0, 1, PID - 1, PID + 1):
        assert decided(machine, machine.tgkill, (process, PID, 9)) == no
    assert decided(machine, machine.tgkill, (PID, PID, 6)) == ALLOW
    for new in (1, 1 << 32, 1 << 63):
        assert decided(machine, machine.prlimit64, (0, 7, new)) == no
    assert decided(machine, machine.prlimit64, (0, 7, 0, 1 << 40)) == ALLOW


def test_a_report_says_what_is_missing() -> None:
    whole = Confinement(dict.fromkeys(WALLS, ""))
    assert whole.whole
    assert str(whole).splitlines() == [f"{name}: {what}" for name, what in WALLS.items()]
    for name in WALLS:
        without = Confinement({**dict.fromkeys(WALLS, ""), name: "no such call"})
        assert without.whole is (name in SECOND)
        if name not in SECOND:
            assert f"{name}: no such call" in without.refusal()
        assert f"{name}: missing (no such call)" in str(without)
    assert Confinement({}).missing == tuple(name for name in WALLS if name not in SECOND)


FORBIDDEN = """
user, group = os.geteuid(), os.getegid()
kernel.call("unshare", kernel.CLONE_NEWUSER)
for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
    with open("/proc/self/" + name, "w") as file:
        file.write(text)
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
from atamo_rules.sandbox.code import SandboxedCode
from atamo_rules.sandbox.faults import NoSandbox
refused = SandboxedCode("def evaluate(event): return [1]")
try:
    refused.check()
    why = ""
except NoSandbox as error:
    why = str(error)
weaker = SandboxedCode(
    "import os, socket\\n"
    "def evaluate(event):\\n"
    "    got = []\\n"
    "    for attempt in (lambda: open('/etc/passwd'), socket.socket, os.fork):\\n"
    "        try:\\n"
    "            attempt()\\n"
    "            got.append('achieved')\\n"
    "        except OSError: pass\\n"
    "    return got\\n", allow_weaker=True)
standing = weaker.check()
print(json.dumps({"why": why, "missing": standing.missing, "second": standing.walls["landlock"],
                  "got": weaker.evaluate_now({})}))
weaker.stop()
"""


@needs_walls
def test_where_namespaces_are_forbidden_code_is_refused_unless_weaker_walls_are_allowed() -> None:
    got = alone(FORBIDDEN)
    assert "cannot put up every wall" in got["why"]
    assert "files:" in got["why"]
    assert {"files", "processes", "network"} <= set(got["missing"])
    assert "calls" not in got["missing"]
    assert "limits" not in got["missing"]
    if not got["second"]:
        assert got["got"] == []
