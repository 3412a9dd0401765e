"""Many orchestrators for many rounds on anvil, with the keeper killed and its journal deleted."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.chaos.report import Check, at_most, exactly
from tests.chaos.site import ROUND_BLOCKS, Site, acts, open_site, to_next_round

PAUSE = 0.02  # seconds between ticks


def _run_rounds(site: Site, rounds: int, *, kills: int, deletions: int, seed: int) -> list[int]:
    """Mine so many rounds, killing the keeper at random. Returns the numbers of the rounds.

    A block comes when the keeper has ticked once, as blocks and polls take about as long in life.
    A kill is at a random moment of a tick, and the new process takes a block to start.
    """
    dice, chain = random.Random(seed), site.world.chain
    blocks = rounds * ROUND_BLOCKS
    # The keeper has a quarter of the last round for itself, as of every round.
    at = sorted(dice.sample(range(2, blocks - ROUND_BLOCKS // 2), kills))
    deleted = set(dice.sample(at, deletions))
    begin = to_next_round(site)
    keeper = site.home.start(pause=PAUSE)
    keeper.wait_for_tick()
    try:
        for block in range(blocks):
            chain.mine()
            if block in at:
                time.sleep(dice.uniform(0, 0.3))
                keeper.kill()
                if block in deleted:
                    site.home.lose_journal()
                keeper = site.home.start(pause=PAUSE)
            keeper.wait_for_tick()
    finally:
        keeper.kill()
    return list(range(begin, begin + rounds))


def check_rewards(tenths: int, folder: Path) -> list[Check]:
    """R1: 100 orchestrators, 30 rounds, 60 kills, 5 deleted journals; and R8's one key for all."""
    count, rounds = 100, 3 * tenths
    with open_site(folder, orchestrators=count) as site:
        kills, deletions = 6 * tenths, max(1, tenths // 2)
        numbers = _run_rounds(site, rounds, kills=kills, deletions=deletions, seed=1)
        found = site.ledger()
        made = count * rounds - found.missing(numbers, site.world.orchestrators)
        stake = site.world.contracts["BondingManager"].view("getDelegator", site.home.address)[0]
        what = f"rewards of {count} orchestrators x {rounds} rounds, one key, {kills} kills"
        return [
            exactly("R1", what, made, count * rounds),
            exactly("R1", "rewards called twice", found.twice, 0),
            exactly("R1", "transactions that reverted", found.reverted, 0),
            exactly("R1", "rounds initialised", len(set(numbers) & found.rounds.keys()), rounds),
            at_most("R1", "last reward of any round, % of the round after its start",
                    round(100 * found.slowest(numbers) / ROUND_BLOCKS, 1), 25),
            exactly("R8", "stake of the one key that called them", stake, 0),
            _check_start(site),
        ]  # fmt: skip


def _check_start(site: Site) -> Check:
    """In the middle of a round, knowing nothing."""
    site.home.lose_journal()
    to_next_round(site)
    chain = site.world.chain
    site.world.initialize()
    chain.mine(ROUND_BLOCKS // 2)
    with site.home.here() as runner:
        ticks = next((tick for tick in (1, 2, 3) if acts(runner.tick())), 99)
    return at_most("R1", "ticks to the first reward, started in mid-round", ticks, 2)
