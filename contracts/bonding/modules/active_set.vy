# pragma version 0.4.3
"""
@title active_set
@notice Who earns in this round and the next, and the stake that counts for it.
@dev Owns the two totals and the size of the current set; initialises the pool. Every change of stake delegated to
     anybody goes through `_increase_stake` or `_decrease_stake`, the only writers of `delegated_amount`.
     Invariants: nextRoundTotalActiveStake == sum of delegated_amount over the pool; a member's key equals its
     delegated_amount; members are registered and have deactivation round NEVER.
     Source: bonding spec, sections 11 and 13; differences 2, 4 and 6.
"""

from ...interfaces import IBondingManager
from ...modules import errors
from ...modules import managed
from . import peers
from . import ledger
from . import transcoder_pool

uses: managed
uses: peers
uses: ledger
initializes: transcoder_pool

MAX_STAKE: constant(uint256) = (
    2**96 - 1
)  # keys of the pool and checkpoints of BondingVotes hold 96 bits

currentRoundTotalActiveStake: public(uint256)
nextRoundTotalActiveStake: public(uint256)
_active_set_size: uint256


# ------------------------------------------------------------------------------------------------
# Controller owner
# ------------------------------------------------------------------------------------------------


@external
def setNumActiveTranscoders(_numActiveTranscoders: uint256):
    managed._check_controller_owner()
    transcoder_pool._set_max_size(_numActiveTranscoders)
    managed._log_parameter_update("numActiveTranscoders")


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def getTotalBonded() -> uint256:
    return self.currentRoundTotalActiveStake


@external
@view
def getActiveSetSize() -> uint256:
    return self._active_set_size


@external
@view
def isActiveTranscoder(_transcoder: address) -> bool:
    return self._is_active(ledger._terms(_transcoder), peers._current_round())


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
@pure
def _is_active(_t: ledger.Terms, _round: uint256) -> bool:
    return _t.activation_round <= _round and _round < _t.deactivation_round


@internal
def _turn_round() -> uint256:
    """
    @dev The pool becomes the active set. Returns the stake of the new set.
    """
    total: uint256 = self.nextRoundTotalActiveStake
    self.currentRoundTotalActiveStake = total
    self._active_set_size = transcoder_pool._size
    return total


@internal
def _increase_stake(
    _delegate: address,
    _amount: uint256,
    _round: uint256,
    _prev_hint: address,
    _next_hint: address,
    _may_refuse: bool,
):
    """
    @dev More stake for `_delegate`. A registered one outside the pool tries to join it; `_may_refuse` as in `_join`.
    """
    old_stake: uint256 = ledger.delegators[_delegate].delegated_amount
    new_stake: uint256 = old_stake + _amount
    errors._check(new_stake <= MAX_STAKE, "stake is too large")
    ledger.delegators[_delegate].delegated_amount = new_stake

    if transcoder_pool._contains(_delegate):
        transcoder_pool._update_key(_delegate, new_stake, _prev_hint, _next_hint)
        self.nextRoundTotalActiveStake += _amount
        self._record_stake(_delegate, old_stake, new_stake, _round, True)
    elif not (
        ledger._is_registered(_delegate)
        and self._join(_delegate, new_stake, _round, _prev_hint, _next_hint, _may_refuse)
    ):
        self._record_stake(_delegate, old_stake, new_stake, _round, False)


@internal
def _decrease_stake(
    _delegate: address, _amount: uint256, _round: uint256, _prev_hint: address, _next_hint: address
):
    """
    @dev Less stake for `_delegate`, in the pool or not, registered or not.
    """
    old_stake: uint256 = ledger.delegators[_delegate].delegated_amount
    new_stake: uint256 = old_stake - _amount
    ledger.delegators[_delegate].delegated_amount = new_stake

    in_pool: bool = transcoder_pool._contains(_delegate)
    if in_pool:
        transcoder_pool._update_key(_delegate, new_stake, _prev_hint, _next_hint)
        self.nextRoundTotalActiveStake -= _amount
    self._record_stake(_delegate, old_stake, new_stake, _round, in_pool)


