"""A tenth of `make keeper-chaos`: the part that has keepers as processes and a chain of its own."""

from __future__ import annotations

import pytest

from tests.chaos.checks import ON_ANVIL, run

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", ON_ANVIL)
def test_chaos_on_anvil__one_tenth__all_within_limits(name: str) -> None:
    checks = run(name, tenths=1)
    assert checks
    assert [one.line() for one in checks if not one.passed] == []
