"""Every view of the contracts, for every account, against the model."""

from __future__ import annotations

from typing import Any

from tests.models.arithmetic import Reverted
from tests.models.bonding import BondingModel
from tests.models.records import ZERO
from tests.stateful.system import ACCOUNTS, ACTORS, ROLES, System
from tests.support.pyrevm_chain import CallReverted, Contract

ANY_ROUND = 12_345  # argument the contract must ignore


def assert_views_agree(system: System) -> None:
    assert_totals_agree(system)
    for account in ACCOUNTS:
        assert_account_agrees(system, account)
    assert pool_order(system.bonding) == system.model.bonding.pool.order


def assert_totals_agree(system: System) -> None:
    bonding, model = system.bonding, system.model.bonding
    expected = {
        "unbondingPeriod": model.unbonding_period,
        "currentRoundTotalActiveStake": model.current_total_stake,
        "nextRoundTotalActiveStake": model.next_total_stake,
        "getTotalBonded": model.current_total_stake,
        "getActiveSetSize": model.active_set_size,
        "treasuryRewardCutRate": model.treasury_cut,
        "nextRoundTreasuryRewardCutRate": model.next_treasury_cut,
        "treasuryBalanceCeiling": model.treasury_ceiling,
        "getTranscoderPoolMaxSize": model.pool.max_size,
        "getTranscoderPoolSize": len(model.pool.order),
        "getFirstTranscoderInPool": model.pool.first,
    }
    assert {name: bonding.view(name) for name in expected} == expected
    minter, modelled = system.minter, system.model.minter
    assert minter.view("currentMintableTokens") == modelled.mintable
    assert minter.view("currentMintedTokens") == modelled.minted
    assert system.chain.balance(minter.address) == modelled.eth
    assert system.token.view("totalSupply") == system.model.token.total_supply
    treasury = ROLES["Treasury"]
    assert system.token.view("balanceOf", treasury) == system.model.token.balances[treasury]


def assert_account_agrees(system: System, account: str) -> None:
    contract, model, token = system.bonding, system.model.bonding, system.model.token
    stake, fees = model.pending(account)
    expected = {
        "getDelegator": delegator_fields(model, account),
        "getTranscoder": transcoder_fields(model, account),
        "transcoderTotalStake": model.delegators[account].delegated_amount,
        "transcoderStatus": model.transcoder_status(account),
        "delegatorStatus": model.status(account),
        "isRegisteredTranscoder": model.is_registered(account),
        "isStakeHeld": model.delegators[account].held,
        "isActiveTranscoder": model.is_active(account),
        "transcoderToRewardCaller": model.reward_callers.get(account, ZERO),
        "getNextTranscoderInPool": model.pool.following(account),
    }
    assert {name: contract.view(name, account) for name in expected} == expected
    assert contract.view("pendingStake", account, ANY_ROUND) == stake
    assert contract.view("pendingFees", account, ANY_ROUND) == fees
    current = system.model.rounds.current
    for round_ in (current - 1, current, current + 1):
        pool = contract.view("getTranscoderEarningsPoolForRound", account, round_)
        assert pool == pool_fields(model, account, round_)
    assert_locks_agree(contract, model, account)
    assert system.token.view("balanceOf", account) == token.balances[account]
    assert system.chain.balance(account) == _eth_of(system, account)


def assert_locks_agree(contract: Contract, model: BondingModel, account: str) -> None:
    """The last few locks, used up or not, and the one that does not exist yet."""
    next_id = model.delegators[account].next_lock_id
    for lock_id in range(max(0, next_id - 2), next_id + 1):
        lock = model.lock(account, lock_id)
        seen = contract.view("getDelegatorUnbondingLock", account, lock_id)
        assert seen == (lock.amount, lock.withdraw_round)
        valid = contract.view("isValidUnbondingLock", account, lock_id)
        assert valid == (lock.withdraw_round > 0)


def _eth_of(system: System, account: str) -> int:
    """Actors start without ETH, so what they have is what they withdrew."""
    return system.model.minter.paid[account]


def delegator_fields(model: BondingModel, account: str) -> tuple[Any, ...]:
    d = model.delegators[account]
    return (
        d.bonded_amount,
        d.fees,
        d.delegate,
        d.delegated_amount,
        d.start_round,
        d.last_claim_round,
        d.next_lock_id,
    )


def transcoder_fields(model: BondingModel, account: str) -> tuple[Any, ...]:
    t = model.transcoders[account]
    return (
        t.last_reward_round,
        t.reward_cut,
        t.fee_share,
        t.last_stake_round,
        t.activation_round,
        t.deactivation_round,
        t.active_cumulative_rewards,
        t.cumulative_rewards,
        t.cumulative_fees,
        t.last_fee_round,
    )


def pool_fields(model: BondingModel, transcoder: str, round_: int) -> tuple[Any, ...]:
    p = model.earnings_pool(transcoder, round_)
    return p.total_stake, p.reward_cut, p.fee_share, p.reward_factor, p.fee_factor


def pool_order(bonding: Contract) -> list[str]:
    """The pool as a client walks it, largest stake first."""
    order: list[str] = []
    member = bonding.view("getFirstTranscoderInPool")
    while member != ZERO:
        order.append(member)
        member = bonding.view("getNextTranscoderInPool", member)
    return order


# ------------------------------------------------------------------------------------------------
# Votes
# ------------------------------------------------------------------------------------------------


def assert_votes_agree(system: System, rounds: range) -> None:
    """Votes, delegates and totals of some rounds, refusals included."""
    votes, model = system.votes, system.model.bonding.votes
    assert votes.view("clock") == system.model.rounds.current
    for round_ in rounds:
        seen = _outcome(lambda r=round_: votes.view("getTotalActiveStakeAt", r))
        assert seen == _outcome(lambda r=round_: model.total_at(r))
        for account in ACCOUNTS:
            seen = _outcome(
                lambda a=account, r=round_: votes.view("getVotesAndDelegateAtRoundStart", a, r)
            )
            expected = _outcome(lambda a=account, r=round_: model.votes_and_delegate(a, r))
            assert seen == expected
    for account in ACTORS:
        assert votes.view("hasCheckpoint", account) == model.has_checkpoint(account)


def _outcome(read: Any) -> Any:
    """A value, or why there is none."""
    try:
        return read()
    except CallReverted as failure:
        return f"reverted: {failure}"
    except Reverted as failure:
        return f"reverted: {failure.reason}"
