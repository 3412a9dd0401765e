"""transferBond: stake changes hands without unbonding time."""

from __future__ import annotations

import boa
import pytest

from tests.support.contracts import ZERO
from tests.unit.bonding_manager.conftest import Staking, own_events

HINTS = (ZERO, ZERO, ZERO, ZERO)


def test_transfer_bond__to_a_new_account__takes_the_senders_delegate(
    staking: Staking, stranger: str
) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    sender = staking.delegator(500, transcoder)
    round_ = staking.next_round()
    manager.transferBond(stranger, 200, *HINTS, sender=sender)
    assert own_events(manager) == [
        ("EarningsClaimed", transcoder, sender, 0, 0, round_, round_),
        ("Unbond", transcoder, sender, 0, 200, round_ + 3),
        ("TransferBond", sender, stranger, 0, 0, 200),
        ("EarningsClaimed", ZERO, stranger, 0, 0, 1, round_),
        ("Rebond", transcoder, stranger, 0, 200),
    ]
    assert manager.getDelegator(sender)[0] == 300
    assert manager.getDelegator(stranger) == (200, 0, transcoder, 0, round_ + 1, round_, 1)
    assert manager.getDelegatorUnbondingLock(sender, 0) == (0, 0)
    assert manager.getDelegatorUnbondingLock(stranger, 0) == (0, 0)
    assert manager.transcoderTotalStake(transcoder) == 1_500


def test_transfer_bond__receiver_bonded_elsewhere__keeps_its_delegate(staking: Staking) -> None:
    manager = staking.manager
    first, second = staking.transcoder(1_000), staking.transcoder(1_000)
    sender, receiver = staking.delegator(500, first), staking.delegator(500, second)
    staking.next_round()
    for transcoder in (first, second):
        manager.reward(sender=transcoder)
    stakes = manager.transcoderTotalStake(first), manager.transcoderTotalStake(second)
    manager.transferBond(receiver, 500, *HINTS, sender=sender)
    assert manager.getDelegator(receiver)[2] == second
    assert manager.transcoderTotalStake(first) == stakes[0] - 500
    assert manager.transcoderTotalStake(second) == stakes[1] + 500


@pytest.mark.parametrize("amount", [200, 500])
def test_transfer_bond__to_oneself__changes_no_stake(staking: Staking, amount: int) -> None:
    transcoder = staking.transcoder(1_000)
    sender = staking.delegator(500, transcoder)
    round_ = staking.next_round()
    staking.manager.transferBond(sender, amount, *HINTS, sender=sender)
    record = staking.manager.getDelegator(sender)
    assert (record[0], record[2], record[6]) == (500, transcoder, 2)
    assert record[4] == (round_ + 1 if amount == 500 else round_)


def test_transfer_bond__delegate_would_be_the_receiver__reverts(staking: Staking) -> None:
    transcoder = staking.transcoder(1_000)
    sender = staking.delegator(500, transcoder)
    staking.next_round()
    staking.manager.unbond(1_000, sender=transcoder)
    with boa.reverts("INVALID_DELEGATOR"):
        staking.manager.transferBond(transcoder, 500, *HINTS, sender=sender)


def test_transfer_bond__null_receiver__reverts(staking: Staking) -> None:
    sender = staking.delegator(500, staking.transcoder(1_000))
    staking.next_round()
    with boa.reverts("INVALID_DELEGATOR"):
        staking.manager.transferBond(ZERO, 500, *HINTS, sender=sender)


def test_transfer_bond__before_the_receivers_delegate_rewarded__reverts(staking: Staking) -> None:
    first, second = staking.transcoder(1_000), staking.transcoder(1_000)
    sender, receiver = staking.delegator(500, first), staking.delegator(500, second)
    staking.next_round()
    with boa.reverts("ILLEGAL_CLAIM_EARNINGS"):
        staking.manager.transferBond(receiver, 1, *HINTS, sender=sender)


def test_transfer_bond__pending_sender__reverts(staking: Staking, stranger: str) -> None:
    sender = staking.delegator(500, staking.transcoder(1_000))
    with boa.reverts("caller must be bonded"):
        staking.manager.transferBond(stranger, 1, *HINTS, sender=sender)
