"""The page about the gas of rewards is what is measured, and batches are worth it."""

from __future__ import annotations

import re

import pytest

from tests.keepers.reward_gas import PAGE, page
from tests.support.anvil import find_anvil

ROW = re.compile(r"^ *(\d+) +\d+ +\d+ +\d+ +(-?\d+\.\d) %$", re.MULTILINE)


def test_page__10_in_a_batch__saves_15_percent() -> None:
    saved = {int(size): float(percent) for size, percent in ROW.findall(PAGE.read_text())}
    assert list(saved) == [1, 10, 25, 50]
    assert saved[10] >= 15


@pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`")
def test_page__measured_again__is_fresh() -> None:
    assert page() == PAGE.read_text(), "run `python -m tests.keepers.reward_gas --write`"
