# pragma version 0.4.3
"""
@title tickets
@notice Redemption: is this ticket genuine, did it win, can it be paid, and has it been paid before.
@dev Owns the set of used tickets and the validity period. For each ticket hash

         used  <=>  its face value left deposit and reserve and was credited to the recipient, once

     A ticket that cannot be paid in full is refused, not consumed: otherwise 1 wei deposited for a
     broke sender just before a redemption would burn the ticket (GHSA-cfpp-6gv2-r325), and so would
     a share used up by an earlier claim. A batch isolates its tickets by calling this contract from
     outside, through the proxy.
"""

from ...interfaces import IBondingManager
from ...interfaces import IRoundsManager
from ...interfaces import ITicketBroker
from ...modules import contract_ids
from ...modules import ecdsa
from ...modules import managed
from ...modules import panic
from . import funds
from . import reserve

uses: managed
uses: funds
uses: reserve

# A ticket takes 544 bytes of calldata in a batch and an Arbitrum transaction 95,000: 174 tickets.
MAX_BATCH: constant(uint256) = 175
# Bounds leave room to report a wrong length. A batch pays for the memory of its bounds, so they are
# tighter there.
MAX_AUX: constant(uint256) = 1024
MAX_SIG: constant(uint256) = 256
MAX_BATCHED_SIG: constant(uint256) = 96

usedTickets: public(HashMap[bytes32, bool])
ticketValidityPeriod: public(uint256)  # rounds


# ------------------------------------------------------------------------------------------------
# Anyone with a winning ticket
# ------------------------------------------------------------------------------------------------


@external
def redeemWinningTicket(
    _ticket: ITicketBroker.Ticket, _sig: Bytes[MAX_SIG], _recipientRand: uint256
):
    rounds_manager: address = self._check_live()
    ticket_hash: bytes32 = self._ticket_hash(_ticket)
    current_round: uint256 = staticcall IRoundsManager(rounds_manager).currentRound()
    creation_round: uint256 = self._check_ticket(_ticket, rounds_manager, current_round)
    assert (
        keccak256(convert(_recipientRand, bytes32)) == _ticket.recipientRandHash
    ), "recipientRand does not match recipientRandHash"
    assert not self.usedTickets[ticket_hash], "ticket is used"
    self._check_signature(_ticket.sender, ticket_hash, _sig)
    self._check_won(_sig, _recipientRand, _ticket.winProb)

    self._settle(_ticket, ticket_hash, creation_round, current_round)

    log ITicketBroker.WinningTicketRedeemed(
        sender=_ticket.sender,
        recipient=_ticket.recipient,
        faceValue=_ticket.faceValue,
        winProb=_ticket.winProb,
        senderNonce=_ticket.senderNonce,
        recipientRand=_recipientRand,
        auxData=_ticket.auxData,
    )


@external
def batchRedeemWinningTickets(
    _tickets: DynArray[ITicketBroker.BatchedTicket, MAX_BATCH],
    _sigs: DynArray[Bytes[MAX_BATCHED_SIG], MAX_BATCH],
    _recipientRands: DynArray[uint256, MAX_BATCH],
):
    self._check_live()
    if min(len(_sigs), len(_recipientRands)) < len(_tickets):
        panic._panic(panic.INDEX_OUT_OF_BOUNDS)

    for i: uint256 in range(len(_tickets), bound=MAX_BATCH):
        self._redeem_isolated(_tickets[i], _sigs[i], _recipientRands[i])


# ------------------------------------------------------------------------------------------------
# Controller owner
# ------------------------------------------------------------------------------------------------


@external
def setTicketValidityPeriod(_ticketValidityPeriod: uint256):
    managed._check_controller_owner()
    assert _ticketValidityPeriod > 0, "ticketValidityPeriod must be greater than 0"

    self.ticketValidityPeriod = _ticketValidityPeriod
    managed._log_parameter_update("ticketValidityPeriod")


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@pure
def getTicketHash(_ticket: ITicketBroker.Ticket) -> bytes32:
    return self._ticket_hash(_ticket)


# ------------------------------------------------------------------------------------------------
# Internals
# ------------------------------------------------------------------------------------------------


@internal
@view
def _check_live() -> address:
    """
    @dev Returns the RoundsManager, for the caller's further questions.
    """
    managed._check_system_not_paused()
    rounds_manager: address = managed._contract(contract_ids.ROUNDS_MANAGER)
    assert (
        staticcall IRoundsManager(rounds_manager).currentRoundInitialized()
    ), "current round is not initialized"
    return rounds_manager


@internal
@pure
def _ticket_hash(_ticket: ITicketBroker.Ticket) -> bytes32:
    return keccak256(
        concat(
            convert(_ticket.recipient, bytes20),
            convert(_ticket.sender, bytes20),
            convert(_ticket.faceValue, bytes32),
            convert(_ticket.winProb, bytes32),
            convert(_ticket.senderNonce, bytes32),
            _ticket.recipientRandHash,
            _ticket.auxData,
        )
    )


