"""What every test folder shares: the option that rewrites golden expectations."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite golden expectations with what came out")


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether golden expectations are rewritten instead of compared."""
    return bool(request.config.getoption("--bless"))
