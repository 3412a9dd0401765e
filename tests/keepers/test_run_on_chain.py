"""`python -m keepers run` against deployed contracts on a real node, dry and live."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keepers.cli import cli
from keepers.core.journal import Journal
from keepers.core.lease import Lease
from tests.keepers.slashing_system import Court
from tests.keepers.test_check_on_chain import CALLER, write_site

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.integration


@pytest.fixture
def folder(court: Court, tmp_path: Path) -> Iterator[Path]:
    """A new round that nobody has initialized, and an orchestrator that has a reward caller."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    court.anvil.rpc("anvil_setBalance", CALLER.address, hex(10**18))
    court.do("BondingManager", "setRewardCaller", CALLER.address, sender=court.accused)
    rounds = court.contracts["RoundsManager"].functions
    boundary = rounds.currentRoundStartBlock().call() + rounds.roundLength().call()
    court.anvil.rpc("anvil_mine", hex(boundary - court.web3.eth.block_number))
    write_site(court, tmp_path, court.accused)
    yield tmp_path
    root.handlers[:], root.level = handlers, level


def look(folder: Path, *options: str) -> dict[str, tuple[str, Any]]:
    """By kind: verdict, gas limit."""
    path = str(folder / "keepers.toml")
    command = ["run", "--config", path, "--once", "--json", *options]
    result = CliRunner(mix_stderr=False).invoke(cli, command)
    assert result.exit_code == 0, result.stderr
    lines = json.loads(result.stdout)["lines"]
    return {one["kind"]: (one["verdict"], one["gas"]) for one in lines}


def sent(court: Court) -> int:
    return court.web3.eth.get_transaction_count(CALLER.address)


def test_run__dry__plans_what_the_live_run_does_and_leaves_no_trace(
    court: Court, folder: Path
) -> None:
    before = set(folder.iterdir())
    plan = look(folder)
    assert (plan["initialize round"][0], plan["reward"][0]) == ("send", "wait")
    assert sent(court) == 0
    assert set(folder.iterdir()) == before

    assert look(folder, "--live") == plan
    assert sent(court) == 1
    plan = look(folder)
    assert (plan["initialize round"][0], plan["reward"][0]) == ("done", "send")
    assert look(folder, "--live")["reward"] == plan["reward"]
    assert sent(court) == 2

    assert look(folder, "--live")["reward"][0] == "done"
    found = court.contracts["BondingManager"].functions.getTranscoder(court.accused).call()
    assert found[0] == court.contracts["RoundsManager"].functions.currentRound().call()
    assert sent(court) == 2


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_run__process__acts_reads_caps_again_and_leaves_its_lease(
    court: Court, folder: Path
) -> None:
    config, log = folder / "keepers.toml", folder / "log"
    config.write_text("poll_seconds = 0.2\n" + config.read_text())
    command = [sys.executable, "-m", "keepers", "run", "--config", str(config), "--live"]
    with log.open("w") as output, subprocess.Popen(command, cwd=ROOT, stderr=output) as process:
        try:
            wait_for(lambda: sent(court) == 2)
            config.write_text(config.read_text() + "[fees]\nhard_cap_gwei = 7\n")
            process.send_signal(signal.SIGHUP)
            wait_for(lambda: "SIGHUP: fees, limits and log" in log.read_text())
            stopped = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert time.monotonic() - stopped < 5
        finally:
            process.kill()
    lines = log.read_text()
    assert "open sesame" not in lines
    assert CALLER.key.hex() not in lines
    identity = {"chain": "31337", "controller": court.controller}
    with closing(Journal.open(f"sqlite:///{folder}/keepers.sqlite", identity=identity)) as journal:
        holding = Lease(journal, CALLER.address, "another").beat()
    assert holding is not None
    assert holding.token == 2
