"""What every test folder shares: the option that rewrites golden expectations, and what random tests do.

Random tests try the same examples every time, so that a change is judged by itself and not by luck. To look for what
nobody has seen yet, `ATAMO_RANDOM=1 python -m pytest tests/properties -m "slow or not slow"`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("other", deadline=None)
settings.load_profile("other" if os.environ.get("ATAMO_RANDOM") else "same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite golden expectations with what came out")


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether golden expectations are rewritten instead of compared."""
    return bool(request.config.getoption("--bless"))
