"""What transactions on a real chain did, by name: every slot, balance, call and event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from web3 import Web3

from scripts._governance.calldata import Interfaces
from scripts._governance.chain_system import ChainSystem
from scripts._governance.layouts import Layouts
from scripts._governance.model import Call, Check
from scripts._governance.names import Names
from scripts._governance.observe import BalanceChange, Effects, observe
from scripts._governance.routes import GovernorUpdate, TreasuryProposal
from scripts._governance.simulation import Simulation, Step, actions_of
from scripts._governance.words import Part
from scripts._lib.artifacts import Artifacts, sources
from scripts._lib.deployment import deploy_protocol
from scripts._lib.params import load_parameters
from scripts._lib.protocol import contract_id
from tests.support.anvil import Anvil, find_anvil, run_anvil

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
WAD = 10**18
COMMIT = bytes.fromhex("22" * 20)
ROUND_LENGTH = 50


@dataclass(frozen=True)
class Network:
    """A deployed system; names, and accounts that the node signs for."""

    anvil: Anvil
    interfaces: Interfaces
    known: dict[str, str]
    artifacts: Artifacts
    layouts: Layouts

    @property
    def web3(self) -> Web3:
        return self.anvil.web3

    @property
    def names(self) -> Names:
        return Names(self.known, layouts=self.layouts)

    def send(self, sender: str, call: Call, *, gas: int | None = None) -> str:
        data = self.interfaces.encode(call.contract, call.function, call.args)
        return self.send_data(sender, call.contract, data, value=call.value, gas=gas)

    def send_data(
        self, sender: str, to: str, data: bytes, *, value: int = 0, gas: int | None = None
    ) -> str:
        """Hash of the transaction, mined in a block of its own."""
        request: Any = {"from": self.known[sender], "to": self.known[to], "data": data}
        request |= {"value": value} | ({"gas": gas} if gas else {})
        sent = self.web3.eth.send_transaction(request)
        self.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
        return Web3.to_hex(sent)

    def observe(self, sender: str, call: Call) -> Effects:
        return observe(self.web3, self.send(sender, call), self.names, self.interfaces)

    def observe_data(self, sender: str, data: bytes) -> Effects:
        """The same of calldata for the LivepeerGovernor."""
        sent = self.send_data(sender, "LivepeerGovernor", data)
        return observe(self.web3, sent, self.names, self.interfaces)

    def next_round(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            self.anvil.rpc("anvil_mine", hex(ROUND_LENGTH))
            self.send("deployer", Call("RoundsManager", "initializeRound"))

    def deploy(self, source: str, *args: Any) -> str:
        artifact = self.artifacts[source]
        contract = self.web3.eth.contract(abi=list(artifact.abi), bytecode=artifact.initcode)
        sent = contract.constructor(*args).transact({"from": self.known["deployer"]})
        return str(self.web3.eth.wait_for_transaction_receipt(sent)["contractAddress"])


@pytest.fixture(scope="module")
def deployed_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The whole system in an initialised round; blocks have the same times in every run."""
    import ape

    artifacts, interfaces = Artifacts.load(sources()), Interfaces.load()
    records = tmp_path_factory.mktemp("simulation") / "local.json"
    with run_anvil("--timestamp", "1700000000") as anvil, anvil.connected():
        anvil.rpc("anvil_setBlockTimestampInterval", 1)
        protocol = deploy_protocol(
            ape.accounts.test_accounts[0],
            load_parameters("local"),
            records=records,
            artifacts=artifacts,
        )
        accounts = anvil.web3.eth.accounts
        known = ChainSystem(anvil.web3, str(protocol.controller.address), interfaces).known()
        roles = ("deployer", "orchestrator", "delegator", "gateway")
        known |= dict(zip(roles, accounts, strict=False))
        network = Network(anvil, interfaces, known, artifacts, Layouts())
        network.next_round()
        for role in ("orchestrator", "delegator"):
            money = Call("LivepeerToken", "transfer", (known[role], 5_000 * WAD))
            network.send("deployer", money)
        yield network


@pytest.fixture
def network(deployed_network: Network) -> Iterator[Network]:
    """As deployed; what a test does is undone after it."""
    snapshot = deployed_network.anvil.rpc("evm_snapshot")
    yield deployed_network
    deployed_network.anvil.rpc("evm_revert", snapshot)


def variables(effects: Effects) -> list[str]:
    return [change.name for change in effects.storage]


# -- one call


