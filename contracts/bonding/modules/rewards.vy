# pragma version 0.4.3
"""
@title rewards
@notice Minting rewards, crediting fees, and what a transcoder keeps of both.
@dev Owns the treasury cut, its ceiling and the reward callers of LIP-118. With stake S recorded for the round,
     rewards split as
         minted = treasury + commission + shared        R' = R * (1 + shared / S)
     and fees as
         fees = commission + shared                     F' = F + R * shared / S
     where the transcoder's accrued, unclaimed rewards A <= S earn A / S of what is shared. Every division floors, so
     what delegators can claim never exceeds what was minted or paid in. Factors never decrease.
     Source: bonding spec, sections 12.2 and 12.12 to 12.15; LIP-36, LIP-92, LIP-118; differences 3, 5, 7 and 8.
"""

from ...interfaces import IBondingManager
from ...interfaces import IBondingVotes
from ...interfaces import ILivepeerToken
from ...interfaces import IMinter
from ...interfaces import IRoundsManager
from ...modules import contract_ids
from ...modules import errors
from ...modules import managed
from ...modules import percentages
from . import active_set
from . import checkpoints
from . import peers
from . import ledger

uses: managed
uses: peers
uses: ledger
uses: active_set
uses: checkpoints

treasuryRewardCutRate: public(uint256)
nextRoundTreasuryRewardCutRate: public(uint256)
treasuryBalanceCeiling: public(uint256)
transcoderToRewardCaller: public(HashMap[address, address])


# ------------------------------------------------------------------------------------------------
# Transcoders
# ------------------------------------------------------------------------------------------------


@external
def transcoder(_rewardCut: uint256, _feeShare: uint256):
    self._set_commission(_rewardCut, _feeShare, empty(address), empty(address))


@external
def transcoderWithHint(
    _rewardCut: uint256, _feeShare: uint256, _newPosPrev: address, _newPosNext: address
):
    self._set_commission(_rewardCut, _feeShare, _newPosPrev, _newPosNext)


@external
def reward():
    self._reward(msg.sender, peers._check_live(), empty(address), empty(address))


@external
def rewardWithHint(_newPosPrev: address, _newPosNext: address):
    self._reward(msg.sender, peers._check_live(), _newPosPrev, _newPosNext)


@external
def setRewardCaller(_rewardCaller: address):
    managed._check_system_not_paused()
    self.transcoderToRewardCaller[msg.sender] = _rewardCaller
    log IBondingManager.RewardCallerSet(transcoder=msg.sender, rewardCaller=_rewardCaller)


# ------------------------------------------------------------------------------------------------
# Reward callers
# ------------------------------------------------------------------------------------------------


@external
def rewardForTranscoder(_transcoder: address):
    self._reward_for(_transcoder, empty(address), empty(address))


@external
def rewardForTranscoderWithHint(_transcoder: address, _newPosPrev: address, _newPosNext: address):
    self._reward_for(_transcoder, _newPosPrev, _newPosNext)


# ------------------------------------------------------------------------------------------------
# TicketBroker, RoundsManager
# ------------------------------------------------------------------------------------------------


@external
def updateTranscoderWithFees(_transcoder: address, _fees: uint256, _round: uint256):
    managed._check_system_not_paused()
    errors._check(
        msg.sender == managed._contract(contract_ids.TICKET_BROKER),
        "caller must be TicketBroker",
    )

    self._credit_fees(_transcoder, _fees, peers._current_round())


@external
def setCurrentRoundTotalActiveStake():
    errors._check(
        msg.sender == peers._rounds_manager(),
        "caller must be RoundsManager",
    )

    total: uint256 = active_set._turn_round()
    next_cut: uint256 = self.nextRoundTreasuryRewardCutRate
    if next_cut != self.treasuryRewardCutRate:
        self.treasuryRewardCutRate = next_cut
        managed._log_parameter_update("treasuryRewardCutRate")

    extcall IBondingVotes(peers._bonding_votes()).checkpointTotalActiveStake(
        total, peers._current_round()
    )


# ------------------------------------------------------------------------------------------------
# Controller owner
# ------------------------------------------------------------------------------------------------


@external
def setTreasuryRewardCutRate(_cutRate: uint256):
    managed._check_controller_owner()
    errors._check(_cutRate <= percentages.PRECISE_PERC, "_cutRate is invalid precise percentage")
    self._set_next_treasury_cut(_cutRate)


