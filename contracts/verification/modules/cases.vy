# pragma version 0.4.3
"""
@title cases
@notice From an accepted proof to a slash: delay, contest, execution, and what stops it.
@dev Owns the cases and the accused.
         none -> queued -> executed -> closed
                   |  \\-> contested -> queued (answer: the source root is right)
                   |          \\-> dismissed (answer: it is false; or none in time)
                   \\-> dismissed (cancelled, or not executed in time)
     Every state but the last two can be left by anyone's call once its time is over, so no stake is held for ever.
     Invariant: BondingManager holds an account's stake  <=>  it has a case that is queued, contested or executed.
       case     due 40 | opened at 40 | fault 8 | state 8 | accused 160
       finding  finder share 32 | slash 32 | finder 160
       accused  last slash at 40 | open cases 32
     Source: verification spec, sections 8.3 to 8.5.
"""

from ...interfaces import IArbiter
from ...interfaces import IBondingManager
from ...interfaces import ISlashingVerifier
from ...modules import contract_ids
from ...modules import errors
from ...modules import managed
from ...modules import percentages
from . import brakes
from . import terms

uses: brakes
uses: managed
uses: terms

QUEUED: constant(uint256) = 1
CONTESTED: constant(uint256) = 2
EXECUTED: constant(uint256) = 3
DISMISSED: constant(uint256) = 4
CLOSED: constant(uint256) = 5
# The arbiter's answers.
SOURCE_IS_FALSE: constant(uint8) = 1
SOURCE_IS_RIGHT: constant(uint8) = 2
MAX_LOCKS: constant(uint256) = 32  # of a call

_WORD32: constant(uint256) = 2**32 - 1
_WORD40: constant(uint256) = 2**40 - 1
_WORD160: constant(uint256) = 2**160 - 1


# A case's word, unpacked.
struct Record:
    accused: address
    state: uint256
    fault: uint8
    opened_at: uint256
    due: uint256


_cases: HashMap[bytes32, uint256]
_findings: HashMap[bytes32, uint256]
_arbiters: HashMap[bytes32, address]
_accused: HashMap[address, uint256]
_slashed_locks: HashMap[bytes32, HashMap[uint256, bool]]


# ------------------------------------------------------------------------------------------------
# The accused
# ------------------------------------------------------------------------------------------------


@external
@payable
def contestSource(_caseId: bytes32, _evidenceURI: String[256]):
    managed._check_system_not_paused()
    c: Record = self._case(_caseId)
    errors._check(c.state == QUEUED, "case is not queued")
    errors._check(msg.sender == c.accused, "caller must be the accused")
    errors._check(c.fault == terms.CONTENT, "only content can be contested")
    errors._check(self._arbiters[_caseId] == empty(address), "case was contested")
    errors._check(block.timestamp < c.due, "too late to contest")
    arbiter: address = terms.parameters.arbiter
    errors._check(arbiter != empty(address), "no arbiter is set")
    errors._check(msg.value >= staticcall IArbiter(arbiter).contestBond(), "bond is too small")

    self._arbiters[_caseId] = arbiter
    self._move(_caseId, c, CONTESTED, block.timestamp + terms.parameters.arbitrationWindow)
    log ISlashingVerifier.SourceContested(caseId=_caseId, arbiter=arbiter, evidenceURI=_evidenceURI)
    extcall IArbiter(arbiter).openContest(_caseId, c.accused, _evidenceURI, value=msg.value)


# ------------------------------------------------------------------------------------------------
# Anyone
# ------------------------------------------------------------------------------------------------


@external
def settleContest(_caseId: bytes32):
    c: Record = self._case(_caseId)
    errors._check(c.state == CONTESTED, "case is not contested")
    answer: uint8 = staticcall IArbiter(self._arbiters[_caseId]).contestAnswer(_caseId)

    if answer == SOURCE_IS_RIGHT:
        due: uint256 = max(block.timestamp, c.opened_at + terms._delay_of(c.fault))
        self._move(_caseId, c, QUEUED, due)
        log ISlashingVerifier.ContestRejected(caseId=_caseId, due=due)
    elif answer == SOURCE_IS_FALSE:
        self._dismiss(_caseId, c, "source root is false")
    else:
        errors._check(block.timestamp > c.due, "contest is not answered")
        self._dismiss(_caseId, c, "contest was not answered")