def test_observe__round_length__is_a_member_of_a_packed_word(network: Network) -> None:
    effects = network.observe("deployer", Call("RoundsManager", "setRoundLength", (60,)))

    (change,) = effects.storage
    assert change.name == "RoundsManager.rounds._schedule"
    assert change.parts[0] == Part("roundLength", "50 blocks", "60 blocks")
    assert effects.call_tree.line == "RoundsManager.setRoundLength(_roundLength: 60 blocks)"
    assert effects.call_tree.via == "RoundsManagerTarget"
    assert effects.balances == ()
    assert [event.event for event in effects.events] == ["ParameterUpdate"]
    assert (effects.calldata_bytes, effects.error) == (36, "")


def test_observe__registration__names_the_members_of_a_struct_in_a_map(network: Network) -> None:
    call = Call("Controller", "setContractInfo", (contract_id("Minter"), "0x" + "aa" * 20, COMMIT))

    effects = network.observe("deployer", call)

    assert variables(effects) == [
        "Controller._registry[Minter].contract_address",
        "Controller._registry[Minter].git_commit_hash",
    ]
    address, commit = effects.storage
    assert address.shown_before == "Minter"
    assert address.shown_after == Web3.to_checksum_address("0x" + "aa" * 20)
    assert (commit.shown_after, commit.after) == ("0x" + "22" * 20, "0x" + "22" * 20 + "00" * 12)


def test_observe__bond__names_every_key_and_matches_what_the_contract_says(
    network: Network,
) -> None:
    orchestrator = network.known["orchestrator"]
    network.send(
        "orchestrator",
        Call("LivepeerToken", "approve", (network.known["BondingManager"], 1_000 * WAD)),
    )

    effects = network.observe(
        "orchestrator", Call("BondingManager", "bond", (1_000 * WAD, orchestrator))
    )

    assert effects.unnamed == ()
    found = {change.name: change for change in effects.storage}
    manager = "BondingManager.ledger"
    position = found[f"{manager}.delegators[orchestrator].position"].parts
    assert Part("delegate", "nobody", "orchestrator") in position
    system = ChainSystem(network.web3, network.known["Controller"], network.interfaces)
    delegator = system.read("BondingManager", "getDelegator", orchestrator)
    assert Part("start round", "round 0", f"round {delegator[4]}") in position
    assert Part("last claim round", "round 0", f"round {delegator[5]}") in position
    start = delegator[4]
    assert found[f"{manager}.pools[orchestrator][{start}].stake_and_commission"].parts == (
        Part("stake", "0 LPT", "1,000 LPT"),
    )
    terms = found[f"{manager}.transcoders[orchestrator].terms"].parts
    assert Part("activation round", "round 0", f"round {start}") in terms
    assert Part("deactivation round", "round 0", "never") in terms
    links = found["BondingManager.active_set.transcoder_pool._links[orchestrator]"]
    assert links.parts == (Part("key", "0 LPT", "1,000 LPT"),)
    checkpoint = f"BondingVotes._checkpoints[orchestrator][{start}]"
    assert Part("bonded amount", "0 LPT", "1,000 LPT") in found[f"{checkpoint}.bond"].parts
    assert Part("delegated amount", "0 LPT", "1,000 LPT") in found[f"{checkpoint}.rest"].parts
    history = found["BondingVotes.round_history._rounds[orchestrator][0]"]
    assert history.parts == (Part("round 1 of 8", "round 0", f"round {start}"),)
    assert effects.balances == (
        BalanceChange("Minter", "LPT", 0, 1_000 * WAD),
        BalanceChange("orchestrator", "LPT", 5_000 * WAD, 4_000 * WAD),
    )


def test_observe__commission_locks_and_texts__are_named_with_their_members(
    network: Network,
) -> None:
    orchestrator, uri = network.known["orchestrator"], "https://orchestrator.example.org:8935"
    bonded = Call("LivepeerToken", "approve", (network.known["BondingManager"], 1_000 * WAD))
    network.send("orchestrator", bonded)
    network.send("orchestrator", Call("BondingManager", "bond", (1_000 * WAD, orchestrator)))

    terms = network.observe("orchestrator", Call("BondingManager", "transcoder", (50_000, 300_000)))
    network.next_round()
    unbond = network.observe("orchestrator", Call("BondingManager", "unbond", (100 * WAD,)))
    text = network.observe("orchestrator", Call("ServiceRegistry", "setServiceURI", (uri,)))

    (lock,) = (change for change in unbond.storage if "_locks" in change.name)
    assert lock.name == "BondingManager.ledger._locks[orchestrator][0]"
    assert lock.parts[1] == Part("amount", "0 LPT", "100 LPT")
    (commission,) = terms.storage
    assert commission.parts == (
        Part("reward cut", "0 % (0 of 10^6)", "5 % (50000 of 10^6)"),
        Part("fee share", "0 % (0 of 10^6)", "30 % (300000 of 10^6)"),
    )
    assert variables(text) == [
        "ServiceRegistry._uris[orchestrator].length",
        "ServiceRegistry._uris[orchestrator].text[0]",
        "ServiceRegistry._uris[orchestrator].text[1]",
    ]
    assert "".join(change.shown_after.strip("'") for change in text.storage[1:]) == uri
    assert (unbond.unnamed, terms.unnamed, text.unnamed) == ((), (), ())


