"""`python -m keepers check` against deployed contracts on a real node."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from eth_account import Account

from keepers.cli import cli
from tests.keepers.slashing_system import Court

pytestmark = pytest.mark.integration

CALLER = Account.from_key("0x" + "33" * 32)
CONFIG = """\
[network]
name = "local"
controller = "{controller}"
rpc = ["{url}"]
[signers.caller]
type = "keystore"
path = "caller.json"
password_file = "password"
[round_initializer]
signer = "caller"
[reward_caller]
signer = "caller"
orchestrators = ["{orchestrator}"]
"""


def write_site(court: Court, folder: Path, orchestrator: str) -> None:
    secret = Account.encrypt(CALLER.key, "open sesame", kdf="pbkdf2", iterations=2)
    names = {"controller": court.controller, "url": court.anvil.url, "orchestrator": orchestrator}
    for name, text in (
        ("caller.json", json.dumps(secret)),
        ("password", "open sesame"),
        ("keepers.toml", CONFIG.format(**names)),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)


def check(court: Court, folder: Path, orchestrator: str) -> Result:
    write_site(court, folder, orchestrator)
    return CliRunner().invoke(cli, ["check", "--config", str(folder / "keepers.toml")])


def test_check__real_system__is_in_order_after_what_it_asks_for(
    court: Court, tmp_path: Path
) -> None:
    orchestrator = court.accused
    court.anvil.rpc("anvil_setBalance", CALLER.address, hex(10**18))

    first = check(court, tmp_path, orchestrator)
    assert first.exit_code == 1
    warning, error, end = first.output.splitlines()
    assert warning.startswith("warning: network.rpc: one endpoint works")
    assert error.startswith("error: reward_caller.orchestrators[0]: ")
    assert end == "1 error, 1 warning"

    asked = re.search(r"let (0x\w+) call .* of (0x\w+) \(calldata (0x\w+)\)", error)
    assert asked
    sender, to, data = asked.groups()
    court.web3.eth.send_transaction({"from": sender, "to": to, "data": data})

    start = time.monotonic()
    second = check(court, tmp_path, orchestrator)
    assert time.monotonic() - start < 5
    assert (second.exit_code, second.output) == (0, f"{warning}\n0 errors, 1 warning\n")


def test_check__real_system__knows_who_is_no_orchestrator_and_when_it_is_paused(
    court: Court, tmp_path: Path
) -> None:
    court.do("Controller", "pause")
    output = check(court, tmp_path, court.web3.eth.accounts[9]).output
    assert "error: network.controller: the system is paused" in output
    assert "error: reward_caller.orchestrators[0]: " in output
    assert "is not registered as an orchestrator" in output
    assert f"error: signers.caller: {CALLER.address} holds no ETH" in output
