"""Two keepers for one account: on one journal, or on two hosts that share nothing but the chain."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.processes import KeeperHome, Running
from tests.chaos.report import Check, at_most, exactly
from tests.chaos.site import INITIALIZER, Site, open_site, to_next_round

PAIRS = 4  # at once
TTL = 2.0  # seconds of silence until the other takes over
POLL = 0.25
BLOCK = 0.1
MOMENT = 0.4  # seconds, at most, until something happens
BLOCKED = 6.0  # seconds; by then the holder must have been stopped in the middle of a write
TAKE_OVER = 15.0
CLOCK = 60.0  # seconds that a wall clock jumps, at most


@dataclass
class Pair:
    """Two processes on one journal; the one that holds the lease is stopped, again and again."""

    home: KeeperHome
    dice: random.Random
    slowest: float = 0.0
    taken: int = 0
    blocked: int = 0
    processes: list[Running] = field(default_factory=list)

    def run(self, cycles: int) -> None:
        self.processes = [self.home.start() for _ in range(2)]
        try:
            for _ in range(cycles):
                self._cycle()
        finally:
            for one in self.processes:
                one.kill()

    def _cycle(self) -> None:
        _until(lambda: self._holder() is not None)
        self._wait()
        holder, token = self._holder(), self._lease()[1]
        assert holder
        holder.freeze()
        started = time.monotonic()
        if _until(lambda: self._lease()[1] > token, BLOCKED):
            self.taken += 1
            self.slowest = max(self.slowest, time.monotonic() - started)
        else:
            self.blocked += 1
        self._wait()
        holder.thaw(clock=self.dice.uniform(-CLOCK, CLOCK))

    def _wait(self) -> None:
        time.sleep(self.dice.uniform(0, MOMENT))

    def _holder(self) -> Running | None:
        owner = self._lease()[0].split(":")
        return next((one for one in self.processes if str(one.pid) in owner), None)

    def _lease(self) -> tuple[str, int]:
        """Who holds it, and its token."""
        database = sqlite3.connect(self.home.folder / "keepers.sqlite")
        try:
            row = database.execute("SELECT owner, token FROM keeper_leases").fetchone()
        except sqlite3.OperationalError:  # nobody has made it yet
            row = None
        finally:
            database.close()
        return row or ("", 0)


def _until(done: Callable[[], bool], patience: float = 30.0) -> bool:
    end = time.monotonic() + patience
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _mine(site: Site, over: threading.Event) -> None:
    """Rounds that others initialise, so that the pairs have rewards to call all the time."""
    while not over.wait(BLOCK):
        if not site.world.is_initialized:
            site.world.initialize()
        site.world.chain.mine()


def check_pairs(tenths: int, folder: Path) -> list[Check]:
    """R15: 200 cycles of SIGSTOP and SIGCONT, in four pairs at once; wall clocks jump."""
    cycles = 5 * tenths
    lease = f"\n[lease]\nttl_seconds = {TTL}\n"
    with open_site(folder, orchestrators=3 * PAIRS, keys=PAIRS, sections=lease, poll=POLL) as site:
        pairs = [Pair(home, random.Random(at)) for at, home in enumerate(site.homes)]
        over = threading.Event()
        miner = threading.Thread(target=_mine, args=(site, over))
        miner.start()
        try:
            with ThreadPoolExecutor(PAIRS) as pool:
                list(pool.map(Pair.run, pairs, [cycles] * PAIRS))
        finally:
            over.set()
            miner.join()
        found = site.ledger()
        taken, blocked = (sum(getattr(one, name) for one in pairs) for name in ("taken", "blocked"))
        return [
            exactly("R15", f"operations sent twice: {cycles * PAIRS} times SIGSTOP to a holder, "
                    f"wall clocks jump by {CLOCK:.0f} s, {len(found.rewards)} rewards",
                    found.doubled + found.twice, 0),
            at_most("R15", f"slowest of {taken} take-overs, after {TTL:g} s of silence",
                    round(max(one.slowest for one in pairs), 1), TAKE_OVER, "s"),
            at_most("R15", "stopped in the middle of a write to SQLite, where nobody acts, of all",
                    blocked, cycles * PAIRS // 4),
        ]  # fmt: skip


def check_hosts(tenths: int, folder: Path) -> list[Check]:
    """R15: two hosts with one key and two journals; in some rounds one of them dies."""
    rounds, dice = 3 * tenths, random.Random(15)
    turns = [f"{INITIALIZER}slot_seconds = 1.1\n\n[turn]\nindex = {at}\nof = 2\n" for at in (0, 1)]
    with open_site(folder / "site", orchestrators=5) as site:
        homes = [site.another_home(folder / str(at), turn) for at, turn in enumerate(turns)]
        hosts = [home.start() for home in homes]
        begin = to_next_round(site)
        try:
            for number in range(begin, begin + rounds):
                victim = dice.choice((0, 1)) if dice.random() < 0.3 else None
                _round(site, hosts, victim, dice)
                if victim is not None:
                    hosts[victim] = homes[victim].start()
                    hosts[victim].wait_for_tick()
                assert site.world.current_round == number
                to_next_round(site)
        finally:
            for one in hosts:
                one.kill()
        found = site.ledger()
        orchestrators = site.world.orchestrators
        missing = found.missing(range(begin, begin + rounds), orchestrators)
        return [
            exactly("R15", f"rewards lost: two hosts without a common journal, {rounds} rounds, "
                    "one of them dead in a third", missing, 0),
            exactly("R15", "operations that both of them sent", found.doubled + found.twice, 0),
            at_most("R15", "transactions that reverted, % of rounds",
                    round(100 * found.reverted / rounds, 1), 1),
        ]  # fmt: skip


def _round(site: Site, hosts: list[Running], victim: int | None, dice: random.Random) -> None:
    """Blocks until all is done and the living have seen it."""
    dies = dice.randrange(8)
    for block in range(25):
        if victim is not None and block == dies:
            hosts[victim].kill()
        if site.is_over:
            break
        time.sleep(2 * BLOCK)
        site.world.chain.mine()
    if victim is not None:
        hosts[victim].kill()
    for one in hosts:
        if one.is_alive:
            one.wait_for_tick()
            one.wait_for_tick()
