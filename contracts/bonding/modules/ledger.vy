# pragma version 0.4.3
"""
@title ledger
@notice The records of the bonding system: delegators, transcoders, unbonding locks and earnings pools.
@dev Owns all four maps and how they are packed; nothing else knows the bit layouts.
       delegator   delegated to g:  bonded_amount | fees | delegated_amount | position
       position    held 1 | next lock id 31 | last claim round 32 | start round 32 | delegate 160
       transcoder  terms | active_cumulative_rewards | cumulative_rewards | cumulative_fees
       terms       deactivation 32 | activation 32 | last stake 32 | last fee 32 | last reward round 32
                   | fee share 32 | reward cut 32
       lock        amount 192 | withdraw round 64
       pool        stake 192 | fee share 32 | reward cut 32, then reward factor, fee factor
     Getters return the words of the published ABI. Sizes are safe: rounds are bounded by `clock`, stakes by
     `active_set`, percentages by validation.
     Invariants: bonded_amount == 0 implies no delegate and no start round; a lock exists iff its withdraw round
     is not 0. Source: bonding spec, sections 5, 9 and 13.
"""

from ...interfaces import IBondingManager
from ...modules import errors
from ...modules import percentages

NEVER: constant(uint256) = 2**32 - 1  # deactivation round of a member of the pool
_WORD31: constant(uint256) = 2**31 - 1
_WORD32: constant(uint256) = 2**32 - 1
_WORD64: constant(uint256) = 2**64 - 1
_WORD160: constant(uint256) = 2**160 - 1


struct DelegatorRecord:
    bonded_amount: uint256
    fees: uint256
    delegated_amount: uint256
    position: uint256


struct TranscoderRecord:
    terms: uint256
    active_cumulative_rewards: uint256
    cumulative_rewards: uint256
    cumulative_fees: uint256


struct PoolRecord:
    stake_and_commission: uint256
    reward_factor: uint256
    fee_factor: uint256


# A delegator's position, unpacked.
struct Position:
    delegate: address
    start_round: uint256
    last_claim_round: uint256
    next_lock_id: uint256
    held: bool  # own stake stays where it is: a slashing case is open


# A transcoder's terms and round marks, unpacked.
struct Terms:
    reward_cut: uint256
    fee_share: uint256
    last_reward_round: uint256
    last_fee_round: uint256
    last_stake_round: uint256
    activation_round: uint256
    deactivation_round: uint256


# Stake and commission frozen for one round, unpacked.
struct RoundTerms:
    stake: uint256
    reward_cut: uint256
    fee_share: uint256


# Cumulative factors of a pool, base 1e27; 0 means not initialised.
struct Factors:
    reward: uint256
    fee: uint256


delegators: HashMap[address, DelegatorRecord]
transcoders: HashMap[address, TranscoderRecord]
_locks: HashMap[address, HashMap[uint256, uint256]]
pools: HashMap[address, HashMap[uint256, PoolRecord]]


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def getDelegator(_delegator: address) -> IBondingManager.Delegator:
    p: Position = self._position(_delegator)
    return IBondingManager.Delegator(
        bondedAmount=self.delegators[_delegator].bonded_amount,
        fees=self.delegators[_delegator].fees,
        delegateAddress=p.delegate,
        delegatedAmount=self.delegators[_delegator].delegated_amount,
        startRound=p.start_round,
        lastClaimRound=p.last_claim_round,
        nextUnbondingLockId=p.next_lock_id,
    )


@external
@view
def getTranscoder(_transcoder: address) -> IBondingManager.Transcoder:
    t: Terms = self._terms(_transcoder)
    return IBondingManager.Transcoder(
        lastRewardRound=t.last_reward_round,
        rewardCut=t.reward_cut,
        feeShare=t.fee_share,
        lastActiveStakeUpdateRound=t.last_stake_round,
        activationRound=t.activation_round,
        deactivationRound=max_value(uint256)
        if t.deactivation_round == NEVER
        else t.deactivation_round,
        activeCumulativeRewards=self.transcoders[_transcoder].active_cumulative_rewards,
        cumulativeRewards=self.transcoders[_transcoder].cumulative_rewards,
        cumulativeFees=self.transcoders[_transcoder].cumulative_fees,
        lastFeeRound=t.last_fee_round,
    )


