"""Many take-overs of one lease, in process and on made-up clocks. Also used by the chaos harness.

A few processes share a journal. Each ticks when the dice say so: it beats, and what it holds signs
off. Any of them is stopped for a while, clocks jump, one is killed and starts anew. A process that
wakes signs off with what it held before, as one that was stopped between beat and sign-off would.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

from keepers.core.journal import Journal
from keepers.core.lease import Holding, Lease
from keepers.core.model import Attempt, Fenced, Wish

NAME = "0x00000000000000000000000000000000000000A1"
WISH = Wish("lease", "lease", "lease", NAME, b"", "to be signed off")
PROCESSES = 3
TICK = 1.0  # seconds


@dataclass(frozen=True)
class Counts:
    """`doubled`: tokens with which more than one process signed off. `late`: sign-offs of a token
    after one of a later token. Both are to be 0. `slowest`: seconds from the end of a holder to the
    first sign-off of the next.
    """

    cycles: int
    takeovers: int
    signed: int
    fenced: int
    doubled: int
    late: int
    slowest: float


class Process:
    """`offset` is what its own clock shows when the world's shows 0; `drift` how fast it goes."""

    def __init__(self, world: World, number: int, ttl: float) -> None:
        self._world, self._ttl = world, ttl
        self.number = number
        self.offset = world.dice.uniform(0, 10**6)
        self.drift = world.dice.uniform(0.98, 1.02)
        self.stopped_until = 0.0
        self.holding: Holding | None = None
        self.start()

    def start(self) -> None:
        """A new process in its place; nothing but the journal is remembered."""
        self.holding = None
        self._world.born += 1
        self.name = f"{self.number}/{self._world.born}"
        clock = lambda: self.offset + self._world.now * self.drift  # noqa: E731
        self._lease = Lease(self._world.journal, NAME, self.name, ttl=self._ttl, monotonic=clock)

    def tick(self) -> bool:
        """Whether it signed something off."""
        self.holding = self._lease.beat()
        return self.holding is not None and self._world.sign_off(self)


class World:
    def __init__(self, seed: int, ttl: float) -> None:
        self.dice, self.now, self.born = random.Random(seed), 0.0, 0
        self.journal = Journal.open("sqlite://", identity={})
        self.journal.want(WISH, NAME, 0)
        self.signers: dict[int, set[str]] = defaultdict(set)
        self.signed = self.fenced = self.late = self.newest = 0
        self.processes = [Process(self, number, ttl) for number in range(PROCESSES)]

    def sign_off(self, process: Process) -> bool:
        holding = process.holding
        assert holding
        tx = f"0x{self.signed:x}"
        attempt = Attempt(tx, WISH.key, NAME, self.signed, 21_000, 1, 1, b"", self.now)
        try:
            self.journal.sign_off(attempt, holding)
        except Fenced:
            self.fenced += 1
            return False
        self.signed += 1
        self.late += holding.token < self.newest
        self.newest = max(self.newest, holding.token)
        self.signers[holding.token].add(process.name)
        return True

    def second(self) -> bool:
        """One second; whether anybody signed something off in it."""
        self.now += TICK
        awake = [one for one in self.processes if one.stopped_until <= self.now]
        self.dice.shuffle(awake)
        return any([one.tick() for one in awake])


def run(cycles: int, ttl: float, seed: int) -> Counts:
    """In each cycle the holder is stopped, or killed, until another process has signed off."""
    world = World(seed, ttl)
    slowest = 0.0
    until(world)
    for _ in range(cycles):
        holder = next(one for one in world.processes if one.holding is not None)
        stale, woken = holder.holding, world.dice.random() < 0.7
        holder.stopped_until = float("inf")
        if world.dice.random() < 0.5:  # its clock jumps, as one that counts suspended time does
            holder.offset += world.dice.uniform(0, 60)
        slowest = max(slowest, until(world))
        for _ in range(world.dice.randrange(2 * int(ttl))):
            world.second()
        holder.stopped_until = 0.0
        if woken:
            holder.holding = stale
            world.sign_off(holder)  # it was stopped just before
        else:
            holder.start()
        if world.dice.random() < 0.2:  # all are stopped together, as a suspended machine
            world.now += world.dice.uniform(0, 20 * ttl)
        for _ in range(world.dice.randrange(5)):
            world.second()
        until(world)
    world.journal.close()
    return Counts(
        cycles=cycles,
        takeovers=world.newest - 1,
        signed=world.signed,
        fenced=world.fenced,
        doubled=sum(len(names) > 1 for names in world.signers.values()),
        late=world.late,
        slowest=slowest,
    )


def until(world: World, limit: int = 1_000) -> float:
    """Seconds until somebody signs off."""
    start = world.now
    for _ in range(limit):
        if world.second():
            return world.now - start
    raise AssertionError(f"nobody took over in {limit} s")
