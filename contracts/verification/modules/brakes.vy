# pragma version 0.4.3
"""
@title brakes
@notice What keeps a mistake small: a cap on what a round may lose, a cap on what it may send out of the pool, and a
        pause until the owner has looked.
@dev Owns the books of both caps. A fault in the proofs can then neither burn nor empty the network in a round.
     Invariant: penalties of a round, locks included, stay at or under roundSlashCap of the active stake.
       books  amount 192 | round 64
     Source: verification spec, section 8.4.
"""

from ...interfaces import IBondingManager
from ...interfaces import IRoundsManager
from ...interfaces import ISlashingVerifier
from ...modules import contract_ids
from ...modules import errors
from ...modules import managed
from ...modules import percentages
from . import terms

uses: managed
uses: terms

paused: public(bool)
_slashed_this_round: uint256
_jailed_this_round: uint256


# ------------------------------------------------------------------------------------------------
# Controller owner
# ------------------------------------------------------------------------------------------------


@external
def resumeSlashing():
    managed._check_controller_owner()
    self.paused = False
    log ISlashingVerifier.SlashingResumed()


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
@view
def _check_may_slash():
    managed._check_system_not_paused()
    errors._check(not self.paused, "slashing is paused")


@internal
def _may_jail(_manager: address, _accused: address) -> bool:
    """
    @dev Whether the accused leaves the pool: not once so much stake has left by accusation this round that a fault in
         this contract could empty the network.
    """
    round: uint256 = self._current_round()
    jailed: uint256 = self._of_round(self._jailed_this_round, round)
    if jailed > self._share_of_active(_manager, terms.parameters.roundJailCap):
        return False

    jailed += staticcall IBondingManager(_manager).transcoderTotalStake(_accused)
    self._jailed_this_round = (jailed << 64) | round
    return True


@internal
def _fits(_manager: address, _penalty: uint256) -> bool:
    """
    @dev Book a penalty on this round. One that is too much pauses slashing until the owner has looked.
    """
    round: uint256 = self._current_round()
    penalties: uint256 = self._of_round(self._slashed_this_round, round) + _penalty
    if penalties > self._share_of_active(_manager, terms.parameters.roundSlashCap):
        self.paused = True
        log ISlashingVerifier.SlashingPaused(round=round, penalties=penalties)
        return False

    self._slashed_this_round = (penalties << 64) | round
    return True


@internal
@view
def _share_of_active(_manager: address, _cap: uint256) -> uint256:
    return percentages._of(
        staticcall IBondingManager(_manager).currentRoundTotalActiveStake(),
        _cap,
        percentages.PERC,
    )


@internal
@pure
def _of_round(_books: uint256, _round: uint256) -> uint256:
    return _books >> 64 if _books & (2**64 - 1) == _round else 0


@internal
@view
def _current_round() -> uint256:
    return staticcall IRoundsManager(managed._contract(contract_ids.ROUNDS_MANAGER)).currentRound()