@external
@view
def getTranscoderEarningsPoolForRound(
    _transcoder: address, _round: uint256
) -> IBondingManager.EarningsPool:
    t: RoundTerms = self._round_terms(_transcoder, _round)
    return IBondingManager.EarningsPool(
        totalStake=t.stake,
        transcoderRewardCut=t.reward_cut,
        transcoderFeeShare=t.fee_share,
        cumulativeRewardFactor=self.pools[_transcoder][_round].reward_factor,
        cumulativeFeeFactor=self.pools[_transcoder][_round].fee_factor,
    )


@external
@view
def getDelegatorUnbondingLock(
    _delegator: address, _unbondingLockId: uint256
) -> IBondingManager.UnbondingLock:
    return self._lock(_delegator, _unbondingLockId)


@external
@view
def isValidUnbondingLock(_delegator: address, _unbondingLockId: uint256) -> bool:
    return self._lock(_delegator, _unbondingLockId).withdrawRound > 0


@external
@view
def isStakeHeld(_delegator: address) -> bool:
    return self._position(_delegator).held


@external
@view
def transcoderTotalStake(_transcoder: address) -> uint256:
    return self.delegators[_transcoder].delegated_amount


@external
@view
def transcoderStatus(_transcoder: address) -> uint8:
    return 1 if self._is_registered(_transcoder) else 0


@external
@view
def isRegisteredTranscoder(_transcoder: address) -> bool:
    return self._is_registered(_transcoder)


# ------------------------------------------------------------------------------------------------
# Delegators
# ------------------------------------------------------------------------------------------------


@internal
@view
def _position(_delegator: address) -> Position:
    word: uint256 = self.delegators[_delegator].position
    return Position(
        delegate=convert(convert(word & _WORD160, uint160), address),
        start_round=(word >> 160) & _WORD32,
        last_claim_round=(word >> 192) & _WORD32,
        next_lock_id=(word >> 224) & _WORD31,
        held=word >> 255 == 1,
    )


@internal
def _save_position(_delegator: address, _p: Position):
    assert _p.next_lock_id <= _WORD31  # dev: two billion unbonding locks
    self.delegators[_delegator].position = (
        convert(_p.delegate, uint256)
        | (_p.start_round << 160)
        | (_p.last_claim_round << 192)
        | (_p.next_lock_id << 224)
        | (convert(_p.held, uint256) << 255)
    )


@internal
@view
def _is_registered(_transcoder: address) -> bool:
    """
    @dev A transcoder is registered by bonding to itself; there is no other flag.
    """
    return (
        self.delegators[_transcoder].bonded_amount > 0
        and self._position(_transcoder).delegate == _transcoder
    )


@internal
@view
def _check_registered(_transcoder: address):
    errors._check(self._is_registered(_transcoder), "transcoder must be registered")


@internal
@pure
def _check_not_held(_p: Position):
    errors._check(not _p.held, "stake is held: slashing case open")


# ------------------------------------------------------------------------------------------------
# Unbonding locks
# ------------------------------------------------------------------------------------------------


@internal
@view
def _lock(_delegator: address, _lock_id: uint256) -> IBondingManager.UnbondingLock:
    word: uint256 = self._locks[_delegator][_lock_id]
    return IBondingManager.UnbondingLock(amount=word >> 64, withdrawRound=word & _WORD64)


@internal
def _save_lock(_delegator: address, _lock_id: uint256, _amount: uint256, _withdraw_round: uint256):
    assert _withdraw_round <= _WORD64  # dev: unbonding period too long
    self._locks[_delegator][_lock_id] = (_amount << 64) | _withdraw_round


