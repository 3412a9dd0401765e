"""The protocol's clock, as RoundsManager sees it at one block.

Rounds are counted in blocks of L1. On Arbitrum only a contract knows their number: it stands still
for many blocks of the chain, and then jumps. So everything here comes from the contract itself.
Source: keepers spec (e1), R18.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keepers.core.model import MILLION
from keepers.core.questions import Question

ROUND_QUESTIONS = tuple(
    Question("RoundsManager", function)
    for function in (
        "currentRound",
        "lastInitializedRound",
        "blockNum",
        "currentRoundStartBlock",
        "roundLength",
    )
)


@dataclass(frozen=True)
class Round:
    """`block`, `start` and `length` in blocks of L1."""

    number: int
    last_initialized: int
    block: int
    start: int
    length: int

    @classmethod
    def of(cls, answers: Sequence[int]) -> Round:
        """From the answers to ROUND_QUESTIONS."""
        return cls(*answers)

    @property
    def is_initialized(self) -> bool:
        return self.last_initialized == self.number

    @property
    def gone(self) -> int:
        """Share of the round that is over, in parts per million."""
        return min(MILLION, (self.block - self.start) * MILLION // self.length)