@external
def execute(_caseId: bytes32, _lockIds: DynArray[uint256, MAX_LOCKS]) -> bool:
    brakes._check_may_slash()
    c: Record = self._case(_caseId)
    errors._check(c.state == QUEUED, "case is not queued")
    errors._check(block.timestamp >= c.due, "delay is not over")
    errors._check(
        block.timestamp <= c.due + terms.parameters.executionWindow, "execution window is over"
    )
    accused: uint256 = self._accused[c.accused]
    last: uint256 = accused >> 32
    errors._check(
        last == 0 or block.timestamp >= last + terms.parameters.slashCooldown,
        "orchestrator was slashed recently",
    )
    manager: address = managed._contract(contract_ids.BONDING_MANAGER)
    finding: uint256 = self._findings[_caseId]
    slash: uint256 = (finding >> 160) & _WORD32
    penalty: uint256 = percentages._of(
        staticcall IBondingManager(manager).pendingStake(c.accused, 0), slash, percentages.PERC
    )
    locked: uint256 = self._penalty_of_locks(manager, c.accused, _lockIds, slash)
    if not brakes._fits(manager, penalty + locked):
        return False

    closes_at: uint256 = block.timestamp + terms.parameters.lockWindow
    self._move(_caseId, c, EXECUTED, closes_at)
    self._accused[c.accused] = (accused & _WORD32) | (block.timestamp << 32)
    log ISlashingVerifier.SlashExecuted(
        caseId=_caseId, accused=c.accused, penalty=penalty, closesAt=closes_at
    )
    extcall IBondingManager(manager).slashTranscoder(
        c.accused, convert(finding & _WORD160, address), slash, finding >> 192
    )
    self._slash_locks(_caseId, manager, c.accused, _lockIds, locked, finding)
    return True


@external
def slashLocks(_caseId: bytes32, _lockIds: DynArray[uint256, MAX_LOCKS]) -> bool:
    brakes._check_may_slash()
    c: Record = self._case(_caseId)
    errors._check(c.state == EXECUTED, "case is not executed")
    manager: address = managed._contract(contract_ids.BONDING_MANAGER)
    finding: uint256 = self._findings[_caseId]
    locked: uint256 = self._penalty_of_locks(
        manager, c.accused, _lockIds, (finding >> 160) & _WORD32
    )
    if not brakes._fits(manager, locked):
        return False

    self._slash_locks(_caseId, manager, c.accused, _lockIds, locked, finding)
    return True


@external
def close(_caseId: bytes32):
    c: Record = self._case(_caseId)
    errors._check(c.state == EXECUTED, "case is not executed")
    errors._check(block.timestamp > c.due, "lock window is not over")

    self._move(_caseId, c, CLOSED, c.due)
    log ISlashingVerifier.CaseClosed(caseId=_caseId)
    self._release(c.accused)


@external
def expire(_caseId: bytes32):
    c: Record = self._case(_caseId)
    errors._check(c.state == QUEUED, "case is not queued")
    errors._check(
        block.timestamp > c.due + terms.parameters.executionWindow,
        "execution window is not over",
    )
    self._dismiss(_caseId, c, "not executed in time")


# ------------------------------------------------------------------------------------------------
# Guardian
# ------------------------------------------------------------------------------------------------


@external
def cancel(_caseId: bytes32):
    errors._check(msg.sender == terms.parameters.guardian, "caller must be the guardian")
    c: Record = self._case(_caseId)
    errors._check(c.state == QUEUED or c.state == CONTESTED, "case is not open")
    self._dismiss(_caseId, c, "cancelled by the guardian")


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def getCase(_caseId: bytes32) -> ISlashingVerifier.Case:
    c: Record = self._case(_caseId)
    finding: uint256 = self._findings[_caseId]
    return ISlashingVerifier.Case(
        state=convert(c.state, uint8),
        fault=c.fault,
        accused=c.accused,
        finder=convert(finding & _WORD160, address),
        openedAt=c.opened_at,
        due=c.due,
        slash=(finding >> 160) & _WORD32,
        finderShare=finding >> 192,
        arbiter=self._arbiters[_caseId],
    )


@external
@pure
def caseIdOf(_fault: uint8, _accused: address, _jobId: bytes32) -> bytes32:
    return self._id(_fault, _accused, _jobId)


@external
@view
def isJailed(_orchestrator: address) -> bool:
    return self._accused[_orchestrator] & _WORD32 != 0


@external
@view
def isLockSlashed(_caseId: bytes32, _lockId: uint256) -> bool:
    return self._slashed_locks[_caseId][_lockId]


# ------------------------------------------------------------------------------------------------
# Internal: opening
# ------------------------------------------------------------------------------------------------