@internal
def _take_lock(_delegator: address, _lock_id: uint256) -> IBondingManager.UnbondingLock:
    """
    @dev Read a lock, which must exist and not be held, and delete it.
    """
    self._check_not_held(self._position(_delegator))
    lock: IBondingManager.UnbondingLock = self._lock(_delegator, _lock_id)
    errors._check(lock.withdrawRound > 0, "invalid unbonding lock ID")
    self._locks[_delegator][_lock_id] = 0
    return lock


# ------------------------------------------------------------------------------------------------
# Transcoders
# ------------------------------------------------------------------------------------------------


@internal
@view
def _terms(_transcoder: address) -> Terms:
    word: uint256 = self.transcoders[_transcoder].terms
    return Terms(
        reward_cut=word & _WORD32,
        fee_share=(word >> 32) & _WORD32,
        last_reward_round=(word >> 64) & _WORD32,
        last_fee_round=(word >> 96) & _WORD32,
        last_stake_round=(word >> 128) & _WORD32,
        activation_round=(word >> 160) & _WORD32,
        deactivation_round=word >> 192,
    )


@internal
def _save_terms(_transcoder: address, _t: Terms):
    self.transcoders[_transcoder].terms = (
        _t.reward_cut
        | (_t.fee_share << 32)
        | (_t.last_reward_round << 64)
        | (_t.last_fee_round << 96)
        | (_t.last_stake_round << 128)
        | (_t.activation_round << 160)
        | (_t.deactivation_round << 192)
    )


# ------------------------------------------------------------------------------------------------
# Earnings pools
# ------------------------------------------------------------------------------------------------


@internal
@view
def _round_terms(_transcoder: address, _round: uint256) -> RoundTerms:
    word: uint256 = self.pools[_transcoder][_round].stake_and_commission
    return RoundTerms(stake=word >> 64, reward_cut=word & _WORD32, fee_share=(word >> 32) & _WORD32)


@internal
def _save_round_terms(_transcoder: address, _round: uint256, _t: RoundTerms):
    self.pools[_transcoder][_round].stake_and_commission = (
        _t.reward_cut | (_t.fee_share << 32) | (_t.stake << 64)
    )


@internal
def _set_stake(_transcoder: address, _round: uint256, _stake: uint256):
    """
    @dev Record the stake that counts in `_round`, leaving the commission as it is.
    """
    word: uint256 = self.pools[_transcoder][_round].stake_and_commission
    self.pools[_transcoder][_round].stake_and_commission = (word & _WORD64) | (_stake << 64)


@internal
@view
def _factors(_transcoder: address, _round: uint256) -> Factors:
    return Factors(
        reward=self.pools[_transcoder][_round].reward_factor,
        fee=self.pools[_transcoder][_round].fee_factor,
    )


@internal
@view
def _latest_factors(_transcoder: address, _round: uint256) -> Factors:
    """
    @dev Factors as of `_round`. A round without a reward (or fee) carries the factor of the last round that had
         one before it (LIP-36). Each may still be 0.
    """
    f: Factors = self._factors(_transcoder, _round)
    if f.reward != 0 and f.fee != 0:
        return f

    t: Terms = self._terms(_transcoder)
    if f.reward == 0 and t.last_reward_round < _round:
        f.reward = self.pools[_transcoder][t.last_reward_round].reward_factor
    if f.fee == 0 and t.last_fee_round < _round:
        f.fee = self.pools[_transcoder][t.last_fee_round].fee_factor
    return f


@internal
def _materialise_factors(_transcoder: address, _round: uint256):
    """
    @dev Write the looked-back factors into `_round`, which becomes the start of somebody's next claim. Without it
         a start factor of 0 would read as 1 and multiply that stake by the whole history.
    """
    stored: Factors = self._factors(_transcoder, _round)
    latest: Factors = self._latest_factors(_transcoder, _round)
    if latest.reward != stored.reward:
        self.pools[_transcoder][_round].reward_factor = latest.reward
    if latest.fee != stored.fee:
        self.pools[_transcoder][_round].fee_factor = latest.fee


@internal
@pure
def _one_if_unset(_factor: uint256) -> uint256:
    """
    @dev An unset reward factor counts as 1.
    """
    return percentages.PRECISE_PERC if _factor == 0 else _factor
