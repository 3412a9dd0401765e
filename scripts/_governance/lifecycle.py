"""Carries a proposal out on a chain that does not count, from where it stands to its end.

Governor route: stage as its owner, let the delay pass, execute. Treasury route: propose, vote with
the stake there is, largest first, until it passes, queue, execute. Whatever of this has happened
already is not done again. In between somebody begins each round, as keepers do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts._governance.calldata import Interfaces
from scripts._governance.chain_system import CONTROLLER, GOVERNOR, ZERO, ChainSystem
from scripts._governance.layouts import Layout, Layouts
from scripts._governance.loader import verified_checks
from scripts._governance.model import Call, Check, Proposal, ProposalError
from scripts._governance.names import Names
from scripts._governance.observe import Effects, observe
from scripts._governance.routes import (
    GOVERNOR as GOVERNOR_ROUTE,
)
from scripts._governance.routes import (
    GovernorUpdate,
    TreasuryProposal,
    build_treasury_proposal,
    build_update,
    default_route,
)
from scripts._governance.sandbox import Sandbox
from scripts._governance.simulation import Simulation, Step, actions_of
from scripts._governance.tally import State, Tally, TallyError, read_tally
from scripts._governance.trace import CallNode

VOTERS = "LivepeerGovernor"
FOR = 1
# Who does what anybody may do.
ANYONE = str(to_checksum_address(keccak(text="anyone")[-20:]))
MOST_VOTERS = 200
BATCH = "0xe38335e5"  # selector of the Treasury's executeBatch


@dataclass(frozen=True)
class Draft:
    """A proposal as it would go to the chain. `delay` is in blocks, of the Governor route."""

    proposal: Proposal
    calls: tuple[Call, ...]
    route: str
    carrier: GovernorUpdate | TreasuryProposal
    delay: int

    @property
    def names(self) -> list[str]:
        return [call.name for call in self.calls]

    @property
    def value(self) -> int:
        """ETH that its actions send, in wei."""
        return sum(call.value for call in self.calls)

    @property
    def identity(self) -> tuple[tuple[str, str], ...]:
        if isinstance(self.carrier, GovernorUpdate):
            return (
                ("update hash", f"0x{self.carrier.hash.hex()}"),
                ("nonce", str(self.carrier.nonce)),
                ("delay", f"{self.delay:,} blocks"),
            )
        return (
            ("proposal id", str(self.carrier.id)),
            ("description hash", f"0x{self.carrier.description_hash.hex()}"),
            ("operation in the Treasury", f"0x{self.carrier.operation_id.hex()}"),
        )

    def check(self, system: ChainSystem, when: str) -> list[Check]:
        """The proposal's checks, each action with one at least. Raises ProposalError."""
        function = getattr(self.proposal, f"check_{when}")
        try:
            found = function(system)
        except ProposalError:
            raise
        except Exception as error:  # code of the proposal file
            text = " ".join(str(error).split())
            raise ProposalError(
                f"LIP-{self.proposal.lip}, check_{when}: {type(error).__name__}: {text}"
            ) from None
        return verified_checks(self.proposal, self.calls, found, when)


def draft(
    proposal: Proposal,
    system: ChainSystem,
    interfaces: Interfaces,
    *,
    route: str | None = None,
    nonce: int = 0,
    delay: int = 0,
    description: str | None = None,
) -> Draft:
    """Raises ProposalError."""
    if not 0 <= delay < 2**64:
        raise ProposalError(f"delay {delay}: give a number of blocks")
    calls = tuple(proposal.calls(system))
    fixed = replace(proposal, calls=lambda _: list(calls))
    chosen = route or default_route(calls)
    carrier: GovernorUpdate | TreasuryProposal
    if chosen == GOVERNOR_ROUTE:
        carrier = build_update(fixed, system, interfaces, nonce=nonce)
    else:
        text = default_description(proposal) if description is None else description
        carrier = build_treasury_proposal(fixed, system, interfaces, description=text)
    return Draft(proposal, calls, chosen, carrier, delay)


def default_description(proposal: Proposal) -> str:
    return f"# LIP-{proposal.lip}: {proposal.title}"


