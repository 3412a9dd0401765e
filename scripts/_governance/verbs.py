"""What each step of a proposal would send, and why it must not be sent.

A verb looks at the chain as it is: at what is staged or proposed there, and whether that is what
the proposal file says, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eth_abi.abi import decode
from web3 import Web3

from scripts._governance.ballots import MAX_REASON, SUPPORT
from scripts._governance.calldata import Interfaces
from scripts._governance.chain_system import GOVERNOR, ZERO, ChainSystem
from scripts._governance.lifecycle import VOTERS, Draft
from scripts._governance.model import ProposalError
from scripts._governance.node import Node
from scripts._governance.routes import GovernorUpdate, TreasuryProposal, differences
from scripts._governance.tally import State, Tally, TallyError, read_tally

STAGED = "UpdateStaged((address[],uint256[],bytes[],uint256),uint256)"
CREATED = (
    "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)"
)
NOT_STAGED, NOT_PROPOSED = "not staged, or executed or cancelled already", "not proposed"
RECENT = 4_000_000  # blocks: on Arbitrum more than the social delay of 51,840 blocks of L1


@dataclass(frozen=True)
class Outgoing:
    """A transaction that a verb would send. `sender` is who alone may; None: anybody."""

    label: str
    contract: str
    to: str
    data: bytes
    value: int = 0
    sender: str | None = None
    who: str = "anybody"


@dataclass(frozen=True)
class Standing:
    """Where a proposal stands on the chain, in words; `tally` on the treasury route."""

    words: str
    due: int | None = None  # block from which on a staged update can be executed
    blocks_left: int = 0
    tally: Tally | None = None


class Verbs:
    """The verbs of one proposal on one chain. `since` is the block to look for others from."""

    def __init__(
        self, plan: Draft, system: ChainSystem, interfaces: Interfaces, *, since: int | None = None
    ) -> None:
        self._plan, self._system, self._interfaces, self._since = plan, system, interfaces, since
        self._place = f"LIP-{plan.proposal.lip}"

    # -- reading

    def standing(self) -> Standing:
        if isinstance(self._plan.carrier, GovernorUpdate):
            due = int(self._system.read(GOVERNOR, "updates", self._plan.carrier.hash))
            if not due:
                return Standing(NOT_STAGED)
            left = max(0, due - int(self._system.read("RoundsManager", "blockNum")))
            when = f"in {left:,} blocks" if left else "now"
            return Standing(f"staged; can be executed {when} (block {due:,})", due, left)
        tally = self._tally(self._plan.carrier)
        if tally is None:
            return Standing(NOT_PROPOSED)
        return Standing(tally.state.name.lower(), tally=tally)

    # -- sending

    def stage(self) -> Outgoing:
        """Or propose, on the treasury route."""
        carrier, standing = self._plan.carrier, self.standing()
        if isinstance(carrier, GovernorUpdate):
            if standing.due:
                raise ProposalError(f"{self._place}: already {standing.words}")
            return self._by_owner("stage", carrier.stage(self._plan.delay))
        if standing.tally:
            raise ProposalError(f"{self._place}: already proposed, and {standing.words}")
        return self._to_voters("propose", carrier.propose())

    def queue(self) -> Outgoing:
        proposal = self._proposal("queue")
        self._state("queue", State.SUCCEEDED)
        return self._to_voters("queue", proposal.queue())

    def execute(self) -> Outgoing:
        carrier = self._plan.carrier
        if isinstance(carrier, TreasuryProposal):
            self._state("execute", State.QUEUED)
            return self._to_voters("execute", carrier.execute())
        standing = self.standing()
        if not standing.due:
            raise ProposalError(f"{self._place}: {self._why_not_there()}")
        if standing.blocks_left:
            raise ProposalError(f"{self._place}: {standing.words}; delay for update not expired")
        to = self._system.address(GOVERNOR)
        return Outgoing("execute", GOVERNOR, to, carrier.execute(), self._plan.value)

    def cancel(self) -> Outgoing:
        carrier = self._plan.carrier
        if isinstance(carrier, GovernorUpdate):
            if not self.standing().due:
                raise ProposalError(f"{self._place}: {self._why_not_there()}")
            return self._by_owner("cancel", carrier.cancel())
        tally = self._state("cancel", State.PENDING)
        return self._to_voters("cancel", carrier.cancel(), tally.proposer, "the proposer")

    def vote(self, support: int, reason: str, voter: str) -> Outgoing:
        proposal = self._proposal("vote")
        if len(reason.encode()) > MAX_REASON:
            raise ProposalError(f"--reason: over {MAX_REASON} bytes; link to it")
        tally = self._state("vote", State.ACTIVE)
        if voter == ZERO:
            raise ProposalError("vote: --account says whose vote it is")
        if self._system.read(VOTERS, "hasVoted", proposal.id, voter):
            raise ProposalError(f"{self._place}: {voter} has voted, and votes cannot be changed")
        if not self._system.read(VOTERS, "getVotes", voter, tally.snapshot):
            raise ProposalError(
                f"{self._place}: {voter} had no stake at the end of round {tally.snapshot}"
            )
        function = "castVoteWithReason" if reason else "castVote"
        args = (proposal.id, support, reason) if reason else (proposal.id, support)
        data = self._interfaces.encode(VOTERS, function, args)
        return self._to_voters(f"vote {SUPPORT[support]}", data)

    def refusal(self, outgoing: Outgoing, sender: str) -> str | None:
        """Why the chain would revert it now, sent by `sender`."""
        if outgoing.sender not in (None, sender):
            return f"only {outgoing.who} {outgoing.sender} may send it, not {sender}"
        request = {
            "from": sender,
            "to": outgoing.to,
            "value": hex(outgoing.value),
            "data": "0x" + outgoing.data.hex(),
        }
        try:
            self._system.call(request)
        except ProposalError as error:
            return str(error)
        return None

    # -- what is there instead

    def _why_not_there(self) -> str:
        """Why the file's carrier is not on chain: what is there, and at which action it differs."""
        plan = self._plan
        for other, name in self._others():
            odd = differences(plan.carrier, other, plan.names)
            if not odd:
                return f"{name} has the same actions, but another {self._tag()}"
            return f"{name} is not what the file says: {'; '.join(odd)}"
        return NOT_STAGED if isinstance(plan.carrier, GovernorUpdate) else NOT_PROPOSED

    def _tag(self) -> str:
        return "--nonce" if isinstance(self._plan.carrier, GovernorUpdate) else "description"

    def _others(self) -> Iterator[tuple[GovernorUpdate | TreasuryProposal, str]]:
        """What is staged or was proposed, newest first, and has a function of the file's."""
        node = Node.of(self._system.web3)
        height = node.height()
        first = max(0, height - RECENT) if self._since is None else self._since
        ours = _functions(self._plan.carrier)
        if isinstance(self._plan.carrier, GovernorUpdate):
            logs = node.logs(self._system.address(GOVERNOR), STAGED, first, height)
            for log in reversed(logs):
                update, _ = GovernorUpdate.from_staged(log.data)
                pending = self._system.read(GOVERNOR, "updates", update.hash)
                if pending and ours & _functions(update):
                    yield update, f"staged update 0x{update.hash.hex()} (nonce {update.nonce})"
            return
        types = CREATED[CREATED.index("(") + 1 : -1].split(",")
        for log in reversed(node.logs(self._system.address(VOTERS), CREATED, first, height)):
            number, _, targets, values, _, datas, *_, text = decode(types, log.data)
            found = TreasuryProposal(
                tuple(map(Web3.to_checksum_address, targets)), tuple(values), tuple(datas), text
            )
            if ours & _functions(found):
                yield found, f"proposal {number}"

    # -- helpers

    def _tally(self, proposal: TreasuryProposal) -> Tally | None:
        try:
            return read_tally(self._system.web3, self._system.address(VOTERS), proposal.id)
        except TallyError:
            return None

    def _proposal(self, verb: str) -> TreasuryProposal:
        if isinstance(self._plan.carrier, TreasuryProposal):
            return self._plan.carrier
        raise ProposalError(f"{verb}: only on the treasury route; this one is the Governor's")

    def _state(self, verb: str, wanted: State) -> Tally:
        tally = self._tally(self._proposal(verb))
        if tally is None:
            raise ProposalError(f"{self._place}: {self._why_not_there()}")
        if tally.state is not wanted:
            raise ProposalError(
                f"{self._place}: cannot {verb}, it is {tally.state.name.lower()}, not "
                f"{wanted.name.lower()} (round {tally.clock}, votes count in rounds "
                f"{tally.snapshot + 1} to {tally.deadline})"
            )
        return tally

    def _by_owner(self, label: str, data: bytes) -> Outgoing:
        to, owner = self._system.address(GOVERNOR), str(self._system.read(GOVERNOR, "owner"))
        return Outgoing(label, GOVERNOR, to, data, 0, owner, "the Governor's owner")

    def _to_voters(
        self, label: str, data: bytes, sender: str | None = None, who: str = "anybody"
    ) -> Outgoing:
        return Outgoing(label, VOTERS, self._system.address(VOTERS), data, 0, sender, who)


def _functions(carrier: GovernorUpdate | TreasuryProposal) -> set[tuple[str, bytes]]:
    """Target and selector of every action."""
    datas = carrier.datas if isinstance(carrier, GovernorUpdate) else carrier.calldatas
    return {(target, data[:4]) for target, data in zip(carrier.targets, datas, strict=True)}
