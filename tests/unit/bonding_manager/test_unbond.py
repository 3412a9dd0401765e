"""unbond, rebond, rebondFromUnbonded, withdrawStake: stake out, back in, and paid out."""

from __future__ import annotations

import boa
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.support.calls import reverts_bare
from tests.support.contracts import ZERO
from tests.unit.bonding_manager.conftest import Staking, own_events

PERIOD = 3  # rounds, tests/support/protocol.py
DELEGATORS, POSITION = 2, 3  # slot of ledger.delegators, word in a record


def test_unbond__partial__locks_stake(staking: Staking) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    delegator = staking.delegator(500, transcoder)
    round_ = staking.next_round()
    manager.unbond(200, sender=delegator)
    assert own_events(manager) == [
        ("EarningsClaimed", transcoder, delegator, 0, 0, round_, round_),
        ("Unbond", transcoder, delegator, 0, 200, round_ + PERIOD),
    ]
    assert manager.getDelegatorUnbondingLock(delegator, 0) == (200, round_ + PERIOD)
    assert manager.isValidUnbondingLock(delegator, 0)
    assert not manager.isValidUnbondingLock(delegator, 1)
    assert manager.getDelegator(delegator)[0] == 300
    assert manager.getDelegator(delegator)[6] == 1
    assert manager.transcoderTotalStake(transcoder) == 1_300
    assert manager.nextRoundTotalActiveStake() == 1_300
    assert manager.getTranscoderEarningsPoolForRound(transcoder, round_)[0] == 1_500
    assert manager.getTranscoderEarningsPoolForRound(transcoder, round_ + 1)[0] == 1_300


def test_unbond__everything__ends_the_delegation(staking: Staking) -> None:
    delegator = staking.delegator(500, staking.transcoder(1_000))
    staking.next_round()
    staking.manager.unbond(500, sender=delegator)
    record = staking.manager.getDelegator(delegator)
    assert (record[0], record[2], record[4]) == (0, ZERO, 0)
    assert staking.manager.delegatorStatus(delegator) == 2


def test_unbond__two_billion_locks__reverts_bare(staking: Staking) -> None:
    """A lock id has 31 bits: the bit above them says that the stake is held."""
    manager, delegator = staking.manager, staking.delegator(500, staking.transcoder(1_000))
    staking.next_round()
    manager.claimEarnings(0, sender=delegator)
    record = int.from_bytes(keccak(encode(["uint256", "address"], [DELEGATORS, delegator])), "big")
    slot = record + POSITION
    word = boa.env.get_storage(manager.address, slot)
    boa.env.set_storage(manager.address, slot, word | (2**31 - 2) << 224)
    manager.unbond(100, sender=delegator)
    assert manager.getDelegatorUnbondingLock(delegator, 2**31 - 2)[0] == 100
    with reverts_bare():
        manager.unbond(100, sender=delegator)
    assert manager.getDelegator(delegator)[6] == 2**31 - 1
    assert not manager.isStakeHeld(delegator)


def test_unbond__everything_of_a_pool_member__leaves_the_pool(staking: Staking) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    staking.delegator(1_000, transcoder)
    round_ = staking.next_round()
    manager.unbond(1_000, sender=transcoder)
    assert [event[0] for event in own_events(manager)] == [
        "EarningsClaimed",
        "TranscoderDeactivated",
        "Unbond",
    ]
    assert manager.nextRoundTotalActiveStake() == 0
    assert manager.transcoderTotalStake(transcoder) == 1_000
    assert staking.pool() == []
    assert manager.getTranscoder(transcoder)[5] == round_ + 1
    assert manager.isActiveTranscoder(transcoder)


def test_unbond__pending__reverts(staking: Staking) -> None:
    delegator = staking.delegator(500, staking.transcoder(1_000))
    with boa.reverts("caller must be bonded"):
        staking.manager.unbond(500, sender=delegator)


def test_unbond__never_bonded__reverts(staking: Staking, stranger: str) -> None:
    with boa.reverts("caller must be bonded"):
        staking.manager.unbond(1, sender=stranger)


def test_unbond__nothing__reverts(staking: Staking) -> None:
    delegator = staking.delegator(500, staking.transcoder(1_000))
    staking.next_round()
    with boa.reverts("unbond amount must be greater than 0"):
        staking.manager.unbond(0, sender=delegator)


def test_unbond__more_than_bonded__reverts(staking: Staking) -> None:
    delegator = staking.delegator(500, staking.transcoder(1_000))
    staking.next_round()
    with boa.reverts("amount is greater than bonded amount"):
        staking.manager.unbond(501, sender=delegator)


