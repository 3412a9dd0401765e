"""An engine over the chain in memory, with its own clock and a journal that outlives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from keepers.core.budget import Budget, Limits
from keepers.core.clock import Clock
from keepers.core.context import Settings
from keepers.core.engine import Engine
from keepers.core.fees import FeePolicy
from keepers.core.journal import Journal
from keepers.core.model import IntentState, Wish
from keepers.core.plan import PlanLine
from tests.keepers.core.fake_chain import ACCOUNT, TARGET, FakeChain, FakeSigner

IDENTITY = {"chain": "31337"}
CAPS = FeePolicy(soft_cap=1_000, hard_cap=2_000)
QUICK = Settings(confirmations=3, replace_after=2, ask_after=1, foreign_patience=4)


class Crash(Exception):
    """The process ends here."""


def wish(operation: str, *, urgency: int = 0, kind: str = "reward", round: int = 1) -> Wish:
    return Wish(
        key=f"{kind}/{operation}",
        kind=kind,
        subject=operation,
        to=TARGET,
        data=operation.encode(),
        why="due",
        urgency=urgency,
        round=round,
    )


@dataclass
class World:
    """One tick is a second. `wanted` are operations that are due until they are done."""

    chain: FakeChain = field(default_factory=FakeChain)
    fees: FeePolicy = CAPS
    limits: Limits = field(default_factory=Limits)
    settings: Settings = QUICK
    live: bool = True
    wanted: dict[str, Wish] = field(default_factory=dict)
    now: float = 0.0
    crash_at: str = ""
    url: str = "sqlite://"  # of the journal; in a file it is opened anew by each process

    def __post_init__(self) -> None:
        self.journal = Journal.open(self.url, identity=IDENTITY)
        self.signer = FakeSigner()
        self.told: list[tuple[str, str]] = []
        self.start()

    def start(self) -> None:
        """A new process on the same journal."""
        if self.url != "sqlite://":
            self.journal.close()
            self.journal = Journal.open(self.url, identity=IDENTITY)
        self.engine = Engine(
            self.chain,  # type: ignore[arg-type]
            ACCOUNT,
            self.signer if self.live else None,
            self.journal,
            fees=self.fees,
            budget=Budget(self.limits, self.journal),
            settings=self.settings,
            clock=Clock(wall=lambda: 10_000 + self.now, monotonic=lambda: self.now),
            tell=lambda key, text: self.told.append((key, text)),
            reach=self._reach,
        )

    def lose_journal(self) -> None:
        self.journal.close()
        self.journal = Journal.open("sqlite://", identity=IDENTITY)
        self.start()

    def _reach(self, name: str) -> None:
        if name == self.crash_at:
            self.crash_at = ""
            raise Crash(name)

    def want(self, *operations: str, urgency: int = 0, round: int = 1) -> None:
        for operation in operations:
            self.wanted[operation] = wish(operation, urgency=urgency, round=round)

    def due(self) -> list[Wish]:
        """As a keeper decides: what the chain at its head has not done yet."""
        return [
            one
            for operation, one in self.wanted.items()
            if operation not in self.chain.elsewhere and not any(self.chain.outcomes(operation))
        ]

    def tick(self) -> list[PlanLine]:
        """A tick of the keeper; a crash in it is followed by a new process."""
        self.now += 1
        try:
            head = self.chain.head()
            self.engine.settle(head)
            return self.engine.pursue(self.due(), ("reward",), head)
        except Crash:
            self.start()
            return []

    def run(self, ticks: int, *, mine: bool = True) -> list[PlanLine]:
        lines = []
        for _ in range(ticks):
            lines += self.tick()
            if mine:
                self.chain.mine()
        return lines

    def until(self, done: Callable[[], bool], limit: int = 100) -> int:
        """Ticks and blocks until `done`; fails after `limit`."""
        for ticks in range(limit):
            if done():
                return ticks
            self.run(1)
        raise AssertionError(f"not done after {limit} ticks: {self.told[-5:]}")

    def all_done(self) -> bool:
        return all(self.succeeded(operation) == 1 for operation in self.wanted)

    def succeeded(self, operation: str) -> int:
        return sum(self.chain.outcomes(operation))

    def reverted(self) -> int:
        return sum(not receipt.ok for block in self.chain.blocks for _, receipt in block.receipts)

    def state(self, operation: str) -> IntentState | None:
        intent = self.journal.intent(f"reward/{operation}")
        return intent.state if intent else None
