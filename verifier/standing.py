"""What an orchestrator's checked segments say about it: a pure function of its history.

A flag lowers the weight in selection; three in twenty samples suspend. An objective, severe or
provable finding withholds tickets until five more segments were checked, and suspends if another of
its job's next five is bad too. A lie (false fingerprint, contradiction, equivocation) suspends at
once: it is not a matter of quality. Source: verification spec, section 5, step 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from verifier.findings import OK, UNVERIFIABLE
from verifier.sampling import FOLLOW_UPS, WHOLE

SAMPLES = 20
MAX_FLAGS = 3


class State(StrEnum):
    GOOD = "good"
    FLAGGED = "flagged"
    WITHHELD = "withheld"
    SUSPENDED = "suspended"


@dataclass(frozen=True)
class Sample:
    """A checked segment: `verdict` as of `verifier.check`, `lie` if it needs no second one."""

    job: str
    seq: int
    verdict: str
    lie: bool = False

    @property
    def is_grave(self) -> bool:
        return self.verdict not in (OK, UNVERIFIABLE, "flag")


@dataclass(frozen=True)
class Standing:
    """`weight` is the share of its normal chance to be selected, in parts per million."""

    state: State
    weight: int
    flags: int
    samples: int
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state.value,
            "weight": self.weight,
            "flags": self.flags,
            "samples": self.samples,
            "reason": self.reason,
        }


def standing(history: Sequence[Sample]) -> Standing:
    """Standing after these samples, in the order they were checked."""
    samples = [sample for sample in history if sample.verdict != UNVERIFIABLE or sample.lie]
    recent = samples[-SAMPLES:]
    flags = sum(sample.verdict != OK for sample in recent)
    state, reason = _judge(samples, recent, flags)
    weight = {
        State.GOOD: WHOLE,
        State.FLAGGED: WHOLE >> flags,
        State.WITHHELD: 0,
        State.SUSPENDED: 0,
    }[state]
    return Standing(state, weight, flags, len(samples), reason)


def _judge(samples: Sequence[Sample], recent: Sequence[Sample], flags: int) -> tuple[State, str]:
    lie = next((sample for sample in samples if sample.lie), None)
    if lie is not None:
        return State.SUSPENDED, f"signed what is not true, segment {lie.seq} of job {lie.job[:8]}"
    grave = [sample for sample in recent if sample.is_grave]
    for first in grave:
        for second in grave:
            if first.job == second.job and 0 < second.seq - first.seq <= FOLLOW_UPS:
                return State.SUSPENDED, (
                    f"segments {first.seq} and {second.seq} of job {first.job[:8]} are bad: "
                    f"{first.verdict}, {second.verdict}"
                )
    if flags >= MAX_FLAGS:
        return State.SUSPENDED, f"{flags} flags in {len(recent)} samples"
    if grave:
        later = recent[::-1].index(grave[-1])
        if later < FOLLOW_UPS:
            return State.WITHHELD, (
                f"segment {grave[-1].seq} of job {grave[-1].job[:8]} is bad ({grave[-1].verdict}), "
                f"{later} of {FOLLOW_UPS} more checked"
            )
    if flags:
        return State.FLAGGED, f"{flags} flags in {len(recent)} samples"
    return State.GOOD, ""