def test_unbond_with_hint__place_below__moves_there(staking: Staking) -> None:
    small, large = staking.transcoder(1_000), staking.transcoder(2_000)
    staking.next_round()
    staking.manager.unbondWithHint(1_500, small, ZERO, sender=large)
    assert staking.pool() == [small, large]


def test_rebond__valid_lock__restores_the_bond(staking: Staking) -> None:
    manager, transcoder = staking.manager, staking.transcoder(1_000)
    delegator = staking.delegator(500, transcoder)
    staking.next_round()
    manager.unbond(200, sender=delegator)
    manager.rebond(0, sender=delegator)
    assert own_events(manager) == [("Rebond", transcoder, delegator, 0, 200)]
    assert manager.getDelegatorUnbondingLock(delegator, 0) == (0, 0)
    assert manager.transcoderTotalStake(transcoder) == 1_500


def test_rebond_with_hint__valid_lock__moves_up_again(staking: Staking) -> None:
    small, large = staking.transcoder(1_000), staking.transcoder(2_000)
    staking.next_round()
    staking.manager.unbond(1_500, sender=large)
    staking.manager.rebondWithHint(0, ZERO, small, sender=large)
    assert staking.pool() == [large, small]


def test_rebond__unbonded__reverts(staking: Staking) -> None:
    delegator = staking.delegator(500, staking.transcoder(1_000))
    staking.next_round()
    staking.manager.unbond(500, sender=delegator)
    with boa.reverts("caller must be bonded"):
        staking.manager.rebond(0, sender=delegator)


def test_rebond__unknown_lock__reverts(staking: Staking) -> None:
    delegator = staking.delegator(500, staking.transcoder(1_000))
    with boa.reverts("invalid unbonding lock ID"):
        staking.manager.rebond(0, sender=delegator)


def test_rebond_from_unbonded__to_another__pending_again(staking: Staking) -> None:
    manager = staking.manager
    old, new = staking.transcoder(1_000), staking.transcoder(1_000)
    delegator = staking.delegator(500, old)
    round_ = staking.next_round()
    manager.unbond(500, sender=delegator)
    manager.rebondFromUnbonded(new, 0, sender=delegator)
    assert own_events(manager) == [("Rebond", new, delegator, 0, 500)]
    assert manager.getDelegator(delegator)[2:5] == (new, 0, round_ + 1)
    assert (manager.transcoderTotalStake(old), manager.transcoderTotalStake(new)) == (1_000, 1_500)


def test_rebond_from_unbonded_with_hint__to_oneself__joins_the_pool(staking: Staking) -> None:
    other, transcoder = staking.transcoder(2_000), staking.transcoder(1_000)
    staking.next_round()
    staking.manager.unbond(1_000, sender=transcoder)
    staking.manager.rebondFromUnbondedWithHint(transcoder, 0, other, ZERO, sender=transcoder)
    assert staking.pool() == [other, transcoder]


def test_rebond_from_unbonded__still_bonded__reverts(staking: Staking) -> None:
    transcoder = staking.transcoder(1_000)
    staking.next_round()
    staking.manager.unbond(1, sender=transcoder)
    with boa.reverts("caller must be unbonded"):
        staking.manager.rebondFromUnbonded(transcoder, 0, sender=transcoder)


def test_rebond_from_unbonded__unknown_lock__reverts(staking: Staking, stranger: str) -> None:
    with boa.reverts("invalid unbonding lock ID"):
        staking.manager.rebondFromUnbonded(stranger, 0, sender=stranger)


def test_withdraw_stake__ripe_lock__pays_and_deletes_it(staking: Staking) -> None:
    manager, token = staking.manager, staking.protocol.token
    delegator = staking.delegator(500, staking.transcoder(1_000))
    round_ = staking.next_round()
    manager.unbond(200, sender=delegator)
    manager.unbond(100, sender=delegator)
    staking.next_round(PERIOD)
    before = token.balanceOf(delegator)
    manager.withdrawStake(0, sender=delegator)
    assert own_events(manager) == [("WithdrawStake", delegator, 0, 200, round_ + PERIOD)]
    assert token.balanceOf(delegator) == before + 200
    assert manager.getDelegatorUnbondingLock(delegator, 0) == (0, 0)
    assert manager.getDelegatorUnbondingLock(delegator, 1) == (100, round_ + PERIOD)
    with boa.reverts("invalid unbonding lock ID"):
        manager.withdrawStake(0, sender=delegator)


def test_withdraw_stake__too_early__reverts(staking: Staking) -> None:
    delegator = staking.delegator(500, staking.transcoder(1_000))
    staking.next_round()
    staking.manager.unbond(200, sender=delegator)
    staking.next_round(PERIOD - 1)
    with boa.reverts("withdraw round must be before or equal to the current round"):
        staking.manager.withdrawStake(0, sender=delegator)
