"""LIP-92: the treasury's cut, from the next round on, and the ceiling that stops it."""

from __future__ import annotations

import pytest

from tests.support.governed import Governed, effects

LPT = 10**18
TENTH, CEILING = 10**26, 750_000 * LPT


@pytest.fixture
def before(governed: Governed, orchestrator: str) -> Governed:
    """No cut and no ceiling; one active orchestrator, whose rewards can be cut."""
    protocol = governed.protocol
    protocol.bonding_manager.bond(100 * LPT, orchestrator, sender=orchestrator)
    protocol.next_round()
    governed.hand_over()
    return governed


def test_lip_92__whole_life__sets_cut_and_ceiling_and_nothing_else(before: Governed) -> None:
    bonding = before.protocol.bonding_manager
    done = before.enact(92)
    assert bonding.nextRoundTreasuryRewardCutRate() == TENTH
    assert bonding.treasuryRewardCutRate() == 0  # in force from next round on
    assert bonding.treasuryBalanceCeiling() == CEILING
    events, changed = effects(done)
    assert events == [
        ("BondingManager", "ParameterUpdate", ("nextRoundTreasuryRewardCutRate",)),
        ("BondingManager", "ParameterUpdate", ("treasuryBalanceCeiling",)),
    ]
    assert changed == {
        "BondingManager.rewards.nextRoundTreasuryRewardCutRate": (0, TENTH),
        "BondingManager.rewards.treasuryBalanceCeiling": (0, CEILING),
    }


def test_lip_92__rewards_of_the_round_it_was_executed_in__are_not_cut(
    before: Governed, orchestrator: str
) -> None:
    protocol = before.protocol
    before.enact(92)
    protocol.bonding_manager.reward(sender=orchestrator)
    assert protocol.token.balanceOf(protocol.treasury) == 0


def test_lip_92__rewards_of_the_next_round__are_cut_by_a_tenth(
    before: Governed, orchestrator: str
) -> None:
    protocol = before.protocol
    before.enact(92)
    protocol.next_round()
    assert protocol.bonding_manager.treasuryRewardCutRate() == TENTH
    minted = protocol.minter.currentMintableTokens()
    protocol.bonding_manager.reward(sender=orchestrator)
    assert protocol.token.balanceOf(protocol.treasury) == minted // 10


@pytest.mark.parametrize(("missing", "next_rate"), [(1, TENTH), (0, 0), (-1, 0)])
def test_lip_92__treasury_at_or_above_the_ceiling__stops_the_cut_from_the_next_round(
    before: Governed, orchestrator: str, missing: int, next_rate: int
) -> None:
    protocol = before.protocol
    bonding = protocol.bonding_manager
    before.enact(92)
    protocol.next_round()
    protocol.token.mint(protocol.treasury, CEILING - missing, sender=protocol.owner)
    bonding.reward(sender=orchestrator)
    assert bonding.nextRoundTreasuryRewardCutRate() == next_rate
    assert bonding.treasuryRewardCutRate() == TENTH  # this round is still cut
    protocol.next_round()
    assert bonding.treasuryRewardCutRate() == next_rate


def test_lip_92__cut_already_set__check_before_names_the_action(governed: Governed) -> None:
    protocol = governed.protocol
    protocol.bonding_manager.setTreasuryRewardCutRate(TENTH, sender=protocol.owner)
    governed.hand_over()
    with pytest.raises(AssertionError, match="before: .*action=1, name='cut of the next round'"):
        governed.enact(92)
