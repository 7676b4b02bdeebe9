"""Each event that is suggested for an outcome no test shows has that outcome, in a test that gives it so."""

from __future__ import annotations

from atamo_rules.engine.cases import run_case
from atamo_rules.engine.coverage import coverage
from atamo_rules.proof.missing import answers
from atamo_rules.proof.shown import MOST, given
from atamo_rules.proof.space import Verdict
from tests.properties.judging import right, world
from tests.strategies.choices import Seeded
from tests.worlds import compiled


def test_what_is_suggested_shows_it() -> None:
    tried = 0
    for seed in range(40):
        text = world(Seeded(seed), 4, 1).text.replace("  when invalid flag\n", "")
        ruleset = right(compiled(text))
        missing = coverage(ruleset, ()).missing
        for outcome, answer in zip(missing, answers(ruleset, missing), strict=True):
            if answer is None or answer.verdict is not Verdict.YES or len(given(answer.given)) > MOST:
                continue
            test = f'\ntest "suggested"\n  given thing {given(answer.given)}\n  expect nothing\n'
            tested = right(compiled(text + test))
            results = [run_case(tested, case) for case in tested.cases]
            assert outcome not in coverage(tested, results).missing, (seed, outcome, test)
            tried += 1
    assert tried > 200
