# pragma version 0.4.3
"""
@title proofs
@notice The three faults, recomputed from what was signed, and the way from a proof to a case.
@dev Owns the commitments of finders and the content faults that wait for a second one. A fault is a function of
     signed data alone: who calls, and when within the evidence window, changes nothing.
     Source: verification spec, sections 5, 7 (A, B, C) and 8.3.
"""

from ...interfaces import IContentFaults
from ...interfaces import ISlashingVerifier
from ...modules import contract_ids
from ...modules import errors
from ...modules import managed
from . import cases
from . import merkle
from . import signer_keys
from . import terms
from . import typed_data

uses: managed
uses: cases
uses: signer_keys
uses: terms

CSF_VERSION: constant(uint16) = 1
MAX_RENDITIONS: constant(uint256) = 8
MAX_RUNS: constant(uint256) = 8
# Kinds of contradiction.
ORDER: constant(uint8) = 1
COUNT: constant(uint8) = 2
PROFILE: constant(uint8) = 3
TIMES: constant(uint8) = 4
PIXELS: constant(uint8) = 5

_committed: HashMap[bytes32, uint256]  # commitment -> block
_first_faults: HashMap[bytes32, uint256]  # case and finder -> 1 + seq of the segment proven last


# ------------------------------------------------------------------------------------------------
# Anyone
# ------------------------------------------------------------------------------------------------


@external
def commitProof(_commitment: bytes32):
    self._committed[_commitment] = block.number
    log ISlashingVerifier.ProofCommitted(finder=msg.sender, commitment=_commitment)


@external
def proveEquivocation(
    _receiptA: ISlashingVerifier.SegmentReceipt,
    _sigA: Bytes[65],
    _receiptB: ISlashingVerifier.SegmentReceipt,
    _sigB: Bytes[65],
    _salt: bytes32,
):
    case_id: bytes32 = self._equivocation(_receiptA, _sigA, _receiptB, _sigB)
    self._open(case_id, terms.EQUIVOCATION, _receiptA.orchestrator, _receiptA.jobId, _salt)


@external
def proveContradiction(
    _segment: ISlashingVerifier.SignedSegment,
    _leaves: DynArray[ISlashingVerifier.RenditionLeaf, MAX_RENDITIONS],
    _profiles: DynArray[ISlashingVerifier.Profile, MAX_RENDITIONS],
    _salt: bytes32,
):
    case_id: bytes32 = self._contradiction(_segment, _leaves, _profiles)[0]
    self._open(
        case_id,
        terms.CONTRADICTION,
        _segment.receipt.orchestrator,
        _segment.receipt.jobId,
        _salt,
    )


@external
def proveContent(
    _segment: ISlashingVerifier.SignedSegment,
    _leaf: ISlashingVerifier.RenditionLeaf,
    _leafProof: DynArray[bytes32, 3],
    _metric: uint8,
    _runs: DynArray[ISlashingVerifier.FrameRun, MAX_RUNS],
    _salt: bytes32,
):
    case_id: bytes32 = self._content(_segment, _leaf, _leafProof, _metric, _runs)
    accused: address = _segment.receipt.orchestrator
    self._check_may_open(case_id, terms.CONTENT, _salt)

    log ISlashingVerifier.ContentFaultProven(
        caseId=case_id,
        accused=accused,
        finder=msg.sender,
        seq=_segment.receipt.seq,
        profile=_leaf.profile,
        metric=_metric,
    )
    # By finder: nobody can add the second segment to somebody else's first and take the share.
    place: bytes32 = keccak256(abi_encode(case_id, msg.sender))
    seq: uint256 = convert(_segment.receipt.seq, uint256)
    noted: uint256 = self._first_faults[place]
    if noted != 0 and self._are_near(noted - 1, seq):
        cases._open(case_id, terms.CONTENT, accused, _segment.receipt.jobId)
    else:
        self._first_faults[place] = 1 + seq


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def checkEquivocation(
    _receiptA: ISlashingVerifier.SegmentReceipt,
    _sigA: Bytes[65],
    _receiptB: ISlashingVerifier.SegmentReceipt,
    _sigB: Bytes[65],
) -> bytes32:
    return self._equivocation(_receiptA, _sigA, _receiptB, _sigB)


@external
@view
def checkContradiction(
    _segment: ISlashingVerifier.SignedSegment,
    _leaves: DynArray[ISlashingVerifier.RenditionLeaf, MAX_RENDITIONS],
    _profiles: DynArray[ISlashingVerifier.Profile, MAX_RENDITIONS],
) -> (bytes32, uint8):
    return self._contradiction(_segment, _leaves, _profiles)