@internal
@view
def _check_ticket(
    _ticket: ITicketBroker.Ticket, _rounds_manager: address, _current_round: uint256
) -> uint256:
    """
    @dev Returns the round the ticket was made in.
    """
    assert _ticket.recipient != empty(address), "ticket recipient is null address"
    assert _ticket.sender != empty(address), "ticket sender is null address"
    assert len(_ticket.auxData) == 64, "invalid length for ticket auxData: must be 64 bytes"

    creation_round: uint256 = extract32(_ticket.auxData, 0, output_type=uint256)
    block_hash: bytes32 = staticcall IRoundsManager(_rounds_manager).blockHashForRound(
        creation_round
    )
    assert block_hash != empty(bytes32), "ticket creationRound does not have a block hash"
    assert (
        extract32(_ticket.auxData, 32) == block_hash
    ), "ticket creationRoundBlockHash invalid for creationRound"
    assert creation_round + self.ticketValidityPeriod > _current_round, "ticket is expired"
    return creation_round


@internal
@pure
def _check_signature(_sender: address, _ticket_hash: bytes32, _sig: Bytes[MAX_SIG]):
    """
    @dev Exactly one signature fits a key and a ticket: other lengths and the higher `s` are
         refused, as each further form would be another draw (found in March 2022).
    """
    assert len(_sig) == 65, "INVALID_SIGNATURE_LENGTH"

    signer: address = ecdsa._recover(
        keccak256(concat(b"\x19Ethereum Signed Message:\n32", _ticket_hash)),
        convert(slice(_sig, 64, 1), uint8),
        extract32(_sig, 0),
        extract32(_sig, 32),
    )
    assert signer == _sender, "invalid signature over ticket hash"


@internal
@pure
def _check_won(_sig: Bytes[MAX_SIG], _recipient_rand: uint256, _win_prob: uint256):
    """
    @dev Neither side can choose the draw: the recipient committed to its number before the sender
         signed.
    """
    draw: bytes32 = keccak256(concat(_sig, convert(_recipient_rand, bytes32)))
    assert convert(draw, uint256) < _win_prob, "ticket did not win"


@internal
def _settle(
    _ticket: ITicketBroker.Ticket,
    _ticket_hash: bytes32,
    _creation_round: uint256,
    _current_round: uint256,
):
    """
    @dev Takes the face value from the deposit, then from the recipient's share of the reserve, and
         credits it.
    """
    sender: ITicketBroker.Sender = funds.senders[_ticket.sender]
    assert funds._is_locked(sender.withdrawRound, _current_round), "sender is unlocked"
    assert (
        sender.deposit != 0 or reserve.funds_of[_ticket.sender] != 0
    ), "sender deposit and reserve are zero"
    if _ticket.faceValue == 0:
        self.usedTickets[_ticket_hash] = True
        return

    bonding_manager: address = managed._contract(contract_ids.BONDING_MANAGER)
    from_deposit: uint256 = min(_ticket.faceValue, sender.deposit)
    from_reserve: uint256 = _ticket.faceValue - from_deposit
    if from_reserve != 0:
        claimable: uint256 = reserve._claimable(
            _ticket.sender, _ticket.recipient, _current_round, bonding_manager
        )
        assert (
            claimable >= from_reserve
        ), "sender deposit and reserve insufficient to cover ticket face value"
        reserve._claim(_ticket.sender, _ticket.recipient, _current_round, from_reserve)

    self.usedTickets[_ticket_hash] = True
    funds.senders[_ticket.sender].deposit = sender.deposit - from_deposit

    extcall IBondingManager(bonding_manager).updateTranscoderWithFees(
        _ticket.recipient, _ticket.faceValue, _creation_round
    )

    log ITicketBroker.WinningTicketTransfer(
        sender=_ticket.sender, recipient=_ticket.recipient, amount=_ticket.faceValue
    )


@internal
def _redeem_isolated(
    _ticket: ITicketBroker.BatchedTicket,
    _sig: Bytes[MAX_BATCHED_SIG],
    _recipient_rand: uint256,
):
    """
    @dev Apart from the loop for its memory: a function's frame lies below its caller's, so the call
         data made here does not pay for the arrays above. A failure is the caller's to see in the
         missing event.
    """
    success: bool = raw_call(
        self,
        abi_encode(
            _ticket,
            _sig,
            _recipient_rand,
            method_id=method_id(
                "redeemWinningTicket((address,address,uint256,uint256,uint256,bytes32,bytes),bytes,uint256)"
            ),
        ),
        revert_on_failure=False,
    )
