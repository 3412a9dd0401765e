# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize codesize
"""
@title LivepeerGovernor
@license MIT
@notice Stake decides what the treasury does, and the rules by which it decides.
@dev Behind a ManagerProxy. Behaviour lives in ./modules, the ABI in ../interfaces/ILivepeerGovernor.vyi. Storage
     slots follow the order of `initializes` below: append, never reorder (docs/upgrade.md).
     Source: core spec, section 16; LIP-89.
@custom:pause None: pausing the Controller does not stop governance.
"""

from ..interfaces import ILivepeerGovernor

implements: ILivepeerGovernor

from ..modules import contract_ids
from ..modules import managed

initializes: managed

from ..modules import proxied

initializes: proxied

from .modules import initializable

initializes: initializable

from .modules import electorate

initializes: electorate[managed := managed]

from .modules import self_governed

initializes: self_governed

from .modules import voting_rules

initializes: voting_rules[electorate := electorate, self_governed := self_governed]

from .modules import counting_overridable

initializes: counting_overridable

from .modules import proposals

initializes: proposals[
    electorate := electorate,
    self_governed := self_governed,
    voting_rules := voting_rules,
    counting_overridable := counting_overridable,
]

from .modules import ballots

initializes: ballots[
    initializable := initializable,
    electorate := electorate,
    counting_overridable := counting_overridable,
    proposals := proposals,
]

from .modules import token_receiver

exports: (
    # Anyone
    proposals.propose,
    proposals.queue,
    proposals.execute,
    electorate.bumpGovernorVotesTokenAddress,
    token_receiver.onERC721Received,
    token_receiver.onERC1155Received,
    token_receiver.onERC1155BatchReceived,
    # Voters
    ballots.castVote,
    ballots.castVoteWithReason,
    ballots.castVoteWithReasonAndParams,
    ballots.castVoteBySig,
    ballots.castVoteWithReasonAndParamsBySig,
    # Proposer
    proposals.cancel,
    # Executed proposals
    self_governed.updateTimelock,
    self_governed.relay,
    voting_rules.setVotingDelay,
    voting_rules.setVotingPeriod,
    voting_rules.setProposalThreshold,
    voting_rules.updateQuorumNumerator,
    # Controller
    managed.setController,
    # Views
    ballots.name,
    ballots.version,
    ballots.eip712Domain,
    managed.controller,
    proxied.targetContractId,
    electorate.votes,
    electorate.token,
    electorate.clock,
    electorate.CLOCK_MODE,
    electorate.getVotes,
    electorate.getVotesWithParams,
    self_governed.timelock,
    voting_rules.votingDelay,
    voting_rules.votingPeriod,
    voting_rules.proposalThreshold,
    voting_rules.quota,
    voting_rules.quorum,
    voting_rules.quorumNumerator,
    voting_rules.quorumDenominator,
    counting_overridable.COUNTING_MODE,
    counting_overridable.hasVoted,
    counting_overridable.proposalVotes,
    proposals.hashProposal,
    proposals.state,
    proposals.proposalSnapshot,
    proposals.proposalDeadline,
    proposals.proposalProposer,
    proposals.proposalEta,
    ballots.BALLOT_TYPEHASH,
    ballots.EXTENDED_BALLOT_TYPEHASH,
)


# ERC-165 itself, and the governor's ids of OpenZeppelin 4.3 and 4.6, its cancellation and its timelock.
_INTERFACE_IDS: constant(bytes4[5]) = [
    0x01ffc9a7, 0xbf26d897, 0x79dd796f, 0x51159c06, 0x6e665ced
]


# Declared for the ABI, which lists it for every managed contract; nothing here has a parameter.
event ParameterUpdate:
    param: String[32]


@deploy
def __init__(_controller: address):
    """
    @param _controller Registry of the other contracts; not checked, not called.
    """
    managed.__init__(_controller)
    initializable._disable()


@external
def initialize(
    initialVotingDelay: uint256,
    initialVotingPeriod: uint256,
    initialProposalThreshold: uint256,
    initialQuorum: uint256,
    quota: uint256,
):
    initializable._start()
    voting_rules._set_voting_delay(initialVotingDelay)
    voting_rules._set_voting_period(initialVotingPeriod)
    voting_rules._set_proposal_threshold(initialProposalThreshold)
    self_governed._set_timelock(managed._contract(contract_ids.TREASURY))
    electorate._look_up_votes()
    voting_rules._set_quorum_numerator(initialQuorum)
    voting_rules.quota = quota
    initializable._finish()


@external
@payable
def __default__():
    assert len(msg.data) > 0, "Governor: must send to executor"
    raise


@external
@view
def supportsInterface(interfaceId: bytes4) -> bool:
    return interfaceId in _INTERFACE_IDS or token_receiver._supports_interface(interfaceId)
