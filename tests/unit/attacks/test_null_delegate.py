"""Stake bonded to the zero address counts like any other (February and August 2022)."""

from __future__ import annotations

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.unit.attacks.conftest import Victim

NO_HINTS = (ZERO, ZERO, ZERO, ZERO)


def test_null_delegate__leaving_it__lowers_its_delegated_amount(victim: Victim) -> None:
    delegator = victim.bonded("delegator", LPT, ZERO)
    assert victim.manager.transcoderTotalStake(ZERO) == LPT
    transcoder = victim.transcoder(LPT)
    victim.manager.bond(0, transcoder, sender=delegator)
    assert victim.manager.transcoderTotalStake(ZERO) == 0
    assert victim.manager.transcoderTotalStake(transcoder) == 2 * LPT


def test_null_delegate__transfer_of_everything__keeps_the_senders_delegate(victim: Victim) -> None:
    transcoder, receiver = victim.transcoder(LPT), victim.account("receiver")
    sender = victim.bonded("sender", LPT, transcoder)
    victim.next_round()
    victim.manager.transferBond(receiver, LPT, *NO_HINTS, sender=sender)
    assert victim.delegate_of(sender) == ZERO
    assert victim.delegate_of(receiver) == transcoder
    assert victim.manager.transcoderTotalStake(transcoder) == 2 * LPT


def test_null_delegate__receiver_bonded_to_it__stays_there(victim: Victim) -> None:
    sender = victim.bonded("sender", LPT, victim.transcoder(LPT))
    receiver = victim.bonded("receiver", LPT, ZERO)
    victim.next_round()
    victim.manager.transferBond(receiver, LPT, *NO_HINTS, sender=sender)
    assert victim.delegate_of(receiver) == ZERO
    assert victim.pending_stake(receiver) == 2 * LPT
    assert victim.manager.transcoderTotalStake(ZERO) == 2 * LPT


def test_null_delegate__unbonding_from_it__works(victim: Victim) -> None:
    delegator = victim.bonded("delegator", LPT, ZERO)
    victim.next_round()
    victim.manager.unbond(LPT, sender=delegator)
    assert victim.manager.transcoderTotalStake(ZERO) == 0
    assert victim.manager.getDelegatorUnbondingLock(delegator, 0)[0] == LPT
