"""The mainnet's parameters on a chain of its id, up to the list of governance spec 8.4."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from scripts._governance.routes import GovernorUpdate
from scripts._lib.artifacts import Artifacts, sources
from scripts._lib.chain import contract_instance
from scripts._lib.context import StepError, role_id
from scripts._lib.deployment import StepReport, deploy_protocol
from scripts._lib.params import Parameters, load_parameters
from scripts._lib.protocol import contract_id
from scripts._lib.records import Records
from tests.support.anvil import find_anvil, run_anvil
from tests.support.deploying import Killed, System, mismatches, run_once

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
DEPLOYER, ADMIN, STRANGER = range(3)  # test accounts; the admin is the bridge's


@dataclass(frozen=True)
class Bridge:
    """What exists on a network with a bridge. Token and gateway have roles, the cache an owner."""

    token: Any
    cache: Any
    gateway: Any


@dataclass(frozen=True)
class Mainnet:
    system: System
    bridge: Bridge
    parameters: Parameters
    first_run: dict[str, StepReport]

    def account(self, index: int) -> Any:
        import ape

        return ape.accounts.test_accounts[index]

    def contract_as_account(self, address: str) -> Any:
        import ape

        self.system.anvil.rpc("anvil_setBalance", address, hex(10**18))
        return ape.accounts.test_accounts.impersonate_account(address)

    def govern(self, target: str, data: bytes, nonce: int) -> None:
        """The Safe stages an update, and executes it."""
        update = GovernorUpdate((target,), (0,), (data,), nonce)
        safe = self.contract_as_account(self.parameters.governor.owner)
        governor = self.system.protocol.governor
        for calldata in (update.stage(0), update.execute()):
            safe.transfer(governor.address, 0, data=calldata)


def deploy_bridge(artifacts: Artifacts, admin: Any) -> Bridge:
    """With contracts of ours that have the same rights: a token, and the Controller as owned."""

    def make(name: str) -> Any:
        kind = artifacts[name].contract_type
        from ape.contracts import ContractContainer

        return admin.deploy(ContractContainer(kind))

    token, cache, gateway = make("LivepeerToken"), make("Controller"), make("LivepeerToken")
    for role in ("MINTER_ROLE", "BURNER_ROLE"):
        token.grantRole(role_id(role), gateway.address, sender=admin)
    return Bridge(token, cache, gateway)


@pytest.fixture(scope="module")
def artifacts() -> Artifacts:
    return Artifacts.load(sources())


@pytest.fixture(scope="module")
def mainnet(tmp_path_factory: pytest.TempPathFactory, artifacts: Artifacts) -> Iterator[Mainnet]:
    import ape

    records = tmp_path_factory.mktemp("deploy") / "mainnet.json"
    deployer, admin = (ape.accounts.test_accounts[index] for index in (DEPLOYER, ADMIN))
    with run_anvil("--chain-id", "42161") as anvil, anvil.connected():
        bridge = deploy_bridge(artifacts, admin)
        parameters = load_parameters("arbitrum-mainnet")
        existing = replace(
            parameters.existing,
            livepeer_token=bridge.token.address,
            l2_lpt_data_cache=bridge.cache.address,
            l2_lpt_gateway=bridge.gateway.address,
        )
        parameters = replace(parameters, existing=existing)
        reports: list[StepReport] = []
        protocol = deploy_protocol(
            deployer, parameters, records=records, artifacts=artifacts, on_step=reports.append
        )
        system = System(anvil, deployer, records, protocol)
        by_name = {report.name: report for report in reports}
        yield Mainnet(system, bridge, parameters, by_name)


@pytest.fixture
def finished(mainnet: Mainnet) -> Iterator[Mainnet]:
    """The token's admin has given the Minter its roles, and the Safe has opened the system."""
    snapshot = mainnet.system.anvil.rpc("evm_snapshot")
    protocol, admin = mainnet.system.protocol, mainnet.account(ADMIN)
    for role in ("MINTER_ROLE", "BURNER_ROLE"):
        mainnet.bridge.token.grantRole(role_id(role), protocol.minter.address, sender=admin)
    mainnet.govern(protocol.controller.address, bytes.fromhex("3f4ba83a"), nonce=1)
    access = replace(mainnet.parameters.access, unpause=True)
    yield replace(mainnet, parameters=replace(mainnet.parameters, access=access))
    mainnet.system.anvil.rpc("evm_revert", snapshot)


