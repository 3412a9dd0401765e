# pragma version 0.4.3
"""
@title slashing
@notice Taking stake from a cheater, exactly.
@dev Owns nothing. A slash of account t, bonded with b (after a claim) to delegate g, by penalty p = floor(b * slash):
         bonded_amount(t)'    = bonded_amount(t) - p
         delegated_amount(g)' = delegated_amount(g) - p
         next total'          = sum of delegated_amount' over the pool
         LPT in the Minter'   = LPT in the Minter - p, of which floor(p * fee) to the finder, the rest burnt
     whatever t's status, and whether g is t or not: to the books it is an unbonding of p whose lock is destroyed.
     t leaves the pool at once and stops being active after this round; this round's recorded stake stays what it was
     when the round began, as after any unbonding, so nobody else's share changes. If nothing is left, t has no
     delegate and no start round. Votes follow by checkpoints of g and t. Stake that t is unbonding is slashed lock by
     lock: amount' = amount - floor(amount * slash), and the Minter's LPT follows as above.
     While a case is open the Verifier holds t's own stake: no unbonding, transfer, rebonding or withdrawal, and no
     way (back) into the pool. Rebonding too, or stake of a lock would dodge by changing sides.
     Source: bonding spec, section 12.14; verification spec, section 8.3; differences 9, 10 and 18.
"""

from ...interfaces import IBondingManager
from ...interfaces import IMinter
from ...modules import contract_ids
from ...modules import errors
from ...modules import managed
from ...modules import percentages
from . import active_set
from . import checkpoints
from . import peers
from . import earnings
from . import ledger

uses: managed
uses: peers
uses: ledger
uses: active_set
uses: checkpoints
uses: earnings


# ------------------------------------------------------------------------------------------------
# Verifier
# ------------------------------------------------------------------------------------------------


@external
def slashTranscoder(
    _transcoder: address, _finder: address, _slashAmount: uint256, _finderFee: uint256
):
    self._check_slash(_slashAmount, _finderFee)

    round: uint256 = peers._current_round()
    p: ledger.Position = earnings._claim(_transcoder, round)
    bonded: uint256 = ledger.delegators[_transcoder].bonded_amount
    penalty: uint256 = percentages._of(bonded, _slashAmount, percentages.PERC)
    finder_reward: uint256 = 0
    if bonded > 0:
        self._take(_transcoder, p, bonded, penalty, round)
        finder_reward = self._pay_and_burn(_finder, penalty, _finderFee)

    log IBondingManager.TranscoderSlashed(
        transcoder=_transcoder, finder=_finder, penalty=penalty, finderReward=finder_reward
    )
    checkpoints._checkpoint(_transcoder, round)


@external
def slashUnbondingLock(
    _transcoder: address,
    _unbondingLockId: uint256,
    _finder: address,
    _slashAmount: uint256,
    _finderFee: uint256,
):
    self._check_slash(_slashAmount, _finderFee)

    lock: IBondingManager.UnbondingLock = ledger._lock(_transcoder, _unbondingLockId)
    errors._check(lock.withdrawRound > 0, "invalid unbonding lock ID")
    penalty: uint256 = percentages._of(lock.amount, _slashAmount, percentages.PERC)
    rest: uint256 = lock.amount - penalty
    ledger._save_lock(_transcoder, _unbondingLockId, rest, 0 if rest == 0 else lock.withdrawRound)
    finder_reward: uint256 = self._pay_and_burn(_finder, penalty, _finderFee)

    log IBondingManager.UnbondingLockSlashed(
        transcoder=_transcoder,
        finder=_finder,
        unbondingLockId=_unbondingLockId,
        penalty=penalty,
        finderReward=finder_reward,
    )


@external
def holdStake(_transcoder: address, _resign: bool):
    self._check_verifier()

    self._save_held(_transcoder, True)
    if _resign:
        active_set._resign_if_inside(_transcoder, peers._current_round())


@external
def releaseStake(_transcoder: address):
    self._check_verifier()

    self._save_held(_transcoder, False)


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
@view
def _check_verifier():
    errors._check(msg.sender == managed._contract(contract_ids.VERIFIER), "caller must be Verifier")


@internal
@view
def _check_slash(_slash_amount: uint256, _finder_fee: uint256):
    managed._check_system_not_paused()
    self._check_verifier()
    errors._check(_slash_amount <= percentages.PERC, "invalid slashAmount percentage")
    errors._check(_finder_fee <= percentages.PERC, "invalid finderFee percentage")


@internal
def _save_held(_transcoder: address, _held: bool):
    p: ledger.Position = ledger._position(_transcoder)
    p.held = _held
    ledger._save_position(_transcoder, p)
    log IBondingManager.StakeHeld(transcoder=_transcoder, held=_held)


@internal
def _take(
    _transcoder: address, _p: ledger.Position, _bonded: uint256, _penalty: uint256, _round: uint256
):
    active_set._resign_if_inside(_transcoder, _round)
    ledger.delegators[_transcoder].bonded_amount = _bonded - _penalty
    if _bonded == _penalty:
        after: ledger.Position = _p
        after.delegate = empty(address)
        after.start_round = 0
        ledger._save_position(_transcoder, after)

    active_set._decrease_stake(_p.delegate, _penalty, _round, empty(address), empty(address))
    if _p.delegate != _transcoder:
        checkpoints._checkpoint(_p.delegate, _round)


@internal
def _pay_and_burn(_finder: address, _penalty: uint256, _finder_fee: uint256) -> uint256:
    """
    @dev Give the finder its part of the penalty and burn the rest. Returns the finder's part.
    """
    finder_reward: uint256 = 0
    if _finder != empty(address):
        finder_reward = percentages._of(_penalty, _finder_fee, percentages.PERC)
        peers._pay_tokens(_finder, finder_reward)
    extcall IMinter(peers._minter()).trustedBurnTokens(_penalty - finder_reward)
    return finder_reward
