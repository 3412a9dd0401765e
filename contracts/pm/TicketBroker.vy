# pragma version 0.4.3
# pragma evm-version cancun
"""
@title TicketBroker
@license MIT
@notice Probabilistic payments between senders (gateways) and recipients (orchestrators).
@dev Assembly only: behaviour lives in ./modules, the ABI in ../interfaces/ITicketBroker.vyi.
     Storage slots follow the order of `initializes` below: append, never reorder. No reentrancy
     guard: a batch calls back into this contract, and every function finishes its own books before
     it calls a contract that could come back.
@custom:pause Pausing the Controller stops everything but setters and views.
"""

from ..interfaces import ITicketBroker

implements: ITicketBroker

from ..modules import managed

initializes: managed

from ..modules import proxied

initializes: proxied

from .modules import reserve

initializes: reserve[managed := managed]

from .modules import funds

initializes: funds[managed := managed, reserve := reserve]

from .modules import tickets

initializes: tickets[managed := managed, reserve := reserve, funds := funds]

exports: (
    managed.controller,
    managed.setController,
    proxied.targetContractId,
    reserve.getReserveInfo,
    reserve.claimableReserve,
    reserve.claimedReserve,
    funds.fundDeposit,
    funds.fundReserve,
    funds.fundDepositAndReserve,
    funds.fundDepositAndReserveFor,
    funds.unlock,
    funds.cancelUnlock,
    funds.withdraw,
    funds.setUnlockPeriod,
    funds.getSenderInfo,
    funds.isUnlockInProgress,
    funds.unlockPeriod,
    tickets.redeemWinningTicket,
    tickets.batchRedeemWinningTickets,
    tickets.setTicketValidityPeriod,
    tickets.getTicketHash,
    tickets.ticketValidityPeriod,
    tickets.usedTickets,
)


@deploy
def __init__(_controller: address):
    """
    @param _controller Controller to answer to. Unlock and validity periods are set afterwards.
    """
    managed.__init__(_controller)
