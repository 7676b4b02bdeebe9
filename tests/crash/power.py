"""Losing power, replayed: the writes and fsyncs of a process, and the files that could be left at any moment of it.

The process runs under `strace`. A disk keeps what was written before an fsync that returned; of what was written after
it, each sector may be there or not, in any order (Pillai and others, "All File Systems Are Not Created Equal", OSDI
2014). A file that was given another name has it for certain once its folder was put through. What the process said on
standard output stands in the same trace, so it is known what it had promised by then.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = "openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,rename"
_LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\)\s+= (-?\d+)")
_FILE = re.compile(r"^\d+<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def there() -> bool:
    """Whether processes can be traced here."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-f", "-e", "trace=none", "true"], capture_output=True, timeout=20)
    return done.returncode == 0


@dataclass(frozen=True, slots=True)
class Step:
    """One call that changed a file, or a line that was said (`say`)."""

    call: str
    path: str = ""
    data: bytes = b""
    offset: int = 0


def traced(command: Sequence[str], folder: Path, *options: str) -> tuple[int, list[Step]]:
    """Run a command under strace; its exit code, and what it did to the files of a folder and said, in order."""
    log = folder.parent / "trace"
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", *options, "-o", str(log)]
    done = subprocess.run([*strace, *command], capture_output=True, timeout=120)
    assert done.returncode >= 0, done.stderr.decode()
    return done.returncode, list(steps(log, folder))


def faulted(command: Sequence[str], folder: Path, *options: str) -> tuple[int, list[Step]]:
    """As `traced`, but of all calls only those on the files of a hub in the folder are seen, counted and made to fail:
    the third `openat` is the third of them, whatever else the program opens."""
    said, log = folder.parent / "said", folder.parent / "trace"
    files = [folder, said, *(folder / f"hub.db{more}" for more in ("", "-wal", "-shm", "-journal", ".lock"))]
    seen = [option for file in files for option in ("-P", str(file))]
    strace = [
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "1000000",
        *seen,
        "-e",
        f"trace={CALLS}",
        *options,
        "-o",
        str(log),
    ]
    with said.open("wb") as out:
        done = subprocess.run([*strace, *command], stdout=out, stderr=subprocess.PIPE, timeout=120)
    assert done.returncode >= 0, done.stderr.decode()
    return done.returncode, list(steps(log, folder))


def most(log: Path, call: str) -> int:
    """How often the thread that made a call most often made it, by which `strace` counts."""
    lines = log.read_text("utf-8", "replace").splitlines()
    return max(Counter(line.split(" ", 1)[0] for line in lines if f" {call}(" in line).values(), default=0)


def steps(log: Path, folder: Path) -> Iterator[Step]:
    """The steps of a trace. A call that another thread interrupts is put together from its two lines."""
    begun: dict[str, str] = {}
    inside = re.escape(str(folder))
    sizes: dict[str, int] = {}
    with log.open("r", encoding="ascii", errors="replace") as lines:
        for line in lines:
            pid = line.split(" ", 1)[0]
            if line.rstrip().endswith("<unfinished ...>"):
                begun[pid] = line.rsplit("<unfinished ...>", 1)[0]
                continue
            resumed = re.match(r"^\d+ +<\.\.\. \w+ resumed>(.*)$", line)
            if resumed:
                line = begun.pop(pid, "") + resumed[1]
            found = _LINE.match(line)
            if not found or int(found[3]) < 0:
                continue
            call, given = found[1], found[2]
            if call == "openat":
                opened = re.search(r"= \d+<([^>]*)>", line)
                path = _decoded(opened[1]) if opened else ""
                if path.startswith(str(folder)) and "O_TRUNC" in given:
                    yield Step("ftruncate", path)
                continue
            if call in ("unlink", "rename"):
                names = [_bytes(text).decode() for text in _TEXT.findall(given)]
                if names and re.match(inside, names[0]):
                    yield Step(call, names[0], names[-1].encode())
                continue
            file = _FILE.match(given)
            path = _decoded(file[1]) if file else ""
            if call == "write" and given.startswith("1<"):
                for said in _bytes(_TEXT.findall(given)[0]).decode().splitlines():
                    yield Step("say", data=said.encode())
            elif path.startswith(str(folder)):
                if call in ("fsync", "fdatasync"):
                    yield Step("sync", path)
                elif call == "ftruncate":
                    yield Step(call, path, offset=int(given.rsplit(",", 1)[1]))
                elif call == "pwrite64":
                    data = _bytes(_TEXT.findall(given)[0])[: int(found[3])]
                    yield Step("write", path, data, int(given.rsplit(",", 1)[1]))
                else:
                    data = _bytes(_TEXT.findall(given)[0])[: int(found[3])]
                    yield Step("write", path, data, sizes.get(path, 0))
                    sizes[path] = sizes.get(path, 0) + len(data)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _decoded(path: str) -> str:
    return _bytes(path).decode() if path.startswith("\\x") else path


