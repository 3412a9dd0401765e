"""The keepers as processes of their own, as an operator runs them: config, keystore, journal each.

`python -m devnet.keeping ...` is `python -m keepers ...` that ends when its standard input closes,
like the nodes: whoever started it cannot die and leave it behind.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from eth_account import Account

from devnet.network import Actor, Cast, Network, NetworkError, Transaction
from devnet.processes import ROOT, STOP_SECONDS, ProcessError
from keepers.core.contracts import interface

POLL_SECONDS = 0.2
PATIENCE = 60  # for one round to be initialised, or its rewards to be called
PASSWORD = "devnet"  # the keys are known to everybody


class KeeperProcess:
    """One `python -m keepers run --live`, in its own folder."""

    def __init__(self, home: Path, actor: Actor, network: Network, keeper: str) -> None:
        """`keeper` is its section of the configuration."""
        home.mkdir(parents=True, exist_ok=True)
        self.log = home / "keeper.log"
        keystore = Account.encrypt(bytes.fromhex(actor.key[2:]), PASSWORD, "pbkdf2", 1)
        for name, text in (("key.json", json.dumps(keystore)), ("password", PASSWORD)):
            (home / name).touch(0o600)
            (home / name).write_text(text)
        config = home / "keepers.toml"
        config.write_text(_config(network, keeper))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "devnet.keeping", "run", "--config", str(config), "--live"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(STOP_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()


class Keepers:
    """One keeper initialises rounds, another calls the rewards of every orchestrator (LIP-118)."""

    def __init__(self, network: Network, cast: Cast) -> None:
        self._network, self._cast = network, cast
        self._processes: list[KeeperProcess] = []
        self._first_block = 0

    def __enter__(self) -> Keepers:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.stop()

    def start(self, home: Path) -> None:
        cast = self._cast
        served = ", ".join(f'"{actor.address}"' for actor in cast.orchestrators)
        self._first_block = self._network.head() + 1
        self._processes = [
            KeeperProcess(
                home / "rounds",
                cast.round_keeper,
                self._network,
                '[round_initializer]\nsigner = "key"\n',
            ),
            KeeperProcess(
                home / "rewards",
                cast.reward_keeper,
                self._network,
                f'[reward_caller]\nsigner = "key"\norchestrators = [{served}]\n',
            ),
        ]

    def next_round(self) -> int:
        """Mine to the next round and wait until it is initialised; returns its number."""
        rounds = self._network.protocol.rounds_manager
        boundary = int(rounds.currentRoundStartBlock()) + int(rounds.roundLength())
        self._network.mine(boundary - self._network.block_number())
        return self.initialized()

    def initialized(self) -> int:
        """Wait until the current round is initialised; returns its number."""
        rounds = self._network.protocol.rounds_manager
        self._wait("the round is not initialised", rounds.currentRoundInitialized)
        return self._network.current_round()

    def rewarded(self) -> None:
        """Wait until every active orchestrator has this round's reward."""
        number = self.initialized()
        manager = self._network.protocol.bonding_manager

        def done() -> bool:
            return all(
                int(manager.getTranscoder(one.address).lastRewardRound) == number
                for one in self._cast.orchestrators
                if manager.isActiveTranscoder(one.address)
            )

        self._wait(f"not every reward of round {number} is called", done)

    def transactions(self) -> list[Transaction]:
        """Everything that they sent. Raises NetworkError if one of it failed."""
        keepers = (self._cast.round_keeper, self._cast.reward_keeper)
        actors = {actor.address: actor for actor in keepers}
        turned = [
            (one.block, int(one.arguments["round"]))
            for one in self._network.events(self._network.protocol.rounds_manager, "NewRound")
        ]
        eth = self._network.provider.web3.eth
        found = []
        for number in range(self._first_block, self._network.head() + 1):
            for sent in eth.get_block(number, full_transactions=True)["transactions"]:
                actor = actors.get(str(sent["from"]))
                if actor is None:
                    continue
                receipt = eth.get_transaction_receipt(sent["hash"])
                if not receipt["status"]:
                    raise NetworkError(f"{actor.name}: transaction {sent['hash'].hex()} failed")
                found.append(
                    Transaction(
                        sender=actor.name,
                        action=_action(bytes(sent["input"])),
                        hash=receipt["transactionHash"].to_0x_hex(),
                        block=number,
                        round=max(round_ for block, round_ in turned if block <= number),
                        gas_used=int(receipt["gasUsed"]),
                        fee=int(receipt["gasUsed"]) * int(receipt["effectiveGasPrice"]),
                    )
                )
        return found

    def _wait(self, trouble: str, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            ended = next((one for one in self._processes if one.has_ended()), None)
            if ended or time.monotonic() > deadline:
                logs = ended.log if ended else ", ".join(str(one.log) for one in self._processes)
                raise ProcessError(f"{trouble}; see {logs}")
            time.sleep(POLL_SECONDS / 2)


def _action(data: bytes) -> str:
    if data[:4] == interface("RoundsManager").selector("initializeRound"):
        return "initialise the round"
    return "call a reward"


def _config(network: Network, keeper: str) -> str:
    chain_id = network.provider.chain_id
    return f"""poll_seconds = {POLL_SECONDS}

[network]
chain_id = {chain_id}
controller = "{network.protocol.controller.address}"
rpc = ["{network.provider.uri}"]
confirmations = 2

[signers.key]
type = "keystore"
path = "key.json"
password_file = "password"

[fees]
soft_cap_gwei = 5
hard_cap_gwei = 20

[limits]
per_operation_eth = 1
per_round_eth = 10
per_day_eth = 100
per_orchestrator_per_day_eth = 10

{keeper}"""


def main() -> None:
    from keepers.cli import cli

    threading.Thread(target=_end_with_parent, daemon=True).start()
    cli(sys.argv[1:], prog_name="python -m keepers")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
