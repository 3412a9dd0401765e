"""`ape run propose` on a chain in its own process: what it shows, refuses and sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from eth_account import Account

from scripts._governance import command, fresh, session
from scripts._governance.ballots import Ballot, Domain, sign
from scripts._governance.calldata import Interfaces
from scripts._governance.desk import Desk
from scripts._governance.layouts import Layouts
from scripts._governance.lifecycle import draft
from scripts._governance.loader import PROPOSALS, load
from scripts._governance.model import ProposalError
from scripts._governance.safe import SafeCall, builder_checksum
from scripts._governance.sandbox import Sandbox
from scripts._governance.tally import State, read_tally
from scripts._governance.worlds import world
from scripts._lib.artifacts import Artifacts, sources
from scripts._lib.deployment import deploy_protocol
from scripts._lib.networks import Target
from scripts._lib.params import load_parameters
from scripts._lib.rules import GOVERNOR
from scripts.propose import cli
from tests.support.anvil import find_anvil, run_anvil
from tests.support.proposing import Network

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
LPT = 10**18
ROUND_LENGTH = "RoundsManager.setRoundLength"
DELEGATORS = [Account.from_key((10_000 + number).to_bytes(32, "big")) for number in range(49)]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    import ape

    records = tmp_path_factory.mktemp("propose") / "local.json"
    account = ape.accounts.test_accounts[0]
    parameters = world(9002).apply(world(83).apply(load_parameters("local")))
    parameters = replace(parameters, access=replace(parameters.access, owner=GOVERNOR))
    with run_anvil() as anvil, anvil.connected(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("APE_FOUNDRY_HOST", anvil.url)
        layouts = Layouts()
        patch.setattr(session, "Layouts", lambda: layouts)  # compiled once, not by each command
        artifacts = Artifacts.load(sources())
        protocol = deploy_protocol(account, parameters, records=records, artifacts=artifacts)
        fresh.bond(protocol, account, Sandbox(anvil.web3))
        yield Network(anvil, account, records, protocol)


@pytest.fixture
def network(deployed: Network) -> Iterator[Network]:
    """As deployed; what a test does is undone after it."""
    snapshot = deployed.anvil.rpc("evm_snapshot")
    yield deployed
    deployed.anvil.rpc("evm_revert", snapshot)


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Puts a changed copy of LIP-83's file in its place."""

    def edit(old: str, new: str) -> None:
        text = (PROPOSALS / "lip_83.py").read_text()
        assert text.count(old) == 1
        (tmp_path / "lip_83.py").write_text(text.replace(old, new))
        monkeypatch.setattr(command, "load", lambda number: load(number, folder=tmp_path))

    return edit


def failed(result: Result) -> str:
    """The one line with which a command fails."""
    assert result.exit_code == 1, result.output
    return str(result.output.rsplit("Error: ", 1)[1].strip())


# -- reading and simulating


def test_list__all_proposals__have_status_and_title() -> None:
    result = CliRunner().invoke(cli, ["list"])
    assert "   83  Final      roundLength parameter update" in result.output
    assert "  107  Rejected   Recalibrate LPT emissions" in result.output


def test_show__lip_83__names_contract_argument_and_unit(network: Network) -> None:
    result = network.propose("show", "83")
    assert result.exit_code == 0, result.output
    assert f"1. {ROUND_LENGTH}(_roundLength: 6,377 blocks)" in result.output
    assert f"data 0x681312f5{6377:064x}" in result.output
    assert f"update hash: 0x{network.update().hash.hex()}" in result.output


def test_show__treasury_proposal__prints_the_text_that_goes_on_chain(
    network: Network, tmp_path: Path
) -> None:
    text = tmp_path / "text.md"
    text.write_text("# Refill\n\nThe faucet is empty.")
    me = network.account.address
    result = network.propose("show", "9002", "--description", str(text), "--proposer", me)
    assert result.exit_code == 0, result.output
    assert f"description:\n# Refill\n\nThe faucet is empty.#proposer={me}\n" in result.output
    plain = network.propose("show", "9002")
    assert "description:\n# LIP-9002: Refill the faucet from the treasury\n" in plain.output


