"""What holds of actions that were told to wait: not begun before, begun then, and open all the while."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from atamo_rules.model.outcome import Done, Failed
from atamo_rules.model.work import Hold, Selector, Work
from atamo_rules.testing.store_stage import Laws, Stage, run


def delayed(stage: Stage, id: str = "later", seconds: int = 60) -> Work:
    """An action that waits for so many seconds."""
    work = stage.work(id)
    action = replace(work.action, after=Decimal(seconds))
    return replace(work, action=action, due=stage.clock.now() + timedelta(seconds=seconds))


class DelayLaws(Laws):
    """`Work.due` is kept, and nobody is given the action before."""

    def test_an_action_that_waits_is_begun_when_it_is_due_and_not_before(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", delayed(stage), stage.work("now"))
            (now,) = await stage.claim(lease=600)
            assert now.work.action.id == "now"
            assert await stage.states() == [("later", "later", 0), ("now", "running", 1)]
            stage.clock.move(59)
            assert await stage.claim() == []
            stage.clock.move(1)
            (lease,) = await stage.claim()
            assert (lease.work.action.id, lease.attempt) == ("later", 1)
            assert lease.work.action.after == 60
            assert await stage.store.settle(lease, Done(None)) is not None

        run(self, story)

    def test_how_long_it_waits_outlives_the_process(self) -> None:
        async def story(stage: Stage) -> None:
            if not stage.store.caps.durable:
                return
            work = delayed(stage)
            await stage.accept("e1", work)
            stage.clock.move(20)
            recovered = await stage.again()
            assert (recovered.open, recovered.lost) == (1, 0)
            assert await stage.claim() == []
            stage.clock.move(39)
            await stage.again()
            assert await stage.claim() == []
            stage.clock.move(1)
            (lease,) = await stage.claim()
            assert (lease.work, lease.attempt) == (work, 1)

        run(self, story)

    def test_it_is_counted_by_itself_and_makes_nothing_late(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", delayed(stage), delayed(stage, "last", 600))
            stage.clock.move(50)
            depth = await stage.store.depth()
            assert (depth.waiting, depth.later, depth.delayed, depth.oldest) == (0, 0, 2, 0.0)
            stage.clock.move(15)
            assert len(await stage.claim()) == 1
            depth = await stage.store.depth()
            assert (depth.running, depth.delayed, depth.oldest) == (1, 1, 5.0)

        run(self, story)

    def test_it_can_be_cancelled_paused_and_redriven_like_any_other(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", delayed(stage), delayed(stage, "other"))
            cancelled = await stage.store.cancel(Selector(action="other"), "olga")
            assert (cancelled.count, cancelled.running, cancelled.finished) == (1, (), ())
            await stage.store.pause(Hold("agent", "desk"))
            stage.clock.move(61)
            assert await stage.claim() == []
            await stage.store.resume(Hold("agent", "desk"))
            (lease,) = await stage.claim()
            await stage.store.settle(lease, Failed("no"))
            assert await stage.store.redrive(Selector(), 10) == 1
            (again,) = await stage.claim()
            assert again.work.action.id == "later"
            kept = await stage.store.settle(again, Done(None))
            assert kept is not None
            assert kept.finished == ("/test#e1",)

        run(self, story)
