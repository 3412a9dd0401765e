"""What must hold after every transaction, read from the contracts alone. Bonding spec, section 26.

B = bonded amount, S = pending stake, F = pending fees, D = delegated amount, g = delegate.
"""

from __future__ import annotations

from tests.models.records import NEVER, ZERO
from tests.stateful.system import ACCOUNTS, System
from tests.stateful.views import pool_order

UNBONDED, PENDING, BONDED = 2, 0, 1
DUST = 0


def pool_is_sorted(system: System) -> None:
    """D(member i) >= D(member i+1); size = number of members <= max size."""
    bonding = system.bonding
    order = pool_order(bonding)
    stakes = [bonding.view("transcoderTotalStake", member) for member in order]
    assert stakes == sorted(stakes, reverse=True)
    assert len(order) == bonding.view("getTranscoderPoolSize")
    assert len(order) <= bonding.view("getTranscoderPoolMaxSize")


def pool_members_are_registered_for_good(system: System) -> None:
    """Member: B > 0, g = itself, active from now + 1 on at the latest. Others: not after now."""
    bonding, now = system.bonding, system.model.rounds.current
    members = pool_order(bonding)
    for account in ACCOUNTS:
        activation, deactivation = bonding.view("getTranscoder", account)[4:6]
        if account in members:
            assert bonding.view("isRegisteredTranscoder", account)
            assert activation <= now + 1
            assert deactivation == NEVER
        else:
            assert deactivation <= now + 1


def next_total_is_the_stake_of_the_pool(system: System) -> None:
    """nextRoundTotalActiveStake = sum of D over the pool."""
    bonding = system.bonding
    members = pool_order(bonding)
    total = sum(bonding.view("transcoderTotalStake", member) for member in members)
    assert bonding.view("nextRoundTotalActiveStake") == total


def stakes_fit_into_delegated_amounts(system: System) -> None:
    """For every g: sum of S over those bonded to g <= D(g)."""
    bonding = system.bonding
    claimed = dict.fromkeys(ACCOUNTS, 0)
    for account in ACCOUNTS:
        bonded, _, delegate = bonding.view("getDelegator", account)[:3]
        if bonded > 0:
            claimed[delegate] += bonding.view("pendingStake", account, 0)
    for delegate, stake in claimed.items():
        assert stake <= bonding.view("transcoderTotalStake", delegate) + DUST


def minter_holds_all_stake(system: System) -> None:
    """LPT of the Minter >= sum of D + sum of unbonding locks."""
    bonding = system.bonding
    owed = sum(bonding.view("transcoderTotalStake", account) for account in ACCOUNTS)
    for account in ACCOUNTS:
        for lock_id in range(bonding.view("getDelegator", account)[6]):
            owed += bonding.view("getDelegatorUnbondingLock", account, lock_id)[0]
    assert system.token.view("balanceOf", system.minter.address) >= owed


def minter_holds_all_fees(system: System) -> None:
    """ETH of the Minter >= sum of F."""
    owed = sum(system.bonding.view("pendingFees", account, 0) for account in ACCOUNTS)
    assert system.chain.balance(system.minter.address) >= owed


def rounds_are_not_ahead(system: System) -> None:
    """Claim, reward and fee rounds <= now; start and stake rounds <= now + 1."""
    bonding, now = system.bonding, system.model.rounds.current
    for account in ACCOUNTS:
        start, last_claim = bonding.view("getDelegator", account)[4:6]
        t = bonding.view("getTranscoder", account)
        last_reward, last_stake, last_fee = t[0], t[3], t[9]
        assert max(last_claim, last_reward, last_fee) <= now
        assert max(start, last_stake) <= now + 1


def unbonded_accounts_have_no_delegate(system: System) -> None:
    """B = 0 implies g = 0 and no start round, also after a slash of everything."""
    for account in ACCOUNTS:
        bonded, _, delegate, _, start_round = system.bonding.view("getDelegator", account)[:5]
        if bonded == 0:
            assert (delegate, start_round) == (ZERO, 0)


def locks_hold_stake_until_used(system: System) -> None:
    """Lock: amount > 0 iff withdraw round > 0; none has an id that is not given out yet."""
    bonding = system.bonding
    for account in ACCOUNTS:
        next_id = bonding.view("getDelegator", account)[6]
        for lock_id in range(next_id + 1):
            amount, withdraw_round = bonding.view("getDelegatorUnbondingLock", account, lock_id)
            assert (amount > 0) == (withdraw_round > 0)
        assert withdraw_round == 0


def transcoders_are_delegated_their_own_bond(system: System) -> None:
    """Registered t: D(t) >= B(t)."""
    bonding = system.bonding
    for account in ACCOUNTS:
        if bonding.view("isRegisteredTranscoder", account):
            delegator = bonding.view("getDelegator", account)
            assert delegator[3] >= delegator[0]


def active_rewards_fit_into_recorded_stake(system: System) -> None:
    """Rewarded now: rewards accrued before this round <= stake recorded for this round."""
    bonding, now = system.bonding, system.model.rounds.current
    for account in ACCOUNTS:
        t = bonding.view("getTranscoder", account)
        if t[0] == now:
            pool = bonding.view("getTranscoderEarningsPoolForRound", account, now)
            assert t[6] <= pool[0]


def votes_equal_stakes(system: System) -> None:
    """Votes of the next round: D of a transcoder, S of a delegator of one, else 0; held by g."""
    bonding, votes = system.bonding, system.votes
    for account in ACCOUNTS:
        if not votes.view("hasCheckpoint", account):
            continue
        delegate = bonding.view("getDelegator", account)[2]
        if bonding.view("isRegisteredTranscoder", account):
            expected = bonding.view("transcoderTotalStake", account)
        elif bonding.view("isRegisteredTranscoder", delegate):
            expected = bonding.view("pendingStake", account, 0)
        else:
            expected = 0
        assert votes.view("getVotes", account) == expected
        assert votes.view("delegates", account) == delegate


ALWAYS = (
    pool_is_sorted,
    pool_members_are_registered_for_good,
    next_total_is_the_stake_of_the_pool,
    stakes_fit_into_delegated_amounts,
    minter_holds_all_stake,
    minter_holds_all_fees,
    rounds_are_not_ahead,
    unbonded_accounts_have_no_delegate,
    locks_hold_stake_until_used,
    transcoders_are_delegated_their_own_bond,
    active_rewards_fit_into_recorded_stake,
    votes_equal_stakes,
)
