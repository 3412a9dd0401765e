# pragma version 0.4.3
"""
@title checkpoints
@notice Tells BondingVotes the bonding state of an account, for votes counted from the next round on.
@dev Owns nothing. One checkpoint per touched account and transaction part; the order is observable
     (bonding spec, section 15).
"""

from ...interfaces import IBondingVotes
from ...modules import errors
from . import peers
from . import ledger

uses: peers
uses: ledger


@external
def checkpointBondingState(_account: address):
    self._checkpoint(_account, peers._current_round())


@internal
def _checkpoint(_account: address, _round: uint256):
    votes: address = peers._bonding_votes()
    errors._check(votes.is_contract, "function call to a non-contract account")

    p: ledger.Position = ledger._position(_account)
    extcall IBondingVotes(votes).checkpointBondingState(
        _account,
        _round + 1,
        ledger.delegators[_account].bonded_amount,
        p.delegate,
        ledger.delegators[_account].delegated_amount,
        p.last_claim_round,
        ledger._terms(_account).last_reward_round,
    )
