"""updateTranscoderWithFees, withdrawFees: what tickets earn, and taking it out."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.contracts import ZERO
from tests.unit.bonding_manager.conftest import PERC, PRECISE, Staking, own_events

HALF = PERC // 2


@pytest.fixture
def broker(staking: Staking) -> str:
    return staking.appoint("TicketBroker")


def test_update_with_fees__stranger__reverts(manager: Any, stranger: str) -> None:
    with boa.reverts("caller must be TicketBroker"):
        manager.updateTranscoderWithFees(stranger, 1, 1, sender=stranger)


def test_update_with_fees__not_registered__reverts(
    staking: Staking, broker: str, stranger: str
) -> None:
    with boa.reverts("transcoder must be registered"):
        staking.manager.updateTranscoderWithFees(stranger, 1, 1, sender=broker)


def test_update_with_fees__pending__reverts(staking: Staking, broker: str) -> None:
    transcoder = staking.transcoder(1_000)
    with boa.reverts("transcoder must be active"):
        staking.manager.updateTranscoderWithFees(transcoder, 1, 1, sender=broker)


@pytest.mark.usefixtures("vault")
def test_update_with_fees__never_rewarded__half_shared(staking: Staking, broker: str) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000, share=HALF)
    round_ = staking.next_round()
    manager.updateTranscoderWithFees(transcoder, 1_000, 77, sender=broker)
    pool = manager.getTranscoderEarningsPoolForRound(transcoder, round_)
    assert pool == (1_000, 0, HALF, 0, PRECISE // 2)
    record = manager.getTranscoder(transcoder)
    assert (record[8], record[9]) == (500, round_)


@pytest.mark.parametrize(("claims_first", "own_fees"), [(False, 625), (True, 500)])
@pytest.mark.usefixtures("vault")
def test_update_with_fees__after_a_reward_last_round__accrued_rewards_earn_too(
    staking: Staking, broker: str, claims_first: bool, own_fees: int
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000, cut=HALF, share=HALF)
    staking.next_round()
    manager.reward(sender=transcoder)
    round_ = staking.next_round()
    if claims_first:
        manager.claimEarnings(0, sender=transcoder)
    manager.updateTranscoderWithFees(transcoder, 1_000, round_, sender=broker)
    factor = manager.getTranscoderEarningsPoolForRound(transcoder, round_)[4]
    assert factor == 375_000_000_000_000_000_000_000_000
    assert manager.getTranscoder(transcoder)[8] == own_fees


def test_update_with_fees__reward_missed_last_round__factor_reconstructed(
    staking: Staking, broker: str, vault: Any
) -> None:
    """Rewards in rounds r and r + 2 only; what was already minted does not enter (difference 5)."""
    manager, transcoder = staking.manager, staking.transcoder(1_000, cut=HALF, share=HALF)
    manager.setTreasuryRewardCutRate(PRECISE // 2, sender=staking.protocol.owner)
    vault.setMintable(1_000, 1_000)
    staking.next_round()
    manager.reward(sender=transcoder)
    round_ = staking.next_round(2)
    manager.reward(sender=transcoder)
    manager.updateTranscoderWithFees(transcoder, 1_000, round_, sender=broker)
    pool = manager.getTranscoderEarningsPoolForRound(transcoder, round_)
    assert pool[3] == 1_458_333_333_333_333_333_333_333_332
    assert pool[4] == 416_666_666_666_666_666_666_666_665
    record = manager.getTranscoder(transcoder)
    assert (record[7], record[8]) == (541, 583)
    assert manager.pendingFees(transcoder, 0) == 999


@pytest.mark.usefixtures("vault")
def test_update_with_fees__twice_a_round__adds_up(staking: Staking, broker: str) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000, share=PERC)
    delegator = staking.delegator(1_000, transcoder)
    staking.next_round()
    for _ in range(2):
        manager.updateTranscoderWithFees(transcoder, 1_000, 0, sender=broker)
    assert manager.pendingFees(delegator, 0) == manager.pendingFees(transcoder, 0) == 1_000
    staking.next_round()
    manager.updateTranscoderWithFees(transcoder, 1_000, 0, sender=broker)
    assert manager.pendingFees(delegator, 0) == 1_500


@pytest.mark.usefixtures("vault")
def test_update_with_fees__round_not_initialised__works(staking: Staking, broker: str) -> None:
    transcoder = staking.transcoder(1_000)
    staking.next_round()
    staking.move_clock()
    staking.manager.updateTranscoderWithFees(transcoder, 1_000, 0, sender=broker)
    assert staking.manager.pendingFees(transcoder, 0) == 1_000


def test_withdraw_fees__part__claims_pays_and_logs(staking: Staking, broker: str) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    recipient = boa.env.generate_address("recipient")
    boa.env.set_balance(staking.protocol.minter.address, 1_000)
    round_ = staking.next_round()
    manager.updateTranscoderWithFees(transcoder, 1_000, 0, sender=broker)
    manager.withdrawFees(recipient, 300, sender=transcoder)
    assert own_events(manager) == [
        ("EarningsClaimed", transcoder, transcoder, 0, 1_000, round_, round_),
        ("WithdrawFees", transcoder, recipient, 300),
    ]
    assert boa.env.get_balance(recipient) == 300
    manager.updateTranscoderWithFees(transcoder, 50, 0, sender=broker)
    assert manager.pendingFees(transcoder, 0) == 750


def test_withdraw_fees__nothing__is_legal(staking: Staking, stranger: str) -> None:
    staking.manager.withdrawFees(stranger, 0, sender=stranger)
    assert own_events(staking.manager)[-1] == ("WithdrawFees", stranger, stranger, 0)


def test_withdraw_fees__null_recipient__reverts(manager: Any, stranger: str) -> None:
    with boa.reverts("invalid recipient"):
        manager.withdrawFees(ZERO, 0, sender=stranger)


def test_withdraw_fees__more_than_there_is__reverts(manager: Any, stranger: str) -> None:
    with boa.reverts("insufficient fees to withdraw"):
        manager.withdrawFees(stranger, 1, sender=stranger)