def test_deploy__mainnet_parameters__waits_for_the_token_admin_alone(mainnet, artifacts):
    protocol, parameters = mainnet.system.protocol, mainnet.parameters
    waiting = [name for name, it in mainnet.first_run.items() if it.outcome == "waiting"]
    assert waiting == ["grant MINTER_ROLE to Minter", "grant BURNER_ROLE to Minter"]
    assert set(mismatches(mainnet.system.records, parameters, artifacts)) == {
        "LivepeerToken: holders of MINTER_ROLE",
        "LivepeerToken: holders of BURNER_ROLE",
    }
    assert protocol.controller.owner() == protocol.governor.address
    assert protocol.governor.owner() == parameters.governor.owner
    assert protocol.controller.paused()


def test_check__handed_over_and_opened_by_the_safe__finds_nothing(finished, artifacts):
    system = finished.system
    assert mismatches(system.records, finished.parameters, artifacts) == {}
    nonce = system.nonce
    deploy_protocol(
        system.account, finished.parameters, records=system.records, artifacts=artifacts
    )
    assert system.nonce == nonce


def test_check__eight_faults_of_a_hand_over__names_each(finished, artifacts):
    """By the numbers of governance spec 8.4; all at once, and nothing else is named."""
    protocol, bridge = finished.system.protocol, finished.bridge
    deployer, admin, stranger = (finished.account(index) for index in range(3))
    controller, governor = protocol.controller, protocol.governor
    owner = finished.contract_as_account(governor.address)
    treasury = finished.contract_as_account(protocol.treasury.address)
    safe = finished.parameters.governor.owner

    target = protocol.address("BondingManagerTarget")  # 1
    name = contract_id("BondingManagerTarget")
    controller.setContractInfo(name, target, b"\x11" * 20, sender=owner)
    moved = bytes.fromhex(f"f2fde38b{'00' * 12}{stranger.address[2:]}")  # 2
    finished.govern(governor.address, moved, nonce=2)
    protocol.treasury.grantRole(role_id("PROPOSER_ROLE"), stranger, sender=treasury)  # 4
    bridge.token.grantRole(role_id("MINTER_ROLE"), stranger, sender=admin)  # 5
    bridge.gateway.grantRole(bytes(32), deployer, sender=admin)  # 6
    bridge.cache.transferOwnership(deployer, sender=admin)  # 6
    protocol.rounds_manager.setRoundLength(5_760, sender=owner)  # 7
    bridge.token.grantRole(bytes(32), deployer, sender=admin)  # 8
    controller.transferOwnership(safe, sender=owner)  # 3: to the Safe, not to the Governor

    found = mismatches(finished.system.records, finished.parameters, artifacts)
    minters = sorted([protocol.minter.address, bridge.gateway.address, stranger.address])
    names = {protocol.minter.address: "Minter ", bridge.gateway.address: "L2LPTGateway "}
    voters = protocol.livepeer_governor.address
    proposers = sorted([voters, stranger.address])
    names[voters] = "LivepeerGovernor "
    assert found == {
        "Controller: commit of BondingManagerTarget": "11" * 20,
        "Governor.owner": stranger.address,
        "Controller.owner": safe,
        "Treasury: holders of PROPOSER_ROLE": ", ".join(names.get(a, "") + a for a in proposers),
        "LivepeerToken: holders of MINTER_ROLE": ", ".join(names.get(a, "") + a for a in minters),
        "RoundsManager.roundLength": "5760",
        f"rights left to the deployer {deployer.address}": (
            "L2LPTDataCache.owner, L2LPTGateway.DEFAULT_ADMIN_ROLE, "
            "LivepeerToken.DEFAULT_ADMIN_ROLE"
        ),
    }


def test_deploy__treasury_initialised_by_a_stranger__stops_and_names_who(
    finished, artifacts, tmp_path
):
    system, parameters, stranger = finished.system, finished.parameters, finished.account(STRANGER)
    data = json.loads(system.records.read_text())
    del data["contracts"]["Treasury"]  # so the next run deploys another
    path = tmp_path / "x.json"
    path.write_text(json.dumps(data))
    with pytest.raises(Killed):
        run_once(system.account, path, parameters, artifacts, {(system.nonce + 2, "before")})
    taken = Records.read(path).contracts["Treasury"].address
    treasury = contract_instance(artifacts["Treasury"], taken)
    treasury.initialize(0, [stranger], [], system.account, sender=stranger)

    with pytest.raises(StepError) as error:
        deploy_protocol(system.account, parameters, records=path, artifacts=artifacts)

    assert str(error.value) == (
        f"initialise Treasury: {stranger.address} was first at {taken}: "
        f"CANCELLER_ROLE is held by {stranger.address}; "
        f"PROPOSER_ROLE is held by {stranger.address}; "
        f"take Treasury out of {path} and run again, to deploy another"
    )
