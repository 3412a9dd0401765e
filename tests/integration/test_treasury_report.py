"""The treasury's books on a chain where it earned, was given, and paid; and a poll on the same."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from eth_utils import keccak

from scripts._governance.accounts_report import Entry, Kind
from scripts._governance.accounts_report_reading import read_report
from scripts._governance.node import Node
from scripts._governance.polls import Outcome, read_poll
from scripts._governance.tally import State, read_tally
from scripts._lib.artifacts import Artifacts, sources
from scripts._lib.deployment import deploy_protocol
from scripts._lib.params import Parameters, load_parameters
from scripts.treasury import cli
from tests.support.anvil import Anvil, find_anvil, run_anvil
from tests.support.contracts import ROOT

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
LPT = ETH = 10**18
GRANT, GRANT_ETHER, ALLOWANCE = 100 * LPT + 1, 2 * ETH, 55
DESCRIPTION = "# Pay for the work\n\nAll of it."
#: Creation code that hands its value on to an address: ETH that no transaction's value shows.
FORWARD = "0x60006000600060003473{}5af100"
NAMES = (
    "BondingManager",
    "LivepeerGovernor",
    "LivepeerToken",
    "Minter",
    "RoundsManager",
    "Treasury",
)


@dataclass
class Network:
    """Accounts by role; `explained` and `planted` are the last blocks of the two chapters."""

    anvil: Anvil
    controller: str
    records: Path
    contracts: dict[str, Any]
    artifacts: Artifacts
    proposal: int = 0
    paid: int = 0
    explained: int = 0
    planted: int = 0
    cuts: dict[int, int] = field(default_factory=dict)

    @property
    def web3(self) -> Any:
        return self.anvil.web3

    def account(self, role: str) -> str:
        roles = ("deployer", "orchestrator", "other orchestrator", "delegator", "donor", "grantee")
        return str(self.web3.eth.accounts[(*roles, "stranger").index(role)])

    def send(self, role: str, name: str, function: str, *args: Any, value: int = 0) -> Any:
        call = self.contracts[name].functions[function](*args)
        return self.mined(call.transact({"from": self.account(role), "value": value}))

    def read(self, name: str, function: str, *args: Any) -> Any:
        return self.contracts[name].functions[function](*args).call()

    def transfer(self, role: str, **fields: Any) -> Any:
        return self.mined(self.web3.eth.send_transaction({"from": self.account(role), **fields}))

    def mined(self, tx: Any) -> Any:
        receipt = self.web3.eth.wait_for_transaction_receipt(tx)
        assert receipt["status"] == 1
        return receipt

    @property
    def treasury(self) -> str:
        return str(self.contracts["Treasury"].address)

    @property
    def height(self) -> int:
        return int(self.web3.eth.block_number)

    def next_round(self) -> int:
        start = self.read("RoundsManager", "currentRoundStartBlock")
        length = self.read("RoundsManager", "roundLength")
        self.anvil.rpc("anvil_mine", hex(start + length - self.height))
        self.send("deployer", "RoundsManager", "initializeRound")
        return int(self.read("RoundsManager", "currentRound"))

    def reward(self) -> None:
        number = self.read("RoundsManager", "currentRound")
        before = self.read("LivepeerToken", "balanceOf", self.treasury)
        for role in ("orchestrator", "other orchestrator"):
            self.send(role, "BondingManager", "reward")
        self.cuts[number] = self.read("LivepeerToken", "balanceOf", self.treasury) - before

    def report(self, *options: str) -> Any:
        where = ("--network", "arbitrum:local:foundry", "--records", str(self.records))
        return CliRunner().invoke(cli, ["report", *where, *options])


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    parameters = load_parameters("local")
    votes = replace(parameters.livepeer_governor, voting_delay=1, voting_period=1)
    rounds = replace(parameters.rounds, round_length=20)
    return replace(parameters, livepeer_governor=votes, rounds=rounds)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, parameters: Parameters) -> Iterator[Network]:
    """Six rounds: earned, given, voted, paid; then what nothing explains."""
    import ape

    records = tmp_path_factory.mktemp("treasury") / "local.json"
    artifacts = Artifacts.load(sources())
    with run_anvil() as anvil, anvil.connected():
        deployer = ape.accounts.test_accounts[0]
        protocol = deploy_protocol(deployer, parameters, records=records, artifacts=artifacts)
        contracts = {
            name: anvil.web3.eth.contract(
                address=anvil.web3.to_checksum_address(protocol.address(name)),
                abi=json.loads((ROOT / "keepers" / "abi" / f"{name}.json").read_text()),
            )
            for name in NAMES
        }
        controller = str(protocol.controller.address)
        network = Network(anvil, controller, records, contracts, artifacts)
        bond(network)
        earn_and_be_given(network)
        pay(network)
        plant(network)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("APE_FOUNDRY_HOST", anvil.url)
            yield network


def bond(network: Network) -> None:
    network.next_round()
    manager = network.contracts["BondingManager"].address
    orchestrators = ("orchestrator", "other orchestrator")
    for role in (*orchestrators, "delegator", "donor"):
        amount = 5_000 * LPT
        network.send("deployer", "LivepeerToken", "transfer", network.account(role), amount)
        network.send(role, "LivepeerToken", "approve", manager, amount)
    for role in orchestrators:
        network.send(role, "BondingManager", "bond", 1_000 * LPT, network.account(role))
        network.send(role, "BondingManager", "transcoder", 100_000, 500_000)
    orchestrator = network.account("orchestrator")
    network.send("delegator", "BondingManager", "bond", 400 * LPT, orchestrator)


def earn_and_be_given(network: Network) -> None:
    """Two rounds of rewards, gifts of LPT and ETH, one of them from inside a call."""
    network.next_round()
    network.reward()
    network.send("donor", "LivepeerToken", "transfer", network.treasury, 3 * LPT)
    network.transfer("donor", to=network.treasury, value=5 * ETH)
    network.next_round()
    network.reward()
    network.transfer("donor", data=FORWARD.format(network.treasury[2:]), value=7)


def pay(network: Network) -> None:
    """A proposal that passes and pays LPT and ETH; a third round of rewards meanwhile."""
    token, grantee = network.contracts["LivepeerToken"], network.account("grantee")
    calls = [
        token.encode_abi("transfer", [grantee, GRANT]),
        "0x",
        token.encode_abi("approve", [network.account("stranger"), ALLOWANCE]),
    ]
    actions = [token.address, grantee, token.address], [0, GRANT_ETHER, 0], calls
    key = (*actions, keccak(text=DESCRIPTION))
    network.send("orchestrator", "LivepeerGovernor", "propose", *actions, DESCRIPTION)
    network.proposal = network.read("LivepeerGovernor", "hashProposal", *key)
    network.next_round()
    network.reward()
    network.next_round()
    for role, support in (("orchestrator", 1), ("delegator", 0), ("other orchestrator", 1)):
        network.send(role, "LivepeerGovernor", "castVote", network.proposal, support)
    network.next_round()
    network.send("donor", "LivepeerGovernor", "queue", *key)
    receipt = network.send("donor", "LivepeerGovernor", "execute", *key, value=ETH)
    network.paid, network.explained = receipt["blockNumber"], network.height


def plant(network: Network) -> None:
    """The allowance of the proposal is used, and tokens are minted straight to the treasury."""
    arguments = network.treasury, network.account("stranger"), ALLOWANCE
    network.send("stranger", "LivepeerToken", "transferFrom", *arguments)
    minter, token = network.contracts["Minter"].address, network.contracts["LivepeerToken"]
    network.anvil.rpc("anvil_impersonateAccount", minter)
    network.anvil.rpc("anvil_setBalance", minter, hex(ETH))
    network.mined(token.functions.mint(network.treasury, 9).transact({"from": minter}))
    network.planted = network.height


def of_kind(network: Network, kind: Kind, asset: str) -> list[Entry]:
    report = read_report(Node.of(network.web3), network.controller, 0, network.explained)
    (account,) = (one for one in report.accounts if one.asset == asset)
    return [entry for entry in account.entries if entry.kind is kind]


# -- the books


def test_report__all_that_was_earned_given_and_paid__is_explained_to_the_wei(
    network: Network, tmp_path: Path
) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("csv", "json", "html")}
    options = [part for name, file in files.items() for part in (f"--{name}", str(file))]

    result = network.report("--from", "0", "--to", str(network.explained), *options)

    assert result.exit_code == 0, result.output
    assert "every wei is explained" in result.output
    content = json.loads(files["json"].read_text())
    lpt, eth = content["accounts"]
    assert (lpt["difference"], eth["difference"]) == ("0", "0")
    assert int(lpt["closing"]) == sum(network.cuts.values()) + 3 * LPT - GRANT
    assert int(eth["closing"]) == 5 * ETH + 7 + ETH - GRANT_ETHER
    rows = list(csv.DictReader(files["csv"].open()))
    closing = {row["asset"]: row["balance_wei"] for row in rows if row["kind"] == "closing"}
    assert closing == {"LPT": lpt["closing"], "ETH": eth["closing"]}
    assert "Pay for the work" in files["html"].read_text()


def test_report__rewards__are_the_cut_of_each_round(network: Network) -> None:
    sums: dict[int | None, int] = {}
    for entry in of_kind(network, Kind.REWARD, "LPT"):
        sums[entry.round] = sums.get(entry.round, 0) + entry.amount
    assert sums == network.cuts
    assert len(sums) == 3
    assert all(sums.values())


def test_report__paid_by_the_proposal__names_it(network: Network) -> None:
    grantee, number = network.account("grantee"), str(network.proposal)
    for asset, amount in (("LPT", -GRANT), ("ETH", -GRANT_ETHER)):
        (entry,) = of_kind(network, Kind.PROPOSAL, asset)
        assert (entry.amount, entry.account) == (amount, grantee)
        assert (entry.proposal, entry.note) == (number, "Pay for the work")
    (along,) = of_kind(network, Kind.SENT_ALONG, "ETH")
    assert (along.amount, along.account) == (ETH, network.account("donor"))


def test_report__gifts__name_the_giver(network: Network) -> None:
    donor = network.account("donor")
    (tokens,) = of_kind(network, Kind.DONATION, "LPT")
    assert (tokens.amount, tokens.account) == (3 * LPT, donor)
    plain, forwarded = of_kind(network, Kind.DONATION, "ETH")
    assert (plain.amount, plain.account) == (5 * ETH, donor)
    assert forwarded.amount == 7  # from the contract that the transaction created
    receipt = network.web3.eth.get_transaction_receipt(forwarded.tx)
    assert forwarded.account == receipt["contractAddress"]


@pytest.mark.parametrize("seed", range(8))
def test_read_report__any_range__balances(network: Network, seed: int) -> None:
    first, last = sorted(Random(seed).choices(range(network.explained + 1), k=2))
    report = read_report(Node.of(network.web3), network.controller, first, last)
    assert report.explained
    assert [account.difference for account in report.accounts] == [0, 0]


def test_report__allowance_used_and_tokens_minted__are_listed_and_fail(network: Network) -> None:
    first = str(network.explained + 1)
    result = network.report("--from", first, "--to", str(network.planted))
    assert result.exit_code == 1
    stranger = network.account("stranger")
    assert f"UNEXPLAINED -0.000000000000000055 LPT to {stranger} in block {first}" in result.output
    assert f"no executed call did this; {stranger} did, with an earlier allowance?" in result.output
    assert "minted straight to the treasury" in result.output
    assert "2 unexplained" in result.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--from", "9", "--to", "4"), "--from 9 --to 4: the first block comes after the last"),
        (("--from", "1", "--to", "99999999"), "--to 99999999: the newest block is"),
        (("--from", "1", "--controller", "0x12"), "--controller 0x12: not an address"),
        (("--from", "1", "--controller", "0x" + "12" * 20), "no Controller here in block"),
    ],
)
def test_report__wrong_option__is_one_line(
    network: Network, options: tuple[str, ...], message: str
) -> None:
    result = network.report(*options)
    assert result.exit_code == 1
    assert message in result.output
    assert result.output.splitlines()[-1].startswith("Error: ")


# -- votes on the same chain


def test_read_tally__executed_proposal__shows_the_override_and_the_end(network: Network) -> None:
    governor = network.contracts["LivepeerGovernor"].address
    tally = read_tally(network.web3, governor, network.proposal)
    assert (tally.state, tally.if_ended_now) == (State.EXECUTED, State.SUCCEEDED)
    votes = network.read("LivepeerGovernor", "proposalVotes", network.proposal)
    assert [tally.against_votes, tally.for_votes, tally.abstain_votes] == votes
    assert tally.against_votes >= 400 * LPT


def test_read_poll__stake_grows_after_the_end__counts_that_of_the_end_block(
    network: Network,
) -> None:
    poll_type, manager = network.artifacts["Poll"], network.contracts["BondingManager"].address
    snapshot = network.anvil.rpc("evm_snapshot")
    end = network.height + 4
    created = network.mined(
        network.web3.eth.contract(abi=poll_type.abi, bytecode=poll_type.initcode)
        .constructor(end)
        .transact({"from": network.account("deployer")})
    )
    poll = network.web3.eth.contract(address=created["contractAddress"], abi=poll_type.abi)

    def vote(role: str, choice: int) -> None:
        network.mined(poll.functions.vote(choice).transact({"from": network.account(role)}))

    vote("orchestrator", 0)
    vote("delegator", 1)
    open_one = read_poll(network.web3, poll.address, manager)
    vote("stranger", 0)  # in the end block
    assert network.height == end
    network.send("delegator", "BondingManager", "bond", LPT, network.account("orchestrator"))
    closed = read_poll(network.web3, poll.address, manager)

    def stake(function: str, *args: Any) -> int:
        view = network.contracts["BondingManager"].functions[function](*args)
        return int(view.call(block_identifier=end))

    own = stake("pendingStake", network.account("delegator"), 0)
    everything = stake("transcoderTotalStake", network.account("orchestrator"))
    assert (open_one.final, closed.final, closed.node_block) == (False, True, end)
    assert (closed.tally.yes, closed.tally.no) == (everything - own, own)
    assert closed.tally.total == stake("getTotalBonded")
    assert closed.tally.outcome is Outcome.ACCEPTED
    assert [ballot.weight for ballot in closed.tally.ballots].count(0) == 1
    network.anvil.rpc("evm_revert", snapshot)