@external
@view
def checkContent(
    _segment: ISlashingVerifier.SignedSegment,
    _leaf: ISlashingVerifier.RenditionLeaf,
    _leafProof: DynArray[bytes32, 3],
    _metric: uint8,
    _runs: DynArray[ISlashingVerifier.FrameRun, MAX_RUNS],
) -> bytes32:
    return self._content(_segment, _leaf, _leafProof, _metric, _runs)


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
def _open(_case_id: bytes32, _fault: uint8, _accused: address, _job_id: bytes32, _salt: bytes32):
    self._check_may_open(_case_id, _fault, _salt)
    cases._open(_case_id, _fault, _accused, _job_id)


@internal
@view
def _check_may_open(_case_id: bytes32, _fault: uint8, _salt: bytes32):
    managed._check_system_not_paused()
    errors._check(terms._is_armed(_fault), "fault is not armed")
    committed: uint256 = self._committed[keccak256(abi_encode(_case_id, msg.sender, _salt))]
    errors._check(
        committed != 0 and committed < block.number, "proof was not committed a block before"
    )
    cases._check_new(_case_id)


@internal
@view
def _are_near(_seq: uint256, _other: uint256) -> bool:
    distance: uint256 = max(_seq, _other) - min(_seq, _other)
    return distance > 0 and distance <= terms.parameters.contentDistance


@internal
@view
def _equivocation(
    _receiptA: ISlashingVerifier.SegmentReceipt,
    _sigA: Bytes[65],
    _receiptB: ISlashingVerifier.SegmentReceipt,
    _sigB: Bytes[65],
) -> bytes32:
    hash_a: bytes32 = typed_data._receipt_hash(_receiptA)
    hash_b: bytes32 = typed_data._receipt_hash(_receiptB)
    self._check_receipt(_receiptA, hash_a, _sigA)
    self._check_receipt(_receiptB, hash_b, _sigB)
    errors._check(hash_a != hash_b, "receipts: same")
    errors._check(
        _receiptA.orchestrator == _receiptB.orchestrator and _receiptA.jobId == _receiptB.jobId,
        "receipts: of different sessions",
    )
    # Two first receipts are no fork: a node that lost its journal starts again, in a session of its own.
    errors._check(
        _receiptA.seq == _receiptB.seq
        or (
            _receiptA.prevReceipt == _receiptB.prevReceipt
            and _receiptA.prevReceipt != empty(bytes32)
        ),
        "receipts: no conflict",
    )
    return cases._id(terms.EQUIVOCATION, _receiptA.orchestrator, _receiptA.jobId)


@internal
@view
def _contradiction(
    _segment: ISlashingVerifier.SignedSegment,
    _leaves: DynArray[ISlashingVerifier.RenditionLeaf, MAX_RENDITIONS],
    _profiles: DynArray[ISlashingVerifier.Profile, MAX_RENDITIONS],
) -> (bytes32, uint8):
    self._check_signed(_segment)
    errors._check(
        keccak256(abi_encode(_profiles)) == _segment.order.profilesHash,
        "profiles are not those of the order",
    )
    kind: uint8 = self._first_contradiction(_segment.order, _segment.receipt, _leaves, _profiles)
    errors._check(kind != 0, "no contradiction")
    return (
        cases._id(terms.CONTRADICTION, _segment.receipt.orchestrator, _segment.receipt.jobId),
        kind,
    )


@internal
@pure
def _first_contradiction(
    _order: ISlashingVerifier.SegmentOrder,
    _receipt: ISlashingVerifier.SegmentReceipt,
    _leaves: DynArray[ISlashingVerifier.RenditionLeaf, MAX_RENDITIONS],
    _profiles: DynArray[ISlashingVerifier.Profile, MAX_RENDITIONS],
) -> uint8:
    """
    @dev The leaves must be all of the receipt's. Returns the first kind that applies, 0 if none does.
    """
    hashes: DynArray[bytes32, MAX_RENDITIONS] = []
    pixels: uint256 = 0
    misplaced: bool = False
    timeless: bool = False
    for i: uint256 in range(len(_leaves), bound=MAX_RENDITIONS):
        leaf: ISlashingVerifier.RenditionLeaf = _leaves[i]
        hashes.append(typed_data._leaf_hash(leaf))
        pixels += (
            convert(leaf.frames, uint256)
            * convert(leaf.width, uint256)
            * convert(leaf.height, uint256)
        )
        misplaced = misplaced or convert(leaf.profile, uint256) != i
        if i < len(_profiles):
            misplaced = (
                misplaced or leaf.width != _profiles[i].width or leaf.height != _profiles[i].height
            )
        timeless = (
            timeless or leaf.frames == 0 or (leaf.frames > 1) != (leaf.lastPts > leaf.firstPts)
        )
    errors._check(
        len(hashes) > 0 and self._root_of_all(hashes) == _receipt.renditionsRoot,
        "renditions are not those of the receipt",
    )

    if (
        _order.jobId != _receipt.jobId
        or _order.seq != _receipt.seq
        or _order.orchestrator != _receipt.orchestrator
        or _order.sourceRoot != _receipt.sourceRoot
    ):
        return ORDER
    if len(_leaves) != len(_profiles) or convert(_receipt.renditions, uint256) != len(_leaves):
        return COUNT
    if misplaced:
        return PROFILE
    if timeless:
        return TIMES
    if pixels != convert(_receipt.pixels, uint256):
        return PIXELS
    return 0


