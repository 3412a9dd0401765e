"""Deploying for real: compiled contracts, a chain in its own process, runs that are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from scripts._lib.artifacts import Artifacts, sources
from scripts._lib.chain import ChainError
from scripts._lib.deployment import deploy_protocol
from scripts._lib.params import FOLDER, Parameters, load_parameters
from scripts._lib.protocol import Protocol, contract_id
from scripts._lib.records import Records
from scripts.arm_slashing import cli as arm_slashing_command
from scripts.check import cli as check_command
from tests.support.anvil import Anvil, find_anvil, run_anvil
from tests.support.contracts import ROOT
from tests.support.deploying import System, mismatches, run

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
TRANSACTIONS, HANDING_OVER = 78, 5
LOCAL = ("--network", "arbitrum:local:foundry")
LPT = 10**18
SAFE = "0x04F53A0bb244f015cC97731570BeD26F0229da05"


@pytest.fixture(scope="module")
def artifacts() -> Artifacts:
    return Artifacts.load(sources())


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters("local")


@pytest.fixture(scope="module")
def killed_system(
    tmp_path_factory: pytest.TempPathFactory, parameters: Parameters, artifacts: Artifacts
) -> Iterator[System]:
    """Deployed by a run that was killed eight times."""
    import ape

    records = tmp_path_factory.mktemp("deploy") / "local.json"
    account = ape.accounts.test_accounts[0]
    kills = {(1, "before"), (12, "before")} | {(n, "after") for n in (1, 23, 60, 61, 67, 78)}
    with run_anvil() as anvil, anvil.connected():
        assert run(account, records, parameters, artifacts, kills) == 8
        controller = Records.read(records).contracts["Controller"].address
        yield System(anvil, account, records, Protocol.at(controller, artifacts))


@pytest.fixture
def system(killed_system: System) -> Iterator[System]:
    """As deployed; what a test does to chain and record is undone."""
    snapshot, record = killed_system.anvil.rpc("evm_snapshot"), killed_system.records.read_bytes()
    yield killed_system
    killed_system.anvil.rpc("evm_revert", snapshot)
    killed_system.records.write_bytes(record)


def test_deploy__killed_again_and_again__sends_each_transaction_once(system, parameters, artifacts):
    assert system.nonce == TRANSACTIONS
    record = Records.read(system.records)
    assert [item.nonce for item in record.transactions] == list(range(TRANSACTIONS))
    assert mismatches(system.records, parameters, artifacts) == {}


def test_deploy__second_run__sends_nothing(system, parameters, artifacts):
    before = system.records.read_bytes()
    reports = []
    options = {"records": system.records, "artifacts": artifacts, "on_step": reports.append}
    deploy_protocol(system.account, parameters, **options)
    assert {report.outcome for report in reports} == {"unchanged"}
    assert system.nonce == TRANSACTIONS
    assert system.records.read_bytes() == before


def test_deploy__changed_parameter__sends_exactly_one(system, parameters, artifacts):
    changed = replace(parameters, bonding=replace(parameters.bonding, unbonding_period=8))
    found = mismatches(system.records, changed, artifacts)
    assert found == {"BondingManager.unbondingPeriod": "7"}

    deploy_protocol(system.account, changed, records=system.records, artifacts=artifacts)

    assert system.nonce == TRANSACTIONS + 1
    assert system.protocol.bonding_manager.unbondingPeriod() == 8
    assert mismatches(system.records, changed, artifacts) == {}


def test_deploy__impossible_parameter__is_one_line_with_the_reason(system, parameters, artifacts):
    changed = replace(parameters, bonding=replace(parameters.bonding, num_active_transcoders=5))
    with pytest.raises(ChainError) as error:
        deploy_protocol(system.account, changed, records=system.records, artifacts=artifacts)
    text = str(error.value)
    assert text.startswith("BondingManager.setNumActiveTranscoders at 0x")
    assert "new max size must be greater than old max size" in text
    assert "\n" not in text

    deploy_protocol(system.account, parameters, records=system.records, artifacts=artifacts)
    assert mismatches(system.records, parameters, artifacts) == {}


def test_deploy__account_without_ether__is_one_line(tmp_path, system, parameters, artifacts):
    system.anvil.rpc("anvil_setBalance", system.account.address, "0x0")
    with pytest.raises(ChainError, match=r"^deploy Controller: Insufficient funds for gas"):
        deploy_protocol(
            system.account, parameters, records=tmp_path / "x.json", artifacts=artifacts
        )


def test_deploy__finished__has_registered_every_contract_with_its_commit(system):
    record, protocol = Records.read(system.records), system.protocol
    for name, contract in record.contracts.items():
        if name != "Controller":
            address, commit = protocol.controller.getContractInfo(contract_id(name))
            assert (address, bytes(commit).hex()) == (contract.address, contract.commit)
    assert protocol.address("JobsManager") == protocol.ticket_broker.address
    assert protocol.livepeer_governor.timelock() == protocol.treasury.address
    assert protocol.governor.owner() == system.account.address


def test_deploy__finished__leaves_a_system_that_turns_rounds(system):
    rounds = system.protocol.rounds_manager
    for _ in range(2):
        system.anvil.rpc("anvil_mine", hex(int(rounds.roundLength())))
        rounds.initializeRound(sender=system.account)
        assert rounds.currentRoundInitialized()
    assert system.protocol.minter.currentMintableTokens() > 0
    assert system.protocol.livepeer_token.balanceOf(system.account) == 500_000 * LPT
    faucet = system.protocol.livepeer_token_faucet
    faucet.request(sender=system.account)
    assert system.protocol.livepeer_token.balanceOf(system.account) == 500_010 * LPT


def test_check__immutable_changed__names_the_code(system, parameters, artifacts):
    address = system.protocol.poll_creator.address
    code = bytearray(system.anvil.web3.eth.get_code(address))
    code[-1] ^= 1  # the last byte of the BondingManager's address
    system.anvil.rpc("anvil_setCode", address, "0x" + code.hex())
    found = mismatches(system.records, parameters, artifacts)
    assert set(found) == {f"PollCreator: code at {address}", "PollCreator.bondingManager"}


def test_check__proxy_pointed_elsewhere__names_its_id(system, parameters, artifacts):
    address = system.protocol.ticket_broker.address
    system.anvil.rpc("anvil_setStorageAt", address, "0x1", "0x" + "11" * 32)
    found = mismatches(system.records, parameters, artifacts)
    assert found["TicketBroker.targetContractId"] == "0x" + "11" * 32


def test_check__record_edited__names_the_entry(system, parameters, artifacts):
    data = json.loads(system.records.read_text())
    data["contracts"]["Minter"]["commit"] = "00" * 20
    data["contracts"]["ServiceRegistry"]["block"] += 1
    system.records.write_text(json.dumps(data))
    found = mismatches(system.records, parameters, artifacts)
    assert set(found) == {"Controller: commit of Minter", "ServiceRegistry: block"}


def test_deploy__account_that_only_the_node_signs_for__resumes_by_its_nonce(
    tmp_path, parameters, artifacts
):
    """The other variants of the plan: adjustable rounds, and everything handed over."""
    import ape

    parameters = replace(
        parameters,
        access=replace(parameters.access, owner="Governor"),
        governor=replace(parameters.governor, owner=SAFE),
        slashing=replace(parameters.slashing, guardian=SAFE),
        rounds=replace(parameters.rounds, implementation="AdjustableRoundsManager"),
    )
    kills = {(2, "after"), (9, "before"), (46, "after"), (81, "after"), (82, "before")}
    with run_anvil() as anvil, anvil.connected():
        address = "0x" + "ab" * 20
        anvil.rpc("anvil_setBalance", address, hex(10**21))
        account = ape.accounts.test_accounts.impersonate_account(address)
        assert run(account, tmp_path / "x.json", parameters, artifacts, kills) == 5
        sent = anvil.web3.eth.get_transaction_count(account.address)
        assert sent == TRANSACTIONS + HANDING_OVER
        assert mismatches(tmp_path / "x.json", parameters, artifacts) == {}
        controller = Records.read(tmp_path / "x.json").contracts["Controller"].address
        protocol = Protocol.at(controller, artifacts)
        owner = protocol.governor.address
        assert (protocol.controller.owner(), protocol.governor.owner()) == (owner, SAFE)
        assert protocol.livepeer_token.hasRole(bytes(32), owner)
        protocol.rounds_manager.setBlockNum(1_000, sender=account)
        assert protocol.rounds_manager.blockNum() == 1_000


def test_artifacts__compiled_by_ape__equal_what_the_compiler_prints(artifacts):
    names = ("Controller", "ManagerProxy", "ServiceRegistry")
    files = [artifacts[name].source for name in names]
    command = [str(Path(sys.executable).with_name("vyper")), "-f", "bytecode,bytecode_runtime"]
    printed = subprocess.run(
        [*command, *files], cwd=ROOT, capture_output=True, text=True, check=True
    )
    expected = [
        f"0x{code}"
        for name in names
        for code in (artifacts[name].initcode, artifacts[name].runtime)
    ]
    assert printed.stdout.split() == expected
    assert artifacts["BondingManager"].optimize == "codesize"
    assert artifacts["Controller"].optimize == "gas"


# The commands, in this process and each in its own.


def test_check_command__deployed_system__succeeds_and_counts(system, monkeypatch):
    monkeypatch.setenv("APE_FOUNDRY_HOST", system.anvil.url)
    result = CliRunner().invoke(check_command, [*LOCAL, "--records", str(system.records)])
    assert result.exit_code == 0, result.output
    assert "Comparisons: 421, mismatches: 0" in result.output


def test_check_command__no_record__is_one_line_that_says_what_to_run(system, monkeypatch, tmp_path):
    monkeypatch.setenv("APE_FOUNDRY_HOST", system.anvil.url)
    result = CliRunner().invoke(check_command, [*LOCAL, "--records", str(tmp_path / "none.json")])
    assert result.exit_code == 1
    assert result.output.endswith(
        "none.json: No such file or directory; run `ape run deploy` first\n"
    )


def test_arm_slashing_command__shown_then_sent__changes_what_is_armed(system, monkeypatch):
    monkeypatch.setenv("APE_FOUNDRY_HOST", system.anvil.url)
    options = [*LOCAL, "--records", str(system.records), "--faults", "6"]
    shown = CliRunner().invoke(arm_slashing_command, options)
    assert "call setArmedFaults(6)" in shown.output
    assert system.protocol.verifier.parameters().armedFaults == 14

    sent = CliRunner().invoke(arm_slashing_command, [*options, "--send"])
    assert sent.exit_code == 0, sent.output
    assert system.protocol.verifier.parameters().armedFaults == 6


def ape_run(anvil: Anvil, *arguments: str) -> subprocess.Popen[str]:
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("ape")), "run", *arguments],
        cwd=ROOT,
        env=os.environ | {"PATH": os.pathsep.join(paths), "APE_FOUNDRY_HOST": anvil.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def kill_after(process: subprocess.Popen[str], records: Path, transactions: int) -> None:
    """SIGKILL as soon as the record has so many transactions."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if records.exists() and len(Records.read(records).transactions) >= transactions:
            break
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.usefixtures("artifacts")  # compiled before the clock starts
def test_ape_run__deploy_killed_then_resumed_then_checked(tmp_path):
    records, changed = tmp_path / "local.json", tmp_path / "changed.toml"
    text = (FOLDER / "local.toml").read_text()
    changed.write_text(text.replace("round_length = 50", "round_length = 60"))
    common = (*LOCAL, "--records", str(records))
    with run_anvil() as anvil:
        account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        kill_after(ape_run(anvil, "deploy", *common), records, 20)

        code, out, err = finish(ape_run(anvil, "deploy", *common))
        assert (code, err) == (0, "")
        assert "unpause Controller: open" in out
        assert anvil.web3.eth.get_transaction_count(account) == TRANSACTIONS

        code, out, _ = finish(ape_run(anvil, "deploy", *common))
        assert code == 0
        assert out.startswith("Nothing to do: 89 steps, 0 transactions.\n")
        assert anvil.web3.eth.get_transaction_count(account) == TRANSACTIONS

        code, out, _ = finish(ape_run(anvil, "check", *common, "--params", str(changed)))
        assert code == 1
        assert "RoundsManager.roundLength" in out
        assert "mismatches: 1" in out
