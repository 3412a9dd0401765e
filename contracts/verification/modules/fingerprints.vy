# pragma version 0.4.3
"""
@title fingerprints
@notice Is a delivered frame at fault? Exact arithmetic on canonical segment fingerprints (CSF-1).
@dev Owns nothing. A frame is 416 bytes: pts in 32, then 16x16 luma, 8x8 U and 8x8 V means, a byte each. Its
     leaf is keccak256(abi.encode(uint8 1, uint32 index, uint64 pts, bytes32[8] Y, bytes32[2] U, bytes32[2] V)).
     A delivered frame at time t is at fault when *every* source frame in its window is too far from it; the window is
     the three source frames at or before t and the three after (fewer at the ends of the source):
         luma    sum |Y - Y'| > 8 * 256
         chroma  max(sum |U - U'|, sum |V - V'|) > 8 * 64
         grey    4 * C < C' and C' > 64, with C = sum |U - 128| + sum |V - 128|; primes are the source's
     Sums of absolute differences run over 16 lanes of 16 bits in a word. Source: verification spec, sections 4.3, 7 (C
     and C') and 8; verifier/faults.py.
"""

from ...interfaces import ISlashingVerifier
from ...modules import errors
from . import merkle

LUMA: constant(uint8) = 0
CHROMA: constant(uint8) = 1
GREY: constant(uint8) = 2

MIN_FRAMES: constant(uint256) = 8
MAX_NEEDED: constant(uint256) = 8
WINDOW_SIDE: constant(uint256) = 3
LUMA_SUM: constant(uint256) = 8 * 256
CHROMA_SUM: constant(uint256) = 8 * 64
GREY_SOURCE_SUM: constant(uint256) = 64
GREY_SHARE: constant(uint256) = 4

FRAME: constant(uint256) = 416  # bytes: pts, Y, U, V
MAX_FRAMES: constant(uint256) = 8  # of a run
MAX_SOURCES: constant(uint256) = merkle.MAX_RUN
MAX_RUNS: constant(uint256) = 8
Y: constant(uint256) = 32  # where the planes begin in a frame
U: constant(uint256) = 288
V: constant(uint256) = 352
_LEAF_TAG: constant(bytes32) = 0x0000000000000000000000000000000000000000000000000000000000000001

# A one in each lane of 16 bits; the lanes' low bytes; the bit above those.
_ONES: constant(uint256) = max_value(uint256) // (2**16 - 1)
_BYTES: constant(uint256) = _ONES * 255
_CARRY: constant(uint256) = _ONES * 256
_GREY: constant(bytes32) = 0x8080808080808080808080808080808080808080808080808080808080808080