def test_simulate__lip_83_twice__writes_the_same_and_changes_nothing(
    network: Network, tmp_path: Path
) -> None:
    height, texts = network.web3.eth.block_number, []
    for name in ("one", "two"):
        file, page = tmp_path / f"{name}.json", tmp_path / f"{name}.html"
        result = network.propose("simulate", "83", "--json", str(file), "--html", str(page))
        assert result.exit_code == 0, result.output
        texts.append((file.read_text(), page.read_text()))
    assert texts[0] == texts[1]
    found = json.loads(texts[0][0])
    assert (found["holds"], found["slots"]) == (True, {"changed": 3, "named": 3})
    assert [step["label"] for step in found["steps"]] == ["stage", "execute"]
    assert ROUND_LENGTH in texts[0][1]
    assert network.web3.eth.block_number == height
    assert network.protocol.rounds_manager.roundLength() == 5_760


def test_simulate__delay_of_a_week__is_waited_for(network: Network) -> None:
    result = network.propose("simulate", "83", "--delay", "51840")
    assert result.exit_code == 0, result.output
    assert "delay: 51,840 blocks" in result.output


@pytest.mark.usefixtures("network")
def test_simulate__no_network_named__builds_the_world_before_lip_118(tmp_path: Path) -> None:
    file, none = tmp_path / "118.json", tmp_path / "none.json"
    arguments = ["simulate", "118", "--records", str(none), "--json", str(file)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "building the one before LIP-118" in result.output
    found = json.loads(file.read_text())
    assert found["holds"]
    assert found["slots"]["changed"] == found["slots"]["named"] > 0
    assert not none.exists()


def test_simulate__wrong_expected_value__fails_and_names_the_action(
    network: Network, edited: Any
) -> None:
    edited('Check.equal(1, "blocks of a round", length, 6_377)',
           'Check.equal(1, "blocks of a round", length, 6_378)')  # fmt: skip
    expected = (
        f"LIP-83 must not be sent: action 1 ({ROUND_LENGTH}), after: "
        "blocks of a round is 6377, expected 6378"
    )
    assert failed(network.propose("simulate", "83")) == expected
    assert failed(network.propose("stage", "83", "--send")) == expected
    assert network.due(network.update()) == 0


def test_simulate__action_that_reverts__is_named_with_its_reason(
    network: Network, edited: Any
) -> None:
    edited('"setRoundLength", (6_377,)', '"setRoundLength", (0,)')
    expected = f"execute, action 1 ({ROUND_LENGTH}): round length cannot be 0"
    assert expected in failed(network.propose("simulate", "83"))


def test_stage__check_missing__is_refused_with_the_action(network: Network, edited: Any) -> None:
    edited('return [Check.equal(1, "blocks of a round", length, 5_760)]', "return []")
    message = failed(network.propose("stage", "83", "--send"))
    assert message == f"LIP-83, check_before: action 1 ({ROUND_LENGTH}): has no check"


def test_simulate__node_that_is_no_anvil__runs_on_a_fork_of_it(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "is_sandbox", lambda _: False)
    height = network.web3.eth.block_number
    result = network.propose("simulate", "83", "--delay", "300")
    assert result.exit_code == 0, result.output
    assert network.web3.eth.block_number == height


# -- the Governor's route


def test_stage_execute__sent__change_the_protocol(network: Network, tmp_path: Path) -> None:
    update = network.update()
    shown = network.propose("stage", "83", "--json", str(tmp_path / "stage.json"))
    assert shown.exit_code == 0, shown.output
    assert "Nothing sent. --send sends it." in shown.output
    (planned,) = json.loads((tmp_path / "stage.json").read_text())["transactions"]
    assert planned["data"] == "0x" + update.stage(5).hex()
    assert network.due(update) == 0
    assert "not staged" in network.propose("status", "83").output

    sent = network.propose("stage", "83", "--send")
    assert sent.exit_code == 0, sent.output
    assert network.due(update) == network.web3.eth.block_number + 5
    assert "already staged" in failed(network.propose("stage", "83", "--send"))
    early = failed(network.propose("execute", "83", "--send"))
    assert early.startswith("LIP-83: staged; can be executed in 5 blocks")

    network.sandbox.advance(5)
    assert "staged; can be executed now" in network.propose("status", "83").output
    done = network.propose("execute", "83", "--send")
    assert done.exit_code == 0, done.output
    assert "Every check holds afterwards." in done.output
    assert network.protocol.rounds_manager.roundLength() == 6_377
    assert network.due(update) == 0
    assert failed(network.propose("stage", "83", "--nonce", "1", "--send")) == (
        f"LIP-83 must not be sent: action 1 ({ROUND_LENGTH}), before: "
        "blocks of a round is 6377, expected 5760"
    )


def test_cancel__staged_update__is_gone(network: Network) -> None:
    assert "not staged, or executed" in failed(network.propose("cancel", "83", "--send"))
    network.stage(network.update())
    result = network.propose("cancel", "83", "--send")
    assert result.exit_code == 0, result.output
    assert network.due(network.update()) == 0


def test_execute__other_bytes_staged__is_refused_with_the_action(network: Network) -> None:
    update = network.update()
    data = update.datas[0][:-1] + bytes([update.datas[0][-1] + 1])
    network.stage(replace(update, datas=(data,)))
    message = failed(network.propose("execute", "83", "--send"))
    assert "(nonce 0) is not what the file says" in message
    assert message.endswith(f"action 1 ({ROUND_LENGTH}): other calldata")
    assert network.protocol.rounds_manager.roundLength() == 5_760


def test_execute__staged_under_another_nonce__says_which(network: Network) -> None:
    network.stage(network.update(nonce=7))
    message = failed(network.propose("execute", "83", "--send"))
    assert message.endswith("(nonce 7) has the same actions, but another --nonce")
    assert network.propose("execute", "83", "--send", "--nonce", "7").exit_code == 0


def test_stage__another_account_than_the_owner__is_refused(network: Network) -> None:
    stranger = network.web3.eth.accounts[5]
    message = failed(network.propose("stage", "83", "--send", "--account", stranger))
    assert f"only the Governor's owner {network.account.address} may send it" in message
    assert network.due(network.update()) == 0


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--controller", "0x12", "--controller 0x12: no address"),
        ("--delay", "-1", "delay -1: give a number of blocks"),
        ("--nonce", "-1", "nonce -1: give a whole number"),
        ("--candidate", "Minter=0x12", "--candidate Minter=0x12: give NAME=ADDRESS:COMMIT"),
        ("--route", "treasury", f"action 1 ({ROUND_LENGTH}: caller must be Controller owner)"),
    ],
)
def test_stage__option_that_makes_no_sense__is_one_line(
    network: Network, option: str, value: str, problem: str
) -> None:
    assert problem in failed(network.propose("stage", "83", option, value, "--send"))


