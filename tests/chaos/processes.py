"""Keepers as processes that can be killed at any moment, and started again in milliseconds.

A fork server has everything imported; what it forks assembles the keepers from a configuration as
`python -m keepers run --live` does, and ticks.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from eth_account import Account
from eth_utils.crypto import keccak

from keepers.core.config import LogConfig
from keepers.core.config_file import load
from keepers.core.crash import VARIABLE
from keepers.core.logs import Redactor, install
from keepers.run import assemble

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.chaos.processes"])
PASSWORD = "chaos"
POLL_SECONDS = 0.1


def key_of(name: str) -> tuple[bytes, str]:
    """A key that everybody can know, and its address."""
    key = bytes(keccak(text=f"chaos {name}"))
    return key, str(Account.from_key(key).address)


class KeeperHome:
    """The folder of one keeper: configuration, key, journal, log."""

    def __init__(
        self, folder: Path, name: str, *, rpc: Sequence[str], controller: str, sections: str
    ) -> None:
        """`sections` are TOML after what is the same for all."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config = folder, folder / "keepers.toml"
        key, self.address = key_of(name)
        (folder / "key.json").touch(0o600)
        (folder / "key.json").write_text(json.dumps(Account.encrypt(key, PASSWORD, "pbkdf2", 1)))
        (folder / "password").touch(0o600)
        (folder / "password").write_text(PASSWORD)
        self.config.write_text(
            f"""poll_seconds = {POLL_SECONDS}

[network]
chain_id = 31337
controller = "{controller}"
rpc = {json.dumps(list(rpc))}
confirmations = 3

[signers.key]
type = "keystore"
path = "key.json"
password_file = "password"

{sections}"""
        )

    def start(self, crash_at: str = "") -> BaseProcess:
        process = FORKS.Process(target=_keep, args=(str(self.config), crash_at), daemon=True)
        process.start()
        return process

    def lose_journal(self) -> None:
        for name in ("keepers.sqlite", "keepers.sqlite-wal", "keepers.sqlite-shm"):
            (self.folder / name).unlink(missing_ok=True)

    def said(self) -> list[str]:
        return (self.folder / "keeper.log").read_text().splitlines()


def _keep(path: str, crash_at: str) -> None:
    os.environ[VARIABLE] = crash_at
    log = (Path(path).parent / "keeper.log").open("a", buffering=1)
    sys.stdout = sys.stderr = log
    config = load(Path(path), {})
    install(LogConfig("info", False), Redactor(), log)
    runner = assemble(config, live=True)
    while True:
        runner.tick()
        time.sleep(config.poll_seconds)
