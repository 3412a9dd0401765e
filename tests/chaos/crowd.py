"""R11: many keepers see the same boundary, and one of them initialises the round.

A simulation in seconds. Each keeper looks every `poll_seconds` with a phase of its own, and acts on
what it saw up to half a second later. Whatever is sent is seen by the others a second later: then
the engine's estimate on the pending block reverts, and soon a block has it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from keepers.core.config import RoundInitializerConfig, TurnConfig
from keepers.core.config_file import POLL_SECONDS
from keepers.core.config_keepers import SLOT_SECONDS
from keepers.round_initializer import RoundInitializer
from keepers.rounds import Round
from tests.chaos.report import Check, at_most, exactly
from tests.chaos.rounds_chain import RoundsChain

KEEPERS = tuple(f"0x{number:040x}" for number in range(1, 21))
BLOCK = 0.25
SEEN_AFTER = 1.0
ACTS_WITHIN = 0.5
BEFORE = 8.0  # seconds that are looked at before the boundary
GIVE_UP = 200.0  # seconds after it; the last of 20 slots begins long before
LENGTH = 50  # of a round, in blocks of L1
WASTED, QUICK = 0.05, 4.0  # the limits


@dataclass
class Crowd:
    """The keepers that are `alive`, around the boundary at second 0 to round `number`."""

    alive: Collection[str]
    number: int
    dice: random.Random

    def __post_init__(self) -> None:
        self.now = 0.0
        self.chain = RoundsChain(self._round(-BEFORE))
        config = RoundInitializerConfig(True, "key", SLOT_SECONDS, KEEPERS)
        self.keepers = {
            one: RoundInitializer(
                self.chain.book, one, config, TurnConfig(0, 1), monotonic=lambda: self.now
            )
            for one in self.alive
        }

    def run(self) -> list[float]:
        """Seconds at which transactions were sent, each keeper's first."""
        sent: dict[str, float] = {}
        first = float("inf")
        looks = {one: self.dice.uniform(0, POLL_SECONDS) - BEFORE for one in self.keepers}
        # A second after the block that has it, everyone has seen it.
        while (now := min(looks.values())) < min(GIVE_UP, first + SEEN_AFTER + BLOCK):
            one = min(looks, key=looks.__getitem__)
            looks[one] += POLL_SECONDS
            acts = now + self.dice.uniform(0, ACTS_WITHIN)
            visible = acts >= first + SEEN_AFTER
            if self._wants(one, now) and not visible and one not in sent:
                sent[one] = acts
                first = min(first, acts)
        return sorted(sent.values())

    def _wants(self, one: str, now: float) -> bool:
        self.now = now
        self.chain.round = self._round(now)
        keeper = self.keepers[one]
        state = keeper.read(self.chain, self.chain.head())  # type: ignore[arg-type]
        return bool(keeper.decide(state).wishes)

    def _round(self, now: float) -> Round:
        """As the newest block has it: an L1 block every 12 s, the boundary at second 0."""
        block = now // BLOCK * BLOCK
        start = self.number * LENGTH
        if block < 0:
            return Round(self.number - 1, self.number - 1, start - 1, start - LENGTH, LENGTH)
        return Round(self.number, self.number - 1, start + int(block // 12), start, LENGTH)


def go_livepeer(number: int) -> list[float]:
    """As keepers spec (b2): a poll of 5 s sees the boundary, then a delay of up to 30 s."""
    dice = random.Random(f"go-livepeer {number}")
    due = sorted(dice.uniform(0, 5) + dice.uniform(0, 30) for _ in KEEPERS)
    return [at for at in due if at < due[0] + SEEN_AFTER]


def _p99(races: list[list[float]]) -> float:
    firsts = [sent[0] if sent else GIVE_UP for sent in races]
    return round(quantiles(firsts, n=100, method="inclusive")[-1], 2)


def _wasted(races: list[list[float]]) -> float:
    return sum(max(0, len(sent) - 1) for sent in races) / len(races)


def check_crowd(tenths: int, _folder: Path) -> list[Check]:
    rounds = range(100, 100 + 5 * tenths)

    def race(alive: Callable[[list[str], random.Random], Collection[str]]) -> list[list[float]]:
        """One race for each round; `alive` gets the keepers in the order of their turns."""
        races = []
        for number in rounds:
            dice = random.Random(number)
            asked = Crowd(KEEPERS, number, dice).keepers
            order = sorted(KEEPERS, key=lambda one: asked[one].slot(number))
            races.append(Crowd(alive(order, dice), number, dice).run())
        return races

    everyone = race(lambda order, _dice: order)
    headless = race(lambda order, _dice: order[1:])
    lonely = race(lambda order, dice: [dice.choice(order)])
    early = sum(at < 0 for sent in (*everyone, *headless, *lonely) for at in sent)
    baseline = [go_livepeer(number) for number in range(1_000)]
    theirs = f"go-livepeer's rule: {_wasted(baseline):.2f}", f"by its rule: {_p99(baseline):.1f} s"
    crowd = f"{len(KEEPERS)} keepers x {len(rounds)} rounds"
    return [
        at_most("R11", f"{crowd}, wasted transactions a round ({theirs[0]})",
                _wasted(everyone), WASTED),
        at_most("R11", f"first transaction after the boundary, p99 ({theirs[1]})",
                _p99(everyone), QUICK, "s"),
        at_most("R11", "first keeper dead: p99, with one slot more",
                _p99(headless), QUICK + SLOT_SECONDS, "s"),
        at_most("R11", "first keeper dead: wasted transactions a round", _wasted(headless), WASTED),
        exactly("R11", "all dead but one: rounds initialised, by one transaction",
                sum(len(sent) == 1 for sent in lonely), len(rounds)),
        exactly("R11", "transactions before the boundary", early, 0),
    ]  # fmt: skip