def test_safe_batch__lip_83__writes_the_file_of_the_builder(
    network: Network, tmp_path: Path
) -> None:
    file = tmp_path / "batch.json"
    assert "is no Safe on this chain" in failed(network.propose("safe-batch", "83"))
    result = network.propose("safe-batch", "83", "--safe-nonce", "3", "--json", str(file))
    assert result.exit_code == 0, result.output
    assert "Nothing sent: the Safe's owners sign and execute it." in result.output
    content = json.loads(file.read_text())
    assert content["meta"]["checksum"] == builder_checksum(content)
    (call,) = content["transactions"]
    assert SafeCall(call["to"], int(call["value"]), bytes.fromhex(call["data"][2:])) == SafeCall(
        network.protocol.governor.address, 0, network.update().stage(5)
    )


def test_submit__what_if_on_a_live_network__is_never_sent(network: Network) -> None:
    import ape

    provider = ape.networks.active_provider
    target = Target("local", network.records, live=True)
    options: dict[str, Any] = {"controller": None, "records": None, "candidates": {}}
    with session.open_session(
        provider, target, 107, account=None, fresh_allowed=False, say=lambda _: None, **options
    ) as opened:
        plan = draft(load(107), opened.system, opened.interfaces)
        said: list[str] = []
        at = Desk(opened, plan, network.account, provider, send=True, say=said.append)
        with pytest.raises(ProposalError, match=r"^LIP-107 was rejected: .* never sent on a live"):
            at.submit(at.verbs.stage(), None, simulated=True)
    assert any(line.startswith("WHAT IF ONLY.") for line in said)


# -- the treasury's route


