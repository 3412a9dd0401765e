"""Stake decides about the treasury: proposed, voted on, queued and executed.

The proposal is a file like every other, LIP-9002. One delegator votes against its orchestrator, so
that its stake is taken out of the orchestrator's vote. The keeper that carries the proposal out is
the one an operator runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eth_account import Account

from devnet.amounts import lpt
from devnet.keeping import Keepers
from devnet.network import Actor, Cast, Network, NetworkError
from devnet.screen import Phase
from keepers.proposal_keeper import ProposalKeeper
from keepers.proposal_view import ProposalView
from keepers.sending import TransactionSender
from keepers.slashing_journal import Journal
from scripts._governance.lifecycle import default_description
from scripts._governance.loader import load
from scripts._governance.routes import TreasuryProposal, build_treasury_proposal
from scripts._governance.tally import State, Tally, read_tally

LIP = 9002
AGAINST, FOR, ABSTAIN = 0, 1, 2
DISSENTER, ABSTAINER = 1, 3  # delegators, counted from 0


@dataclass(frozen=True)
class Decision:
    """What was decided. `tally` is that of the last round of voting, `rounds` how many it took.

    `paid` is what left the treasury, in LPT wei; `execution` the transaction that did it.
    """

    title: str
    tally: Tally
    paid: int
    rounds: int
    execution: str

    def line(self) -> str:
        t = self.tally
        return (
            f"{self.title}: {lpt(t.for_votes)} LPT for, {lpt(t.against_votes)} against, "
            f"{lpt(t.abstain_votes)} abstain; the keeper queues and executes it, "
            f"{lpt(self.paid)} LPT leave the treasury"
        )


class Referendum:
    """One proposal. `home` is where the keeper remembers what it is doing."""

    def __init__(self, network: Network, cast: Cast, keepers: Keepers, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._network, self._cast, self._keepers = network, cast, keepers
        self._governor = network.protocol.livepeer_governor
        web3, keeper = network.provider.web3, cast.deployer
        controller = str(network.protocol.controller.address)
        self._view = ProposalView(web3, controller, keeper.address)
        identity = {"chain": str(network.provider.chain_id), "account": keeper.address}
        self._journal = Journal(home / "journal.sqlite", identity=identity)
        sender = TransactionSender(web3, Account.from_key(keeper.key), self._journal)
        self._proposals = ProposalKeeper(self._view, sender)

    def hold(self, phase: Phase) -> Decision:
        """From the proposal to its execution; raises NetworkError if it does not come to that."""
        first = self._network.current_round()
        title, proposal = self._propose()
        phase.say(f"proposed: {title}")
        self._turn_rounds_until(State.ACTIVE, proposal)
        self._vote(proposal, phase)
        tally = self._tally(proposal)
        self._turn_rounds_until(State.SUCCEEDED, proposal)
        before = self._treasury()
        execution = self._carry_out(proposal)
        paid = before - self._treasury()
        rounds = self._network.current_round() - first
        decision = Decision(title, tally, paid, rounds, execution)
        phase.detail = f"{decision.line()}; round {self._network.current_round()}"
        return decision

    def close(self) -> None:
        self._journal.close()

    def _propose(self) -> tuple[str, TreasuryProposal]:
        file = load(LIP, interfaces=self._view.interfaces)
        text = default_description(file)
        proposal = build_treasury_proposal(
            file, self._view.system, self._view.interfaces, description=text
        )
        self._network.send(
            self._cast.orchestrators[0],
            f"propose LIP-{LIP}",
            self._governor.propose,
            list(proposal.targets),
            list(proposal.values),
            list(proposal.calldatas),
            text,
        )
        return text.splitlines()[0].lstrip("# "), proposal

    def _vote(self, proposal: TreasuryProposal, phase: Phase) -> None:
        for orchestrator in self._cast.orchestrators:
            self._cast_vote(orchestrator, proposal, FOR, phase)
        delegators = self._cast.delegators
        self._cast_vote(delegators[DISSENTER], proposal, AGAINST, phase)
        self._cast_vote(delegators[ABSTAINER], proposal, ABSTAIN, phase)

    def _cast_vote(
        self, voter: Actor, proposal: TreasuryProposal, support: int, phase: Phase
    ) -> None:
        word = ("against", "for", "abstaining")[support]
        self._network.send(
            voter, f"vote {word} LIP-{LIP}", self._governor.castVote, proposal.id, support
        )
        phase.step(f"{voter.name} votes {word}")

    def _turn_rounds_until(self, state: State, proposal: TreasuryProposal) -> None:
        last = self._tally(proposal).deadline + 1
        while (tally := self._tally(proposal)).state is not state:
            if tally.clock >= last:
                raise NetworkError(f"LIP-{LIP} is {tally.state.name.lower()}, not {state.name}")
            self._keepers.next_round()
            self._keepers.rewarded()

    def _carry_out(self, proposal: TreasuryProposal) -> str:
        reports = self._proposals.tick()
        if self._tally(proposal).state is not State.EXECUTED:
            told = "; ".join(f"{report.state}: {report.detail}" for report in reports)
            raise NetworkError(f"the keeper did not execute LIP-{LIP}: {told}")
        return next(tx for report in reports for tx in report.sent[-1:])

    def _tally(self, proposal: TreasuryProposal) -> Tally:
        return read_tally(self._network.provider.web3, str(self._governor.address), proposal.id)

    def _treasury(self) -> int:
        protocol = self._network.protocol
        return int(protocol.livepeer_token.balanceOf(protocol.treasury_address))