@external
def setTreasuryBalanceCeiling(_ceiling: uint256):
    managed._check_controller_owner()
    self.treasuryBalanceCeiling = _ceiling
    managed._log_parameter_update("treasuryBalanceCeiling")


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
def _set_next_treasury_cut(_cut_rate: uint256):
    self.nextRoundTreasuryRewardCutRate = _cut_rate
    managed._log_parameter_update("nextRoundTreasuryRewardCutRate")


@internal
def _set_commission(
    _reward_cut: uint256, _fee_share: uint256, _prev_hint: address, _next_hint: address
):
    round: uint256 = peers._check_live()
    errors._check(
        not staticcall IRoundsManager(peers._rounds_manager()).currentRoundLocked(),
        "can't update transcoder params, current round is locked",
    )
    errors._check(_reward_cut <= percentages.PERC, "invalid rewardCut percentage")
    errors._check(_fee_share <= percentages.PERC, "invalid feeShare percentage")
    ledger._check_registered(msg.sender)
    t: ledger.Terms = ledger._terms(msg.sender)
    errors._check(
        not active_set._is_active(t, round) or t.last_reward_round == round,
        "caller can't be active or must have already called reward for the current round",
    )

    t.reward_cut = _reward_cut
    t.fee_share = _fee_share
    ledger._save_terms(msg.sender, t)
    active_set._join_if_outside(msg.sender, round, _prev_hint, _next_hint)
    log IBondingManager.TranscoderUpdate(
        transcoder=msg.sender, rewardCut=_reward_cut, feeShare=_fee_share
    )


@internal
def _reward_for(_transcoder: address, _prev_hint: address, _next_hint: address):
    round: uint256 = peers._check_live()
    errors._check(
        msg.sender == self.transcoderToRewardCaller[_transcoder],
        "caller must be transcoder's reward caller",
    )
    self._reward(_transcoder, round, _prev_hint, _next_hint)


@internal
def _reward(_transcoder: address, _round: uint256, _prev_hint: address, _next_hint: address):
    """
    @dev Mint this round's reward of an active transcoder. Not a claim: its own bond and claim round stay.
    """
    t: ledger.Terms = ledger._terms(_transcoder)
    errors._check(active_set._is_active(t, _round), "caller must be an active transcoder")
    errors._check(
        t.last_reward_round != _round,
        "caller has already called reward for the current round",
    )
    pool: ledger.RoundTerms = self._freeze_round_terms(_transcoder, t, _round)

    rewards: uint256 = self._mint(_transcoder, pool.stake)

    commission: uint256 = percentages._of(rewards, pool.reward_cut, percentages.PERC)
    shared: uint256 = rewards - commission
    accrued: uint256 = ledger.transcoders[_transcoder].cumulative_rewards
    ledger.transcoders[_transcoder].active_cumulative_rewards = accrued
    ledger.transcoders[_transcoder].cumulative_rewards = (
        accrued + commission + self._share_of(accrued, shared, pool.stake)
    )
    factor: uint256 = ledger._one_if_unset(
        ledger.pools[_transcoder][t.last_reward_round].reward_factor
    )
    ledger.pools[_transcoder][_round].reward_factor = factor + percentages._of_fraction(
        factor, shared, pool.stake, percentages.PRECISE_PERC
    )
    t.last_reward_round = _round
    ledger._save_terms(_transcoder, t)

    active_set._increase_stake(_transcoder, rewards, _round, _prev_hint, _next_hint, False)
    log IBondingManager.Reward(transcoder=_transcoder, amount=rewards)
    checkpoints._checkpoint(_transcoder, _round)


