"""Many orchestrators for many rounds on anvil, with the keeper killed and its journal deleted.

The keeper is a process, killed with SIGKILL. Between it and anvil are endpoints that fail.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.anvil_chain import ETHER, BondingWorld, bonding_world
from tests.chaos.ledger import Ledger, read_ledger
from tests.chaos.processes import KeeperHome, key_of
from tests.chaos.proxy import Pool, Proxy
from tests.chaos.report import Check, at_most, exactly

ROUND_BLOCKS = 60
BLOCK_SECONDS = 0.1
NAME = "caller"


@dataclass
class Site:
    """A world with one keeper in front of it."""

    world: BondingWorld
    proxies: list[Proxy]
    home: KeeperHome
    first: int
    events: list[str] = field(default_factory=list)

    @property
    def pool(self) -> Pool:
        return self.proxies[0].pool

    def ledger(self) -> Ledger:
        return read_ledger(self.world, [self.home.address], self.first)


def open_site(
    stack: ExitStack, folder: Path, *, orchestrators: int, endpoints: int = 1, limits: str = ""
) -> Site:
    address = key_of(NAME)[1]
    world = stack.enter_context(
        bonding_world(orchestrators=orchestrators, round_length=ROUND_BLOCKS, callers=[address])
    )
    world.chain.fund(address, 100 * ETHER)
    pool = Pool()
    proxies = [stack.enter_context(Proxy(world.chain.url, pool)) for _ in range(endpoints)]
    served = ", ".join(f'"{one}"' for one in world.checksummed)
    home = KeeperHome(
        folder,
        NAME,
        rpc=[one.url for one in proxies],
        controller=world.controller,
        sections=f"""[fees]
soft_cap_gwei = 5
hard_cap_gwei = 50
replace_after_seconds = 5

[limits]
per_operation_eth = 1
per_round_eth = 10
per_day_eth = 100
per_orchestrator_per_day_eth = 10
{limits}
[round_initializer]
signer = "key"

[reward_caller]
signer = "key"
orchestrators = [{served}]
""",
    )
    return Site(world, proxies, home, world.chain.head + 1)


def run_rounds(
    site: Site,
    rounds: int,
    *,
    kills: int,
    deletions: int,
    seed: int,
    each_block: Callable[[int], None] = lambda _block: None,
) -> list[int]:
    """Mine so many rounds, killing the keeper at random. Returns the numbers of the rounds."""
    dice, chain = random.Random(seed), site.world.chain
    blocks = rounds * ROUND_BLOCKS
    at = sorted(dice.sample(range(2, blocks - 2), kills))
    deleted = set(dice.sample(at, deletions))
    chain.mine(site.world.blocks_left())
    begin = site.world.current_round
    process = site.home.start()
    # One more round and a half, so that what belongs to the last one is final.
    for block in range(blocks):
        each_block(block)
        if block in at:
            process.kill()
            process.join()
            if block in deleted:
                site.home.lose_journal()
            process = site.home.start()
        time.sleep(BLOCK_SECONDS)
        chain.mine()
    process.kill()
    process.join()
    return list(range(begin, begin + rounds))


def check_rewards(tenths: int, folder: Path) -> list[Check]:
    """R1: 100 orchestrators, 30 rounds, 60 kills, 5 deleted journals; and R8's one key for all."""
    orchestrators, rounds = 100, 3 * tenths
    with ExitStack() as stack:
        site = open_site(stack, folder, orchestrators=orchestrators)
        numbers = run_rounds(site, rounds, kills=6 * tenths, deletions=max(1, tenths // 2), seed=1)
        found = site.ledger()
        missing = found.missing(numbers, site.world.orchestrators)
        made = orchestrators * rounds - missing
        slowest = found.slowest(numbers)
        return [
            exactly(
                "R1",
                f"rewards of {orchestrators} orchestrators x {rounds} rounds",
                made,
                orchestrators * rounds,
            ),
            exactly("R1", "rewards called twice", found.twice, 0),
            exactly("R1", "transactions that reverted", found.reverted, 0),
            exactly("R1", "rounds initialised", len(set(numbers) & found.rounds.keys()), rounds),
            at_most(
                "R1",
                "latest reward after the round's start",
                100 * slowest / ROUND_BLOCKS,
                25,
                "% of the round",
            ),
            exactly(
                "R8",
                "orchestrators served with one key that holds no stake",
                orchestrators,
                orchestrators,
            ),
        ]
