"""R18: rounds are counted in blocks of L1, as the contracts of an L2 see them.

The sequencer takes over each L1 number up to three L1 blocks early or late: so the number stands
still for many blocks of L2 and then jumps, and it never goes back. A keeper looks every two
seconds; what it sends is in the next L2 block, whatever the L1 number is there.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from keepers.core.config import RewardCallerConfig, RoundInitializerConfig, TurnConfig
from keepers.core.config_file import POLL_SECONDS
from keepers.core.config_keepers import SLOT_SECONDS
from keepers.core.contracts import ZERO
from keepers.core.model import Call
from keepers.pool import Hints
from keepers.reward_caller import RewardCaller, RewardState
from keepers.reward_view import Orchestrator, Prospect
from keepers.round_initializer import RoundInitializer
from keepers.rounds import Round
from tests.chaos.report import Check, at_most, exactly
from tests.chaos.rounds_chain import RoundsChain

ACCOUNT = "0x" + "a1" * 20
L1_SECONDS = 12.0
JITTER = 3  # blocks of L1
LENGTH = 16  # of a round, in blocks of L1
NO_HINTS = Hints(ZERO, ZERO)


class L1Numbers:
    """What block.number is for the contracts, by the second of an L2 block."""

    def __init__(self, blocks: int, dice: random.Random) -> None:
        taken = sorted(
            ((number + dice.uniform(-JITTER, JITTER)) * L1_SECONDS, number)
            for number in range(blocks)
        )
        self._times = [at for at, _ in taken]
        self._numbers = [0]
        for _, number in taken:
            self._numbers.append(max(number, self._numbers[-1]))

    def at(self, second: float) -> int:
        return self._numbers[bisect_right(self._times, second)]

    def since(self, number: int) -> float:
        return self._times[bisect_left(self._numbers, number) - 1]


@dataclass
class Contracts:
    """RoundsManager, and BondingManager with one orchestrator. Blocks are those of L2."""

    numbers: L1Numbers
    l2_seconds: float
    initialized: int = 0  # the last round that is
    rewarded: int = 0

    def round(self, block: int) -> Round:
        now = self.numbers.at(block * self.l2_seconds)
        number = now // LENGTH
        return Round(number, self.initialized, now, number * LENGTH, LENGTH)

    def begins(self, number: int) -> float:
        """When the first L2 block comes that is in this round."""
        return ceil(self.numbers.since(number * LENGTH) / self.l2_seconds) * self.l2_seconds

    def initialize(self, block: int) -> bool:
        """False: it reverts, because the round of that block is initialised already."""
        number = self.round(block).number
        fresh, self.initialized = number > self.initialized, number
        return fresh

    def reward(self, block: int) -> bool:
        """False: it reverts, because the round is not initialised or the reward was called."""
        number = self.round(block).number
        possible = number == self.initialized > self.rewarded
        self.rewarded = number if possible else self.rewarded
        return possible


@dataclass
class Watch:
    """A keeper through many rounds, of which 0 is done. `delay` is the longest, in seconds."""

    rounds: int
    l2_seconds: float
    seed: int
    reverted: int = 0
    delay: float = 0.0
    initialized: int = 0
    rewarded: int = 0
    ahead: int = 0  # boundaries at which L1 itself was ahead of the contracts

    def __post_init__(self) -> None:
        dice = random.Random(self.seed)
        self._contracts = Contracts(L1Numbers((self.rounds + 2) * LENGTH, dice), self.l2_seconds)
        self._chain = RoundsChain(self._contracts.round(0))
        self._now = dice.uniform(0, POLL_SECONDS)
        book, alone = self._chain.book, TurnConfig(0, 1)
        config = RoundInitializerConfig(True, "key", SLOT_SECONDS, ())
        self._initializer = RoundInitializer(
            book, ACCOUNT, config, alone, monotonic=lambda: self._now
        )
        rewards = RewardCallerConfig(True, "key", (), (), None, "off", None, 20)
        self._caller = RewardCaller(book, ACCOUNT, (ACCOUNT,), delegated=False, config=rewards)

    def run(self) -> None:
        contracts = self._contracts
        to_initialize = to_reward = None  # in which L2 block what is pending will be
        possible = 0.0  # since when the reward can be called
        while True:
            block = int(self._now // self.l2_seconds)
            if to_initialize is not None and to_initialize <= block:
                self._count("initialized", contracts.initialize(to_initialize))
                possible = to_initialize * self.l2_seconds
                to_initialize = None
            if to_reward is not None and to_reward <= block:
                self._count("rewarded", contracts.reward(to_reward))
                to_reward = None
            round = self._chain.round = contracts.round(block)
            if round.number > self.rounds:
                break
            if self._is_due() and to_initialize is None:
                to_initialize = block + 1
                begins = contracts.begins(round.number)
                self.delay = max(self.delay, self._now - begins)
                self.ahead += begins > round.start * L1_SECONDS
            if self._is_reward_due(round) and to_reward is None:
                to_reward = block + 1
                self.delay = max(self.delay, self._now - possible)
            self._now += POLL_SECONDS

    def _count(self, what: str, done: bool) -> None:
        name = what if done else "reverted"
        setattr(self, name, getattr(self, name) + 1)

    def _is_due(self) -> bool:
        head = self._chain.head()
        state = self._initializer.read(self._chain, head)  # type: ignore[arg-type]
        return bool(self._initializer.decide(state).wishes)

    def _is_reward_due(self, round: Round) -> bool:
        own = Orchestrator(ACCOUNT, self._contracts.rewarded, 0, 1, 2**256 - 1, None)
        prospect = Prospect(ACCOUNT, NO_HINTS, Call(ACCOUNT, b"reward"), 1)
        return bool(self._caller.decide(RewardState(round, (own,), (prospect,))).wishes)


def check_l1_clock(tenths: int, _folder: Path) -> list[Check]:
    rounds = 50 * tenths
    checks = []
    for name, l2_seconds in (("48", L1_SECONDS / 48), ("0.5", L1_SECONDS * 2)):
        watch = Watch(rounds, l2_seconds, seed=rounds)
        watch.run()
        where = f"{name} L2 blocks per L1 block, +-{JITTER}"
        checks += [
            exactly("R18", f"{where}: transactions too early (by L1's own clock: {watch.ahead})",
                    watch.reverted, 0),
            at_most("R18", f"{where}: latest transaction, after its boundary",
                    round(watch.delay, 2), POLL_SECONDS, "s"),
            exactly("R18", f"{where}: rounds initialised", watch.initialized, rounds),
            exactly("R18", f"{where}: rewards called", watch.rewarded, rounds),
        ]  # fmt: skip
    return checks
