from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from eth_utils.address import is_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from keepers.core.amounts import ETHER, GWEI, parse_units, show_short, show_units
from keepers.core.networks import PRESETS, UNNAMED

decimals = st.integers(0, 30)


@pytest.mark.parametrize(
    ("written", "wei"),
    [
        ("0.25", 250_000_000),
        ("3", 3_000_000_000),
        (3, 3_000_000_000),
        (Decimal("0.1"), 100_000_000),
        (Decimal("1E+1"), 10_000_000_000),
        ("0", 0),
        ("007.50", 7_500_000_000),
        ("0.000000001", 1),
        ("1.0000000010000", 1_000_000_001),
    ],
)
def test_parse_units__as_people_write__is_exact(written: Any, wei: int) -> None:
    assert parse_units(written, GWEI) == wei


@pytest.mark.parametrize(
    "written",
    [
        *("", ".5", "5.", "-1", "+1", "1e9", "1_000", "1,5", "0x10", " 1", "1\n", "٣", "½"),
        *(0.1, True, None, -1, [], Decimal("NaN"), Decimal("Infinity"), Decimal(-1)),
        "9" * 31,
    ],
)
def test_parse_units__anything_else__is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="must be an amount such as 3"):
        parse_units(written, GWEI)


def test_parse_units__less_than_a_wei__is_refused() -> None:
    with pytest.raises(ValueError, match="has more than 9 decimals"):
        parse_units("0.0000000001", GWEI)


@given(st.integers(0, 10**40), decimals)
def test_show_units__any_amount__is_read_back_and_has_no_zeros_at_the_end(
    wei: int, places: int
) -> None:
    shown = show_units(wei, places)
    if wei < 10 ** (30 + places):
        assert parse_units(shown, places) == wei
    assert "." not in shown or shown[-1] != "0"
    assert show_units(-wei, places) == (f"-{shown}" if wei else shown)


@given(st.integers(0, 10**40), decimals)
def test_show_short__any_amount__is_no_less_and_at_most_a_thousandth_more(
    wei: int, places: int
) -> None:
    digits = show_short(wei, places).replace(".", "")
    assert len(digits.strip("0")) <= 4
    shown = Decimal(show_short(wei, places)).scaleb(places)
    assert wei <= int(shown) <= wei + wei // 1_000


def test_show_short__in_words() -> None:
    assert show_short(123_456_789 * 10**9, ETHER) == "0.1235"
    assert show_short(0, ETHER) == "0"
    assert show_short(1, ETHER) == "0.000000000000000001"


@pytest.mark.parametrize("name", PRESETS)
def test_preset__each__can_be_used_as_it_is(name: str) -> None:
    preset = PRESETS[name]
    assert 0 < preset.soft_cap <= preset.hard_cap
    assert preset.confirmations > 0
    assert preset.controller is None or is_checksum_address(preset.controller)
    assert UNNAMED in PRESETS.values()