@internal
def _record_stake(
    _transcoder: address, _old_stake: uint256, _new_stake: uint256, _round: uint256, _in_pool: bool
):
    """
    @dev Note the stake of a transcoder that earns in this round or the next: this round keeps the stake it began
         with, the next gets the new one. Skipping those who left the pool but are still active would let a reward or
         fee be shared over stake that is gone (difference 6).
    """
    t: ledger.Terms = ledger._terms(_transcoder)
    if not _in_pool and not self._is_active(t, _round):
        return

    if t.last_stake_round < _round:
        ledger._set_stake(_transcoder, _round, _old_stake)
    ledger._set_stake(_transcoder, _round + 1, _new_stake)
    if t.last_stake_round != _round + 1:
        t.last_stake_round = _round + 1
        ledger._save_terms(_transcoder, t)


@internal
def _join(
    _transcoder: address,
    _stake: uint256,
    _round: uint256,
    _prev_hint: address,
    _next_hint: address,
    _may_refuse: bool,
) -> bool:
    """
    @dev Enter the pool for the next round, evicting the last of a full one if it has less stake (ties stay out).
         An active last member that has not called reward this round is protected: evicted and pushed back in, it
         would lose the round. Then revert if `_may_refuse`, else stay out. Nobody joins while its stake is held.
         Returns whether it joined.
    """
    if ledger._position(_transcoder).held:
        return False

    next_round: uint256 = _round + 1
    total: uint256 = self.nextRoundTotalActiveStake

    if transcoder_pool._is_full():
        last: address = transcoder_pool._tail
        last_stake: uint256 = ledger.delegators[last].delegated_amount
        if _stake <= last_stake:
            return False
        evicted: ledger.Terms = ledger._terms(last)
        if self._is_active(evicted, _round) and evicted.last_reward_round != _round:
            errors._check(
                not _may_refuse, "cannot evict an active transcoder before it calls reward"
            )
            return False

        transcoder_pool._remove(last)
        evicted.deactivation_round = next_round
        ledger._save_terms(last, evicted)
        total -= last_stake
        log IBondingManager.TranscoderDeactivated(transcoder=last, deactivationRound=next_round)

    transcoder_pool._insert(_transcoder, _stake, _prev_hint, _next_hint)
    t: ledger.Terms = ledger._terms(_transcoder)
    t.last_stake_round = next_round
    t.activation_round = next_round
    t.deactivation_round = ledger.NEVER
    ledger._save_terms(_transcoder, t)
    ledger._set_stake(_transcoder, next_round, _stake)
    self.nextRoundTotalActiveStake = total + _stake
    log IBondingManager.TranscoderActivated(transcoder=_transcoder, activationRound=next_round)
    return True


@internal
def _join_if_outside(
    _transcoder: address, _round: uint256, _prev_hint: address, _next_hint: address
):
    """
    @dev A registered transcoder outside the pool tries to join with the stake it has.
    """
    if not transcoder_pool._contains(_transcoder):
        self._join(
            _transcoder,
            ledger.delegators[_transcoder].delegated_amount,
            _round,
            _prev_hint,
            _next_hint,
            False,
        )


@internal
def _resign_if_inside(_transcoder: address, _round: uint256):
    """
    @dev Leave the pool with the whole delegated stake; still active until this round ends.
    """
    if not transcoder_pool._contains(_transcoder):
        return

    transcoder_pool._remove(_transcoder)
    self.nextRoundTotalActiveStake -= ledger.delegators[_transcoder].delegated_amount
    t: ledger.Terms = ledger._terms(_transcoder)
    t.deactivation_round = _round + 1
    ledger._save_terms(_transcoder, t)
    log IBondingManager.TranscoderDeactivated(transcoder=_transcoder, deactivationRound=_round + 1)
