"""Orchestrators that take back the right to call their reward, in the middle of a round.

Either the reward is not sent yet, as gas is too dear, or it waits for a block that has room.
"""

from __future__ import annotations

import random
from pathlib import Path

from keepers.core.runner import Runner
from tests.chaos.report import Check, at_most, exactly
from tests.chaos.site import SOFT_CAP, Site, open_site, to_next_round
from tests.models.records import ZERO

NEVER = 99  # ticks
FINAL_BLOCKS = 4


def _ticks_until_told(runner: Runner, orchestrator: str) -> int:
    """Ticks until the plan, which the log repeats, says who may not be served and why."""
    for ticks in (1, 2, 3):
        for line in runner.tick():
            if line.subject.lower() == orchestrator and "its reward caller is none" in line.reason:
                return ticks
    return NEVER


def _revoke(site: Site, runner: Runner, orchestrator: str, *, sent: bool) -> int:
    faults, manager = site.proxies[0].faults, site.world.contracts["BondingManager"]
    faults.base_fee = None if sent else 2 * SOFT_CAP
    to_next_round(site)
    site.world.initialize()
    runner.tick()
    with site.no_room():
        manager.must("setRewardCaller", ZERO, sender=orchestrator)
    ticks = _ticks_until_told(runner, orchestrator)
    faults.base_fee = None
    for _ in range(FINAL_BLOCKS):
        site.world.chain.mine()
        runner.tick()
    manager.must("setRewardCaller", site.home.address.lower(), sender=orchestrator)
    return ticks


def check_revocations(tenths: int, folder: Path) -> list[Check]:
    """R8: told at the first look, and not one transaction that reverts."""
    revoked, slowest = 4 * tenths, 0
    with open_site(folder, orchestrators=5) as site:
        dice, orchestrators = random.Random(revoked), site.world.orchestrators
        begin = to_next_round(site) + 1
        with site.home.here() as runner:
            for at in range(revoked):
                ticks = _revoke(site, runner, dice.choice(orchestrators), sent=at % 2 == 0)
                slowest = max(slowest, ticks)
        found = site.ledger()
        missing = found.missing(range(begin, begin + revoked), orchestrators)
        return [
            at_most("R8", f"of {revoked} revocations in mid-round, ticks to the alert", slowest, 1),
            exactly("R8", "rewards called of those that revoked, or not of the others",
                    missing, revoked),
            exactly("R8", "transactions that reverted", found.reverted, 0),
        ]  # fmt: skip
