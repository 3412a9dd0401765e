# pragma version 0.4.3
"""
@title proposals
@notice The life of a treasury proposal: proposed, voted on, queued in the timelock, executed from it.
@dev Owns what is known about each proposal: two words, and the id of its operation once it is queued.
         core: canceled 1 | executed 1 | snapshot 64 | proposer 160        deadline: uint256
     Time is counted in rounds (`electorate`); a state changes without a transaction as rounds pass.
     Ids are hashed where they are needed: an internal function would copy its arrays, and memory is charged by its
     square. Batches go to the timelock by raw_call, because an extcall would send them padded to their bounds, 42 KB.
     Source: core spec, sections 16.4 to 16.6 and 16.9 to 16.11.
"""

from ...interfaces import ILivepeerGovernor
from ...modules import panic
from . import counting_overridable
from . import electorate
from . import proposer_suffix
from . import self_governed
from . import voting_rules

uses: counting_overridable
uses: electorate
uses: self_governed
uses: voting_rules

# States, as clients number them. 6, expired, never happens.
PENDING: constant(uint8) = 0
ACTIVE: constant(uint8) = 1
CANCELED: constant(uint8) = 2
DEFEATED: constant(uint8) = 3
SUCCEEDED: constant(uint8) = 4
QUEUED: constant(uint8) = 5
EXECUTED: constant(uint8) = 7

MAX_ACTIONS: constant(uint256) = 10
MAX_CALLDATA: constant(uint256) = 4096
MAX_DESCRIPTION: constant(uint256) = 32768

_MAX_UINT64: constant(uint256) = 2**64 - 1
_MAX_UINT160: constant(uint256) = 2**160 - 1
_SNAPSHOT_SHIFT: constant(uint256) = 160
_EXECUTED: constant(uint256) = 1 << 224
_CANCELED: constant(uint256) = 1 << 225


# What this module asks of a timelock.
interface Timelock:
    def getMinDelay() -> uint256: view
    def getTimestamp(_id: bytes32) -> uint256: view
    def isOperationDone(_id: bytes32) -> bool: view
    def isOperationPending(_id: bytes32) -> bool: view


struct Proposal:
    core: uint256
    deadline: uint256


_proposals: HashMap[uint256, Proposal]
_operations: HashMap[uint256, bytes32]  # in the timelock


# ------------------------------------------------------------------------------------------------
# Anyone
# ------------------------------------------------------------------------------------------------


@external
def propose(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_CALLDATA], MAX_ACTIONS],
    description: String[MAX_DESCRIPTION],
) -> uint256:
    length: uint256 = len(description)
    if length >= proposer_suffix.LENGTH:
        suffix: String[proposer_suffix.LENGTH] = slice(
            description, length - proposer_suffix.LENGTH, proposer_suffix.LENGTH
        )
        assert proposer_suffix._allows(suffix, msg.sender), "Governor: proposer restricted"
    round: uint256 = electorate._clock()
    if round == 0:
        panic._panic(panic.OVERFLOW)
    assert (
        electorate._past_votes(msg.sender, round - 1) >= voting_rules.proposalThreshold
    ), "Governor: proposer votes below proposal threshold"
    assert len(targets) == len(values), "Governor: invalid proposal length"
    assert len(targets) == len(calldatas), "Governor: invalid proposal length"
    assert len(targets) > 0, "Governor: empty proposal"
    id: uint256 = convert(
        keccak256(abi_encode(targets, values, calldatas, keccak256(description))), uint256
    )
    assert self._proposals[id].core == 0, "Governor: proposal already exists"

    snapshot: uint256 = round + voting_rules.votingDelay
    deadline: uint256 = snapshot + voting_rules.votingPeriod
    assert deadline <= _MAX_UINT64, "SafeCast: value doesn't fit in 64 bits"

    self._proposals[id] = Proposal(
        core=(snapshot << _SNAPSHOT_SHIFT) | convert(msg.sender, uint256), deadline=deadline
    )

    signatures: DynArray[String[1], MAX_ACTIONS] = []
    for _: uint256 in range(len(targets), bound=MAX_ACTIONS):
        signatures.append("")
    log ILivepeerGovernor.ProposalCreated(
        proposalId=id,
        proposer=msg.sender,
        targets=targets,
        values=values,
        signatures=signatures,
        calldatas=calldatas,
        voteStart=snapshot,
        voteEnd=deadline,
        description=description,
    )
    return id


