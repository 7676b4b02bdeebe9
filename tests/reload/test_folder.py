"""Rules that are edited while they run: whole generations only, however the files come to change."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider, Refused
from atamo_rules.builtin.configuration.watching import QUIET_MS, UNFINISHED
from atamo_rules.hub.generation import Generation

State = Generation | Refused
Story = Callable[["Follower"], Awaitable[None]]

EVENT = "event thing\n  n: whole\n\nagent desk\n  uses log\n  send note\n    line: text\n"


def rule(name: str, about: str = "one", at_least: int = 0) -> str:
    return (
        f'rule {name} "{about}"\n  on thing\n  when n > {at_least}\n  do\n    send desk.note\n'
        f'      line: "{name} {{{{ n }}}}"\n'
    )


class Follower:
    """Follows a folder's states; `good` waits for a generation that fits, and nothing wrong may come before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.states: list[State] = []
        self.came = asyncio.Event()

    async def follow(self) -> None:
        async for state in FolderProvider(self.folder).states():
            self.states.append(state)
            self.came.set()

    async def until(self, fits: Callable[[State], bool], seconds: float = 20, after: int = 0) -> State:
        async def wait() -> State:
            seen = after
            while True:
                for state in self.states[seen:]:
                    seen += 1
                    if fits(state):
                        return state
                self.came.clear()
                if seen == len(self.states):
                    await self.came.wait()

        return await asyncio.wait_for(wait(), seconds)

    async def rules(self, *names: str) -> State:
        """Wait for a generation that has exactly these rules: the last one told, or one that is still to come."""
        last = len(self.states) - 1
        return await self.until(lambda state: names_of(state) == sorted(names), after=last)


def names_of(state: State) -> list[str]:
    return sorted(r.id for r in state.ruleset.rules) if isinstance(state, Generation) else ["refused"]


def told(folder: Path, story: Story) -> list[State]:
    async def run() -> list[State]:
        follower = Follower(folder)
        task = asyncio.create_task(follower.follow())
        try:
            await follower.until(lambda state: True)
            await asyncio.sleep(0.1)  # the watch stands a moment after the first state
            await story(follower)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return follower.states

    return asyncio.run(run())


def project(place: Path) -> Path:
    place.mkdir(parents=True)
    (place / "events.atamo").write_text(EVENT)
    (place / "a.atamo").write_text(rule("a"))
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "project")


