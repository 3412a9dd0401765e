"""A dry run and a live one that look at the same blocks: the plan is what is done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from keepers.core.plan import PlanLine
from tests.chaos.processes import KeeperHome
from tests.chaos.report import Check, at_most, exactly
from tests.chaos.site import Site, acts, open_site, to_next_round

BLOCKS = 6  # of a round that are looked at, from its first on
GAS_ERROR = 5.0  # percent


def _lock_away_the_key(home: KeeperHome) -> None:
    """What is left of the keystore is its address: whoever opens it fails."""
    keystore = home.folder / "key.json"
    keystore.write_text(json.dumps({"address": json.loads(keystore.read_text())["address"]}))


def _plan(lines: Sequence[PlanLine]) -> list[tuple[str | int | None, ...]]:
    return [
        (one.kind, one.subject, one.why, one.gas, one.estimate, one.max_fee, one.cost)
        for one in acts(lines)
    ]


def _gas_used(site: Site, tx: str | None) -> int:
    return int(site.world.chain.rpc("eth_getTransactionReceipt", tx)["gasUsed"], 16)


def check_dry_run(tenths: int, folder: Path) -> list[Check]:
    """R19: ten rounds, of which nine to a learner."""
    rounds, orchestrators = tenths, 10
    planned = same = sends = 0
    worst = 0.0
    with open_site(folder / "live", orchestrators=orchestrators) as site:
        dry_home = site.another_home(folder / "dry")
        _lock_away_the_key(dry_home)
        calls = site.proxies[0].calls
        with dry_home.here(live=False) as dry, site.home.here() as live:
            for _ in range(rounds):
                to_next_round(site)
                for _ in range(BLOCKS):
                    before = calls["eth_sendRawTransaction"]
                    plan = dry.tick()
                    sends += calls["eth_sendRawTransaction"] - before
                    done = live.tick()
                    site.world.chain.mine()
                    planned += len(_plan(plan))
                    same += len([one for one in _plan(plan) if one in _plan(done)])
                    same -= abs(len(_plan(plan)) - len(_plan(done)))
                    for line in acts(done):
                        used = _gas_used(site, line.tx)
                        assert line.estimate
                        worst = max(worst, 100 * abs(line.estimate - used) / used)
        found = site.ledger()
        return [
            exactly("R19", f"operations of a live run of {rounds} rounds that the plan had",
                    same, found.transactions),
            exactly("R19", "operations in the plan", planned, rounds * (orchestrators + 1)),
            exactly("R19", "transactions that the dry run sent, with no key to sign by", sends, 0),
            at_most("R19", "gas in the plan off what was used, at most", round(worst, 2),
                    GAS_ERROR, "%"),
        ]  # fmt: skip
