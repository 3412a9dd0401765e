"""Deploying in memory: once, twice, killed anywhere, with changed parameters and changed code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts._lib.artifacts import Artifact
from scripts._lib.checks import check_steps
from scripts._lib.context import StepError
from scripts._lib.deployment import StepReport, run_steps
from scripts._lib.params import Existing, Parameters, load_parameters
from scripts._lib.plan import build_plan
from scripts._lib.protocol import contract_id
from scripts._lib.records import Records
from scripts._lib.rights import role_id
from tests.unit.deploy.fake_chain import (
    COMMIT,
    DEPLOYER,
    SAFE,
    STRANGER,
    FakeChain,
    FakeContract,
    Killed,
    context_on,
    fake_artifact,
    fake_artifacts,
    outcomes,
)

TRANSACTIONS = 78  # of a whole local deployment
HANDING_OVER = 5  # more, to hand it over
LPT = 10**18


def deploy(
    chain: FakeChain, path: Path, parameters: Parameters, artifacts: dict[str, Artifact]
) -> list[StepReport]:
    return run_steps(context_on(chain, path, artifacts), build_plan(parameters))


def mismatches(
    chain: FakeChain, path: Path, parameters: Parameters, artifacts: dict[str, Artifact]
) -> list[str]:
    context = context_on(chain, path, artifacts, dry_run=True)
    findings = check_steps(context, build_plan(parameters))
    return [finding.subject for finding in findings if not finding.matches]


def test_run_steps__empty_chain__deploys_everything(chain, path, parameters, artifacts):
    reports = deploy(chain, path, parameters, artifacts)

    assert chain.sent == TRANSACTIONS
    assert mismatches(chain, path, parameters, artifacts) == []
    controller = chain.contracts[Records.read(path).contracts["Controller"].address]
    token = chain.contracts[Records.read(path).contracts["LivepeerToken"].address]
    minter = Records.read(path).contracts["Minter"].address
    assert controller.views["paused"] is False
    assert token.views["totalSupply"] == 6_843_700 * LPT
    minter_roles = {(role_id("MINTER_ROLE"), minter), (role_id("BURNER_ROLE"), minter)}
    assert token.roles == {(bytes(32), DEPLOYER), *minter_roles}
    broker, job = (controller.registry[contract_id(n)] for n in ("TicketBroker", "JobsManager"))
    assert broker == job == (broker[0], bytes.fromhex(COMMIT))
    names = [report.name for report in reports]
    assert names[-2:] == ["hand over Controller", "leave nothing with the deployer"]


def test_run_steps__second_run__sends_nothing(chain, path, parameters, artifacts):
    deploy(chain, path, parameters, artifacts)
    before = path.read_bytes()

    reports = deploy(chain, path, parameters, artifacts)

    assert outcomes(reports) == {}
    assert chain.sent == TRANSACTIONS
    assert path.read_bytes() == before


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [1, 9, 37, 46, 60, 61, 67, 78])
def test_run_steps__killed_around_a_transaction__resumes_without_repeating_any(
    chain, path, parameters, artifacts, number, moment
):
    chain.kill = lambda sent, when: (sent, when) == (number, moment)
    with pytest.raises(Killed):
        deploy(chain, path, parameters, artifacts)
    assert Records.read(path).pending is not None

    chain.kill = lambda _sent, _when: False
    deploy(chain, path, parameters, artifacts)

    records = Records.read(path)
    assert chain.sent == TRANSACTIONS
    assert [item.tx for item in records.transactions] == list(chain.mined)
    assert records.pending is None
    assert mismatches(chain, path, parameters, artifacts) == []


def test_run_steps__killed_around_every_transaction__still_gets_there(
    chain, path, handed_over, artifacts
):
    """Each one is killed twice: first just before it is sent, then just after it is mined."""
    transactions = TRANSACTIONS + HANDING_OVER
    killed: list[tuple[int, str]] = []

    def kill(number: int, moment: str) -> bool:
        if (number, moment) in killed:
            return False
        killed.append((number, moment))
        return True

    chain.kill = kill
    for _ in range(2 * transactions):
        with pytest.raises(Killed):
            deploy(chain, path, handed_over, artifacts)
    deploy(chain, path, handed_over, artifacts)

    assert killed == [(n, m) for n in range(1, transactions + 1) for m in ("before", "after")]
    assert chain.sent == transactions
    assert mismatches(chain, path, handed_over, artifacts) == []


@pytest.mark.parametrize("number", [1, 2, 9, 45, 61, 67, 81, 82, 83])
def test_run_steps__transaction_replaced_in_the_wallet__is_recognised_by_its_effect(
    chain, path, handed_over, artifacts, number
):
    chain.kill = lambda sent, when: (sent, when) == (number, "after")
    with pytest.raises(Killed):
        deploy(chain, path, handed_over, artifacts)
    pending = Records.read(path).pending
    chain.lost.add(pending.tx)

    chain.kill = lambda _sent, _when: False
    deploy(chain, path, handed_over, artifacts)

    assert chain.sent == TRANSACTIONS + HANDING_OVER
    assert mismatches(chain, path, handed_over, artifacts) == []
    if pending.contract:
        name = pending.step.removeprefix("deploy ")
        assert Records.read(path).contracts[name].tx is None


def test_run_steps__changed_parameter__sends_exactly_one(chain, path, parameters, artifacts):
    deploy(chain, path, parameters, artifacts)
    changed = replace(parameters, bonding=replace(parameters.bonding, unbonding_period=8))
    assert mismatches(chain, path, changed, artifacts) == ["BondingManager.unbondingPeriod"]

    reports = deploy(chain, path, changed, artifacts)

    assert outcomes(reports) == {"set BondingManager.unbondingPeriod": "sent"}
    assert [item.detail for item in reports if item.outcome == "sent"] == ["7 -> 8"]
    assert chain.sent == TRANSACTIONS + 1


def test_run_steps__changed_terms_of_slashing__are_set_together(chain, path, parameters, artifacts):
    deploy(chain, path, parameters, artifacts)
    terms = replace(parameters.slashing, content_slash=5_000, guardian=STRANGER, arbiter=STRANGER)
    changed = replace(parameters, slashing=terms)
    assert mismatches(chain, path, changed, artifacts) == [
        "Verifier.contentSlash",
        "Verifier.guardian",
        "Verifier.arbiter",
        f"rights left to the deployer {DEPLOYER}",  # it is the guardian still
    ]

    reports = deploy(chain, path, changed, artifacts)

    assert [(item.name, item.detail) for item in reports if item.outcome == "sent"] == [
        (
            "set Verifier.equivocationSlash, contradictionSlash, contentSlash",
            "30000, 10000, 10000 -> 30000, 10000, 5000",
        ),
        ("set Verifier.guardian", f"{DEPLOYER} -> {STRANGER}"),
        ("set Verifier.arbiter", f"0x{'00' * 20} -> {STRANGER}"),
    ]
    assert mismatches(chain, path, changed, artifacts) == []


def test_run_steps__terms_of_slashing_after_hand_over__wait_for_the_owner(
    chain, path, parameters, artifacts
):
    given = replace(parameters, access=replace(parameters.access, owner=STRANGER))
    deploy(chain, path, given, artifacts)
    changed = replace(given, slashing=replace(given.slashing, armed_faults=2))
    assert outcomes(deploy(chain, path, changed, artifacts)) == {
        "set Verifier.armedFaults": "waiting"
    }


def test_run_steps__disarmed__sends_no_arming(chain, path, parameters, artifacts):
    disarmed = replace(parameters, slashing=replace(parameters.slashing, armed_faults=0))
    context = context_on(chain, path, artifacts, dry_run=True)
    planned = outcomes(run_steps(context, build_plan(disarmed), dry_run=True))
    sent = outcomes(deploy(chain, path, disarmed, artifacts))

    assert "set Verifier.armedFaults" not in planned | sent
    assert planned.keys() == sent.keys()
    assert mismatches(chain, path, disarmed, artifacts) == []


def test_run_steps__changed_minter_parameter__is_set_and_the_minter_stays(
    chain, path, parameters, artifacts
):
    deploy(chain, path, parameters, artifacts)
    changed = replace(parameters, minter=replace(parameters.minter, inflation_change=600))

    reports = deploy(chain, path, changed, artifacts)

    assert outcomes(reports) == {"set Minter.inflationChange": "sent"}


def test_run_steps__changed_implementation__is_deployed_and_registered_again(
    chain, path, parameters, artifacts
):
    deploy(chain, path, parameters, artifacts)
    old = Records.read(path).contracts["BondingManagerTarget"]
    changed = artifacts | {"BondingManager": fake_artifact("BondingManager", version=2)}
    assert "BondingManagerTarget: code_hash" in mismatches(chain, path, parameters, changed)

    reports = deploy(chain, path, parameters, changed)

    names = ["deploy BondingManagerTarget", "register BondingManagerTarget"]
    assert outcomes(reports) == dict.fromkeys(names, "sent")
    assert Records.read(path).contracts["BondingManagerTarget"].supersedes == old.address
    assert mismatches(chain, path, parameters, changed) == []


def test_run_steps__changed_comment__deploys_nothing(chain, path, parameters, artifacts):
    deploy(chain, path, parameters, artifacts)
    changed = {name: fake_artifact(name, comment=2) for name in artifacts}

    assert outcomes(deploy(chain, path, parameters, changed)) == {}
    assert mismatches(chain, path, parameters, changed) == []


def test_run_steps__changed_minter_of_an_open_system__refuses(chain, path, parameters, artifacts):
    deploy(chain, path, parameters, artifacts)
    changed = artifacts | {"Minter": fake_artifact("Minter", version=2)}

    with pytest.raises(StepError, match=r"deploy Minter: code or arguments differ from 0x\w+, whi"):
        deploy(chain, path, parameters, changed)
    assert chain.sent == TRANSACTIONS


def test_run_steps__changed_minter_before_opening__takes_the_roles_from_the_old_one(
    chain, path, parameters, artifacts
):
    paused = replace(parameters, access=replace(parameters.access, unpause=False))
    deploy(chain, path, paused, artifacts)
    old = Records.read(path).contracts["Minter"].address
    changed = artifacts | {"Minter": fake_artifact("Minter", version=2)}

    deploy(chain, path, paused, changed)

    records = Records.read(path)
    token = chain.contracts[records.contracts["LivepeerToken"].address]
    assert records.contracts["Minter"].supersedes == old
    assert {account for _, account in token.roles} == {DEPLOYER, records.address("Minter")}
    assert mismatches(chain, path, paused, changed) == []


def test_run_steps__opened_then_paused_by_the_owner__leaves_it_paused(
    chain, path, parameters, artifacts
):
    deploy(chain, path, parameters, artifacts)
    chain.contracts[Records.read(path).contracts["Controller"].address].views["paused"] = True

    reports = deploy(chain, path, parameters, artifacts)

    assert outcomes(reports) == {"unpause Controller": "waiting"}
    assert mismatches(chain, path, parameters, artifacts) == ["Controller.paused"]


def test_run_steps__genesis_supply_burned_since__is_not_minted_again(
    chain, path, parameters, artifacts
):
    deploy(chain, path, parameters, artifacts)
    token = chain.contracts[Records.read(path).contracts["LivepeerToken"].address]
    token.views["totalSupply"] = 1

    assert outcomes(deploy(chain, path, parameters, artifacts)) == {}


def test_run_steps__handed_over__waits_for_the_owner(chain, path, parameters, artifacts):
    given = replace(parameters, access=replace(parameters.access, owner=STRANGER))
    deploy(chain, path, given, artifacts)
    assert mismatches(chain, path, given, artifacts) == []

    changed = replace(given, rounds=replace(given.rounds, round_length=60))
    reports = deploy(chain, path, changed, artifacts)

    assert outcomes(reports) == {"set RoundsManager.roundLength": "waiting"}
    waiting = [item.detail for item in reports if item.outcome == "waiting"]
    assert waiting == [f"needs the Controller's owner {STRANGER}"]


def test_run_steps__token_of_another_admin__waits_and_stays_paused(chain, path, parameters):
    token, cache = "0x" + "11" * 20, "0x" + "22" * 20
    chain.contracts |= {token: FakeContract(b"\x01"), cache: FakeContract(b"\x01")}
    existing = Existing(livepeer_token=token, l2_lpt_data_cache=cache)
    parameters = replace(parameters, existing=existing, genesis=None, faucet=None)
    artifacts = fake_artifacts(parameters)

    waiting = outcomes(deploy(chain, path, parameters, artifacts))

    roles = ["grant MINTER_ROLE to Minter", "grant BURNER_ROLE to Minter"]
    assert [name for name, outcome in waiting.items() if outcome == "waiting"] == [
        *roles,
        "unpause Controller",
    ]
    minter = Records.read(path).contracts["Minter"].address
    for role in ("MINTER_ROLE", "BURNER_ROLE"):
        chain.contracts[token].grant(role, minter)

    assert outcomes(deploy(chain, path, parameters, artifacts)) == {"unpause Controller": "sent"}
    assert mismatches(chain, path, parameters, artifacts) == []


def test_run_steps__existing_token_without_code__refuses(chain, path, parameters):
    existing = Existing(livepeer_token="0x" + "11" * 20)
    parameters = replace(parameters, existing=existing, genesis=None, faucet=None)

    with pytest.raises(StepError, match="use LivepeerToken: no contract at 0x1111"):
        deploy(chain, path, parameters, fake_artifacts(parameters))


def test_run_steps__dry_run__plans_what_a_run_sends_and_writes_nothing(
    chain, path, parameters, artifacts
):
    context = context_on(chain, path, artifacts, dry_run=True)
    planned = run_steps(context, build_plan(parameters), dry_run=True)
    assert not path.exists()
    assert chain.sent == 0

    sent = deploy(chain, path, parameters, artifacts)

    expected = {name: kind.replace("sent", "planned") for name, kind in outcomes(sent).items()}
    assert outcomes(planned) == expected
    assert context.address("Minter") == Records.read(path).contracts["Minter"].address


def test_run_steps__dry_run_of_a_deployed_system__plans_only_the_difference(
    chain, path, parameters, artifacts
):
    deploy(chain, path, parameters, artifacts)
    before = path.read_bytes()
    changed = replace(parameters, broker=replace(parameters.broker, unlock_period=3))

    context = context_on(chain, path, artifacts, dry_run=True)
    planned = run_steps(context, build_plan(changed), dry_run=True)

    assert outcomes(planned) == {"set TicketBroker.unlockPeriod": "planned"}
    assert (chain.sent, path.read_bytes()) == (TRANSACTIONS, before)


def test_run_steps__dry_run_of_a_hand_over__plans_what_a_run_sends(
    chain, path, handed_over, artifacts
):
    context = context_on(chain, path, artifacts, dry_run=True)
    planned = run_steps(context, build_plan(handed_over), dry_run=True)

    sent = deploy(chain, path, handed_over, artifacts)

    expected = {name: kind.replace("sent", "planned") for name, kind in outcomes(sent).items()}
    assert outcomes(planned) == expected
    assert chain.sent == TRANSACTIONS + HANDING_OVER


def test_run_steps__mainnet_parameters__pause_and_hand_over_to_the_governor(chain, path):
    parameters = load_parameters("arbitrum-mainnet")
    old_minter = STRANGER
    existing = parameters.existing
    gateway, token = existing.l2_lpt_gateway, FakeContract(b"\x01")
    for role in ("MINTER_ROLE", "BURNER_ROLE"):
        token.grant(role, gateway)
    token.grant("MINTER_ROLE", old_minter)
    chain.contracts |= {
        existing.livepeer_token: token,
        existing.l2_lpt_data_cache: FakeContract(b"\x01", {"owner": SAFE}),
        gateway: FakeContract(b"\x01"),
    }
    artifacts = fake_artifacts(parameters)

    reports = deploy(chain, path, parameters, artifacts)

    records = Records.read(path)
    controller = chain.contracts[records.address("Controller")]
    governor = chain.contracts[records.address("Governor")]
    assert controller.views["owner"] == records.address("Governor")
    assert governor.views["owner"] == SAFE
    assert controller.views["paused"] is True
    rounds = chain.contracts[records.address("RoundsManager")]
    assert rounds.views["roundLength"] == 6377
    assert {item.name: item.detail for item in reports if item.outcome == "waiting"} == {
        "grant MINTER_ROLE to Minter": f"needs an admin of LivepeerToken {existing.livepeer_token}",
        "grant BURNER_ROLE to Minter": f"needs an admin of LivepeerToken {existing.livepeer_token}",
        "look for others with roles of LivepeerToken": f"MINTER_ROLE is held by {old_minter}",
    }
