# pragma version 0.4.3
"""
@title earnings
@notice What stake has earned in rewards and fees, and the moment it is booked (LIP-36).
@dev Owns nothing. With R(r), F(r) the delegate's cumulative factors at round r, and s the stake bonded since the
     last claim in round c, a delegator's position at round r is
         stake = s * R(r) / R(c)        fees = fees booked + s * (F(r) - F(c)) / R(c)
     plus, for a transcoder, the commission it has accrued. Unset reward factors count as 1. Claiming twice in a round
     pays once. Source: bonding spec, sections 5 and 11.
"""

from ...interfaces import IBondingManager
from ...modules import errors
from ...modules import percentages
from . import active_set
from . import checkpoints
from . import peers
from . import ledger

uses: peers
uses: ledger
uses: checkpoints


# ------------------------------------------------------------------------------------------------
# Delegators
# ------------------------------------------------------------------------------------------------


@external
def claimEarnings(_endRound: uint256):
    round: uint256 = peers._check_live()
    self._claim(msg.sender, round)
    checkpoints._checkpoint(msg.sender, round)


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def pendingStake(_delegator: address, _endRound: uint256) -> uint256:
    return self._pending(_delegator, ledger._position(_delegator), peers._current_round())[0]


@external
@view
def pendingFees(_delegator: address, _endRound: uint256) -> uint256:
    return self._pending(_delegator, ledger._position(_delegator), peers._current_round())[1]


@external
@view
def delegatorStatus(_delegator: address) -> uint8:
    if ledger.delegators[_delegator].bonded_amount == 0:
        return 2  # Unbonded
    if ledger._position(_delegator).start_round > peers._current_round():
        return 0  # Pending
    return 1  # Bonded


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
@view
def _pending(_delegator: address, _p: ledger.Position, _round: uint256) -> (uint256, uint256):
    """
    @dev Stake and fees of `_delegator` if it claimed in `_round`.
    """
    stake: uint256 = ledger.delegators[_delegator].bonded_amount
    fees: uint256 = ledger.delegators[_delegator].fees

    if _p.last_claim_round < _round:
        start: ledger.Factors = ledger._factors(_p.delegate, _p.last_claim_round)
        end: ledger.Factors = ledger._latest_factors(_p.delegate, _round)
        start.reward = ledger._one_if_unset(start.reward)
        fees += percentages._of_fraction(
            stake, end.fee - start.fee, start.reward, percentages.PRECISE_PERC
        )
        stake = percentages._of_fraction(
            stake, ledger._one_if_unset(end.reward), start.reward, percentages.PRECISE_PERC
        )

    if _p.delegate == _delegator:
        stake += ledger.transcoders[_delegator].cumulative_rewards
        fees += ledger.transcoders[_delegator].cumulative_fees
    return stake, fees


@internal
def _claim(_delegator: address, _round: uint256) -> ledger.Position:
    """
    @dev Book what was earned up to and including `_round`, once a round. Returns the position after it. Neither the
         delegate's stake nor the totals change: rewards were added to them when they were minted.
    """
    p: ledger.Position = ledger._position(_delegator)
    if p.last_claim_round >= _round:
        return p

    old_stake: uint256 = ledger.delegators[_delegator].bonded_amount
    old_fees: uint256 = ledger.delegators[_delegator].fees
    stake: uint256 = old_stake
    fees: uint256 = old_fees
    if p.delegate != empty(address):
        stake, fees = self._pending(_delegator, p, _round)
        ledger._materialise_factors(p.delegate, _round)
        if p.delegate == _delegator:
            ledger.transcoders[_delegator].cumulative_fees = 0
            ledger.transcoders[_delegator].cumulative_rewards = 0
    log IBondingManager.EarningsClaimed(
        delegate=p.delegate,
        delegator=_delegator,
        rewards=stake - old_stake,
        fees=fees - old_fees,
        startRound=p.last_claim_round + 1,
        endRound=_round,
    )
    p.last_claim_round = _round
    ledger._save_position(_delegator, p)
    if stake != old_stake:
        ledger.delegators[_delegator].bonded_amount = stake
    if fees != old_fees:
        ledger.delegators[_delegator].fees = fees
    return p


@internal
@view
def _check_may_claim_for(_owner: address, _round: uint256):
    """
    @dev A third party may not force a claim on somebody whose delegate still has to call reward this round: the
         claim would forfeit that round's rewards.
    """
    if msg.sender == _owner or ledger.delegators[_owner].bonded_amount == 0:
        return
    if msg.sender == peers._l2_migrator():
        return
    p: ledger.Position = ledger._position(_owner)
    t: ledger.Terms = ledger._terms(p.delegate)
    errors._check(
        t.last_reward_round == _round
        or p.last_claim_round == _round
        or not active_set._is_active(t, _round),
        "ILLEGAL_CLAIM_EARNINGS",
    )
