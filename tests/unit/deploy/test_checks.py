"""`check` names each of a list of planted faults, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from scripts._lib.checks import check_steps
from scripts._lib.context import Context, Finding
from scripts._lib.deployment import run_steps
from scripts._lib.params import load_parameters
from scripts._lib.plan import build_plan
from scripts._lib.protocol import contract_id
from scripts._lib.records import Pending
from scripts._lib.rights import role_id
from tests.unit.deploy.fake_chain import (
    STRANGER,
    FakeChain,
    FakeContract,
    context_on,
    fake_artifacts,
)


@dataclass
class System:
    """A deployed system, and what a fault may touch."""

    chain: FakeChain
    context: Context

    def contract(self, name: str) -> FakeContract:
        return self.chain.contracts[self.context.address(name)]

    def edit(self, name: str, **values: object) -> None:
        old = self.context.records.contracts[name]
        self.context.records.contracts[name] = replace(old, **values)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeChain, Path]:
    chain, path = FakeChain(), tmp_path_factory.mktemp("deploy") / "local.json"
    parameters = load_parameters("local")
    context = context_on(chain, path, fake_artifacts(parameters))
    run_steps(context, build_plan(parameters))
    return chain, path


@pytest.fixture
def system(deployed, artifacts) -> System:
    chain, path = deepcopy(deployed)
    return System(chain, context_on(chain, path, artifacts, dry_run=True))


def wrong(system: System, parameters) -> list[Finding]:
    findings = check_steps(system.context, build_plan(parameters))
    return [finding for finding in findings if not finding.matches]


def other_code(system: System) -> None:
    system.contract("BondingVotesTarget").code += b"\x00"


def other_address(system: System) -> None:
    entry = (STRANGER, system.contract("Controller").registry[contract_id("JobsManager")][1])
    system.contract("Controller").registry[contract_id("JobsManager")] = entry


def other_commit(system: System) -> None:
    address, _ = system.contract("Controller").registry[contract_id("MerkleSnapshot")]
    system.contract("Controller").registry[contract_id("MerkleSnapshot")] = (address, bytes(20))


def other_parameter(system: System) -> None:
    system.contract("RoundsManager").views["roundLength"] = 51


def other_terms(system: System) -> None:
    system.contract("Verifier").views["parameters"]["roundSlashCap"] = 10**6


def other_target_id(system: System) -> None:
    system.contract("TicketBroker").views["targetContractId"] = contract_id("X")


def role_kept(system: System) -> None:
    system.contract("LivepeerToken").grant("MINTER_ROLE", STRANGER)


def role_missing(system: System) -> None:
    minter = system.context.address("Minter")
    system.contract("LivepeerToken").change_role(role_id("BURNER_ROLE"), minter, "", granted=False)


def role_without_event(system: System) -> None:
    """The contract says so, its events do not: either may be what somebody wrote by hand."""
    minter = system.context.address("Minter")
    system.contract("LivepeerToken").roles.discard((role_id("BURNER_ROLE"), minter))


def role_nobody_knows(system: System) -> None:
    system.contract("Treasury").grant("OTHER_ROLE", STRANGER)


def paused(system: System) -> None:
    system.contract("Controller").views["paused"] = True


def other_owner(system: System) -> None:
    system.contract("Controller").views["owner"] = STRANGER


def record_size(system: System) -> None:
    system.edit("Minter", runtime_size=1)


def record_initcode(system: System) -> None:
    system.edit("Minter", initcode_hash="0x" + "00" * 32)


def record_inflation(system: System) -> None:
    old = system.context.records.contracts["Minter"].args
    system.edit("Minter", args=(old[0], "1", *old[2:]))


def record_block(system: System) -> None:
    system.edit("ServiceRegistryTarget", block=1_000)


def record_deployer(system: System) -> None:
    system.edit("ServiceRegistryTarget", deployer=STRANGER)


def record_commit(system: System) -> None:
    system.edit("ServiceRegistryTarget", commit="00" * 20)


def record_stranger(system: System) -> None:
    contracts = system.context.records.contracts
    contracts["Extra"] = contracts["Minter"]


def under_way(system: System) -> None:
    system.context.records.pending = Pending("set X.y", STRANGER, 1, None, None, None)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (other_code, ["BondingVotesTarget: code at"]),
        (other_address, ["Controller: address of JobsManager"]),
        (other_commit, ["Controller: commit of MerkleSnapshot"]),
        (other_parameter, ["RoundsManager.roundLength"]),
        (other_terms, ["Verifier.roundSlashCap"]),
        (other_target_id, ["TicketBroker.targetContractId"]),
        (role_kept, ["LivepeerToken: holders of MINTER_ROLE"]),
        (role_missing, ["LivepeerToken: holders of BURNER_ROLE"]),
        (role_without_event, ["LivepeerToken: holders of BURNER_ROLE"]),
        (role_nobody_knows, [f"Treasury: holders of 0x{role_id('OTHER_ROLE').hex()}"]),
        (paused, ["Controller.paused"]),
        (other_owner, ["Controller.owner"]),
        (record_size, ["Minter: runtime_size"]),
        (record_initcode, ["Minter: initcode_hash"]),
        (record_inflation, ["Minter: constructor arguments"]),
        (record_block, ["ServiceRegistryTarget: block"]),
        (record_deployer, ["ServiceRegistryTarget: deployer"]),
        (record_commit, ["Controller: commit of ServiceRegistryTarget"]),
        (record_stranger, ["record: contracts outside the plan"]),
        (under_way, ["record: transaction under way"]),
    ],
)
def test_check_steps__planted_fault__is_named_alone(
    system, parameters, fault: Callable[[System], None], named: list[str]
):
    assert wrong(system, parameters) == []
    fault(system)
    found = [finding.subject for finding in wrong(system, parameters)]
    assert len(found) == len(named)
    assert all(subject.startswith(name) for subject, name in zip(found, named, strict=True))


def test_check_steps__contract_gone__names_it_and_goes_on(system, parameters):
    del system.chain.contracts[system.context.address("RoundsManager")]
    found = {finding.subject: finding.found for finding in wrong(system, parameters)}
    address = system.context.address("RoundsManager")
    assert found[f"RoundsManager: code at {address}"] == "none"
    assert "no code" in found["set RoundsManager.roundLength"]
    assert not any(subject.startswith("TicketBroker") for subject in found)


def test_check_steps__nothing_deployed__names_every_contract(chain, path, parameters, artifacts):
    context = context_on(chain, path, artifacts, dry_run=True)
    findings = check_steps(context, build_plan(parameters))
    missing = [item.subject for item in findings if item.found == "nothing"]
    assert missing[:3] == ["Controller: record", "Minter: record", "LivepeerToken: record"]


def test_check_steps__unreadable_transaction__says_it_is_not_on_this_chain(system, parameters):
    tx = system.context.records.contracts["Minter"].tx
    system.chain.lost.add(tx)
    found = [(item.subject, item.found) for item in wrong(system, parameters)]
    assert found == [("Minter: transaction", "not on this chain")]
