"""Delivered pictures that are not the source's, and proofs of them, for the tests of fault 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.support.receipts import Signing
from tests.unit.slashing_verifier.conftest import bad
from verifier.faults import ContentFault, Metric
from verifier.proofs import (
    ContentEvidence,
    ContentSegment,
    ProofCall,
    cheapest_runs,
    content_call,
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
    return forced(segment, metric, fault.frames)


def forced(segment: ContentSegment, metric: Metric, frames: tuple[int, ...] = ()) -> ProofCall:
    """A proof about frames that the software would not submit."""
    frames = frames or tuple(range(len(segment.delivered.frames)))
    runs = cheapest_runs(segment.source, segment.delivered, ContentFault(metric, frames))
    return content_call(segment, metric, runs, bytes(32))
