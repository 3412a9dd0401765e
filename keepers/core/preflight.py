"""Finds every mistake that can be found before the first transaction, in a few seconds.

    endpoints ---> contracts, orchestrators, accounts, caps        preflight_rpc.py, _chain.py
    keys, journal, disk: at the same time                          preflight_host.py

Whatever hangs is left behind when the time is over, and named. Source: keepers spec (e1), R22.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from keepers.core.chain import Chain
from keepers.core.config import Config
from keepers.core.endpoint import Rules
from keepers.core.findings import Finding, Job, collect, passing
from keepers.core.preflight_chain import check_chain
from keepers.core.preflight_host import (
    FreeBytes,
    account_of,
    check_journal,
    check_signer,
    free_bytes,
)
from keepers.core.preflight_rpc import Probe, judge, probe, usable

ENDPOINTS, ALL = 2.0, 3.8  # seconds, from the start; the rest of five is for starting
RULES = Rules(patience=1.5)


def check(
    config: Config,
    *,
    sending: bool = True,
    wall: Callable[[], float] = time.time,
    free: FreeBytes = free_bytes,
) -> list[Finding]:
    """In the order of the configuration. Nothing is signed or sent, and no journal is made.

    `sending`: give each node an empty transaction, to see whether it takes any.
    """
    start = time.monotonic()
    network = config.network
    probing = [
        Job(partial(probe, index, url, network, sending=sending))
        for index, url in enumerate(network.rpc)
    ]
    signers = {
        name: Job(partial(check_signer, config.signers[name])) for name in config.signers_in_use
    }
    journal = Job(partial(check_journal, config, free))

    probes = [_probed(job, index, start + ENDPOINTS) for index, job in enumerate(probing)]
    findings = list(judge(probes, network, wall()))
    if urls := usable(probes):
        chain = Job(partial(_on_chain, config, urls))
        findings += collect(chain, "network.rpc", start + ALL)
    for name, job in signers.items():
        findings += collect(job, f"signers.{name}", start + ALL)
    findings += collect(journal, "journal.url", start + ALL)
    return findings


def _probed(job: Job[Probe], index: int, until: float) -> Probe:
    key = f"network.rpc[{index}]"
    found = job.result(until)
    late = Probe(key, "", "", None, (passing(key, "gives no answer in time"),))
    return found or late


def _on_chain(config: Config, urls: list[str]) -> list[Finding]:
    chain = Chain.open(urls, config.network.chain_id, rules=RULES)
    known = ((name, account_of(config.signers[name])) for name in config.signers_in_use)
    return check_chain(chain, config, {name: account for name, account in known if account})