@internal
@pure
def _id(_fault: uint8, _accused: address, _job_id: bytes32) -> bytes32:
    return keccak256(abi_encode(_fault, _accused, _job_id))


@internal
@view
def _check_new(_case_id: bytes32):
    errors._check(self._cases[_case_id] == 0, "case exists")


@internal
def _open(_case_id: bytes32, _fault: uint8, _accused: address, _job_id: bytes32):
    """
    @dev Queue a proven fault for the caller, hold the accused's stake and, as far as the jail brake allows, take it
         out of the pool. The terms of the case are those in force now.
    """
    due: uint256 = block.timestamp + terms._delay_of(_fault)
    self._save(
        _case_id,
        Record(accused=_accused, state=QUEUED, fault=_fault, opened_at=block.timestamp, due=due),
    )
    self._findings[_case_id] = (
        convert(msg.sender, uint256)
        | (terms._slash_of(_fault) << 160)
        | (terms.parameters.finderShare << 192)
    )
    accused: uint256 = self._accused[_accused]
    self._accused[_accused] = accused + 1
    log ISlashingVerifier.CaseOpened(
        caseId=_case_id,
        accused=_accused,
        finder=msg.sender,
        fault=_fault,
        jobId=_job_id,
        due=due,
    )
    if accused & _WORD32 == 0:
        manager: address = managed._contract(contract_ids.BONDING_MANAGER)
        extcall IBondingManager(manager).holdStake(_accused, brakes._may_jail(manager, _accused))


# ------------------------------------------------------------------------------------------------
# Internal: slashing
# ------------------------------------------------------------------------------------------------


@internal
@view
def _penalty_of_locks(
    _manager: address,
    _accused: address,
    _lock_ids: DynArray[uint256, MAX_LOCKS],
    _slash: uint256,
) -> uint256:
    total: uint256 = 0
    for lock_id: uint256 in _lock_ids:
        lock: IBondingManager.UnbondingLock = staticcall IBondingManager(
            _manager
        ).getDelegatorUnbondingLock(_accused, lock_id)
        total += percentages._of(lock.amount, _slash, percentages.PERC)
    return total


@internal
def _slash_locks(
    _case_id: bytes32,
    _manager: address,
    _accused: address,
    _lock_ids: DynArray[uint256, MAX_LOCKS],
    _penalty: uint256,
    _finding: uint256,
):
    if len(_lock_ids) == 0:
        return

    for lock_id: uint256 in _lock_ids:
        errors._check(not self._slashed_locks[_case_id][lock_id], "lock was slashed")
        self._slashed_locks[_case_id][lock_id] = True
        extcall IBondingManager(_manager).slashUnbondingLock(
            _accused,
            lock_id,
            convert(_finding & _WORD160, address),
            (_finding >> 160) & _WORD32,
            _finding >> 192,
        )
    log ISlashingVerifier.LocksSlashed(caseId=_case_id, penalty=_penalty)


# ------------------------------------------------------------------------------------------------
# Internal: ending, records
# ------------------------------------------------------------------------------------------------


@internal
def _dismiss(_case_id: bytes32, _c: Record, _reason: String[32]):
    self._move(_case_id, _c, DISMISSED, _c.due)
    log ISlashingVerifier.CaseDismissed(caseId=_case_id, accused=_c.accused, reason=_reason)
    self._release(_c.accused)


@internal
def _release(_accused: address):
    """
    @dev One case less; with the last one the stake is free.
    """
    accused: uint256 = self._accused[_accused] - 1
    self._accused[_accused] = accused
    if accused & _WORD32 == 0:
        manager: address = managed._contract(contract_ids.BONDING_MANAGER)
        extcall IBondingManager(manager).releaseStake(_accused)


@internal
@view
def _case(_case_id: bytes32) -> Record:
    word: uint256 = self._cases[_case_id]
    return Record(
        accused=convert(word & _WORD160, address),
        state=(word >> 160) & 255,
        fault=convert((word >> 168) & 255, uint8),
        opened_at=(word >> 176) & _WORD40,
        due=word >> 216,
    )


@internal
def _move(_case_id: bytes32, _c: Record, _state: uint256, _due: uint256):
    after: Record = _c
    after.state = _state
    after.due = _due
    self._save(_case_id, after)


@internal
def _save(_case_id: bytes32, _c: Record):
    self._cases[_case_id] = (
        convert(_c.accused, uint256)
        | (_c.state << 160)
        | (convert(_c.fault, uint256) << 168)
        | (_c.opened_at << 176)
        | (_c.due << 216)
    )
