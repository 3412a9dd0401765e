# pragma version 0.4.3
"""
@title reserve
@notice Second pocket of a sender: what is left when the deposit is empty, shared by the active
        transcoders.
@dev Owns, for each holder, the funds left and what was claimed in each round. Within a round, with
     `n` the size of the round's active set and `S` = funds + claimed, both constant under claims:

         share = S // n          claimable(c) = min(max(share - claimed(c), 0), funds)

     so the order of claimants does not matter and `n` full claims never exceed S. `n` is fixed when
     the round is initialised: who joins or leaves the pool meanwhile changes nobody's share. Only
     `tickets` claims, only `funds` adds and empties.
"""

from ...interfaces import IBondingManager
from ...interfaces import IRoundsManager
from ...interfaces import ITicketBroker
from ...modules import contract_ids
from ...modules import managed

uses: managed

funds_of: HashMap[address, uint256]  # holder -> wei left
claimed_in: HashMap[address, HashMap[uint256, uint256]]  # holder -> round -> wei
claimed_by: HashMap[address, HashMap[uint256, HashMap[address, uint256]]]  # ... -> claimant -> wei


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def getReserveInfo(_reserveHolder: address) -> ITicketBroker.ReserveInfo:
    return self._info(_reserveHolder)


@external
@view
def claimableReserve(_reserveHolder: address, _claimant: address) -> uint256:
    return self._claimable(
        _reserveHolder,
        _claimant,
        self._current_round(),
        managed._contract(contract_ids.BONDING_MANAGER),
    )


@external
@view
def claimedReserve(_reserveHolder: address, _claimant: address) -> uint256:
    return self.claimed_by[_reserveHolder][self._current_round()][_claimant]


# ------------------------------------------------------------------------------------------------
# Internals
# ------------------------------------------------------------------------------------------------


@internal
@view
def _current_round() -> uint256:
    rounds_manager: address = managed._contract(contract_ids.ROUNDS_MANAGER)
    return staticcall IRoundsManager(rounds_manager).currentRound()


@internal
@view
def _info(_holder: address) -> ITicketBroker.ReserveInfo:
    return ITicketBroker.ReserveInfo(
        fundsRemaining=self.funds_of[_holder],
        claimedInCurrentRound=self.claimed_in[_holder][self._current_round()],
    )


@internal
@view
def _claimable(
    _holder: address, _claimant: address, _round: uint256, _bonding_manager: address
) -> uint256:
    """
    @dev Never reverts. `_round` must be the current one: the active set is BondingManager's present
         one.
    """
    funds: uint256 = self.funds_of[_holder]
    if funds == 0:
        return 0
    if not staticcall IBondingManager(_bonding_manager).isActiveTranscoder(_claimant):
        return 0
    members: uint256 = staticcall IBondingManager(_bonding_manager).getActiveSetSize()
    if members == 0:
        return 0

    share: uint256 = (funds + self.claimed_in[_holder][_round]) // members
    claimed: uint256 = self.claimed_by[_holder][_round][_claimant]
    if claimed >= share:
        return 0
    return min(share - claimed, funds)


@internal
def _claim(_holder: address, _claimant: address, _round: uint256, _amount: uint256):
    """
    @dev `_amount` is positive and at most `_claimable`.
    """
    self.funds_of[_holder] -= _amount
    self.claimed_in[_holder][_round] += _amount
    self.claimed_by[_holder][_round][_claimant] += _amount

    log ITicketBroker.ReserveClaimed(reserveHolder=_holder, claimant=_claimant, amount=_amount)


@internal
def _add(_holder: address, _amount: uint256):
    self.funds_of[_holder] += _amount

    log ITicketBroker.ReserveFunded(reserveHolder=_holder, amount=_amount)
