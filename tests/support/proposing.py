"""A deployed system on an anvil, and `ape run propose` on it in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from web3 import Web3

from scripts._governance import fresh
from scripts._governance.calldata import Interfaces
from scripts._governance.chain_system import ChainSystem
from scripts._governance.lifecycle import draft
from scripts._governance.loader import load
from scripts._governance.routes import GovernorUpdate
from scripts._governance.sandbox import Sandbox
from scripts._lib.protocol import Protocol
from scripts.propose import cli
from tests.support.anvil import Anvil

LOCAL = ("--network", "arbitrum:local:foundry")


@dataclass(frozen=True)
class Network:
    """The system as before LIP-83, owned by the Governor; `account` is its owner, and has stake."""

    anvil: Anvil
    account: Any
    records: Path
    protocol: Protocol

    @property
    def web3(self) -> Web3:
        return self.anvil.web3

    @property
    def system(self) -> ChainSystem:
        return ChainSystem(self.web3, self.protocol.controller.address, Interfaces.load())

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.web3)

    def propose(self, *arguments: str) -> Result:
        options = (*LOCAL, "--records", str(self.records))
        return CliRunner().invoke(cli, [*arguments, *options], env={"COLUMNS": "200"})

    def next_round(self, times: int = 1) -> None:
        for _ in range(times):
            fresh.next_round(self.protocol, self.account, self.sandbox)

    def update(self, *, nonce: int = 0) -> GovernorUpdate:
        """What LIP-83 says."""
        carrier = draft(load(83), self.system, Interfaces.load(), nonce=nonce).carrier
        assert isinstance(carrier, GovernorUpdate)
        return carrier

    def due(self, update: GovernorUpdate) -> int:
        return int(self.protocol.governor.updates(update.hash))

    def stage(self, update: GovernorUpdate) -> None:
        self.sandbox.send(self.account.address, self.protocol.governor.address, update.stage(0))