@external
@pure
def checkSegment(
    _sourceRoot: bytes32,
    _sourceFrames: uint256,
    _root: bytes32,
    _frames: uint256,
    _metric: uint8,
    _runs: DynArray[ISlashingVerifier.FrameRun, MAX_RUNS],
) -> uint256:
    errors._check(_frames >= MIN_FRAMES, "segment is too short to judge")
    errors._check(max(_frames, _sourceFrames) <= merkle.MAX_LEAVES, "segment has too many frames")
    errors._check(_metric <= GREY, "unknown metric")

    next: uint256 = 0
    faulty: uint256 = 0
    for run: ISlashingVerifier.FrameRun in _runs:
        first: uint256 = convert(run.firstFrame, uint256)
        count: uint256 = len(run.frames) // FRAME
        errors._check(first >= next and count > 0, "frames are not in order")
        next = first + count
        faulty += count
        errors._check(
            self._root_of(run.frames, first, _frames, run.framesProof) == _root
            and self._root_of(
                run.sources, convert(run.firstSource, uint256), _sourceFrames, run.sourcesProof
            )
            == _sourceRoot,
            "fingerprint does not match its root",
        )
        self._check_run(run, _sourceFrames, _metric)
    errors._check(faulty >= min(MAX_NEEDED, _frames // 4), "too few frames at fault")
    return faulty


@internal
@pure
def _check_run(_run: ISlashingVerifier.FrameRun, _source_frames: uint256, _metric: uint8):
    """
    @dev Every frame of the run is at fault, and its whole window is there.
    """
    begin: uint256 = convert(_run.firstSource, uint256)
    sources: uint256 = len(_run.sources) // FRAME
    for frame: uint256 in range(len(_run.frames) // FRAME, bound=MAX_FRAMES):
        at: uint256 = frame * FRAME
        pts: uint256 = extract32(_run.frames, at, output_type=uint256)
        # Sources up to `after` are at or before the frame. Both sides signed their order.
        after: uint256 = 0
        for i: uint256 in range(sources, bound=MAX_SOURCES):
            if extract32(_run.sources, i * FRAME, output_type=uint256) > pts:
                break
            after += 1
        errors._check(
            (after >= WINDOW_SIDE or begin == 0)
            and (after + WINDOW_SIDE <= sources or begin + sources == _source_frames),
            "source window is not complete",
        )
        low: uint256 = 0 if after < WINDOW_SIDE else after - WINDOW_SIDE
        high: uint256 = min(after + WINDOW_SIDE, sources)
        errors._check(high > low, "source window is not complete")
        for i: uint256 in range(low, high, bound=2 * WINDOW_SIDE):
            source: uint256 = i * FRAME
            first: uint256 = 0
            second: uint256 = 0
            far: bool = False
            if _metric == LUMA:
                for word: uint256 in range(8):
                    first += self._lanes(
                        extract32(_run.frames, at + Y + 32 * word),
                        extract32(_run.sources, source + Y + 32 * word),
                    )
                far = self._sum(first) > LUMA_SUM
            elif _metric == CHROMA:
                for word: uint256 in range(2):
                    first += self._lanes(
                        extract32(_run.frames, at + U + 32 * word),
                        extract32(_run.sources, source + U + 32 * word),
                    )
                    second += self._lanes(
                        extract32(_run.frames, at + V + 32 * word),
                        extract32(_run.sources, source + V + 32 * word),
                    )
                far = max(self._sum(first), self._sum(second)) > CHROMA_SUM
            else:
                for word: uint256 in range(4):
                    first += self._lanes(extract32(_run.frames, at + U + 32 * word), _GREY)
                    second += self._lanes(extract32(_run.sources, source + U + 32 * word), _GREY)
                far = (
                    GREY_SHARE * self._sum(first) < self._sum(second)
                    and self._sum(second) > GREY_SOURCE_SUM
                )
            errors._check(far, "frame is not at fault")


@internal
@pure
def _root_of(
    _frames: Bytes[FRAME * MAX_SOURCES],
    _first: uint256,
    _total: uint256,
    _proof: DynArray[bytes32, merkle.MAX_PROOF],
) -> bytes32:
    """
    @dev Root over neighbouring frames.
    """
    assert len(_frames) % FRAME == 0  # dev: part of a frame
    leaves: DynArray[bytes32, MAX_SOURCES] = []
    for i: uint256 in range(len(_frames) // FRAME, bound=MAX_SOURCES):
        leaves.append(
            keccak256(
                concat(_LEAF_TAG, convert(_first + i, bytes32), slice(_frames, i * FRAME, FRAME))
            )
        )
    return merkle._run_root(leaves, _first, _total, _proof)


@internal
@pure
def _lanes(_a: bytes32, _b: bytes32) -> uint256:
    """
    @dev |a - b| of the 32 byte pairs of two words, summed pairwise into 16 lanes of 16 bits.
    """
    a: uint256 = convert(_a, uint256)
    b: uint256 = convert(_b, uint256)
    return self._half(a & _BYTES, b & _BYTES) + self._half((a >> 8) & _BYTES, (b >> 8) & _BYTES)


@internal
@pure
def _half(_a: uint256, _b: uint256) -> uint256:
    """
    @dev |a - b| in each lane. A lane of 256 + a - b never borrows from the next; its ninth bit says a >= b.
    """
    difference: uint256 = (_a | _CARRY) - _b
    less: uint256 = ((difference >> 8) & _ONES) ^ _ONES
    # Where b is larger the low byte is 256 - |a - b|: take the two's complement.
    return ((difference & _BYTES) ^ (less * 255)) + less


@internal
@pure
def _sum(_lanes_: uint256) -> uint256:
    """
    @dev All lanes together. The product has the sum in its top lane; up to 8 words it is at most 65,280.
    """
    return unsafe_mul(_lanes_, _ONES) >> 240
