# pragma version 0.4.3
"""
@title voting_rules
@notice How long proposals wait and are voted on, who may propose, and how many votes decide.
@dev Owns delay and period (rounds), threshold (votes), quota, and the history of the quorum's numerator, because a
     change counts for later snapshots only. Quorum and quota are in units of 1/1,000,000. The quota has no setter, as
     deployed. Source: core spec, section 16.3.
"""

from ...bonding.modules import round_history
from ...interfaces import ILivepeerGovernor
from ...modules import percentages
from . import electorate
from . import self_governed

uses: electorate
uses: self_governed

initializes: round_history

_QUORUM_KEY: constant(bytes32) = keccak256("quorum numerator")
_MAX_UINT32: constant(uint256) = 2**32 - 1

votingDelay: public(uint256)
votingPeriod: public(uint256)
proposalThreshold: public(uint256)
quota: public(uint256)

_numerators: HashMap[uint256, uint256]  # by the round from which each one counts


# ------------------------------------------------------------------------------------------------
# Executed proposals
# ------------------------------------------------------------------------------------------------


@external
def setVotingDelay(newVotingDelay: uint256):
    self_governed._check_setter(method_id("setVotingDelay(uint256)"), newVotingDelay)

    self._set_voting_delay(newVotingDelay)


@external
def setVotingPeriod(newVotingPeriod: uint256):
    self_governed._check_setter(method_id("setVotingPeriod(uint256)"), newVotingPeriod)

    self._set_voting_period(newVotingPeriod)


@external
def setProposalThreshold(newProposalThreshold: uint256):
    self_governed._check_setter(method_id("setProposalThreshold(uint256)"), newProposalThreshold)

    self._set_proposal_threshold(newProposalThreshold)


@external
def updateQuorumNumerator(newQuorumNumerator: uint256):
    self_governed._check_setter(method_id("updateQuorumNumerator(uint256)"), newQuorumNumerator)

    self._set_quorum_numerator(newQuorumNumerator)


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def quorum(timepoint: uint256) -> uint256:
    return self._quorum(timepoint)


@external
@view
def quorumNumerator(timepoint: uint256 = max_value(uint256)) -> uint256:
    return self._numerator(timepoint)


@external
@view
def quorumDenominator() -> uint256:
    return percentages.PERC


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
def _set_voting_delay(_delay: uint256):
    log ILivepeerGovernor.VotingDelaySet(oldVotingDelay=self.votingDelay, newVotingDelay=_delay)
    self.votingDelay = _delay


@internal
def _set_voting_period(_period: uint256):
    assert _period > 0, "GovernorSettings: voting period too low"

    log ILivepeerGovernor.VotingPeriodSet(
        oldVotingPeriod=self.votingPeriod, newVotingPeriod=_period
    )
    self.votingPeriod = _period


@internal
def _set_proposal_threshold(_threshold: uint256):
    log ILivepeerGovernor.ProposalThresholdSet(
        oldProposalThreshold=self.proposalThreshold, newProposalThreshold=_threshold
    )
    self.proposalThreshold = _threshold


@internal
def _set_quorum_numerator(_numerator: uint256):
    assert (
        _numerator <= percentages.PERC
    ), "GovernorVotesQuorumFraction: quorumNumerator over quorumDenominator"
    round: uint256 = electorate._clock()
    assert round <= _MAX_UINT32, "SafeCast: value doesn't fit in 32 bits"
    last: uint256 = round_history._last(_QUORUM_KEY)
    assert round >= last, "Checkpoint: decreasing keys"

    old: uint256 = self._numerators[last]
    self._numerators[round] = _numerator
    round_history._push(_QUORUM_KEY, round)

    log ILivepeerGovernor.QuorumNumeratorUpdated(
        oldQuorumNumerator=old, newQuorumNumerator=_numerator
    )


@internal
@view
def _quorum(_timepoint: uint256) -> uint256:
    """
    @dev Votes that a proposal with this snapshot needs.
    """
    return percentages._of(
        electorate._past_total(_timepoint), self._numerator(_timepoint), percentages.PERC
    )


@internal
@view
def _numerator(_timepoint: uint256) -> uint256:
    """
    @dev The numerator in force at a round; zero before the first.
    """
    before: uint256 = round_history._count_up_to(_QUORUM_KEY, _timepoint)
    if before == 0:
        return 0
    return self._numerators[round_history._at(_QUORUM_KEY, before - 1)]