@internal
@pure
def _root_of_all(_leaves: DynArray[bytes32, MAX_RENDITIONS]) -> bytes32:
    """
    @dev Merkle root over up to eight leaves, padded with zero to a power of two.
    """
    row: bytes32[MAX_RENDITIONS] = empty(bytes32[MAX_RENDITIONS])
    width: uint256 = 1
    for i: uint256 in range(len(_leaves), bound=MAX_RENDITIONS):
        row[i] = _leaves[i]
        if i + 1 > width:
            width *= 2
    for level: uint256 in range(3):
        if width == 1:
            break
        width //= 2
        for i: uint256 in range(width, bound=MAX_RENDITIONS // 2):
            row[i] = keccak256(concat(row[2 * i], row[2 * i + 1]))
    return row[0]


@internal
@view
def _content(
    _segment: ISlashingVerifier.SignedSegment,
    _leaf: ISlashingVerifier.RenditionLeaf,
    _leafProof: DynArray[bytes32, 3],
    _metric: uint8,
    _runs: DynArray[ISlashingVerifier.FrameRun, MAX_RUNS],
) -> bytes32:
    self._check_signed(_segment)
    errors._check(
        _segment.order.sourceRoot == _segment.receipt.sourceRoot
        and _segment.order.orchestrator == _segment.receipt.orchestrator,
        "receipt: names another source",
    )
    errors._check(_segment.order.csfVersion == CSF_VERSION, "fingerprint is of an unknown version")
    renditions: uint256 = convert(_segment.receipt.renditions, uint256)
    place: uint256 = convert(_leaf.profile, uint256)
    errors._check(
        place < renditions
        and renditions <= MAX_RENDITIONS
        and merkle._run_root([typed_data._leaf_hash(_leaf)], place, renditions, _leafProof)
        == _segment.receipt.renditionsRoot,
        "renditions are not those of the receipt",
    )
    faulty: uint256 = staticcall IContentFaults(
        managed._contract(contract_ids.CONTENT_FAULTS)
    ).checkSegment(
        _segment.order.sourceRoot,
        convert(_segment.order.sourceFrames, uint256),
        _leaf.csfRoot,
        convert(_leaf.frames, uint256),
        _metric,
        _runs,
    )
    errors._check(faulty > 0, "too few frames at fault")
    return cases._id(terms.CONTENT, _segment.receipt.orchestrator, _segment.receipt.jobId)


@internal
@view
def _check_signed(_segment: ISlashingVerifier.SignedSegment):
    """
    @dev An order by its gateway, and a receipt for it that counts.
    """
    order_hash: bytes32 = typed_data._order_hash(_segment.order)
    errors._check(
        typed_data._signer(order_hash, _segment.orderSig) == _segment.order.gateway
        and _segment.order.gateway != empty(address),
        "order: not signed by the gateway",
    )
    errors._check(_segment.receipt.orderHash == order_hash, "receipt: for another order")
    self._check_receipt(
        _segment.receipt, typed_data._receipt_hash(_segment.receipt), _segment.receiptSig
    )
    errors._check(
        _segment.receipt.signedAt <= _segment.order.expiry,
        "receipt: signed after the order expired",
    )


@internal
@view
def _check_receipt(
    _receipt: ISlashingVerifier.SegmentReceipt, _receipt_hash: bytes32, _sig: Bytes[65]
):
    """
    @dev By a key of the orchestrator it names, not from the future, and not too old: stake must still be there.
    """
    errors._check(
        signer_keys._is_accountable(_receipt.orchestrator, typed_data._signer(_receipt_hash, _sig)),
        "receipt: not signed by the orchestrator",
    )
    signed_at: uint256 = convert(_receipt.signedAt, uint256)
    errors._check(
        signed_at <= block.timestamp
        and block.timestamp <= signed_at + terms.parameters.evidenceWindow,
        "receipt: outside the evidence window",
    )
