"""LIP-107, rejected: what it would have done to inflation."""

from __future__ import annotations

import pytest

from tests.support.governed import Governed, effects


@pytest.fixture
def before(governed: Governed) -> Governed:
    governed.hand_over()
    return governed


def test_lip_107__whole_life__sets_target_and_change_and_nothing_else(before: Governed) -> None:
    minter = before.protocol.minter
    events, changed = effects(before.enact(107))
    assert (minter.targetBondingRate(), minter.inflationChange()) == (460_000_000, 700)
    assert events == [
        ("Minter", "ParameterUpdate", ("targetBondingRate",)),
        ("Minter", "ParameterUpdate", ("inflationChange",)),
    ]
    assert changed == {
        "Minter.targetBondingRate": (500_000_000, 460_000_000),
        "Minter.inflationChange": (500, 700),
    }


def test_lip_107__next_round__moves_inflation_by_700_parts(before: Governed) -> None:
    protocol = before.protocol
    inflation = protocol.minter.inflation()
    protocol.next_round()
    assert protocol.minter.inflation() == inflation + 500
    before.enact(107)
    protocol.next_round()
    assert protocol.minter.inflation() == inflation + 500 + 700
