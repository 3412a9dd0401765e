"""Keepers in front of anvil: processes that can be killed, behind endpoints that can fail."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from keepers.core.plan import PlanLine
from tests.chaos.anvil_chain import ETHER, GWEI, BondingWorld, bonding_world
from tests.chaos.ledger import Ledger, read_ledger
from tests.chaos.processes import POLL_SECONDS, KeeperHome, key_of
from tests.chaos.proxy import Offer, Pool, Proxy

ROUND_BLOCKS = 30
SOFT_CAP, HARD_CAP = 5 * GWEI, 50 * GWEI
NAME = "caller"
SECTIONS = f"""[fees]
soft_cap_gwei = {SOFT_CAP // GWEI}
hard_cap_gwei = {HARD_CAP // GWEI}
replace_after_seconds = 5

[limits]
per_operation_eth = 1
per_round_eth = 10
per_day_eth = 100
per_orchestrator_per_day_eth = 10

[reward_caller]
signer = "key"
orchestrators = {{orchestrators}}
"""
INITIALIZER = """
[round_initializer]
signer = "key"
"""


@dataclass
class Site:
    """A world with keepers in front of it, each with a key and orchestrators of its own."""

    world: BondingWorld
    proxies: list[Proxy]
    homes: list[KeeperHome]
    first: int

    @property
    def home(self) -> KeeperHome:
        return self.homes[0]

    @property
    def pool(self) -> Pool:
        return self.proxies[0].pool

    def ledger(self) -> Ledger:
        return read_ledger(self.world, [one.address for one in self.homes], self.first)

    @property
    def is_over(self) -> bool:
        """Whether the round has nothing more to do."""
        manager, number = self.world.contracts["BondingManager"], self.world.current_round
        return all(
            manager.view("getTranscoder", one)[0] == number for one in self.world.orchestrators
        )

    def waiting(self) -> list[Offer]:
        """Transactions of the first keeper that are in no block."""
        chain, account = self.world.chain, self.home.address
        mined = int(chain.rpc("eth_getTransactionCount", account, "latest"), 16)
        offers = self.pool.newest(account, mined)
        return [one for one in offers if chain.rpc("eth_getTransactionByHash", one.hash)]

    @contextmanager
    def no_room(self) -> Iterator[None]:
        """Blocks that are mined meanwhile have no room for what waits; the node keeps it."""
        chain, waiting = self.world.chain, self.waiting()
        for one in reversed(waiting):
            chain.rpc("anvil_dropTransaction", one.hash)
        yield
        for one in waiting:
            chain.rpc("eth_sendRawTransaction", one.raw)

    def another_home(self, folder: Path, sections: str = INITIALIZER) -> KeeperHome:
        """With the key of the first one, for all orchestrators, and a journal of its own."""
        return _home(folder, NAME, self.world, self.home.rpc, self.world.checksummed, sections)


@contextmanager
def open_site(
    folder: Path,
    *,
    orchestrators: int,
    endpoints: int = 1,
    others: Sequence[Proxy] = (),
    keys: int = 1,
    sections: str = INITIALIZER,
    poll: float = POLL_SECONDS,
) -> Iterator[Site]:
    """`others` are endpoints of other chains. `keys`: so many keepers share the orchestrators."""
    names = [NAME] + [f"{NAME} {number}" for number in range(1, keys)]
    callers = [key_of(name)[1] for name in names]
    with ExitStack() as stack:
        world = stack.enter_context(
            bonding_world(orchestrators=orchestrators, round_length=ROUND_BLOCKS, callers=callers)
        )
        for caller in callers:
            world.chain.fund(caller, 100 * ETHER)
        pool = Pool()
        proxies = [stack.enter_context(Proxy(world.chain.url, pool)) for _ in range(endpoints)]
        rpc = [one.url for one in (*proxies, *others)]
        homes = [
            _home(folder / name, name, world, rpc, world.checksummed[at::keys], sections, poll)
            for at, name in enumerate(names)
        ]
        yield Site(world, proxies, homes, world.chain.head + 1)


def _home(
    folder: Path,
    name: str,
    world: BondingWorld,
    rpc: Sequence[str],
    orchestrators: Sequence[str],
    sections: str,
    poll: float = POLL_SECONDS,
) -> KeeperHome:
    text = SECTIONS.format(orchestrators=json.dumps(orchestrators)) + sections
    controller = world.controller
    return KeeperHome(folder, name, rpc=rpc, controller=controller, sections=text, poll=poll)


def to_next_round(site: Site) -> int:
    """Mine to the first block of the next round; returns its number."""
    site.world.chain.mine(site.world.blocks_left())
    return site.world.current_round


def acts(lines: Sequence[PlanLine]) -> list[PlanLine]:
    return [line for line in lines if line.verdict == "send"]
