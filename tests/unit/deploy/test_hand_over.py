"""Treasury, votes and hand-over: who was first to initialise, and the list of spec 8.4 by fault."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from scripts._governance.routes import GovernorUpdate
from scripts._lib.chain import Call
from scripts._lib.checks import check_steps
from scripts._lib.context import Context, StepError
from scripts._lib.deployment import run_steps
from scripts._lib.handover import EXECUTE, STAGE
from scripts._lib.params import Existing, Parameters, load_parameters
from scripts._lib.plan import build_plan
from scripts._lib.protocol import contract_id
from scripts._lib.records import Records
from tests.unit.deploy.fake_chain import (
    DEPLOYER,
    SAFE,
    STRANGER,
    FakeChain,
    FakeContract,
    Killed,
    context_on,
    fake_artifacts,
    outcomes,
)

INITIALISES_TREASURY, INITIALISES_GOVERNOR, STAGES, EXECUTES = 61, 67, 81, 82  # transactions
TOKEN, CACHE, GATEWAY = ("0x" + digit * 40 for digit in "123")


def killed_before(chain: FakeChain, path: Path, parameters: Parameters, number: int) -> Context:
    """A run that ended right before this transaction; the record as the next one finds it."""
    chain.kill = lambda sent, moment: (sent, moment) == (number, "before")
    with pytest.raises(Killed):
        run_steps(context_on(chain, path, fake_artifacts(parameters)), build_plan(parameters))
    chain.kill = lambda _sent, _moment: False
    return context_on(chain, path, fake_artifacts(parameters))


def call_as(chain: FakeChain, account: str, call: Call) -> None:
    before, chain.account = chain.account, account
    chain.prepare(call).send()
    chain.account = before


def initialise_as(account: str, context: Context, contract: str, *args: object) -> None:
    call = Call(context.artifact(contract), context.address(contract), "initialize", args)
    call_as(context.chain, account, call)


# Whoever comes first


@pytest.mark.parametrize(
    ("args", "wrong"),
    [
        (
            (0, (), (), STRANGER),
            [f"TIMELOCK_ADMIN_ROLE is held by {STRANGER}"],
        ),
        (
            (7, (STRANGER,), (), DEPLOYER),
            [
                "getMinDelay is 7, not 0",
                f"CANCELLER_ROLE is held by {STRANGER}",
                f"PROPOSER_ROLE is held by {STRANGER}",
            ],
        ),
    ],
)
def test_initialise__treasury_taken_by_a_stranger__stops_before_it_is_registered(
    chain, path, handed_over, artifacts, args, wrong
):
    context = killed_before(chain, path, handed_over, INITIALISES_TREASURY)
    initialise_as(STRANGER, context, "Treasury", *args)

    with pytest.raises(StepError) as error:
        run_steps(context, build_plan(handed_over))

    taken = context.address("Treasury")
    assert str(error.value) == (
        f"initialise Treasury: {STRANGER} was first at {taken}: {'; '.join(wrong)}; "
        f"take Treasury out of {path} and run again, to deploy another"
    )
    registry = chain.contracts[context.address("Controller")].registry
    assert contract_id("Treasury") not in registry

    del context.records.contracts["Treasury"]
    context.records.save()
    run_steps(context_on(chain, path, artifacts), build_plan(handed_over))
    assert registry[contract_id("Treasury")][0] == Records.read(path).address("Treasury") != taken
    assert wrong_of(context_on(chain, path, artifacts), handed_over) == {}


def test_initialise__voting_rules_of_a_stranger__stop_and_are_named(
    chain, path, handed_over, artifacts
):
    context = killed_before(chain, path, handed_over, INITIALISES_GOVERNOR)
    initialise_as(STRANGER, context, "LivepeerGovernor", 1, 1, 0, 333_300, 0)

    with pytest.raises(StepError) as error:
        run_steps(context, build_plan(handed_over))
    reason = (
        "votingPeriod is 1, not 10; proposalThreshold is 0, not 100000000000000000000; "
        "quota is 0, not 500000"
    )
    assert f"{STRANGER} was first" in str(error.value)
    assert reason in str(error.value)
    found = wrong_of(context_on(chain, path, artifacts), handed_over)
    assert found["LivepeerGovernor.votingPeriod"] == f"1 (initialised by {STRANGER})"

    del context.records.contracts["LivepeerGovernor"]
    context.records.save()
    run_steps(context_on(chain, path, artifacts), build_plan(handed_over))
    assert wrong_of(context_on(chain, path, artifacts), handed_over) == {}


@pytest.mark.parametrize("number", [INITIALISES_TREASURY, INITIALISES_GOVERNOR])
def test_initialise__stranger_with_our_own_values__is_taken_as_it_is(
    chain, path, handed_over, artifacts, number
):
    context = killed_before(chain, path, handed_over, number)
    rules = handed_over.livepeer_governor
    if number == INITIALISES_TREASURY:
        initialise_as(STRANGER, context, "Treasury", 0, (), (), DEPLOYER)
    else:
        values = (rules.voting_delay, rules.voting_period, rules.proposal_threshold)
        initialise_as(STRANGER, context, "LivepeerGovernor", *values, rules.quorum, rules.quota)
    run_steps(context, build_plan(handed_over))
    assert wrong_of(context_on(chain, path, artifacts), handed_over) == {}


def test_initialise__quorum_noted_under_a_later_time__is_named(chain, path, handed_over, artifacts):
    """Initialised before there are rounds, the clock is the block number: no quorum until then."""
    run_steps(context_on(chain, path, artifacts), build_plan(handed_over))
    context = context_on(chain, path, artifacts)
    chain.contracts[context.address("LivepeerGovernor")].views["quorumNumerator"] = 0
    assert wrong_of(context, handed_over) == {"LivepeerGovernor.quorumNumerator now": "0"}


def test_initialise__rules_changed_by_a_vote_since__waits(chain, path, parameters, artifacts):
    run_steps(context_on(chain, path, artifacts), build_plan(parameters))
    context = context_on(chain, path, artifacts)
    chain.contracts[context.address("LivepeerGovernor")].views["votingPeriod"] = 12
    chain.contracts[context.address("Treasury")].grant("PROPOSER_ROLE", STRANGER)

    reports = run_steps(context, build_plan(parameters))

    assert {item.name: item.detail for item in reports if item.outcome == "waiting"} == {
        "initialise LivepeerGovernor": "votingPeriod is 12, not 10: only a vote changes it",
        "look for others with roles of Treasury": f"PROPOSER_ROLE is held by {STRANGER}",
    }


def test_initialise__round_length_waits_for_the_owner__waits_too(chain, path, handed_over):
    """Without a round length the quorum would be noted under a block number."""
    context = killed_before(chain, path, handed_over, 40)  # among the settings
    chain.contracts[context.address("Controller")].views["owner"] = STRANGER

    reports = run_steps(context, build_plan(handed_over))

    details = {item.name: item.detail for item in reports if item.outcome == "waiting"}
    assert "set RoundsManager.roundLength" in details["initialise LivepeerGovernor"]
    assert details["hand over Controller"] == f"needs the Controller's owner {STRANGER}"


# The Governor's owner


def test_hand_over__stranger_executes_what_was_staged__is_as_good(
    chain, path, handed_over, artifacts
):
    context = killed_before(chain, path, handed_over, EXECUTES)
    governor = context.address("Governor")
    data = bytes.fromhex(f"f2fde38b{'00' * 12}{SAFE[2:]}")
    update = ((governor,), (0,), (data,), 0)
    call_as(chain, STRANGER, Call(context.artifact("Governor"), governor, "execute", (update,)))

    reports = outcomes(run_steps(context, build_plan(handed_over)))

    assert (STAGE in reports, EXECUTE in reports) == (False, False)
    assert reports["hand over Controller"] == "sent"
    assert wrong_of(context_on(chain, path, artifacts), handed_over) == {}


def test_hand_over__governor_of_somebody_else__keeps_the_controller(chain, path, handed_over):
    context = killed_before(chain, path, handed_over, STAGES)
    chain.contracts[context.address("Governor")].views["owner"] = STRANGER

    reports = run_steps(context, build_plan(handed_over))

    details = {item.name: item.detail for item in reports if item.outcome == "waiting"}
    assert details == {
        STAGE: f"needs the Governor's owner {STRANGER}",
        EXECUTE: f"first {STAGE}",
        "hand over Controller": f"first {STAGE}, {EXECUTE}",
        "leave nothing with the deployer": f"{DEPLOYER} still has Controller.owner",
    }


def test_hand_over__owner_that_is_the_deployers_own_address__keeps_what_it_has(
    chain, path, parameters, artifacts
):
    own = replace(parameters, access=replace(parameters.access, owner=DEPLOYER))
    reports = outcomes(run_steps(context_on(chain, path, artifacts), build_plan(own)))
    assert not {name for name in reports if "renounce DEFAULT" in name or "hand over" in name}
    assert wrong_of(context_on(chain, path, artifacts), own) == {}


def test_renounce__roles_of_the_vote_missing__waits(chain, path, handed_over):
    context = killed_before(chain, path, handed_over, INITIALISES_GOVERNOR + 1)  # the first grant
    chain.account = STRANGER
    reports = run_steps(context, build_plan(handed_over))
    details = {item.name: item.detail for item in reports if item.outcome == "waiting"}
    renounce = "renounce TIMELOCK_ADMIN_ROLE of Treasury by deployer"
    assert details[renounce] == "first grant PROPOSER_ROLE to LivepeerGovernor"


# The list of governance spec 8.4: one planted fault for each item


@pytest.fixture(scope="module")
def given_away(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeChain, Path, Parameters]:
    """Handed over, with an existing token, cache and gateway of a bridge."""
    local = load_parameters("local")
    parameters = replace(
        local,
        access=replace(local.access, owner="Governor"),
        governor=replace(local.governor, owner=SAFE),
        slashing=replace(local.slashing, guardian=SAFE),
        existing=Existing(TOKEN, CACHE, GATEWAY),
        genesis=None,
        faucet=None,
    )
    chain, path = FakeChain(), tmp_path_factory.mktemp("deploy") / "local.json"
    token = FakeContract(b"\x01")
    for role, account in (
        ("DEFAULT_ADMIN_ROLE", DEPLOYER),
        ("MINTER_ROLE", GATEWAY),
        ("BURNER_ROLE", GATEWAY),
    ):
        token.grant(role, account)
    chain.contracts |= {
        TOKEN: token,
        CACHE: FakeContract(b"\x01", {"owner": SAFE}),
        GATEWAY: FakeContract(b"\x01"),
    }
    run_steps(context_on(chain, path, fake_artifacts(parameters)), build_plan(parameters))
    token.change_role(bytes(32), DEPLOYER, "", granted=False)
    token.grant("DEFAULT_ADMIN_ROLE", SAFE)
    return chain, path, parameters


def wrong_of(context: Context, parameters: Parameters) -> dict[str, str]:
    findings = check_steps(context, build_plan(parameters))
    return {finding.subject: finding.found for finding in findings if not finding.matches}


def commit_of_a_target(context: Context) -> None:
    registry = context.chain.contracts[context.address("Controller")].registry
    address, _ = registry[contract_id("LivepeerGovernorTarget")]
    registry[contract_id("LivepeerGovernorTarget")] = (address, b"\x11" * 20)


def owner_of_the_governor(context: Context) -> None:
    context.chain.contracts[context.address("Governor")].views["owner"] = STRANGER


def owner_of_the_controller(context: Context) -> None:
    context.chain.contracts[context.address("Controller")].views["owner"] = SAFE


def proposer_of_the_treasury(context: Context) -> None:
    context.chain.contracts[context.address("Treasury")].grant("PROPOSER_ROLE", STRANGER)


def minter_of_the_token(context: Context) -> None:
    context.chain.contracts[TOKEN].grant("MINTER_ROLE", STRANGER)


def owner_of_the_cache(context: Context) -> None:
    context.chain.contracts[CACHE].views["owner"] = DEPLOYER


def admin_of_the_gateway(context: Context) -> None:
    context.chain.contracts[GATEWAY].grant("DEFAULT_ADMIN_ROLE", DEPLOYER)


def length_of_rounds(context: Context) -> None:
    context.chain.contracts[context.address("RoundsManager")].views["roundLength"] = 5_760


def role_of_the_deployer(context: Context) -> None:
    context.chain.contracts[TOKEN].grant("DEFAULT_ADMIN_ROLE", DEPLOYER)


def update_of_the_deployer(context: Context) -> None:
    """Staged while the Governor was the deployer's, it stays executable by anyone."""
    governor = context.chain.contracts[context.address("Governor")]
    governor.views["owner"] = DEPLOYER
    call = Call(
        context.artifact("Governor"),
        context.address("Governor"),
        "stage",
        (((STRANGER,), (0,), (b"",), 9), 0),
    )
    call_as(context.chain, DEPLOYER, call)
    governor.views["owner"] = SAFE


