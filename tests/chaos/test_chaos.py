"""A tenth of `make keeper-chaos`. What it runs as test files are tests by themselves already."""

from __future__ import annotations

import pytest

from tests.chaos.checks import IN_MEMORY, run

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", [name for name in IN_MEMORY if name != "suites"])
def test_chaos__one_tenth__all_within_limits(name: str) -> None:
    checks = run(name, tenths=1)
    assert checks
    assert [one.line() for one in checks if not one.passed] == []
