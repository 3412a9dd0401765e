"""R18: rounds are counted in blocks of L1, as the contracts of an L2 see them.

The sequencer takes over each L1 number up to three L1 blocks early or late: so the number stands
still for many blocks of L2 and then jumps, and it never goes back. A keeper looks every two
seconds; what it sends is in the next L2 block, whatever the L1 number is there.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

from keepers.core.config import RewardCallerConfig, RoundInitializerConfig, TurnConfig
from keepers.core.config_file import POLL_SECONDS
from keepers.core.config_keepers import SLOT_SECONDS
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
LENGTH = 20  # of a round, in blocks of L1
QUICK_L2, SLOW_L2 = 0.25, 2 * L1_SECONDS  # seconds a block
ALONE = TurnConfig(0, 1)


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


@dataclass
class Contracts:
    """RoundsManager and the one orchestrator of BondingManager, at the blocks of L2."""

    numbers: L1Numbers
    l2_seconds: float
    initialized: set[int] = field(default_factory=lambda: {0})
    rewarded: set[int] = field(default_factory=lambda: {0})

    def block_at(self, second: float) -> int:
        return int(second // self.l2_seconds)

    def round(self, block: int) -> Round:
        now = self.numbers.at(block * self.l2_seconds)
        number = now // LENGTH
        return Round(number, max(self.initialized), now, number * LENGTH, LENGTH)

    def initialize(self, block: int) -> bool:
        """False: it reverts, because the round of that block is initialised already."""
        number = self.round(block).number
        fresh = number not in self.initialized
        self.initialized.add(number)
        return fresh

    def reward(self, block: int) -> bool:
        """False: it reverts, because the round is not initialised or the reward was called."""
        number = self.round(block).number
        possible = number in self.initialized and number not in self.rewarded
        if possible:
            self.rewarded.add(number)
        return possible


@dataclass
class Findings:
    """Of a keeper through many rounds. `delay` in seconds since an L2 block made it possible."""

    sent: int = 0
    reverted: int = 0
    delay: float = 0.0
    initialized: int = 0
    rewarded: int = 0
    by_l1: int = 0  # boundaries at which L1 itself was ahead of the contracts


def watch(rounds: int, l2_seconds: float, seed: int) -> Findings:
    """A keeper from round 0 to the end of round `rounds`."""
    dice = random.Random(seed)
    contracts = Contracts(L1Numbers((rounds + 2) * LENGTH, dice), l2_seconds)
    chain = RoundsChain(contracts.round(0))
    found, now = Findings(), dice.uniform(0, POLL_SECONDS)
    initializer = RoundInitializer(
        chain.book,
        ACCOUNT,
        RoundInitializerConfig(True, "key", SLOT_SECONDS, ()),
        ALONE,
        monotonic=lambda: now,
    )
    config = RewardCallerConfig(True, "key", (ACCOUNT,), (), None, "off", None, 20)
    caller = RewardCaller(chain.book, ACCOUNT, (ACCOUNT,), delegated=False, config=config)
    due: dict[str, float] = {}  # since when
    pending: dict[str, int] = {}  # in which L2 block it will be
    mined = 0
    while (chain.round := contracts.round(contracts.block_at(now))).number <= rounds:
        ...
    return found