class Pace:
    """How long a writer really paused: a machine that stalls longer than the watch waits proves nothing."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def pause(self, seconds: float) -> None:
        begun = time.monotonic()
        await asyncio.sleep(seconds)
        self.longest = max(self.longest, time.monotonic() - begun)


def steadily(
    tmp_path: Path,
    story: Callable[[Follower, Pace], Awaitable[None]],
    longest: float,
    right: Callable[[list[State]], bool],
) -> None:
    """A story must tell the right states; wrong ones count only where its writer never paused `longest` seconds:
    half of the quiet that the watch waits for, as the watch runs on the same machine."""
    for attempt in range(8):
        pace = Pace()
        states = told(project(tmp_path / f"try{attempt}"), lambda follower, pace=pace: story(follower, pace))  # type: ignore[misc]
        if right(states):
            return
        assert pace.longest > longest, [(names_of(state), versions(state)) for state in states]
    pytest.skip(f"this machine stalls for {pace.longest:.2f} s at a time, so nothing can be said")


def test_a_file_written_a_piece_at_a_time_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    """R1: no state in between is ever told, neither a part that happens to be right nor one that is not."""
    text = rule("a") + "\n" + rule("b") + "\n" + rule("c")

    async def story(follower: Follower, pace: Pace) -> None:
        with (follower.folder / "a.atamo").open("w") as file:
            for start in range(0, len(text), 16):
                file.write(text[start : start + 16])
                file.flush()
                await pace.pause(0.005)
        await follower.rules("a", "b", "c")

    wanted = [["a"], ["a", "b", "c"]]
    steadily(tmp_path, story, QUIET_MS / 2000, lambda states: [names_of(state) for state in states] == wanted)


def test_an_editor_that_empties_a_file_and_waits_before_it_writes(tmp_path: Path) -> None:
    async def story(follower: Follower, pace: Pace) -> None:
        with (follower.folder / "a.atamo").open("w") as file:
            file.flush()
            await pace.pause(0.15)
            file.write(rule("x"))
        await follower.rules("x")

    wanted = [["a"], ["x"]]
    steadily(tmp_path, story, UNFINISHED, lambda states: [names_of(state) for state in states] == wanted)


def test_a_file_that_never_gets_its_last_line_end_is_taken_too(folder: Path) -> None:
    async def story(follower: Follower) -> None:
        (folder / "a.atamo").write_text(rule("x").rstrip("\n"))
        await follower.rules("x")

    assert [names_of(state) for state in told(folder, story)] == [["a"], ["x"]]


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_many_files_changed_at_once_are_one_generation(tmp_path: Path, rounds: int) -> None:
    """R2: 50 files over a fifth of a second; no generation mixes two versions."""

    async def story(follower: Follower, pace: Pace) -> None:
        for version in range(rounds + 1):
            for number in range(50):
                path = follower.folder / f"f{number:02}.atamo"
                path.write_text(rule(f"r{number:02}", f"v{version}"))
                await pace.pause(0.004)
            await follower.until(lambda state, version=version: versions(state) == {f"v{version}"})  # type: ignore[misc]

    def whole(states: list[State]) -> bool:
        return all(len(versions(state)) == 1 for state in states if names_of(state) != ["a"])

    steadily(tmp_path, story, QUIET_MS / 2000, whole)


def versions(state: State) -> set[str]:
    if not isinstance(state, Generation):
        return {"refused", "never"}
    return {r.about for r in state.ruleset.rules if r.id.startswith("r")}


def test_every_shape_of_change_is_followed_without_a_restart(folder: Path, tmp_path: Path) -> None:
    """R3: renames, links, folders, pipes, things that cannot be read, and a folder that goes away."""

    async def story(follower: Follower) -> None:
        new = folder / ".a.atamo.swp"
        new.write_text(rule("renamed"))
        os.replace(new, folder / "a.atamo")
        await follower.rules("renamed")

        (folder / "a.atamo").unlink()
        (folder / "b.atamo").write_text(rule("b"))
        await follower.rules("b")

        (folder / "deep/er").mkdir(parents=True)
        await asyncio.sleep(0.2)
        (folder / "deep/er/c.atamo").write_text(rule("c"))
        await follower.rules("b", "c")
        os.rename(folder / "deep", folder / "deeper")
        (folder / "b.atamo").write_text(rule("bb"))
        await follower.rules("bb", "c")

        outside = tmp_path / "outside.atamo"
        outside.write_text(rule("outside"))
        (folder / "link.atamo").symlink_to(outside)
        (folder / "b.atamo").write_text(rule("b"))
        state = await follower.rules("b", "c")
        assert isinstance(state, Generation), "a link that leads out is not followed"
        (folder / "link.atamo").unlink()

        os.mkfifo(folder / "pipe.atamo")
        refused = await follower.until(lambda state: isinstance(state, Refused))
        assert isinstance(refused, Refused)
        assert "it is not a regular file" in refused.diagnostics[0].message
        (folder / "pipe.atamo").unlink()
        await follower.rules("b", "c")

        (folder / "b.atamo").unlink()
        (folder / "b.atamo").mkdir()
        await follower.rules("c")
        (folder / "b.atamo").rmdir()
        (folder / "d.atamo").write_text(rule("d"))
        await follower.rules("c", "d")

    told(folder, story)


def test_a_folder_that_is_taken_away_and_put_back_is_followed_on(tmp_path: Path) -> None:
    folder = tmp_path / "rules"

    def lay_out(*names: str) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "all.atamo").write_text(EVENT + "\n" + "\n".join(rule(name) for name in names))

    lay_out("a")

    async def story(follower: Follower) -> None:
        await follower.rules("a")
        shutil.rmtree(folder)
        await follower.until(lambda state: isinstance(state, Refused))
        lay_out("b")
        await follower.rules("b")
        # At once, too: what is watched is the folder and not its name.
        folder.rename(tmp_path / "before")
        lay_out("c")
        await follower.rules("c")
        lay_out("c", "d")
        await follower.rules("c", "d")

    told(folder, story)


def test_files_mounted_by_kubernetes_are_swapped_whole(tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    for version in ("one", "two"):
        place = folder / f"..{version}"
        place.mkdir(parents=True)
        (place / "all.atamo").write_text(EVENT + "\n" + rule("r", version))
    (folder / "..data").symlink_to("..one")
    (folder / "all.atamo").symlink_to("..data/all.atamo")

    async def story(follower: Follower) -> None:
        assert versions(follower.states[0]) == {"one"}
        (folder / "..tmp").symlink_to("..two")
        os.replace(folder / "..tmp", folder / "..data")
        await follower.until(lambda state: versions(state) == {"two"})

    told(folder, story)


def test_a_bad_state_is_told_once_and_mending_it_is_told(folder: Path) -> None:
    async def story(follower: Follower) -> None:
        (folder / "a.atamo").write_text(rule("a").replace("when n", "when m"))
        await follower.until(lambda state: isinstance(state, Refused))
        await asyncio.sleep(0.4)
        (folder / "a.atamo").write_text(rule("a"))
        await follower.until(lambda state: state is follower.states[0] and len(follower.states) > 2)

    states = told(folder, story)
    assert [names_of(state) for state in states] == [["a"], ["refused"], ["a"]]


def test_a_folder_taken_away_and_put_back(folder: Path, tmp_path: Path) -> None:
    async def story(follower: Follower) -> None:
        away = tmp_path / "away"
        os.rename(folder, away)
        await asyncio.sleep(1)
        (away / "a.atamo").write_text(rule("back"))
        os.rename(away, folder)
        await follower.rules("back")

    told(folder, story)


@pytest.mark.parametrize("reloads", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_each_event_is_decided_by_one_generation_while_rules_change_under_load(
    folder: Path, reloads: int
) -> None:
    """R4: both rules of a generation carry its version; a decision never holds two, and nothing is lost."""
    from atamo_rules.builtin.stores.memory import MemoryStore
    from atamo_rules.hub.controller import Controller
    from tests.hub.stage import Heard

    pair = lambda version: rule("p", f"v{version}", -version) + "\n" + rule("q", f"v{version}", -version)  # noqa: E731
    (folder / "a.atamo").write_text(pair(0).replace("uses log", ""))
    (folder / "events.atamo").write_text(EVENT.replace("uses log", 'uses file\n    path: "out.log"'))
    heard = Heard()

    async def story() -> int:
        controller = Controller(FolderProvider(folder), MemoryStore(most=1_000_000), [heard])
        await controller.start()
        await asyncio.sleep(0.1)
        posted = 0
        digests = {controller.hub.current.digest}
        for version in range(1, reloads + 1):
            (folder / "a.atamo").write_text(pair(version))
            before = controller.hub.current.digest
            while controller.hub.current.digest == before:
                await controller.hub.submit_json({"type": "thing", "id": f"e{posted}", "data": {"n": 1}})
                posted += 1
                await asyncio.sleep(0.002)
            digests.add(controller.hub.current.digest)
        assert await controller.stop(30) == 0
        assert len(digests) == reloads + 1
        return posted

    posted = asyncio.run(story())
    decided = [r for r in heard.records if r.kind == "event.decided"]
    assert len(decided) == posted
    assert all(list(r.what["matched"]) == ["p", "q"] for r in decided)  # type: ignore[call-overload]
    activated = [r.what["digest"] for r in heard.records if r.kind in ("hub.started", "rules.activated")]
    order = [activated.index(r.what["digest"]) for r in decided]
    assert order == sorted(order), "no event goes back to older rules"
    assert len({r.event for r in heard.records if r.kind == "event.finished"}) == posted
    assert (folder / "out.log").read_text().count("\n") == 2 * posted


def test_a_change_that_nobody_tells_of_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mounts of other machines tell of nothing."""
    import watchfiles

    async def deaf(*folders: Path, **_: object) -> AsyncIterator[set[tuple[object, str]]]:
        await asyncio.Event().wait()
        yield set()

    monkeypatch.setattr(watchfiles, "awatch", deaf)
    file = tmp_path / "a.atamo"
    file.write_text("event a\n  n: whole\n")

    async def story() -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = []
        async with asyncio.timeout(30):
            async for state in FolderProvider(tmp_path).states():
                assert isinstance(state, Generation)
                found.append(tuple(state.ruleset.events))
                if len(found) == 1:
                    asyncio.get_running_loop().call_later(
                        0.2, file.write_text, "event a\n  n: whole\n\nevent b\n  n: whole\n"
                    )
                if len(found) == 2:
                    break
        return found

    assert asyncio.run(story()) == [("a",), ("a", "b")]


def test_a_file_whose_name_is_no_text_is_refused_and_the_watch_goes_on(folder: Path) -> None:
    async def story(follower: Follower) -> None:
        Path(os.fsdecode(bytes(folder) + b"/\xff.txt")).write_text("of somebody who uploads into the project")
        (folder / "a.atamo").write_text(rule("b"))
        await follower.rules("b")
        wrong = Path(os.fsdecode(bytes(folder) + b"/\xfe.atamo"))
        wrong.write_text(rule("c"))
        state = await follower.until(lambda state: isinstance(state, Refused))
        assert isinstance(state, Refused)
        (found,) = state.diagnostics
        assert (found.message, found.help) == ("the name of this file is not UTF-8", "rename it")
        assert str(found.span).endswith("\\udcfe.atamo:1:1"), "it can be written down wherever it is told"
        wrong.rename(folder / "c.atamo")
        await follower.rules("b", "c")

    assert {tuple(names_of(state)) for state in told(folder, story)} == {
        ("a",),
        ("b",),
        ("refused",),
        ("b", "c"),
    }
