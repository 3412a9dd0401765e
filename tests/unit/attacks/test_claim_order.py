"""Stake and fees do not depend on when they are claimed, or moved (August 2018, August 2022)."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.unit.attacks.conftest import ETHER, Victim

NO_HINTS = (ZERO, ZERO, ZERO, ZERO)
ROUNDS = 5

#: Few, since each is a life of several rounds. titanoboa undoes it after each example.
few_lives = settings(
    max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@few_lives
@given(claims=st.sets(st.integers(0, ROUNDS - 1)), stake=st.integers(1, 10**21))
def test_claim_order__any_split_of_the_rounds__pays_the_same(
    victim: Victim, claims: set[int], stake: int
) -> None:
    transcoder = victim.transcoder(100 * LPT, cut=100_000, share=500_000)
    patient = victim.bonded("patient", stake, transcoder)
    eager = victim.bonded("eager", stake, transcoder)
    for round_ in range(ROUNDS):
        victim.next_round()
        victim.reward(transcoder)
        victim.credit_fees(transcoder, ETHER)
        if round_ in claims:
            victim.manager.claimEarnings(0, sender=eager)
    # Each claim floors twice more, and factors of 27 digits floor large stakes by several wei.
    slack = 2 * len(claims) + 1 + stake * len(claims) // 10**26
    for pending in (victim.manager.pendingStake, victim.manager.pendingFees):
        assert abs(pending(patient, 0) - pending(eager, 0)) <= slack


@few_lives
@given(amount=st.integers(1, 100 * LPT), elsewhere=st.booleans())
def test_transfer_bond__any_amount__moves_just_that(
    victim: Victim, amount: int, elsewhere: bool
) -> None:
    """24 August 2022: delegated amounts stay the sum of stakes, or stake is frozen."""
    transcoder, other = victim.transcoder(LPT), victim.account("nobody")
    sender = victim.bonded("sender", 100 * LPT, transcoder)
    receiver = victim.bonded("receiver", LPT, other) if elsewhere else victim.account("receiver")
    before = victim.pending_stake(receiver)
    victim.next_round()
    victim.manager.transferBond(receiver, amount, *NO_HINTS, sender=sender)
    assert victim.pending_stake(sender) == 100 * LPT - amount
    assert victim.pending_stake(receiver) == before + amount
    to = other if elsewhere else transcoder
    assert victim.delegate_of(receiver) == to
    assert victim.delegate_of(sender) == (ZERO if amount == 100 * LPT else transcoder)
    for delegate in (transcoder, other):
        bonded = [a for a in (sender, receiver, delegate) if victim.delegate_of(a) == delegate]
        stakes = sum(victim.pending_stake(account) for account in bonded)
        assert victim.manager.transcoderTotalStake(delegate) == stakes
