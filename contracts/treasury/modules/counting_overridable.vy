# pragma version 0.4.3
"""
@title counting_overridable
@notice Counts votes: a transcoder votes with all that is delegated to it, and each delegator can take its own part
        out of that and vote for itself, before the transcoder votes or after.
@dev Owns totals and voters. For each proposal, at any time:
         against + for + abstain = sum over voters of (weight - deductions)
     where deductions of a transcoder are the weights of its delegators that have voted. A voter is packed into one
     word: deductions << 16 | support << 8 | 1. Source: core spec, section 16.7.1; LIP-89.
"""

from ...interfaces import IBondingVotes
from ...modules import percentages

VOTE_AGAINST: constant(uint8) = 0
VOTE_FOR: constant(uint8) = 1
VOTE_ABSTAIN: constant(uint8) = 2

_VOTED: constant(uint256) = 1
_SUPPORT_SHIFT: constant(uint256) = 8
_DEDUCTIONS_SHIFT: constant(uint256) = 16
_MAX_DEDUCTIONS: constant(uint256) = 2**240 - 1

_totals: HashMap[uint256, uint256[3]]
_voters: HashMap[uint256, HashMap[address, uint256]]


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@pure
def COUNTING_MODE() -> String[64]:
    return "support=bravo&quorum=for,abstain,against"


@external
@view
def hasVoted(_proposalId: uint256, _account: address) -> bool:
    return self._voters[_proposalId][_account] & _VOTED != 0


@external
@view
def proposalVotes(_proposalId: uint256) -> (uint256, uint256, uint256):
    totals: uint256[3] = self._totals[_proposalId]
    return totals[VOTE_AGAINST], totals[VOTE_FOR], totals[VOTE_ABSTAIN]


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
def _count_vote(
    _proposal_id: uint256,
    _account: address,
    _support: uint8,
    _weight: uint256,
    _snapshot: uint256,
    _votes: IBondingVotes,
):
    """
    @dev Count a vote once. `_weight` is the account's power at the snapshot, all delegations included; `_votes` says
         whose delegator it was. Reverts InvalidVoteType(uint8), VoteAlreadyCast().
    """
    if _support > VOTE_ABSTAIN:
        raw_revert(abi_encode(_support, method_id=method_id("InvalidVoteType(uint8)")))
    voter: uint256 = self._voters[_proposal_id][_account]
    if voter & _VOTED != 0:
        raw_revert(method_id("VoteAlreadyCast()"))

    self._voters[_proposal_id][_account] = (
        voter | (convert(_support, uint256) << _SUPPORT_SHIFT) | _VOTED
    )

    delegate: address = staticcall _votes.delegatedAt(_account, _snapshot)
    counted: uint256 = _weight
    if delegate == _account:
        counted -= voter >> _DEDUCTIONS_SHIFT
    elif staticcall _votes.delegatedAt(delegate, _snapshot) == delegate:
        self._deduct(_proposal_id, delegate, _weight)
    self._totals[_proposal_id][_support] += counted


@internal
def _deduct(_proposal_id: uint256, _delegate: address, _weight: uint256):
    """
    @dev Take a delegator's weight out of its delegate's vote, cast or yet to come.
    """
    voter: uint256 = self._voters[_proposal_id][_delegate]
    assert (voter >> _DEDUCTIONS_SHIFT) + _weight <= _MAX_DEDUCTIONS  # dev: no stake is as large

    self._voters[_proposal_id][_delegate] = voter + (_weight << _DEDUCTIONS_SHIFT)
    if voter & _VOTED != 0:
        self._totals[_proposal_id][(voter >> _SUPPORT_SHIFT) & 255] -= _weight


@internal
@view
def _vote_succeeded(_proposal_id: uint256, _quota: uint256) -> bool:
    """
    @dev Whether `for` reaches the quota of all votes but abstentions; the quota is floored, so that a tie at 50 %
         and no votes at all succeed.
    """
    totals: uint256[3] = self._totals[_proposal_id]
    opinionated: uint256 = totals[VOTE_AGAINST] + totals[VOTE_FOR]
    return totals[VOTE_FOR] >= percentages._of(opinionated, _quota, percentages.PERC)


@internal
@view
def _votes_cast(_proposal_id: uint256) -> uint256:
    """
    @dev What counts for the quorum: every vote.
    """
    totals: uint256[3] = self._totals[_proposal_id]
    return totals[VOTE_AGAINST] + totals[VOTE_FOR] + totals[VOTE_ABSTAIN]
