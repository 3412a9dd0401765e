# pragma version 0.4.3
"""
@title delegation
@notice Bonding, unbonding, moving and withdrawing stake, and withdrawing fees.
@dev Owns the unbonding period. Tokens: bonding moves `amount` LPT from the caller to the Minter; unbonding locks it
     there; withdrawing pays it out. So, over all accounts,
         LPT in the Minter >= sum(delegated_amount) + sum(lock amounts)
     Events, checkpoints and their order: bonding spec, section 15. Every function claims first (section 12).
"""

from ...interfaces import IBondingManager
from ...interfaces import ILivepeerToken
from ...interfaces import IMinter
from ...modules import errors
from ...modules import managed
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

unbondingPeriod: public(uint64)


# Places in the pool, as the caller expects them: null hints are legal, wrong ones cost a search.
struct Hints:
    prev: address
    next: address


# ------------------------------------------------------------------------------------------------
# Anyone
# ------------------------------------------------------------------------------------------------


@external
def bond(_amount: uint256, _to: address):
    self._bond(_amount, msg.sender, _to, empty(Hints), empty(Hints))


@external
def bondWithHint(
    _amount: uint256,
    _to: address,
    _oldDelegateNewPosPrev: address,
    _oldDelegateNewPosNext: address,
    _currDelegateNewPosPrev: address,
    _currDelegateNewPosNext: address,
):
    self._bond(
        _amount,
        msg.sender,
        _to,
        Hints(prev=_oldDelegateNewPosPrev, next=_oldDelegateNewPosNext),
        Hints(prev=_currDelegateNewPosPrev, next=_currDelegateNewPosNext),
    )


@external
def bondForWithHint(
    _amount: uint256,
    _owner: address,
    _to: address,
    _oldDelegateNewPosPrev: address,
    _oldDelegateNewPosNext: address,
    _currDelegateNewPosPrev: address,
    _currDelegateNewPosNext: address,
):
    self._bond(
        _amount,
        _owner,
        _to,
        Hints(prev=_oldDelegateNewPosPrev, next=_oldDelegateNewPosNext),
        Hints(prev=_currDelegateNewPosPrev, next=_currDelegateNewPosNext),
    )


# ------------------------------------------------------------------------------------------------
# Delegators
# ------------------------------------------------------------------------------------------------


@external
def unbond(_amount: uint256):
    self._unbond_to_lock(_amount, empty(Hints))


@external
def unbondWithHint(_amount: uint256, _newPosPrev: address, _newPosNext: address):
    self._unbond_to_lock(_amount, Hints(prev=_newPosPrev, next=_newPosNext))


@external
def rebond(_unbondingLockId: uint256):
    self._rebond_bonded(_unbondingLockId, empty(Hints))


@external
def rebondWithHint(_unbondingLockId: uint256, _newPosPrev: address, _newPosNext: address):
    self._rebond_bonded(_unbondingLockId, Hints(prev=_newPosPrev, next=_newPosNext))


@external
def rebondFromUnbonded(_to: address, _unbondingLockId: uint256):
    self._rebond_unbonded(_to, _unbondingLockId, empty(Hints))


@external
def rebondFromUnbondedWithHint(
    _to: address, _unbondingLockId: uint256, _newPosPrev: address, _newPosNext: address
):
    self._rebond_unbonded(_to, _unbondingLockId, Hints(prev=_newPosPrev, next=_newPosNext))


