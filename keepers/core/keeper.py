"""What every keeper is: it reads the chain at one block, and decides from that alone.

    chain at the head --read--> state --decide--> wishes for the engine, notes for the operator

Source: keepers spec (e1), R1, R19.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from keepers.core.chain import Chain
from keepers.core.model import Head, Wish
from keepers.core.plan import PlanLine

State = Any  # each keeper has its own


@dataclass(frozen=True)
class Note:
    """Something that the operator should know of, and for which no transaction is wanted now."""

    kind: str
    subject: str
    verdict: Literal["wait", "skip", "done"]
    reason: str

    def line(self, keeper: str) -> PlanLine:
        return PlanLine(keeper, self.kind, self.subject, "", self.verdict, self.reason)


@dataclass(frozen=True)
class Decision:
    wishes: tuple[Wish, ...] = ()
    notes: tuple[Note, ...] = ()


class Keeper(Protocol):
    """`kinds` are all kinds of wishes that it may ever have."""

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> frozenset[str]: ...

    def read(self, chain: Chain, head: Head) -> State:
        """Everything that a decision needs, at the block of the head. Raises KeeperError."""

    def decide(self, state: State) -> Decision:
        """Pure: the same state gives the same decision."""