RIGHTS = f"rights left to the deployer {DEPLOYER}"


@pytest.mark.parametrize(
    ("fault", "subject", "found"),
    [
        (commit_of_a_target, "Controller: commit of LivepeerGovernorTarget", "11" * 20),
        (owner_of_the_governor, "Governor.owner", STRANGER),
        (owner_of_the_controller, "Controller.owner", SAFE),
        (proposer_of_the_treasury, "Treasury: holders of PROPOSER_ROLE", STRANGER),
        (minter_of_the_token, "LivepeerToken: holders of MINTER_ROLE", STRANGER),
        (owner_of_the_cache, RIGHTS, "L2LPTDataCache.owner"),
        (admin_of_the_gateway, RIGHTS, "L2LPTGateway.DEFAULT_ADMIN_ROLE"),
        (length_of_rounds, "RoundsManager.roundLength", "5760"),
        (role_of_the_deployer, RIGHTS, "LivepeerToken.DEFAULT_ADMIN_ROLE"),
        (
            update_of_the_deployer,
            "Governor: updates staged by the deployer",
            "0x" + GovernorUpdate((STRANGER,), (0,), (b"",), 9).hash.hex(),
        ),
    ],
)
def test_check_steps__fault_of_a_hand_over__is_named_alone(
    given_away, fault: Callable[[Context], None], subject: str, found: str
):
    chain, path, parameters = deepcopy(given_away)
    context = context_on(chain, path, fake_artifacts(parameters), dry_run=True)
    assert wrong_of(context, parameters) == {}
    fault(context)
    wrong = wrong_of(context, parameters)
    assert list(wrong) == [subject]
    assert found in wrong[subject]
