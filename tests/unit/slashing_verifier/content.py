"""Delivered pictures that are not the source's, and proofs of them, for the tests of fault 3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tests.support.receipts import Signing
from tests.unit.slashing_verifier.conftest import bad
from verifier import merkle
from verifier.faults import ContentFault, Metric
from verifier.proofs import (
    ContentEvidence,
    ContentSegment,
    ProofCall,
    cheapest_runs,
    proof_calls,
)

Change = Callable[[int, np.ndarray], np.ndarray]


def shifted(y: int, u: int = 0, v: int = 0) -> Change:
    step = np.r_[np.full(256, y), np.full(64, u), np.full(64, v)]
    return lambda _, cells: cells + step


def greyed(share: float) -> Change:
    def change(_: int, cells: np.ndarray) -> np.ndarray:
        colour = 128 + np.round((cells[256:] - 128) * share).astype(np.int64)
        return np.r_[cells[:256], colour]

    return change


def only(frames: set[int]) -> Change:
    return lambda at, cells: bad(at, cells) if at in frames else cells


def calls_of(signing: Signing, change: Change, **options: Any) -> list[ProofCall]:
    pair = (signing.content(seq, change, **options) for seq in (0, 3))
    return proof_calls(ContentEvidence(*pair))


def call_for(segment: ContentSegment, metric: Metric) -> ProofCall:
    """The proof by one metric, whichever would be cheapest."""
    fault = next(one for one in segment.faults() if one.metric == metric)
    call = proof_calls(ContentEvidence(segment, replace(segment, signed=other_place(segment))))[0]
    runs = [run.argument() for run in cheapest_runs(segment.source, segment.delivered, fault)]
    return replace(call, arguments=(*call.arguments[:3], int(metric), runs))


def other_place(segment: ContentSegment) -> Any:
    receipt = replace(segment.signed.receipt, seq=segment.signed.receipt.seq + 1)
    return replace(segment.signed, receipt=receipt)


def forced(segment: ContentSegment, metric: Metric, frames: tuple[int, ...] = ()) -> ProofCall:
    """A proof about frames that the software would not submit."""
    frames = frames or tuple(range(len(segment.delivered.frames)))
    runs = cheapest_runs(segment.source, segment.delivered, ContentFault(metric, frames))
    leaves = [leaf.leaf() for leaf in segment.signed.leaves]
    arguments = (
        segment.signed.argument(),
        segment.signed.leaves[segment.profile].values(),
        merkle.run_proof(leaves, segment.profile, 1),
        int(metric),
        [run.argument() for run in runs],
    )
    return ProofCall("checkContent", "proveContent", arguments, bytes(32))