def bond_delegators(network: Network) -> None:
    """Each delegator has 10 LPT behind the orchestrator, `account`, who pays for it."""
    encode = Interfaces.load().encode
    protocol, me = network.protocol, network.account.address
    manager, nobody = protocol.bonding_manager, "0x" + "00" * 20
    amount = 10 * LPT
    protocol.livepeer_token.approve(
        manager.address, amount * len(DELEGATORS), sender=network.account
    )
    for voter in DELEGATORS:
        args = (amount, voter.address, me, nobody, nobody, nobody, nobody)
        data = encode("BondingManager", "bondForWithHint", args)
        assert network.sandbox.succeeded(network.sandbox.send(me, manager.address, data))


def test_treasury_proposal__voted_by_signature__is_queued_and_executed(
    network: Network, tmp_path: Path
) -> None:
    bond_delegators(network)
    network.next_round()
    assert "not proposed" in network.propose("status", "9002").output
    assert network.propose("stage", "9002", "--send").exit_code == 0
    network.next_round(2)
    assert "active" in network.propose("status", "9002").output

    # Fifty ballots, one of them twice, one in a wrong name, one of somebody without stake.
    governor = network.protocol.livepeer_governor.address
    domain = Domain(network.web3.eth.chain_id, governor)
    proposal_id = draft(load(9002), network.system, Interfaces.load()).carrier.id
    folder = tmp_path / "ballots"
    folder.mkdir()
    ballots = [sign(Ballot(proposal_id, 0, "no"), domain, voter) for voter in DELEGATORS]
    wrong = replace(ballots[0], voter=DELEGATORS[1].address)
    stranger = sign(Ballot(proposal_id, 1), domain, Account.from_key(b"\x77" * 32))
    for number, ballot in enumerate([wrong, stranger, *ballots, ballots[0]]):
        (folder / f"{number:03}.json").write_text(ballot.to_json())
    own = folder / "own.json"
    arguments = ("vote-by-sig", "9002", "--support", "for")
    assert "Nothing signed." in network.propose(*arguments).output
    signed = network.propose(*arguments, "--sign", "--json", str(own))
    assert signed.exit_code == 0, signed.output

    shown = network.propose("vote-by-sig", "9002", "--ballots", str(folder))
    assert "Ballots: 53, good: 50, sent: 0" in shown.output
    sent = network.propose("vote-by-sig", "9002", "--ballots", str(folder), "--send")
    assert sent.exit_code == 0, sent.output
    assert "Ballots: 53, good: 50, sent: 50" in sent.output
    assert sent.output.count("a second ballot of the same voter") == 1
    assert sent.output.count("the voter had no stake") == 1
    assert sent.output.count(", not by ") == 1
    again = network.propose("vote-by-sig", "9002", "--ballots", str(own), "--send")
    assert "VoteAlreadyCast" in again.output
    assert failed(again) == "no ballot is good"
    assert "has voted" in failed(network.propose("vote", "9002", "--support", "against"))

    tally = read_tally(network.web3, governor, proposal_id)
    assert (tally.for_votes, tally.against_votes) == (fresh.STAKE, 49 * 10 * LPT)
    shown = network.propose("tally", "9002")
    assert "against              490 LPT" in shown.output
    assert "cannot queue, it is active" in failed(network.propose("queue", "9002"))
    network.next_round(10)
    assert network.propose("queue", "9002", "--send").exit_code == 0
    done = network.propose("execute", "9002", "--send")
    assert done.exit_code == 0, done.output
    assert "Every check holds afterwards." in done.output
    assert read_tally(network.web3, governor, proposal_id).state is State.EXECUTED
    faucet = network.protocol.livepeer_token_faucet.address
    assert network.protocol.livepeer_token.balanceOf(faucet) == 100 * LPT


def test_cancel__pending_proposal__is_the_proposers(network: Network) -> None:
    proposal = draft(load(9002), network.system, Interfaces.load()).carrier
    voters = network.protocol.livepeer_governor.address
    assert network.sandbox.succeeded(
        network.sandbox.send(network.account.address, voters, proposal.propose())
    )
    shown = network.propose("cancel", "9002")
    assert f"from  {network.account.address} (the proposer)" in shown.output
    assert network.propose("cancel", "9002", "--send").exit_code == 0
    assert "canceled" in network.propose("status", "9002").output
    assert "already proposed, and canceled" in failed(network.propose("stage", "9002"))
