"""LIP-101: a cut that stopped at the ceiling starts again, once the treasury has spent."""

from __future__ import annotations

import boa
import pytest

from tests.support.governed import Governed, effects
from tests.support.protocol import LPT

TENTH, CEILING = 10**26, 750_000 * LPT


@pytest.fixture
def stopped(governed: Governed, orchestrator: str) -> Governed:
    """The treasury reached its ceiling: the rate is 0, and has been for a round."""
    protocol = governed.protocol
    bonding, owner = protocol.bonding_manager, protocol.owner
    bonding.setTreasuryRewardCutRate(TENTH, sender=owner)
    bonding.setTreasuryBalanceCeiling(CEILING, sender=owner)
    bonding.bond(100 * LPT, orchestrator, sender=orchestrator)
    protocol.token.mint(protocol.treasury, CEILING, sender=owner)
    protocol.next_round()
    bonding.reward(sender=orchestrator)
    protocol.next_round()
    assert bonding.treasuryRewardCutRate() == bonding.nextRoundTreasuryRewardCutRate() == 0
    governed.hand_over()
    return governed


@pytest.fixture
def before(stopped: Governed) -> Governed:
    """And it has spent half a million since."""
    protocol = stopped.protocol
    grantee = boa.env.generate_address("grantee")
    protocol.token.transfer(grantee, 500_000 * LPT, sender=protocol.treasury)
    return stopped


def test_lip_101__whole_life__sets_the_next_rate_and_nothing_else(before: Governed) -> None:
    bonding = before.protocol.bonding_manager
    events, changed = effects(before.enact(101))
    assert bonding.nextRoundTreasuryRewardCutRate() == TENTH
    assert bonding.treasuryRewardCutRate() == 0  # in force from next round on
    assert events == [("BondingManager", "ParameterUpdate", ("nextRoundTreasuryRewardCutRate",))]
    assert changed == {"BondingManager.rewards.nextRoundTreasuryRewardCutRate": (0, TENTH)}


def test_lip_101__rewards_of_this_round_and_the_next__are_cut_from_the_next_on(
    before: Governed, orchestrator: str
) -> None:
    protocol = before.protocol
    bonding, token, treasury = protocol.bonding_manager, protocol.token, protocol.treasury
    before.enact(101)
    held = token.balanceOf(treasury)
    bonding.reward(sender=orchestrator)
    assert token.balanceOf(treasury) == held
    protocol.next_round()
    assert bonding.treasuryRewardCutRate() == TENTH
    minted = protocol.minter.currentMintableTokens()
    bonding.reward(sender=orchestrator)
    assert token.balanceOf(treasury) == held + minted // 10


def test_lip_101__treasury_still_at_the_ceiling__check_before_names_the_action(
    stopped: Governed,
) -> None:
    with pytest.raises(AssertionError, match='before: .*action=1, name="treasury\'s balance"'):
        stopped.enact(101)


def test_lip_101__treasury_full_again_when_executed__first_reward_stops_the_cut_again(
    before: Governed, orchestrator: str
) -> None:
    protocol = before.protocol
    before.enact(101)
    protocol.token.mint(protocol.treasury, 500_000 * LPT, sender=protocol.owner)
    protocol.bonding_manager.reward(sender=orchestrator)
    assert protocol.bonding_manager.nextRoundTreasuryRewardCutRate() == 0
