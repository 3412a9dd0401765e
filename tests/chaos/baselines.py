"""Our keeper, go-livepeer's rules and a loop with a fixed fee, through the same trouble.

A reward that is late meets the next round before that is initialised: it reverts.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from keepers.core.model import MILLION
from tests.chaos.other_keepers import FixedFee, GoLivepeer, Keeper, Ours, Town
from tests.chaos.report import Check, exactly
from tests.keepers.core.fake_chain import ACCOUNT, NOT_YET, FakeChain, error

TICKS = 50  # of a round; a block each
ROUNDS = 3  # of a run
TAIL = 5  # ticks after the last round
CALM = 100  # wei, the base fee
KEEPERS: dict[str, Callable[[Town], Keeper]] = {
    "ours": Ours,
    "go-livepeer": GoLivepeer,
    "fixed fee": FixedFee,
}


def _nothing(_chain: FakeChain, _tick: int, _dice: random.Random) -> None:
    """No trouble."""


@dataclass(frozen=True)
class Scenario:
    """What happens in each round: before a tick, and between it and its block.

    The process is not there in the ticks of `down`. In every second round its disk is gone too.
    """

    name: str
    base_fee: Callable[[int], int] = lambda _tick: CALM
    before: Callable[[FakeChain, int, random.Random], None] = _nothing
    between: Callable[[FakeChain, int, random.Random], None] = _nothing
    down: range = range(0)


def _lose_answer(chain: FakeChain, tick: int, _dice: random.Random) -> None:
    chain.lose_answer = int(tick == 0)


def _drop(chain: FakeChain, tick: int, _dice: random.Random) -> None:
    if tick == 0:
        chain.drop(chain.nonce(ACCOUNT, "latest"))


def _use_key(chain: FakeChain, tick: int, _dice: random.Random) -> None:
    if tick == 0:
        chain.use_key_elsewhere(chain.nonce(ACCOUNT, "latest"))


def _reorganise(chain: FakeChain, tick: int, dice: random.Random) -> None:
    if tick == 3:
        chain.reorganise(dice.randrange(3, 7), keep=dice.random() < 0.5)


SCENARIOS = (
    Scenario("no trouble"),
    Scenario("restarts, every second one without its disk", down=range(5)),
    Scenario("fee above the cap for 60 % of the round",
             base_fee=lambda tick: 1_500 if tick < TICKS * 6 // 10 else 300),
    Scenario("fee between our two caps all the time", base_fee=lambda _tick: 1_500),
    Scenario("tip 0, and the base fee rises",
             base_fee=lambda tick: CALM if tick == 0 else min(1_500, 250 + 50 * tick)),
    Scenario("acknowledgement lost", before=_lose_answer),
    Scenario("transaction dropped by the node", between=_drop),
    Scenario("key used elsewhere", between=_use_key),
    Scenario("reorganisation of 3 to 6 blocks", between=_reorganise),
)  # fmt: skip


@dataclass
class Score:
    """`bad` transactions reverted, as those do that come twice. `paid` in wei."""

    due: int = 0
    done: int = 0
    bad: int = 0
    paid: int = 0

    def __str__(self) -> str:
        return f"{self.done} of {self.due} done, {self.bad} reverted, {self.paid:,} wei"

    def add(self, chain: FakeChain, rewards: list[str]) -> None:
        outcomes = [ok for one in rewards for ok in chain.outcomes(one)]
        self.due += len(rewards)
        self.done += sum(outcomes)
        self.bad += outcomes.count(False)
        self.paid += sum(
            receipt.paid
            for block in chain.blocks
            for tx, receipt in block.receipts
            if tx.operation or tx.to == ACCOUNT  # not what used the key elsewhere
        )


def play(scenario: Scenario, keeper: Callable[[Town], Keeper], runs: int) -> Score:
    score = Score()
    for seed in range(runs):
        town = Town()
        one, dice = keeper(town), random.Random(seed)
        rewards = [f"reward of round {number}" for number in range(ROUNDS)]
        for number, reward in enumerate(rewards):
            town.reward = reward
            for tick in range(TICKS):
                _tick(scenario, town, one, tick, dice, disk_lost=number % 2 == 1)
            town.chain.refused[reward] = error(NOT_YET)
        town.reward = ""
        for _ in range(TAIL):
            one.tick(0)
            town.chain.mine()
        score.add(town.chain, rewards)
    return score


def _tick(
    scenario: Scenario,
    town: Town,
    keeper: Keeper,
    tick: int,
    dice: random.Random,
    *,
    disk_lost: bool,
) -> None:
    chain = town.chain
    chain.base_fee = scenario.base_fee(tick)
    scenario.before(chain, tick, dice)
    if tick == scenario.down.stop and scenario.down:
        keeper.restart(disk_lost)
    # A process that was away reads old events, from where its disk says that it was.
    if tick == scenario.down.stop and not (scenario.down and disk_lost):
        keeper.hear()
    if tick not in scenario.down:
        keeper.tick(tick * MILLION // TICKS)
    scenario.between(chain, tick, dice)
    chain.base_fee = scenario.base_fee(tick + 1)
    chain.mine()


def check_baselines(tenths: int, _folder: Path) -> list[Check]:
    """Ours has to do all of it; what the others do is for `side_by_side`."""
    total = Score()
    for scenario in SCENARIOS:
        score = play(scenario, Ours, tenths)
        total.due, total.done = total.due + score.due, total.done + score.done
        total.bad += score.bad
    where = f"in the {len(SCENARIOS)} scenarios of the baselines"
    return [
        exactly("R3", f"rewards called {where}", total.done, total.due),
        exactly("R3", f"transactions that reverted {where}", total.bad, 0),
    ]


def side_by_side(runs: int = 3) -> list[str]:
    """A line for each kind of trouble."""
    return [
        "\t".join((
            "baseline",
            scenario.name,
            *(f"{name}: {play(scenario, keeper, runs)}" for name, keeper in KEEPERS.items()),
        ))
        for scenario in SCENARIOS
    ]  # fmt: skip