@internal
def _mint(_transcoder: address, _stake: uint256) -> uint256:
    """
    @dev Mint the reward for a stake, pay the treasury its cut (LIP-92) and return the rest. Noticing a full treasury
         stops the cut from the next round on.
    """
    ceiling: uint256 = self.treasuryBalanceCeiling
    if ceiling > 0 and self.nextRoundTreasuryRewardCutRate > 0:
        token: address = peers._livepeer_token()
        treasury: address = peers._treasury()
        if staticcall ILivepeerToken(token).balanceOf(treasury) >= ceiling:
            self._set_next_treasury_cut(0)
    minted: uint256 = extcall IMinter(peers._minter()).createReward(
        _stake, active_set.currentRoundTotalActiveStake
    )
    treasury_cut: uint256 = percentages._of(
        minted, self.treasuryRewardCutRate, percentages.PRECISE_PERC
    )
    if treasury_cut > 0:
        treasury: address = peers._treasury()
        peers._pay_tokens(treasury, treasury_cut)
        log IBondingManager.TreasuryReward(
            transcoder=_transcoder, treasury=treasury, amount=treasury_cut
        )
    return minted - treasury_cut


@internal
def _credit_fees(_transcoder: address, _fees: uint256, _round: uint256):
    ledger._check_registered(_transcoder)
    t: ledger.Terms = ledger._terms(_transcoder)
    errors._check(active_set._is_active(t, _round), "transcoder must be active")

    # Stake and commission of the round: as frozen by reward, else the present ones.
    pool: ledger.RoundTerms = ledger._round_terms(_transcoder, _round)
    accrued: uint256 = ledger.transcoders[_transcoder].active_cumulative_rewards
    if t.last_reward_round < _round:
        pool = self._freeze_round_terms(_transcoder, t, _round)
        accrued = ledger.transcoders[_transcoder].cumulative_rewards

    before: ledger.Factors = ledger._latest_factors(_transcoder, _round - 1)
    if before.reward == 0 and t.last_reward_round == _round:
        before.reward = self._factor_before_reward(_transcoder, pool, _round)

    shared: uint256 = percentages._of(_fees, pool.fee_share, percentages.PERC)
    ledger.transcoders[_transcoder].cumulative_fees += (
        _fees - shared + self._share_of(accrued, shared, pool.stake)
    )
    fee_factor: uint256 = ledger.pools[_transcoder][_round].fee_factor
    if fee_factor == 0:
        fee_factor = before.fee
    ledger.pools[_transcoder][_round].fee_factor = fee_factor + percentages._of_fraction(
        ledger._one_if_unset(before.reward), shared, pool.stake, percentages.PRECISE_PERC
    )
    if t.last_fee_round != _round:
        t.last_fee_round = _round
        ledger._save_terms(_transcoder, t)


@internal
def _freeze_round_terms(
    _transcoder: address, _t: ledger.Terms, _round: uint256
) -> ledger.RoundTerms:
    """
    @dev Write commission and stake of a transcoder into this round's pool. Without a stake change since, the stake is
         that of the last round that had one.
    """
    stake_round: uint256 = min(_t.last_stake_round, _round)
    pool: ledger.RoundTerms = ledger.RoundTerms(
        stake=ledger._round_terms(_transcoder, stake_round).stake,
        reward_cut=_t.reward_cut,
        fee_share=_t.fee_share,
    )
    ledger._save_round_terms(_transcoder, _round, pool)
    return pool


@internal
@pure
def _share_of(_accrued: uint256, _shared: uint256, _stake: uint256) -> uint256:
    """
    @dev What a transcoder's accrued rewards earn of `_shared`. They are part of the stake; were they more, shares
         would add up to more than there is (difference 7).
    """
    errors._check(_accrued <= _stake, "active rewards exceed total stake")
    return percentages._of_fraction(_shared, _accrued, _stake, percentages.PRECISE_PERC)


@internal
@view
def _factor_before_reward(
    _transcoder: address, _pool: ledger.RoundTerms, _round: uint256
) -> uint256:
    """
    @dev The reward factor as it stood before this round's reward, for a transcoder whose previous round has none:
         this round's factor divided by the growth that the round's mintable tokens gave (difference 5).
    """
    minted: uint256 = percentages._of_fraction(
        staticcall IMinter(peers._minter()).currentMintableTokens(),
        _pool.stake,
        active_set.currentRoundTotalActiveStake,
        percentages.PRECISE_PERC,
    )
    minted -= percentages._of(minted, self.treasuryRewardCutRate, percentages.PRECISE_PERC)
    shared: uint256 = minted - percentages._of(minted, _pool.reward_cut, percentages.PERC)
    return percentages._of_fraction(
        ledger.pools[_transcoder][_round].reward_factor,
        _pool.stake,
        shared + _pool.stake,
        percentages.PRECISE_PERC,
    )
