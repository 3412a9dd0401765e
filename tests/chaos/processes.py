"""Keepers as processes that can be killed at any moment, and started again in milliseconds.

A fork server has everything imported; what it forks assembles the keepers from a configuration as
`python -m keepers run --live` does, and ticks.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_double, c_long
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_utils.crypto import keccak

from keepers.core.clock import Clock
from keepers.core.config import LogConfig
from keepers.core.config_file import load
from keepers.core.crash import VARIABLE
from keepers.core.logs import Redactor, install
from keepers.core.runner import Runner
from keepers.run import assemble

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.chaos.processes"])
PASSWORD = "chaos"
POLL_SECONDS = 0.1
# What is said by keepers in this process is not for the terminal.
logging.getLogger("keepers").addHandler(logging.NullHandler())


def key_of(name: str) -> tuple[bytes, str]:
    """A key that everybody can know, and its address."""
    key = bytes(keccak(text=f"chaos {name}"))
    return key, str(Account.from_key(key).address)


class Running:
    """A keeper at work, started now."""

    def __init__(self, config: Path, crash_at: str, pause: float) -> None:
        self._ticks: Any = FORKS.Value(c_long, 0)
        self._clock: Any = FORKS.Value(c_double, 0.0)
        self._process = FORKS.Process(
            target=_keep,
            args=(str(config), crash_at, pause, self._ticks, self._clock),
            daemon=True,
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def ticks(self) -> int:
        return int(self._ticks.value)

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def wait_for_tick(self, patience: float = 10.0) -> bool:
        """Until a tick has ended from now on; False if it did not, or the process is dead."""
        seen, end = self.ticks, time.monotonic() + patience
        while self.ticks == seen:
            if time.monotonic() > end or not self.is_alive:
                return False
            time.sleep(0.002)
        return True

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self, *, clock: float = 0.0) -> None:
        """It goes on, and its wall clock is `clock` seconds off from now on."""
        self._clock.value = clock
        os.kill(self.pid, signal.SIGCONT)


class KeeperHome:
    """The folder of one keeper: configuration, key, journal, log."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        rpc: Sequence[str],
        controller: str,
        sections: str,
        poll: float = POLL_SECONDS,
    ) -> None:
        """`sections` are TOML after what is the same for all."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config, self.rpc = folder, folder / "keepers.toml", tuple(rpc)
        self.poll = poll
        key, self.address = key_of(name)
        (folder / "key.json").touch(0o600)
        (folder / "key.json").write_text(json.dumps(Account.encrypt(key, PASSWORD, "pbkdf2", 1)))
        (folder / "password").touch(0o600)
        (folder / "password").write_text(PASSWORD)
        self.config.write_text(
            f"""poll_seconds = {poll}

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

    def start(self, crash_at: str = "", *, pause: float | None = None) -> Running:
        """`pause` in seconds between ticks; without one, as it is configured."""
        return Running(self.config, crash_at, self.poll if pause is None else pause)

    @contextmanager
    def here(self, *, live: bool = True) -> Iterator[Runner]:
        """The same keepers in this process, for whoever wants to count their ticks."""
        runner = assemble(load(self.config, {}), live=live)
        try:
            yield runner
        finally:
            runner.close()

    def lose_journal(self) -> None:
        for name in ("keepers.sqlite", "keepers.sqlite-wal", "keepers.sqlite-shm"):
            (self.folder / name).unlink(missing_ok=True)

    def said(self) -> list[str]:
        return (self.folder / "keeper.log").read_text().splitlines()


def _keep(path: str, crash_at: str, pause: float, ticks: Any, clock: Any) -> None:
    os.environ[VARIABLE] = crash_at
    log = (Path(path).parent / "keeper.log").open("a", buffering=1)
    sys.stdout = sys.stderr = log
    config = load(Path(path), {})
    install(LogConfig("info", False), Redactor(), log)
    wall = Clock(wall=lambda: time.time() + clock.value)
    runner = assemble(config, live=True, clock=wall)
    while True:
        runner.tick()
        ticks.value += 1
        time.sleep(pause)
