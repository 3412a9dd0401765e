"""Endpoints that come and go, and a keeper that was asleep for a long time; on anvil."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from keepers.core.context import Settings
from keepers.core.runner import Runner
from tests.chaos.proxy import Faults, Proxy
from tests.chaos.report import Check, at_most, exactly
from tests.chaos.site import ROUND_BLOCKS, Site, acts, open_site, to_next_round
from tests.support.anvil import run_anvil

BLOCK = 1.0  # seconds
SLOT = 2.0  # seconds that an endpoint stays up, or down
UP = 0.4  # of the time
LAG = 30  # blocks
HANGS = 20.0  # seconds; longer than any patience
FAIL_OVER = 3.0  # seconds
ASLEEP = 1_500  # blocks; anvil takes minutes for ten times as many
STEADY = 20.0  # seconds
OTHER_CHAIN = 42_161
AT_ONCE = Settings().max_in_flight


@dataclass
class Weather:
    """Each endpoint is up for 40 % of the time, the last one lags; blocks come as time goes on.

    Never is none up that is at the head for more than two slots: a round here takes half a minute.
    """

    site: Site
    dice: random.Random
    dark: list[tuple[float, float]] = field(default_factory=list)  # nobody up that is at the head

    @contextmanager
    def blowing(self) -> Iterator[None]:
        over = threading.Event()
        blower = threading.Thread(target=self._blow, args=(over,), daemon=True)
        blower.start()
        try:
            yield
        finally:
            over.set()
            blower.join()
            for proxy in self.site.proxies:
                proxy.faults = Faults()

    def dark_seconds(self, start: float, end: float) -> float:
        return sum(max(0.0, min(end, b) - max(start, a)) for a, b in self.dark)

    def _blow(self, over: threading.Event) -> None:
        *good, laggard = self.site.proxies
        change, dark = 0.0, 0
        while not over.wait(BLOCK):
            now = time.monotonic()
            self.site.world.chain.mine()
            if now < change:
                continue
            change = now + SLOT
            for proxy in self.site.proxies:
                proxy.faults = self._faults(lag=LAG if proxy is laggard else 0)
            dark = 0 if any(_is_up(one.faults) for one in good) else dark + 1
            if dark > 2:
                good[0].faults, dark = Faults(), 0
            if dark:
                self.dark.append((now, change + BLOCK))

    def _faults(self, lag: int) -> Faults:
        if self.dice.random() < UP:
            return Faults(lag=lag)
        kinds = (Faults(down=True), Faults(status=429), Faults(status=503), Faults(delay=HANGS))
        return self.dice.choice(kinds)


def _time_reads(runner: Runner, weather: Weather) -> list[float]:
    """Seconds of each read from now on, less those in which nobody could have answered."""
    endpoints, waits = runner._chain._endpoints, []
    read = endpoints.read

    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.monotonic()
        try:
            return read(*args, **kwargs)
        finally:
            now = time.monotonic()
            waits.append(now - started - weather.dark_seconds(started, now))

    endpoints.read = timed  # type: ignore[method-assign]
    return waits


def _is_up(faults: Faults) -> bool:
    return not (faults.down or faults.status or faults.delay)


def check_endpoints(tenths: int, folder: Path) -> list[Check]:
    """R7: three endpoints, none of them up for long, and one of another chain."""
    rounds, orchestrators = (4 * tenths + 9) // 10, 50
    with (
        run_anvil("--chain-id", str(OTHER_CHAIN)) as other,
        Proxy(other.url) as foreign,
        open_site(folder, orchestrators=orchestrators, endpoints=3, others=[foreign]) as site,
    ):
        weather = Weather(site, random.Random(rounds))
        begin = to_next_round(site)
        numbers = range(begin, begin + rounds)
        with site.home.here() as runner:
            runner.tick()
            waits = _time_reads(runner, weather)
            with weather.blowing():
                while site.world.current_round in numbers:
                    runner.tick()
                    time.sleep(site.home.poll)
        found = site.ledger()
        p99 = quantiles(waits, n=100, method="inclusive")[-1]
        where = f"{orchestrators} orchestrators x {rounds} rounds, 3 endpoints up for 40 %"
        return [
            exactly("R7", f"rewards missed: {where}, one {LAG} blocks late",
                    found.missing(numbers, site.world.orchestrators), 0),
            exactly("R7", "rewards called twice", found.twice, 0),
            at_most("R7", f"read while an endpoint is up, p99 of {len(waits)} (slowest "
                    f"{max(waits):.1f} s)", round(p99, 2), FAIL_OVER, "s"),
            exactly("R7", "questions to the endpoint of another chain, but for its chain id",
                    foreign.calls.total() - foreign.calls["eth_chainId"], 0),
            at_most("R7", "and how often that was asked", foreign.calls["eth_chainId"], 2),
        ]  # fmt: skip


def check_sleep(tenths: int, folder: Path) -> list[Check]:
    """R21: down for many rounds, three of which others have initialised."""
    with open_site(folder, orchestrators=10 * tenths) as site:
        chain = site.world.chain
        to_next_round(site)
        _work(site)
        before = site.ledger()
        for _ in range(3):
            to_next_round(site)
            site.world.initialize()
        chain.mine(ASLEEP - 3 * ROUND_BLOCKS)
        number = to_next_round(site)
        started = time.monotonic()
        reconciles = _work(site)
        seconds = time.monotonic() - started
        after = site.ledger()
        orchestrators = site.world.orchestrators
        sent = after.transactions - before.transactions
        made = len(orchestrators) - after.missing([number], orchestrators)
        return [
            at_most("R21", f"until all is done again after {ASLEEP} blocks, of {sent} transactions",
                    round(seconds, 1), STEADY, "s"),
            exactly("R21", "rewards of the round in which it wakes", made, len(orchestrators)),
            exactly("R21", "transactions for the rounds before it", sent - made - 1, 0),
            exactly("R21", f"ticks that sent: one for the round, one for each {AT_ONCE} rewards",
                    reconciles, 1 + -(-len(orchestrators) // AT_ONCE)),
            exactly("R21", "transactions that reverted", after.reverted, 0),
            exactly("R21", "logs that were asked for", site.proxies[0].calls["eth_getLogs"], 0),
        ]  # fmt: skip


def _work(site: Site) -> int:
    """A keeper is started, and stopped when nothing is left to do. Ticks in which it sent."""
    sent, idle = 0, 0
    with site.home.here() as runner:
        while idle < 4:
            acted = bool(acts(runner.tick()))
            sent, idle = sent + acted, 0 if acted else idle + 1
            site.world.chain.mine()
    return sent
