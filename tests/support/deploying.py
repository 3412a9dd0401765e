"""Deploying to an anvil: runs that are killed, and what `check` finds afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts._lib.artifacts import Artifacts
from scripts._lib.chain import ZERO, ApeChain, Prepared
from scripts._lib.checks import check_steps
from scripts._lib.context import Context
from scripts._lib.deployment import run_steps
from scripts._lib.networks import Watcher
from scripts._lib.params import Parameters
from scripts._lib.plan import build_plan
from scripts._lib.protocol import Protocol
from scripts._lib.records import Records
from scripts._lib.source import read_source
from tests.support.anvil import Anvil


class Killed(BaseException):
    """The process ends here."""


class KillingChain(ApeChain):
    """Kills the run just before or just after some of its transactions."""

    def __init__(self, account: Any, kills: set[tuple[int, str]]) -> None:
        super().__init__(account)
        self.kills = kills

    def prepare(self, request: Any) -> Prepared:
        prepared = super().prepare(request)

        def send() -> Any:
            for moment in ("before", "after"):
                if moment == "after":
                    mined = prepared.send()
                if (prepared.nonce + 1, moment) in self.kills:
                    self.kills.discard((prepared.nonce + 1, moment))
                    raise Killed
            return mined

        return replace(prepared, send=send)


@dataclass(frozen=True)
class System:
    """A deployed system on an anvil that Ape is connected to."""

    anvil: Anvil
    account: Any
    records: Path
    protocol: Protocol

    @property
    def nonce(self) -> int:
        return self.anvil.web3.eth.get_transaction_count(self.account.address)


def run(
    account: Any,
    records: Path,
    parameters: Parameters,
    artifacts: Artifacts,
    kills: set[tuple[int, str]],
) -> int:
    """Deploy like `deploy_protocol`, again after each kill; returns how many there were."""
    killed = 0
    while True:
        try:
            run_once(account, records, parameters, artifacts, kills)
        except Killed:
            killed += 1
        else:
            return killed


def run_once(
    account: Any,
    records: Path,
    parameters: Parameters,
    artifacts: Artifacts,
    kills: set[tuple[int, str]],
) -> None:
    """Raises Killed at the first of `kills`: the number of a transaction and "before", "after"."""
    chain = KillingChain(account, kills)
    record = Records.open(records, chain_id=chain.chain_id, genesis=chain.genesis, live=False)
    context = Context(chain=chain, records=record, artifacts=artifacts, source=read_source())
    run_steps(context, build_plan(parameters))


def mismatches(file: Path, parameters: Parameters, artifacts: Artifacts) -> dict[str, str]:
    """What `check` finds wrong: subject, and what is there."""
    chain = ApeChain(Watcher(ZERO))
    record = Records.open(
        file, chain_id=chain.chain_id, genesis=chain.genesis, live=True, keep_file=True
    )
    context = Context(chain=chain, records=record, artifacts=artifacts, source=read_source())
    findings = check_steps(context, build_plan(parameters))
    return {item.subject: item.found for item in findings if not item.matches}