@dataclass(slots=True)
class Disk:
    """Files as they are on a disk, and what was written since and may or may not be."""

    files: dict[str, bytearray] = field(default_factory=dict)
    waiting: dict[str, list[Step]] = field(default_factory=dict)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    """Files that may have their old name still: each old and new one."""

    def take(self, step: Step) -> None:
        """A step happens."""
        if step.call == "sync":
            for one in self.waiting.pop(step.path, []):
                _apply(self.files.setdefault(step.path, bytearray()), one)
            self.renamed = [one for one in self.renamed if str(Path(one[1]).parent) != step.path]
        elif step.call == "rename":
            new = step.data.decode()
            for kept in (self.files, self.waiting):
                kept.pop(new, None)
                if step.path in kept:
                    kept[new] = kept.pop(step.path)  # type: ignore[index]
            self.renamed.append((step.path, new))
        elif step.call == "unlink":
            self.files.pop(step.path, None)
            self.waiting.pop(step.path, None)
        elif step.call in ("write", "ftruncate"):
            self.waiting.setdefault(step.path, []).append(step)

    def image(self, chance: random.Random) -> dict[str, bytes]:
        """The files as they could be found: each sector that waits is there or not, or, at times, none or all is."""
        keep = chance.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        found = {path: bytearray(data) for path, data in self.files.items()}
        for path, waiting in self.waiting.items():
            data = found.setdefault(path, bytearray())
            for step in waiting:
                if step.call == "ftruncate":
                    if chance.random() < keep:
                        _apply(data, step)
                    continue
                for begin in range(0, len(step.data), SECTOR):
                    if chance.random() < keep:
                        piece = step.data[begin : begin + SECTOR]
                        _apply(data, Step("write", path, piece, step.offset + begin))
        for old, new in reversed(self.renamed):
            if new in found and chance.random() >= keep:
                found[old] = found.pop(new)
        return {path: bytes(data) for path, data in found.items()}


def _apply(data: bytearray, step: Step) -> None:
    if step.call == "ftruncate":
        if step.offset < len(data):
            del data[step.offset :]
        else:
            data.extend(bytes(step.offset - len(data)))
        return
    end = step.offset + len(step.data)
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    data[step.offset : end] = step.data


def command(path: Path, count: int, synchronous: str, *large: str) -> list[str]:
    """The workload as a command."""
    return [sys.executable, "-m", "tests.crash.workload", str(path), str(count), synchronous, *large]


def killed_at(
    command: Callable[[Path], Sequence[str]], calls: Sequence[str], count: int, file: Path, folder: Path
) -> Iterator[tuple[str, int]]:
    """Run a command on copies of a file, so many times, each time killed at another of its calls; which, and at the how
    manieth of it. The places are spread evenly over all there are; with more kills than places, they come again."""
    places: list[tuple[str, int]] = []
    for call in calls:
        _copied(file, folder)
        _traced_for(call, command(folder / file.name), folder.parent / "calls")
        places += [(call, number) for number in range(1, most(folder.parent / "calls", call) + 1)]
    for number in range(count):
        call, when = places[number * len(places) // count % len(places)]
        _copied(file, folder)
        done = _traced_for(call, command(folder / file.name), Path(os.devnull), f"signal=KILL:when={when}")
        assert done.returncode != 0, f"it was not killed at {call} {when}: {done.stderr.decode()}"
        yield call, when


def _copied(file: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(file, folder)


def _traced_for(
    call: str, command: Sequence[str], log: Path, inject: str = ""
) -> subprocess.CompletedProcess[bytes]:
    more = ["-e", f"inject={call}:{inject}"] if inject else []
    strace = ["strace", "-f", "-o", str(log), "-e", f"trace={call}", *more]
    return subprocess.run([*strace, *command], capture_output=True, timeout=120)
