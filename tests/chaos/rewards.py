"""Many orchestrators for many rounds on anvil, with the keeper killed and its journal deleted.

The keeper is a process, killed with SIGKILL. Between it and anvil are endpoints that fail.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from keepers.core.plan import PlanLine
from tests.chaos.anvil_chain import ETHER, BondingWorld, bonding_world
from tests.chaos.ledger import Ledger, read_ledger
from tests.chaos.processes import KeeperHome, key_of
from tests.chaos.proxy import Pool, Proxy
from tests.chaos.report import Check, at_most, exactly

ROUND_BLOCKS = 30
NAME = "caller"


SECTIONS = """[fees]
soft_cap_gwei = 5
hard_cap_gwei = 50
replace_after_seconds = 5

[limits]
per_operation_eth = 1
per_round_eth = 10
per_day_eth = 100
per_orchestrator_per_day_eth = 10

[round_initializer]
signer = "key"

[reward_caller]
signer = "key"
orchestrators = {orchestrators}
"""


@dataclass
class Site:
    """A world with one keeper in front of it."""

    world: BondingWorld
    proxies: list[Proxy]
    home: KeeperHome
    first: int

    @property
    def pool(self) -> Pool:
        return self.proxies[0].pool

    def ledger(self) -> Ledger:
        return read_ledger(self.world, [self.home.address], self.first)


@contextmanager
def open_site(
    folder: Path, *, orchestrators: int, endpoints: int = 1, others: Sequence[Proxy] = ()
) -> Iterator[Site]:
    """`others` are endpoints of other chains."""
    address = key_of(NAME)[1]
    with ExitStack() as stack:
        world = stack.enter_context(
            bonding_world(orchestrators=orchestrators, round_length=ROUND_BLOCKS, callers=[address])
        )
        world.chain.fund(address, 100 * ETHER)
        pool = Pool()
        proxies = [stack.enter_context(Proxy(world.chain.url, pool)) for _ in range(endpoints)]
        rpc = [one.url for one in (*proxies, *others)]
        sections = SECTIONS.format(orchestrators=json.dumps(world.checksummed))
        home = KeeperHome(folder, NAME, rpc=rpc, controller=world.controller, sections=sections)
        yield Site(world, proxies, home, world.chain.head + 1)


def run_rounds(
    site: Site,
    rounds: int,
    *,
    kills: int = 0,
    deletions: int = 0,
    seed: int,
    each_block: Callable[[int], None] = lambda _block: None,
) -> list[int]:
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
    keeper = site.home.start()
    keeper.wait_for_tick()
    try:
        for block in range(blocks):
            each_block(block)
            chain.mine()
            if block in at:
                time.sleep(dice.uniform(0, 0.3))
                keeper.kill()
                if block in deleted:
                    site.home.lose_journal()
                keeper = site.home.start()
            keeper.wait_for_tick()
    finally:
        keeper.kill()
    return list(range(begin, begin + rounds))


def to_next_round(site: Site) -> int:
    """Mine to the first block of the next round; returns its number."""
    site.world.chain.mine(site.world.blocks_left())
    return site.world.current_round


def check_rewards(tenths: int, folder: Path) -> list[Check]:
    """R1: 100 orchestrators, 30 rounds, 60 kills, 5 deleted journals; and R8's one key for all."""
    count, rounds = 100, 3 * tenths
    with open_site(folder, orchestrators=count) as site:
        kills, deletions = 6 * tenths, max(1, tenths // 2)
        numbers = run_rounds(site, rounds, kills=kills, deletions=deletions, seed=1)
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


def acts(lines: Sequence[PlanLine]) -> list[PlanLine]:
    return [line for line in lines if line.verdict == "send"]