def test_observe__deposit__moves_ether_without_the_fee(network: Network) -> None:
    before = network.web3.eth.get_balance(network.known["gateway"])

    effects = network.observe("gateway", Call("TicketBroker", "fundDeposit", value=3 * WAD))

    assert effects.balances == (
        BalanceChange("Minter", "ETH", 0, 3 * WAD),
        BalanceChange("gateway", "ETH", before, before - 3 * WAD),
    )
    assert variables(effects) == ["TicketBroker.funds.senders[gateway].deposit"]


def test_observe__reverted__says_why_and_changes_nothing(network: Network) -> None:
    sent = network.send("gateway", Call("RoundsManager", "setRoundLength", (60,)), gas=300_000)

    effects = observe(network.web3, sent, network.names, network.interfaces)

    assert effects.error == "caller must be Controller owner"
    assert (effects.storage, effects.balances, effects.events) == ((), (), ())


def test_observe__unfolded__shows_proxy_hops_and_lookups(network: Network) -> None:
    sent = network.send("deployer", Call("RoundsManager", "setRoundLength", (60,)))

    folded, whole = (
        observe(network.web3, sent, network.names, network.interfaces, fold=fold).call_tree
        for fold in (True, False)
    )

    assert (folded.lookups, len(list(folded.walk()))) == (2, 1)
    kinds = ["CALL", "STATICCALL", "DELEGATECALL", "STATICCALL"]
    assert [call.kind for call in whole.walk()] == kinds


# -- a proposal


def swap_minter(network: Network) -> tuple[Names, list[Call]]:
    """Four actions that put a new Minter in charge, and names that know the new one."""
    minter, controller = network.known["Minter"], network.known["Controller"]
    new = network.deploy("Minter", controller, 220_500, 500, 500_000_000)
    role = Web3.keccak(text="MINTER_ROLE")
    calls = [
        Call("Minter", "migrateToNewMinter", (new,)),
        Call("Controller", "setContractInfo", (contract_id("Minter"), new, COMMIT)),
        Call("LivepeerToken", "grantRole", (bytes(role), new)),
        Call("LivepeerToken", "revokeRole", (bytes(role), minter)),
    ]
    known = {**network.known, "Minter (candidate)": new}
    return Names(known, layouts=network.layouts), calls


def carried_out(network: Network) -> Simulation:
    """The swap through the Governor, after bonding and a deposit: there is LPT and ETH to move."""
    known, governor = network.known, network.known["Governor"]
    orchestrator, manager = known["orchestrator"], known["BondingManager"]
    network.send("orchestrator", Call("LivepeerToken", "approve", (manager, WAD)))
    network.send("orchestrator", Call("BondingManager", "bond", (WAD, orchestrator)))
    network.send("gateway", Call("TicketBroker", "fundDeposit", value=3 * WAD))
    network.send("deployer", Call("LivepeerToken", "grantRole", (bytes(32), governor)))
    network.send("deployer", Call("Controller", "transferOwnership", (governor,)))
    names, calls = swap_minter(network)
    update = GovernorUpdate(
        targets=tuple(known[call.contract] for call in calls),
        values=(0,) * len(calls),
        datas=tuple(network.interfaces.encode(c.contract, c.function, c.args) for c in calls),
        nonce=0,
    )
    staged = network.send_data("deployer", "Governor", update.stage(0))
    executed = network.send_data("deployer", "Governor", update.execute())
    steps = tuple(
        Step(label, "deployer", "Governor", observe(network.web3, tx, names, network.interfaces))
        for label, tx in (("stage", staged), ("execute", executed))
    )
    held = Check.equal(1, "LPT of the old Minter", found=0, expected=0)
    return Simulation(
        lip=100,
        title="Inflation bounds",
        route="Governor",
        network="a fresh local network",
        actions=actions_of(calls, names, network.interfaces),
        steps=steps,
        before=(),
        after=(held,),
        what_if="LIP-100 was abandoned.",
        names={**known, "Minter (candidate)": calls[0].args[0]},
    )


