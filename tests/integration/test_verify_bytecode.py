"""`ape run verify_bytecode` against contracts on anvil: as deployed, and with a byte flipped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from scripts._lib.artifacts import Artifacts
from scripts._lib.chain import ApeChain
from scripts._lib.context import Context, Ref
from scripts._lib.deployment import run_steps
from scripts._lib.records import Records
from scripts._lib.source import read_source
from scripts._lib.steps import Deploy, Register
from scripts.verify_bytecode import cli as verify_command
from tests.support.anvil import Anvil, find_anvil, run_anvil

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
LOCAL = ("--network", "arbitrum:local:foundry")
#: One without arguments, one behind a proxy, one with arguments, one with an immutable.
NAMES = ("Controller", "MerkleSnapshot", "Minter", "PollCreator")
STEPS = (
    Deploy("Controller", "Controller"),
    Deploy("MerkleSnapshot", "MerkleSnapshot", (Ref("Controller"),)),
    Deploy("Minter", "Minter", (Ref("Controller"), 220_500, 500, 500_000_000)),
    Deploy("PollCreator", "PollCreator", (Ref("MerkleSnapshot"),)),
    Register("Minter", "Minter"),
)


@dataclass(frozen=True)
class Deployed:
    anvil: Anvil
    records: Path

    def verify(self, *options: str) -> tuple[int, str]:
        arguments = [*LOCAL, "--records", str(self.records), *options]
        result = CliRunner().invoke(verify_command, arguments)
        return result.exit_code, result.output


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    import ape

    path = tmp_path_factory.mktemp("records") / "local.json"
    with run_anvil() as anvil, anvil.connected():
        chain = ApeChain(ape.accounts.test_accounts[0])
        context = Context(
            chain=chain,
            records=Records.open(path, chain_id=chain.chain_id, genesis=chain.genesis, live=False),
            artifacts=Artifacts.load(NAMES),
            source=read_source(),
        )
        run_steps(context, STEPS)
        yield Deployed(anvil, path)


@pytest.fixture(autouse=True)
def _as_deployed(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test starts from the same chain and record."""
    monkeypatch.setenv("APE_FOUNDRY_HOST", deployed.anvil.url)
    text, snapshot = deployed.records.read_text(), deployed.anvil.rpc("evm_snapshot")
    yield
    deployed.anvil.rpc("evm_revert", snapshot)
    deployed.records.write_text(text)


def test_verify_bytecode__as_deployed__writes_artefacts_that_build_alone(
    deployed: Deployed, tmp_path: Path
) -> None:
    folder, empty = tmp_path / "artefacts", tmp_path / "empty"
    empty.mkdir()
    code, output = deployed.verify("--artefacts", str(folder), "--all")
    assert code == 0, output
    assert f"{folder}: artefacts of {len(NAMES)} contracts" in output
    assert "mismatches: 0" in output
    assert {path.name for path in folder.iterdir()} == {
        f"{name}{ending}" for name in NAMES for ending in (".vyz", ".json", ".verification.json")
    }

    # As a block explorer: the standard JSON, a compiler, and nothing else.
    recorded = Records.read(deployed.records).contracts["Minter"]
    command = [str(Path(sys.executable).with_name("vyper-json")), str(folder / "Minter.json")]
    printed = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=True)
    built = json.loads(printed.stdout)["contracts"][recorded.source]["Minter"]["evm"]
    described = json.loads((folder / "Minter.verification.json").read_text())
    web3 = deployed.anvil.web3
    creation = web3.eth.get_transaction(recorded.tx)["input"].hex()
    assert built["bytecode"]["object"] + described["constructor_arguments"] == (
        "0x" + creation.removeprefix("0x")
    )
    assert built["deployedBytecode"]["object"] == "0x" + web3.eth.get_code(
        recorded.address
    ).hex().removeprefix("0x")

    # And the archives alone are enough to verify again.
    code, output = deployed.verify("--archives", str(folder), "Minter")
    assert (code, "mismatches: 0" in output) == (0, True), output


def test_verify_bytecode__one_byte_flipped_on_chain__fails_and_names_it(
    deployed: Deployed,
) -> None:
    address = Records.read(deployed.records).contracts["PollCreator"].address
    code = bytearray(deployed.anvil.web3.eth.get_code(address))
    code[-1] ^= 1  # of the immutable
    deployed.anvil.rpc("anvil_setCode", address, "0x" + code.hex())
    exit_code, output = deployed.verify("PollCreator", "Controller")
    assert exit_code == 1
    assert "PollCreator.bondingManager" in output
    assert "mismatches: 2" in output  # the immutables as a whole, and the one by name


def test_verify_bytecode__commit_edited__differs_from_the_controller(deployed: Deployed) -> None:
    data = json.loads(deployed.records.read_text())
    entry = data["contracts"]["Minter"]
    entry |= {"commit": "ab" * 20, "dirty": True}
    deployed.records.write_text(json.dumps(data))
    exit_code, output = deployed.verify("Minter")
    assert exit_code == 1
    assert "Minter: commit in the Controller" in output
    assert "mismatches: 1" in output


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("genesis", "0x" + "11" * 32, "recorded on another chain; check --network"),
        ("genesis", "0x11", "genesis is '0x11', which does not match"),
    ],
)
def test_verify_bytecode__record_of_something_else__is_one_line(
    deployed: Deployed, field: str, value: str, complaint: str
) -> None:
    data = json.loads(deployed.records.read_text()) | {field: value}
    deployed.records.write_text(json.dumps(data))
    exit_code, output = deployed.verify()
    assert exit_code == 1
    assert complaint in output
    assert "Traceback" not in output


def test_verify_bytecode__name_that_is_not_recorded__is_one_line(deployed: Deployed) -> None:
    exit_code, output = deployed.verify("Treasury")
    assert exit_code == 1
    assert output.endswith("local.json: no contract Treasury recorded\n")
