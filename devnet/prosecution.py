"""A proof on its way: committed to, shown, waited for, executed; and what it cost whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eth_account import Account

from devnet.amounts import lpt
from devnet.keeping import Keepers
from devnet.network import Cast, Event, Network, NetworkError
from devnet.screen import Phase
from keepers.sending import TransactionSender
from keepers.slashing import SlashingKeeper
from keepers.slashing_evidence import EvidenceSource
from keepers.slashing_journal import Journal
from keepers.slashing_view import SlashingView
from verifier.store import Case, EvidenceStore

PERC = 1_000_000
QUEUED, EXECUTED = 1, 3  # states of a case
LOOKS = 10
STEPS = {
    "ProofCommitted": "the finder commits to a proof",
    "ContentFaultProven": "a bad segment is proven",
    "CaseOpened": "the case is open, the accused is jailed",
    "SlashExecuted": "the delay is over, the stake is cut",
}


@dataclass(frozen=True)
class Step:
    """Something that happened on chain; `at` in seconds of the chain's own clock."""

    what: str
    at: int
    block: int
    tx: str
    gas: int


@dataclass(frozen=True)
class CaseStory:
    """`fault` in words. Amounts in LPT wei: the accused's own bond before and after, the penalty,
    the finder's part of it, and what was burned. `rate` has base 1e6."""

    id: str
    fault: str
    steps: tuple[Step, ...]
    rate: int
    bond: int
    bond_after: int
    penalty: int
    reward: int
    balance: int

    @property
    def burned(self) -> int:
        return self.penalty - self.reward

    @property
    def exact(self) -> bool:
        """Own bond x rate was cut, no more and no less, and the finder has its part."""
        return (
            self.penalty == self.bond * self.rate // PERC
            and self.bond_after == self.bond - self.penalty
            and self.balance == self.reward > 0
        )

    def line(self) -> str:
        return (
            f"{self.fault} proven on chain, {lpt(self.penalty)} LPT of {lpt(self.bond)} cut, "
            f"{lpt(self.reward)} to the finder, {lpt(self.burned)} burned"
        )


class Prosecution:
    """One case. The finder's keeper proves it, and executes it when the delay is over.

    `home` is where the keeper remembers what it is doing.
    """

    def __init__(
        self, network: Network, cast: Cast, store: EvidenceStore, proof: Case, home: Path
    ) -> None:
        self._network, self._cast, self._proof = network, cast, proof
        self._contract = network.protocol["Verifier"]
        self._id = bytes.fromhex(str(proof.about["caseId"])[2:])
        self._accused = str(proof.about["accused"])
        home.mkdir(parents=True, exist_ok=True)
        web3, finder = network.provider.web3, cast.finder
        controller = str(network.protocol.controller.address)
        view = SlashingView(web3, controller, finder.address)
        source = EvidenceSource(store.url, chain_id=view.chain_id, verifier=view.address)
        identity = {
            "chain": f"{view.chain_id} {view.genesis}",
            "verifier": view.address,
            "account": finder.address,
        }
        self._journal = Journal(home / "journal.sqlite", identity=identity)
        sender = TransactionSender(web3, Account.from_key(finder.key), self._journal)
        self._keeper = SlashingKeeper(source, view, self._journal, sender)

    def open(self, phase: Phase) -> None:
        """Commit, and a block later prove: now the accused is jailed."""
        self._work_until(QUEUED)
        gas = sum(step.gas for step in self._steps())
        phase.detail = (
            f"{self._proof.about['fault']} is proven with {gas:,} gas, the case is open, "
            f"{self._cast.name_of(self._accused)} is jailed"
        )

    def execute(self, phase: Phase, keepers: Keepers) -> None:
        """Let the delay pass; then the stake is cut."""
        wait = max(0, int(self._contract.getCase(self._id).due) - self._network.timestamp())
        self._network.pass_time(wait)
        keepers.initialized()
        self._work_until(EXECUTED)
        phase.detail = f"after {wait / 3600:.0f} h {self.story().line()}"

    def _work_until(self, state: int) -> None:
        """Run the keeper until the case is there; NetworkError when it does not get there."""
        for _ in range(LOOKS):
            reports = self._keeper.tick()
            if int(self._contract.getCase(self._id).state) == state:
                return
            self._network.mine(1)
        told = "; ".join(f"{report.state}: {report.detail}" for report in reports)
        raise NetworkError(f"the keeper did not get on with its case: {told}")

    def close(self) -> None:
        self._journal.close()

    def story(self) -> CaseStory:
        """Read from the chain: nothing here is what anybody says it did."""
        network, manager = self._network, self._network.protocol.bonding_manager
        executed = self._event("SlashExecuted")
        paid = next(
            one
            for one in network.events(manager, "TranscoderSlashed")
            if one.tx == executed.tx and str(one.arguments["transcoder"]) == self._accused
        )
        case = self._contract.getCase(self._id)
        token = network.protocol.livepeer_token
        return CaseStory(
            id=f"0x{self._id.hex()}",
            fault=str(self._proof.about["fault"]),
            steps=self._steps(),
            rate=int(case.slash),
            bond=self._own_bond(executed.block - 1),
            bond_after=self._own_bond(executed.block),
            penalty=int(executed.arguments["penalty"]),
            reward=int(paid.arguments["finderReward"]),
            balance=int(token.balanceOf(self._cast.finder.address)),
        )

    def _own_bond(self, block: int) -> int:
        """With the rewards that are due to it: a slash settles those first."""
        manager, number = self._network.protocol.bonding_manager, self._network.current_round()
        return int(manager.pendingStake(self._accused, number, block_id=block))

    def _event(self, name: str) -> Event:
        """The case's only log of this kind. Raises NetworkError when there is none."""
        for one in self._network.events(self._contract, name):
            if bytes(one.arguments["caseId"]) == self._id:
                return one
        raise NetworkError(f"case 0x{self._id.hex()}: there is no {name}")

    def _steps(self) -> tuple[Step, ...]:
        events = [
            one
            for name in STEPS
            for one in self._network.events(self._contract, name)
            if "caseId" not in one.arguments or bytes(one.arguments["caseId"]) == self._id
        ]
        return tuple(
            Step(STEPS[one.name], one.at, one.block, one.tx, self._network.gas_used(one.tx))
            for one in sorted(events, key=lambda one: one.block)
        )