@external
def queue(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_CALLDATA], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    id: uint256 = convert(
        keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256
    )
    assert self._state(id) == SUCCEEDED, "Governor: proposal not successful"

    timelock: address = self_governed.timelock
    delay: uint256 = staticcall Timelock(timelock).getMinDelay()
    operation: Bytes[32] = raw_call(
        timelock,
        abi_encode(
            targets,
            values,
            calldatas,
            empty(bytes32),
            descriptionHash,
            method_id=method_id("hashOperationBatch(address[],uint256[],bytes[],bytes32,bytes32)"),
        ),
        max_outsize=32,
        is_static_call=True,
    )
    self._operations[id] = abi_decode(operation, bytes32)
    raw_call(
        timelock,
        abi_encode(
            targets,
            values,
            calldatas,
            empty(bytes32),
            descriptionHash,
            delay,
            method_id=method_id(
                "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)"
            ),
        ),
    )

    log ILivepeerGovernor.ProposalQueued(proposalId=id, eta=block.timestamp + delay)
    return id


@external
@payable
def execute(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_CALLDATA], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    id: uint256 = convert(
        keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256
    )
    state: uint8 = self._state(id)
    assert state == SUCCEEDED or state == QUEUED, "Governor: proposal not successful"

    self._proposals[id].core |= _EXECUTED
    log ILivepeerGovernor.ProposalExecuted(proposalId=id)

    for i: uint256 in range(len(targets), bound=MAX_ACTIONS):
        if targets[i] == self:
            self_governed._queue_call(keccak256(calldatas[i]))
    assert self_governed.timelock.is_contract
    raw_call(
        self_governed.timelock,
        abi_encode(
            targets,
            values,
            calldatas,
            empty(bytes32),
            descriptionHash,
            method_id=method_id("executeBatch(address[],uint256[],bytes[],bytes32,bytes32)"),
        ),
        value=msg.value,
    )
    self_governed._clear_queue()
    return id


# ------------------------------------------------------------------------------------------------
# Proposer
# ------------------------------------------------------------------------------------------------


@external
def cancel(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_CALLDATA], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    # A pending proposal is not in the timelock yet, so there is nothing to cancel there.
    id: uint256 = convert(
        keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256
    )
    assert self._state(id) == PENDING, "Governor: too late to cancel"
    assert msg.sender == self._proposer(id), "Governor: only proposer can cancel"

    self._proposals[id].core |= _CANCELED

    log ILivepeerGovernor.ProposalCanceled(proposalId=id)
    return id


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@pure
def hashProposal(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_CALLDATA], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    return convert(keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256)


@external
@view
def state(proposalId: uint256) -> uint8:
    return self._state(proposalId)


@external
@view
def proposalSnapshot(proposalId: uint256) -> uint256:
    return self._snapshot(proposalId)


@external
@view
def proposalDeadline(proposalId: uint256) -> uint256:
    return self._proposals[proposalId].deadline


@external
@view
def proposalProposer(proposalId: uint256) -> address:
    return self._proposer(proposalId)


@external
@view
def proposalEta(proposalId: uint256) -> uint256:
    eta: uint256 = staticcall Timelock(self_governed.timelock).getTimestamp(
        self._operations[proposalId]
    )
    return 0 if eta == 1 else eta  # 1 marks an operation that is done


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
@view
def _state(_id: uint256) -> uint8:
    proposal: Proposal = self._proposals[_id]
    if proposal.core & _EXECUTED != 0:
        return EXECUTED
    if proposal.core & _CANCELED != 0:
        return CANCELED
    snapshot: uint256 = self._snapshot(_id)
    assert snapshot != 0, "Governor: unknown proposal id"

    round: uint256 = electorate._clock()
    if snapshot >= round:
        return PENDING
    if proposal.deadline >= round:
        return ACTIVE
    if counting_overridable._votes_cast(_id) < voting_rules._quorum(snapshot):
        return DEFEATED
    if not counting_overridable._vote_succeeded(_id, voting_rules.quota):
        return DEFEATED
    return self._state_in_timelock(self._operations[_id])


@internal
@view
def _state_in_timelock(_operation: bytes32) -> uint8:
    """
    @dev State of a proposal that has won. One that was queued is in the timelock, or was cancelled there.
    """
    if _operation == empty(bytes32):
        return SUCCEEDED
    timelock: Timelock = Timelock(self_governed.timelock)
    if staticcall timelock.isOperationDone(_operation):
        return EXECUTED
    if staticcall timelock.isOperationPending(_operation):
        return QUEUED
    return CANCELED


@internal
@view
def _snapshot(_id: uint256) -> uint256:
    return (self._proposals[_id].core >> _SNAPSHOT_SHIFT) & _MAX_UINT64


@internal
@view
def _proposer(_id: uint256) -> address:
    return convert(self._proposals[_id].core & _MAX_UINT160, address)