def test_observe__minter_swap__names_every_slot_and_balance(network: Network) -> None:
    simulation = carried_out(network)

    effects = simulation.effects[1]
    assert simulation.slots == (8, 8)
    assert [name for name in variables(effects) if not name.startswith("Governor.updates[0x")] == [
        "Controller._registry[Minter].contract_address",
        "Controller._registry[Minter].git_commit_hash",
        "LivepeerToken.access_control.hasRole[MINTER_ROLE][Minter (candidate)]",
        "LivepeerToken.access_control.hasRole[MINTER_ROLE][Minter]",
        "LivepeerToken.balanceOf[Minter (candidate)]",
        "LivepeerToken.balanceOf[Minter]",
    ]
    assert effects.balances == (
        BalanceChange("Minter", "ETH", 3 * WAD, 0),
        BalanceChange("Minter (candidate)", "ETH", 0, 3 * WAD),
        BalanceChange("Minter", "LPT", WAD, 0),
        BalanceChange("Minter (candidate)", "LPT", 0, WAD),
    )
    assert [call.line.split("(")[0] for call in effects.call_tree.calls] == [
        "Minter.migrateToNewMinter",
        "Controller.setContractInfo",
        "LivepeerToken.grantRole",
        "LivepeerToken.revokeRole",
    ]


def test_simulation__same_state_twice__gives_the_same_json_and_page(network: Network) -> None:
    snapshot = network.anvil.rpc("evm_snapshot")
    first = carried_out(network)
    network.anvil.rpc("evm_revert", snapshot)

    second = carried_out(network)

    assert first.to_json() == second.to_json()
    assert first.to_html() == second.to_html()
    assert first.to_terminal() == second.to_terminal()


def test_observe__treasury_vote__names_every_slot_of_proposal_ballots_and_timelock(
    network: Network,
) -> None:
    known, manager = network.known, network.known["BondingManager"]
    for voter in ("orchestrator", "delegator"):
        network.send(voter, Call("LivepeerToken", "approve", (manager, 1_000 * WAD)))
        network.send(voter, Call("BondingManager", "bond", (1_000 * WAD, known["orchestrator"])))
    network.send("deployer", Call("LivepeerToken", "transfer", (known["Treasury"], 9 * WAD)))
    grant = network.interfaces.encode("LivepeerToken", "transfer", (known["gateway"], 2 * WAD))
    proposal = TreasuryProposal((known["LivepeerToken"],), (0,), (grant,), "a grant")
    network.next_round()

    effects = [network.observe_data("orchestrator", proposal.propose())]
    network.next_round(2)
    effects += [
        network.observe("orchestrator", Call("LivepeerGovernor", "castVote", (proposal.id, 1))),
        network.observe("delegator", Call("LivepeerGovernor", "castVote", (proposal.id, 0))),
    ]
    network.next_round(10)
    effects += [
        network.observe_data("gateway", proposal.queue()),
        network.observe_data("gateway", proposal.execute()),
    ]

    assert [step.error for step in effects] == [""] * 5
    assert [step.unnamed for step in effects] == [()] * 5
    core, deadline = effects[0].storage
    assert core.name == f"LivepeerGovernor.proposals._proposals[{proposal.id}].core"
    assert core.parts[0] == Part("proposer", "nobody", "orchestrator")
    override = {change.name: change for change in effects[2].storage}
    ballots = f"LivepeerGovernor.counting_overridable._voters[{proposal.id}]"
    assert override[f"{ballots}[delegator]"].parts == (Part("voted", "no", "yes"),)
    assert override[f"{ballots}[orchestrator]"].parts == (
        Part("voted by its delegators", "0 LPT", "1,000 LPT"),
    )
    assert "Treasury.timelock.getTimestamp[0x" in " ".join(variables(effects[3]))
    assert effects[4].balances == (
        BalanceChange("Treasury", "LPT", 9 * WAD, 7 * WAD),
        BalanceChange("gateway", "LPT", 0, 2 * WAD),
    )
    assert "[LivepeerToken.transfer(to: gateway, amount: 2 LPT)]" in effects[4].call_tree.line