def simulate(
    plan: Draft,
    system: ChainSystem,
    sandbox: Sandbox,
    interfaces: Interfaces,
    *,
    network: str,
    what_if: str = "",
    accounts: Mapping[str, str] | None = None,
    layouts: Mapping[str, Layout] | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Simulation:
    """What would happen. The chain is left changed: borrow it (`sandbox.borrowed`).

    `accounts` are names for the report, `layouts` where this project's contracts keep what: without
    them, storage is shown by slot. Raises ProposalError, SandboxError, ObservationError.
    """
    run = _Run(plan, system, sandbox, interfaces, dict(accounts or {}), layouts, on_step)
    before = tuple(plan.check(system, "before"))
    actions = actions_of(plan.calls, run.names, interfaces)
    if isinstance(plan.carrier, GovernorUpdate):
        run.governor_route(plan.carrier)
    else:
        run.treasury_route(plan.carrier)
    failed = any(step.error for step in run.steps)
    return Simulation(
        lip=plan.proposal.lip,
        title=plan.proposal.title,
        route=plan.route,
        network=network,
        actions=actions,
        steps=tuple(run.steps),
        before=before,
        after=() if failed else tuple(plan.check(system, "after")),
        identity=plan.identity,
        votes=run.votes,
        what_if=what_if,
        names=run.known,
    )


class _Run:
    """One way through a route. Stops at the first step that fails."""

    def __init__(
        self,
        plan: Draft,
        system: ChainSystem,
        sandbox: Sandbox,
        interfaces: Interfaces,
        accounts: dict[str, str],
        layouts: Mapping[str, Layout] | None,
        on_step: Callable[[str], None],
    ) -> None:
        self.steps: list[Step] = []
        self.votes: Tally | None = None
        self._plan, self._system, self._sandbox = plan, system, sandbox
        self._interfaces, self._on_step = interfaces, on_step
        self._accounts = {**accounts, "anyone": ANYONE}
        self._layouts = Layouts() if layouts is None else layouts
        self._look()

    def _look(self) -> None:
        """Names as they are now: those a reader needs for the next transaction."""
        self.known = {**self._system.known(), **self._accounts}
        self.names = Names(self.known, layouts=self._layouts)

    # -- the Governor

    def governor_route(self, update: GovernorUpdate) -> None:
        governor = self._system.address(GOVERNOR)
        owner = str(self._system.read(GOVERNOR, "owner"))
        if governor != self._system.read(CONTROLLER, "owner"):
            raise ProposalError(
                "the Controller is not owned by the Governor, whose updates cannot change it"
            )
        self._accounts.setdefault("owner of the Governor", owner)
        self._look()
        if not self._system.read(GOVERNOR, "updates", update.hash):
            self._send("stage", owner, governor, update.stage(self._plan.delay))
            if self._failed:
                return
        due = int(self._system.read(GOVERNOR, "updates", update.hash))
        self._until(due)
        self._begin_round()
        self._execute(governor, update.execute(), value=self._plan.value)

    # -- the treasury

    def treasury_route(self, proposal: TreasuryProposal) -> None:
        governor = self._system.address(VOTERS)
        voters = self._voters()
        if self._tally(proposal) is None:
            if not voters:
                raise ProposalError("nobody has stake to propose and vote with: bond LPT first")
            self._send("propose", voters[0], governor, proposal.propose())
        self._vote(governor, proposal, voters)
        tally = self.votes = self._tally(proposal)
        if self._failed or tally is None:
            return
        if tally.state is State.SUCCEEDED:
            self._send("queue", ANYONE, governor, proposal.queue())
        elif tally.state is not State.QUEUED:
            refusal = f"the proposal is {tally.state.name.lower()}"
            self.steps.append(Step("queue", "anyone", VOTERS, refusal))
        if self._failed:
            return
        self._sandbox.wait(int(self._system.read("Treasury", "getMinDelay")) + 1)
        self._execute(governor, proposal.execute())

    def _vote(self, governor: str, proposal: TreasuryProposal, voters: Sequence[str]) -> None:
        """Largest stake first, all of it for, until it would pass; then to the end of the vote."""
        while not self._failed and (tally := self._tally(proposal)) is not None:
            if tally.state is State.PENDING:
                self._next_round()
            elif tally.state is not State.ACTIVE:
                return
            elif tally.if_ended_now is not State.SUCCEEDED and (
                voter := self._next_voter(proposal, voters)
            ):
                data = self._interfaces.encode(VOTERS, "castVote", (proposal.id, FOR))
                self._send("vote for", voter, governor, data)
            else:
                self._next_round()

    def _tally(self, proposal: TreasuryProposal) -> Tally | None:
        try:
            return read_tally(self._sandbox.web3, self._system.address(VOTERS), proposal.id)
        except TallyError:
            return None

    def _voters(self) -> list[str]:
        """Orchestrators of the pool, by stake."""
        found: list[str] = []
        one = str(self._system.read("BondingManager", "getFirstTranscoderInPool"))
        while one != ZERO and len(found) < MOST_VOTERS:
            found.append(one)
            self._accounts.setdefault(f"orchestrator {len(found)}", one)
            one = str(self._system.read("BondingManager", "getNextTranscoderInPool", one))
        self._look()
        return found

    def _next_voter(self, proposal: TreasuryProposal, voters: Sequence[str]) -> str | None:
        for voter in voters:
            if not self._system.read(VOTERS, "hasVoted", proposal.id, voter):
                return voter
        return None

    # -- both

    def _execute(self, to: str, data: bytes, *, value: int = 0) -> None:
        self._look()
        self._system.remember()
        self._send("execute", ANYONE, to, data, value=value)
        step = self.steps[-1]
        if isinstance(step.result, Effects) and (found := failed_action(step.result)):
            number, why = found
            more = "" if why == step.error else f": {why}"
            place = f"execute, action {number} ({self._plan.names[number - 1]}{more})"
            self.steps[-1] = replace(step, label=place)

    def _send(self, label: str, sender: str, to: str, data: bytes, *, value: int = 0) -> None:
        self._on_step(label)
        tx = self._sandbox.send(sender, to, data, value=value)
        effects = observe(self._sandbox.web3, tx, self.names, self._interfaces)
        who, where = self.names.label(sender), self.names.label(to)
        self.steps.append(Step(label, who, where, effects))

    @property
    def _failed(self) -> bool:
        return bool(self.steps and self.steps[-1].error)

    def _until(self, block: int) -> None:
        """The next transaction is in this block, by the contracts' count, or in a later one."""
        self._sandbox.advance(block - 1 - int(self._system.read("RoundsManager", "blockNum")))

    def _next_round(self) -> None:
        read = self._system.read
        start = int(read("RoundsManager", "currentRoundStartBlock"))
        self._until(start + int(read("RoundsManager", "roundLength")))
        self._begin_round()

    def _begin_round(self) -> None:
        """As a keeper would. The clock of votes runs whether or not it can be done."""
        data = self._interfaces.encode("RoundsManager", "initializeRound", ())
        if not self._system.read("RoundsManager", "currentRoundInitialized"):
            self._sandbox.send(ANYONE, self._system.address("RoundsManager"), data)
        else:
            self._sandbox.advance(1)


def failed_action(effects: Effects) -> tuple[int, str] | None:
    """Number of the action at which an execution failed, and why; None if none or not at one.

    The Treasury does not pass the reason on; the trace has it.
    """
    for node in effects.call_tree.walk() if effects.error else ():
        if _carries_out(node):
            for number, call in enumerate(node.calls, start=1):
                if call.error:
                    return number, call.error
    return None


def _carries_out(node: CallNode) -> bool:
    """Whether the calls of this one are the actions. Undecoded, a function is all its calldata."""
    if node.contract == GOVERNOR:
        return node.function == "execute"
    return node.contract == "Treasury" and node.function.startswith(("executeBatch", BATCH))


def failures(simulation: Simulation) -> list[str]:
    """The problems of a simulation, each check with its action's number and name."""
    names = {item.number: f"{item.contract}.{item.function}" for item in simulation.actions}
    lines = [f"{step.label}: {step.error}" for step in simulation.steps if step.error]
    for when, checks in (("before", simulation.before), ("after", simulation.after)):
        lines += [
            f"action {check.action} ({names[check.action]}), {when}: {check.name} is "
            f"{_plain(check.found)}, expected {_plain(check.expected)}"
            for check in checks
            if not check.holds
        ]
    return lines


def _plain(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