@external
def transferBond(
    _delegator: address,
    _amount: uint256,
    _oldDelegateNewPosPrev: address,
    _oldDelegateNewPosNext: address,
    _newDelegateNewPosPrev: address,
    _newDelegateNewPosNext: address,
):
    round: uint256 = peers._check_live()
    earnings._check_may_claim_for(_delegator, round)
    sender: ledger.Position = earnings._claim(msg.sender, round)

    # The stake leaves through the sender's next lock id and enters through the receiver's; no lock outlives the call.
    self._unbond(
        sender, _amount, round, Hints(prev=_oldDelegateNewPosPrev, next=_oldDelegateNewPosNext)
    )
    receiver: ledger.Position = ledger._position(_delegator)
    lock_id: uint256 = receiver.next_lock_id
    receiver.next_lock_id += 1
    ledger._save_position(_delegator, receiver)
    log IBondingManager.TransferBond(
        oldDelegator=msg.sender,
        newDelegator=_delegator,
        oldUnbondingLockId=sender.next_lock_id,
        newUnbondingLockId=lock_id,
        amount=_amount,
    )

    receiver = earnings._claim(_delegator, round)
    if ledger.delegators[_delegator].bonded_amount == 0:
        if receiver.delegate == empty(address):
            errors._check(
                sender.delegate != _delegator and _delegator != empty(address),
                "INVALID_DELEGATOR",
            )
            receiver.delegate = sender.delegate
        receiver.start_round = round + 1
        ledger._save_position(_delegator, receiver)
    self._rebond(
        _delegator,
        receiver.delegate,
        lock_id,
        _amount,
        round,
        Hints(prev=_newDelegateNewPosPrev, next=_newDelegateNewPosNext),
    )


@external
def withdrawStake(_unbondingLockId: uint256):
    round: uint256 = peers._check_live()
    lock: IBondingManager.UnbondingLock = ledger._take_lock(msg.sender, _unbondingLockId)
    errors._check(
        lock.withdrawRound <= round,
        "withdraw round must be before or equal to the current round",
    )

    peers._pay_tokens(msg.sender, lock.amount)
    log IBondingManager.WithdrawStake(
        delegator=msg.sender,
        unbondingLockId=_unbondingLockId,
        amount=lock.amount,
        withdrawRound=lock.withdrawRound,
    )


@external
def withdrawFees(_recipient: address, _amount: uint256):
    round: uint256 = peers._check_live()
    earnings._claim(msg.sender, round)
    errors._check(_recipient != empty(address), "invalid recipient")
    fees: uint256 = ledger.delegators[msg.sender].fees
    errors._check(fees >= _amount, "insufficient fees to withdraw")

    ledger.delegators[msg.sender].fees = fees - _amount
    extcall IMinter(peers._minter()).trustedWithdrawETH(_recipient, _amount)
    log IBondingManager.WithdrawFees(delegator=msg.sender, recipient=_recipient, amount=_amount)
    checkpoints._checkpoint(msg.sender, round)


# ------------------------------------------------------------------------------------------------
# Controller owner
# ------------------------------------------------------------------------------------------------


@external
def setUnbondingPeriod(_unbondingPeriod: uint64):
    managed._check_controller_owner()
    self.unbondingPeriod = _unbondingPeriod
    managed._log_parameter_update("unbondingPeriod")


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
def _bond(_amount: uint256, _owner: address, _to: address, _old_hints: Hints, _new_hints: Hints):
    round: uint256 = peers._check_live()
    earnings._check_may_claim_for(_owner, round)
    p: ledger.Position = earnings._claim(_owner, round)
    old_delegate: address = p.delegate
    old_bond: uint256 = ledger.delegators[_owner].bonded_amount
    if msg.sender != _owner and msg.sender != peers._l2_migrator():
        # A third party may add to what the owner chose, never choose for it.
        errors._check(_owner != empty(address), "INVALID_DELEGATOR")
        if old_bond == 0:
            errors._check(_to != _owner, "INVALID_DELEGATE")
        else:
            errors._check(old_delegate == _to, "INVALID_DELEGATE_CHANGE")
    moved: uint256 = _amount
    if old_bond == 0:
        p.start_round = round + 1
    elif old_delegate != _to:
        errors._check(
            old_delegate != _owner,
            "registered transcoders can't delegate towards other addresses",
        )
        p.start_round = round + 1
        moved += old_bond
        active_set._decrease_stake(old_delegate, old_bond, round, _old_hints.prev, _old_hints.next)
        checkpoints._checkpoint(old_delegate, round)
    errors._check(moved > 0, "delegation amount must be greater than 0")

    ledger._materialise_factors(_to, round)
    p.delegate = _to
    ledger._save_position(_owner, p)
    ledger.delegators[_owner].bonded_amount = old_bond + _amount
    active_set._increase_stake(_to, moved, round, _new_hints.prev, _new_hints.next, True)
    if _to != _owner:
        checkpoints._checkpoint(_to, round)

    if _amount > 0:
        # The result is ignored as in the deployed protocol; LPT reverts instead of returning false.
        extcall ILivepeerToken(peers._livepeer_token()).transferFrom(
            msg.sender, peers._minter(), _amount
        )
    log IBondingManager.Bond(
        newDelegate=_to,
        oldDelegate=old_delegate,
        delegator=_owner,
        additionalAmount=_amount,
        bondedAmount=old_bond + _amount,
    )
    checkpoints._checkpoint(_owner, round)


