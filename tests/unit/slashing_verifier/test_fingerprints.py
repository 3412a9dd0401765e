"""Requirement 17 and the Merkle runs: lanes equal bytes, contract equals software."""

from __future__ import annotations

import functools
from typing import Any

import boa
import numpy as np
import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.contracts import deploy
from tests.support.receipts import fingerprint
from tests.support.requirements import record
from verifier import merkle
from verifier.faults import (
    Metric,
    chroma_sum,
    colour_sum,
    content_faults,
    frame_margins,
    luma_sum,
    needed_frames,
    window,
)

CALL_OVERHEAD = 21_000


@functools.cache
def harness() -> Any:
    return deploy("FingerprintsHarness")


@pytest.fixture(scope="module", autouse=True)
def deployed() -> Any:
    return harness()


def words(data: bytes) -> list[bytes]:
    return [data[at : at + 32] for at in range(0, 256, 32)]


def test_lanes__1000_fuzzed_pairs__equal_the_sum_byte_by_byte(deployed: Any) -> None:
    rng = np.random.default_rng(17)
    edges = [np.zeros(256), np.full(256, 255), np.arange(256), np.arange(256)[::-1]]
    pairs = [(a, b) for a in edges for b in edges]
    while len(pairs) < 1_000:
        spread = int(rng.integers(1, 256))
        base = rng.integers(0, 256, 256)
        pairs.append((base, np.clip(base + rng.integers(-spread, spread + 1, 256), 0, 255)))
    worst = 0
    for a, b in pairs:
        x, y = (words(one.astype(np.uint8).tobytes()) for one in (a, b))
        expected = int(np.abs(a.astype(int) - b.astype(int)).sum())
        assert deployed.sum_of_differences(x, y) == expected
        worst = max(worst, deployed._computation.get_gas_used())
    for a, b in pairs[:40]:
        x, y = (words(one.astype(np.uint8).tobytes()) for one in (a, b))
        assert deployed.sum_of_differences_by_byte(x, y) == deployed.sum_of_differences(x, y)
    record(17, "gas of a 256-byte difference in 16 lanes", worst, "<= 8000")
    assert worst <= 8_000


@given(st.integers(1, 70), st.data())
@settings(max_examples=60)
def test_run_root__any_run__contract_and_software_agree(leaves: int, data: st.DataObject) -> None:
    deployed = harness()
    start = data.draw(st.integers(0, leaves - 1))
    count = data.draw(st.integers(1, min(24, leaves - start)))
    hashes = [keccak(text=f"{at}") for at in range(leaves)]
    proof = merkle.run_proof(hashes, start, count)
    run = hashes[start : start + count]
    root = merkle.root(hashes)
    assert merkle.run_root(run, start, leaves, proof) == root
    assert deployed.run_root(run, start, leaves, proof) == root
    wrong = data.draw(st.sampled_from(["long", "short", "shifted", "other"]))
    if wrong == "long":
        with boa.reverts("proof is of another depth"):
            deployed.run_root(run, start, leaves, [*proof, bytes(32)])
        with pytest.raises(ValueError, match="too long"):
            merkle.run_root(run, start, leaves, [*proof, bytes(32)])
    elif wrong == "short" and proof:
        with boa.reverts():
            deployed.run_root(run, start, leaves, proof[:-1])
        with pytest.raises(ValueError, match="too short"):
            merkle.run_root(run, start, leaves, proof[:-1])
    elif wrong == "shifted":
        with boa.reverts():
            deployed.run_root(run, leaves - count + 1, leaves, proof)
        with pytest.raises(ValueError, match="not inside"):
            merkle.run_root(run, leaves - count + 1, leaves, proof)
    else:
        other = [keccak(text="other"), *run[1:]]
        assert deployed.run_root(other, start, leaves, proof) != root


def test_margins__every_metric__are_the_sums_of_single_frames() -> None:
    """The vectorised search and the sums that the contract computes one by one agree."""
    rng = np.random.default_rng(3)

    def noise(_: int, cells: np.ndarray) -> np.ndarray:
        return cells + rng.integers(-20, 21, 384)

    source = fingerprint(20, 1)
    delivered = fingerprint(20, 1, change=noise, shift=1_500)
    pts = [frame.pts for frame in source.frames]
    margins = frame_margins(source, delivered)
    for at, frame in enumerate(delivered.frames):
        near = [source.frames[i] for i in window(pts, frame.pts)]
        assert margins[Metric.LUMA][at] == min(luma_sum(frame, one) for one in near)
        assert margins[Metric.CHROMA][at] == min(chroma_sum(frame, one) for one in near)
        grey = max(4 * colour_sum(frame) - colour_sum(one) for one in near)
        assert margins[Metric.GREY][at] == grey


def test_window__ends_and_gaps__three_on_each_side() -> None:
    pts = list(range(0, 100, 10))
    assert list(window(pts, 45)) == [2, 3, 4, 5, 6, 7]
    assert list(window(pts, 50)) == [3, 4, 5, 6, 7, 8]
    assert list(window(pts, 0)) == [0, 1, 2, 3]
    assert list(window(pts, 95)) == [7, 8, 9]
    assert list(window(pts, 1_000)) == [7, 8, 9]


def test_needed_frames__by_length() -> None:
    assert [needed_frames(n) for n in (0, 7, 8, 15, 16, 32, 4_096)] == [0, 0, 2, 3, 4, 8, 8]


def test_content_faults__same_pictures__none() -> None:
    source = fingerprint(32, 5)
    assert content_faults(source, source) == ()
    assert content_faults(source, fingerprint(7, 9)) == ()
