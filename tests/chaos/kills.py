"""The keeper as a process that `kill -9` ends at named places, hundreds of times on one chain.

Each life begins where the one before it ended, and is told at which place it is to end. A block
comes when the keeper has ticked. For a replacement gas gets dear while transactions wait, for a
cancellation there is no room for them until the round has ended.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from keepers.core.journal import Journal
from tests.chaos.anvil_chain import GWEI
from tests.chaos.faults_in_memory import POINTS
from tests.chaos.processes import KeeperHome, Running
from tests.chaos.report import Check, at_most, exactly
from tests.chaos.site import HARD_CAP, Site, open_site, to_next_round

REPLACEMENT, CANCEL = "replacement journaled", "cancel journaled"
DEAR = 3 * GWEI  # above what is offered before it, and below the soft cap
HOLDS = 5  # blocks without room, at most
IN_FLIGHT = 0.03  # seconds, for what a frozen keeper has sent
NTH = 3  # at most: the first, second or third time that a place is reached
PAUSE = 0.01  # seconds between ticks
PATIENCE = 60  # ticks of a life; two rounds
FINAL_BLOCKS = 4
READY = 5.0  # seconds


@dataclass
class Lives:
    """`cut` are the rounds that had no room for some of their rewards."""

    site: Site
    dice: random.Random
    killed: int = 0
    slowest: float = 0.0
    unsound: int = 0
    cut: set[int] = field(default_factory=set)

    def live(self, point: str) -> None:
        started = time.monotonic()
        keeper = self.site.home.start(f"{point}:{self.dice.randint(1, NTH)}", pause=PAUSE)
        try:
            if keeper.wait_for_tick():
                self.slowest = max(self.slowest, time.monotonic() - started)
                self._go_on(keeper, point)
            self.killed += not keeper.is_alive
        finally:
            keeper.kill()
            self._gas_is_dear(False)
        self.unsound += not _is_sound(self.site.home)

    def end(self) -> None:
        """The last life is left alone, until all that was begun is over."""
        keeper, left = self.site.home.start(pause=PAUSE), FINAL_BLOCKS
        try:
            while left:
                assert keeper.wait_for_tick(), "the last keeper does not tick"
                left -= self.site.is_over and not self.site.waiting()
                self.site.world.chain.mine()
        finally:
            keeper.kill()

    def _go_on(self, keeper: Running, point: str) -> None:
        """Until the keeper is dead."""
        holds = HOLDS if point in (REPLACEMENT, CANCEL) else 0
        for _ in range(PATIENCE):
            held = holds and len(self.site.waiting()) >= NTH
            if held and point == CANCEL:
                holds = 0
                self.cut.add(self.site.world.current_round)
                self._blocks_without(keeper, self.site.world.blocks_left())
            elif held:
                holds -= 1
                self._gas_is_dear(True)
                self._blocks_without(keeper, 1)
            elif self.site.is_over and not self.site.waiting():
                to_next_round(self.site)
            else:
                self._gas_is_dear(False)
                self.site.world.chain.mine()
            if not keeper.wait_for_tick():
                break

    def _gas_is_dear(self, is_dear: bool) -> None:
        self.site.proxies[0].faults.base_fee = DEAR if is_dear else None

    def _blocks_without(self, keeper: Running, blocks: int) -> None:
        keeper.freeze()
        time.sleep(IN_FLIGHT)
        with self.site.no_room():
            self.site.world.chain.mine(blocks)
        keeper.thaw()
        keeper.wait_for_tick()  # it may have begun before these blocks


def _is_sound(home: KeeperHome) -> bool:
    """The journal as the dead process left it; a copy, as to open it repairs it."""
    with TemporaryDirectory() as folder:
        for file in home.folder.glob("keepers.sqlite*"):
            shutil.copy(file, folder)
        database = sqlite3.connect(Path(folder) / "keepers.sqlite")
        found = database.execute("PRAGMA integrity_check").fetchone()
        database.close()
        return bool(found == ("ok",))


def _ready(home: KeeperHome) -> float:
    """Seconds until the program as operators start it is at work."""
    command = [sys.executable, "-m", "keepers", "run", "--config", str(home.config), "--live"]
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout
        try:
            if not any(b"at work" in line for line in process.stdout):
                return float("inf")
            return time.monotonic() - started
        finally:
            process.kill()


def _open_intents(site: Site) -> int:
    identity = {"chain": "31337", "controller": site.world.controller}
    journal = Journal.open(f"sqlite:///{site.home.folder / 'keepers.sqlite'}", identity=identity)
    try:
        return len(journal.open_intents(site.home.address))
    finally:
        journal.close()


def check_kills(tenths: int, folder: Path) -> list[Check]:
    """R2: 500 processes in all, and what they did in the chain."""
    runs = 50 * tenths
    with open_site(folder, orchestrators=10) as site:
        lives = Lives(site, random.Random(runs))
        begin = to_next_round(site)
        for at in range(runs):
            lives.live(POINTS[at % len(POINTS)])
        lives.end()
        found, chain = site.ledger(), site.world.chain
        numbers = set(range(begin, site.world.current_round + 1))
        ready = max(_ready(site.home) for _ in range(3))
        where = f"in {len(numbers)} rounds of {len(site.world.orchestrators)} rewards on anvil"
        return [
            exactly("R2", f"processes ended by kill -9 at one of {len(POINTS)} places, {where}",
                    lives.killed, runs),
            exactly("R2", f"rewards lost, but for {len(lives.cut)} rounds without room for them",
                    found.missing(numbers - lives.cut, site.world.orchestrators), 0),
            exactly("R2", "rewards called twice", found.twice, 0),
            exactly("R2", "transactions that reverted", found.reverted, 0),
            exactly("R2", "transactions behind a nonce gap, or left waiting",
                    int(chain.rpc("txpool_status")["queued"], 16) + found.pending, 0),
            exactly("R2", f"open intents {FINAL_BLOCKS} blocks later", _open_intents(site), 0),
            exactly("R2", "journals that a kill left unsound", lives.unsound, 0),
            at_most("R2", "slowest restart, to the end of its first tick",
                    round(lives.slowest, 2), READY, "s"),
            at_most("R2", "python -m keepers run, until it is at work",
                    round(ready, 2), READY, "s"),
            exactly("R6", "replacements that the node rejected", site.pool.rejected, 0),
            at_most("R3", "highest fee that the node was offered", site.pool.highest_fee, HARD_CAP,
                    "wei"),
        ]  # fmt: skip
