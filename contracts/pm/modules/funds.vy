# pragma version 0.4.3
"""
@title funds
@notice What senders put in and take out: deposits, and the unlock that must come before a
        withdrawal.
@dev Owns deposits, withdraw rounds and the unlock period. All ETH lies in the Minter, so over all
     senders

         deposits + reserves = ETH funded - face values credited - ETH withdrawn

     A sender is locked, and its tickets good, while `withdrawRound` is zero or not yet reached.
     Only the sender can call an unlock off, or anyone could keep its money locked for ever with a
     gift of 0 wei (found in August 2023).
"""

from ...interfaces import IMinter
from ...interfaces import ITicketBroker
from ...modules import contract_ids
from ...modules import managed
from ...modules import panic
from . import reserve

uses: managed
uses: reserve

senders: HashMap[address, ITicketBroker.Sender]
unlockPeriod: public(uint256)  # rounds


# ------------------------------------------------------------------------------------------------
# Senders
# ------------------------------------------------------------------------------------------------


@external
@payable
def fundDeposit():
    managed._check_system_not_paused()

    self.senders[msg.sender].deposit += msg.value
    self._cancel_own_unlock(msg.sender)
    self._store_eth()

    log ITicketBroker.DepositFunded(sender=msg.sender, amount=msg.value)


@external
@payable
def fundReserve():
    managed._check_system_not_paused()

    reserve._add(msg.sender, msg.value)
    self._cancel_own_unlock(msg.sender)
    self._store_eth()


@external
@payable
def fundDepositAndReserve(_depositAmount: uint256, _reserveAmount: uint256):
    self._fund(msg.sender, _depositAmount, _reserveAmount)


@external
@payable
def fundDepositAndReserveFor(_addr: address, _depositAmount: uint256, _reserveAmount: uint256):
    self._fund(_addr, _depositAmount, _reserveAmount)


@external
def unlock():
    managed._check_system_not_paused()
    assert self._has_funds(msg.sender), "sender deposit and reserve are zero"
    assert self.senders[msg.sender].withdrawRound == 0, "unlock already initiated"

    current_round: uint256 = reserve._current_round()
    withdraw_round: uint256 = current_round + self.unlockPeriod
    self.senders[msg.sender].withdrawRound = withdraw_round

    log ITicketBroker.Unlock(sender=msg.sender, startRound=current_round, endRound=withdraw_round)


@external
def cancelUnlock():
    managed._check_system_not_paused()
    assert self.senders[msg.sender].withdrawRound != 0, "no unlock request in progress"

    self._cancel_own_unlock(msg.sender)


@external
def withdraw():
    managed._check_system_not_paused()
    sender: ITicketBroker.Sender = self.senders[msg.sender]
    reserve_funds: uint256 = reserve.funds_of[msg.sender]
    assert sender.deposit + reserve_funds != 0, "sender deposit and reserve are zero"
    assert sender.withdrawRound != 0, "no unlock request in progress"
    assert not self._is_locked(sender.withdrawRound, reserve._current_round()), "account is locked"

    self.senders[msg.sender].deposit = 0
    reserve.funds_of[msg.sender] = 0

    extcall IMinter(managed._contract(contract_ids.MINTER)).trustedWithdrawETH(
        msg.sender, sender.deposit + reserve_funds
    )

    log ITicketBroker.Withdrawal(sender=msg.sender, deposit=sender.deposit, reserve=reserve_funds)


# ------------------------------------------------------------------------------------------------
# Controller owner
# ------------------------------------------------------------------------------------------------


@external
def setUnlockPeriod(_unlockPeriod: uint256):
    managed._check_controller_owner()

    self.unlockPeriod = _unlockPeriod
    managed._log_parameter_update("unlockPeriod")


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def getSenderInfo(_sender: address) -> ITicketBroker.SenderInfo:
    return ITicketBroker.SenderInfo(sender=self.senders[_sender], reserve=reserve._info(_sender))


@external
@view
def isUnlockInProgress(_sender: address) -> bool:
    return self.senders[_sender].withdrawRound != 0


# ------------------------------------------------------------------------------------------------
# Internals
# ------------------------------------------------------------------------------------------------


@internal
@payable
def _fund(_addr: address, _deposit: uint256, _reserve: uint256):
    managed._check_system_not_paused()
    if _deposit > max_value(uint256) - _reserve:
        panic._panic(panic.OVERFLOW)
    assert (
        msg.value == _deposit + _reserve
    ), "msg.value does not equal sum of deposit amount and reserve amount"

    self.senders[_addr].deposit += _deposit
    self._cancel_own_unlock(_addr)
    reserve._add(_addr, _reserve)
    self._store_eth()

    log ITicketBroker.DepositFunded(sender=_addr, amount=_deposit)


@internal
def _cancel_own_unlock(_addr: address):
    """
    @dev Nothing happens if `_addr` is not the caller or has no unlock in progress.
    """
    if msg.sender == _addr and self.senders[_addr].withdrawRound != 0:
        self.senders[_addr].withdrawRound = 0
        log ITicketBroker.UnlockCancelled(sender=_addr)


@internal
@payable
def _store_eth():
    extcall IMinter(managed._contract(contract_ids.MINTER)).depositETH(value=msg.value)


@internal
@view
def _has_funds(_addr: address) -> bool:
    return self.senders[_addr].deposit != 0 or reserve.funds_of[_addr] != 0


@internal
@pure
def _is_locked(_withdraw_round: uint256, _current_round: uint256) -> bool:
    return _withdraw_round == 0 or _current_round < _withdraw_round
