# pragma version 0.4.3
"""
@title peers
@notice The other contracts as the bonding system meets them: the clock, the vault and who may call.
@dev Owns nothing. A call asks for the round once and hands it down to everything that needs it. Rounds are stored in
     32 bits, so this is the one place that refuses a round that would not fit: 4 billion rounds away.
"""

from ...interfaces import IMinter
from ...interfaces import IRoundsManager
from ...modules import contract_ids
from ...modules import errors
from ...modules import managed

uses: managed

MAX_ROUND: constant(uint256) = 2**32 - 2  # the next round must stay below `ledger.NEVER`


@internal
@view
def _rounds_manager() -> address:
    return managed._contract(contract_ids.ROUNDS_MANAGER)


@internal
@view
def _minter() -> address:
    return managed._contract(contract_ids.MINTER)


@internal
@view
def _treasury() -> address:
    return managed._contract(contract_ids.TREASURY)


@internal
@view
def _livepeer_token() -> address:
    return managed._contract(contract_ids.LIVEPEER_TOKEN)


@internal
@view
def _bonding_votes() -> address:
    return managed._contract(contract_ids.BONDING_VOTES)


@internal
@view
def _l2_migrator() -> address:
    return managed._contract(contract_ids.L2_MIGRATOR)


@internal
@view
def _current_round() -> uint256:
    """
    @dev Number of the running round, initialised or not.
    """
    round: uint256 = staticcall IRoundsManager(self._rounds_manager()).currentRound()
    assert round < MAX_ROUND  # dev: rounds are stored in 32 bits
    return round


@internal
@view
def _check_live() -> uint256:
    """
    @dev Guard of everything delegators and transcoders call: the system runs and the round is initialised.
         Returns the current round.
    """
    managed._check_system_not_paused()
    errors._check(
        staticcall IRoundsManager(self._rounds_manager()).currentRoundInitialized(),
        "current round is not initialized",
    )
    return self._current_round()


@internal
def _pay_tokens(_to: address, _amount: uint256):
    """
    @dev LPT out of the vault.
    """
    extcall IMinter(self._minter()).trustedTransferTokens(_to, _amount)