@internal
def _unbond_to_lock(_amount: uint256, _hints: Hints):
    round: uint256 = peers._check_live()
    p: ledger.Position = earnings._claim(msg.sender, round)
    withdraw_round: uint256 = self._unbond(p, _amount, round, _hints)
    ledger._save_lock(msg.sender, p.next_lock_id, _amount, withdraw_round)


@internal
def _unbond(_p: ledger.Position, _amount: uint256, _round: uint256, _hints: Hints) -> uint256:
    """
    @dev Take stake of the caller, whose position `_p` is as just claimed, out of the books under its next lock id.
         Returns the withdraw round; storing a lock is up to the caller.
    """
    bonded: uint256 = ledger.delegators[msg.sender].bonded_amount
    ledger._check_not_held(_p)
    errors._check(bonded > 0 and _p.start_round <= _round, "caller must be bonded")
    errors._check(_amount > 0, "unbond amount must be greater than 0")
    errors._check(_amount <= bonded, "amount is greater than bonded amount")
    withdraw_round: uint256 = _round + convert(self.unbondingPeriod, uint256)

    after: ledger.Position = _p
    after.next_lock_id += 1
    if _amount == bonded:
        after.delegate = empty(address)
        after.start_round = 0
        active_set._resign_if_inside(msg.sender, _round)
    ledger._save_position(msg.sender, after)
    ledger.delegators[msg.sender].bonded_amount = bonded - _amount
    active_set._decrease_stake(_p.delegate, _amount, _round, _hints.prev, _hints.next)

    if _p.delegate != msg.sender:
        checkpoints._checkpoint(_p.delegate, _round)
    log IBondingManager.Unbond(
        delegate=_p.delegate,
        delegator=msg.sender,
        unbondingLockId=_p.next_lock_id,
        amount=_amount,
        withdrawRound=withdraw_round,
    )
    checkpoints._checkpoint(msg.sender, _round)
    return withdraw_round


@internal
def _rebond_bonded(_lock_id: uint256, _hints: Hints):
    round: uint256 = peers._check_live()
    p: ledger.Position = earnings._claim(msg.sender, round)
    errors._check(ledger.delegators[msg.sender].bonded_amount > 0, "caller must be bonded")

    amount: uint256 = ledger._take_lock(msg.sender, _lock_id).amount
    self._rebond(msg.sender, p.delegate, _lock_id, amount, round, _hints)


@internal
def _rebond_unbonded(_to: address, _lock_id: uint256, _hints: Hints):
    round: uint256 = peers._check_live()
    p: ledger.Position = earnings._claim(msg.sender, round)
    errors._check(ledger.delegators[msg.sender].bonded_amount == 0, "caller must be unbonded")

    amount: uint256 = ledger._take_lock(msg.sender, _lock_id).amount
    ledger._materialise_factors(_to, round)
    p.start_round = round + 1
    p.delegate = _to
    ledger._save_position(msg.sender, p)
    self._rebond(msg.sender, _to, _lock_id, amount, round, _hints)


@internal
def _rebond(
    _delegator: address,
    _delegate: address,
    _lock_id: uint256,
    _amount: uint256,
    _round: uint256,
    _hints: Hints,
):
    """
    @dev Put the stake of a lock, already taken, back behind `_delegate`.
    """
    ledger.delegators[_delegator].bonded_amount += _amount
    active_set._increase_stake(_delegate, _amount, _round, _hints.prev, _hints.next, True)
    if _delegate != _delegator:
        checkpoints._checkpoint(_delegate, _round)
    log IBondingManager.Rebond(
        delegate=_delegate, delegator=_delegator, unbondingLockId=_lock_id, amount=_amount
    )
    checkpoints._checkpoint(_delegator, _round)
