"""Behind `ape run propose`: what a verb prints, refuses, sends and writes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, to_checksum_address
from web3 import Web3
from web3.exceptions import Web3Exception

from scripts._governance.ballots import SUPPORT, Ballot, Domain, Relayer, SignedBallot, sign
from scripts._governance.calldata import Decoded
from scripts._governance.chain_system import GOVERNOR, ZERO
from scripts._governance.lifecycle import VOTERS, Draft, default_description, failures
from scripts._governance.model import Check, Proposal, ProposalError
from scripts._governance.names import Names
from scripts._governance.outbox import ApeOutbox
from scripts._governance.routes import TreasuryProposal
from scripts._governance.safe import SafeCall, batch, builder_file, decode_multi_send
from scripts._governance.session import Say, Session, what_if
from scripts._governance.simulation import Action, Simulation, actions_of
from scripts._governance.tally import read_tally
from scripts._governance.units import ether
from scripts._governance.verbs import Outgoing, Verbs
from scripts._lib.networks import Target, Watcher, account_of

WIDTH = 140


class Desk:
    """One proposal, one network, one account. `say` prints a line."""

    def __init__(
        self,
        session: Session,
        plan: Draft,
        account: Any,
        provider: Any,
        *,
        send: bool,
        say: Say,
    ) -> None:
        self.session, self.plan, self._say = session, plan, say
        self._account, self._provider, self._send = account, provider, send
        self.verbs = Verbs(plan, session.system, session.interfaces, since=session.since)
        self._what_if = what_if(plan.proposal.lip)

    @property
    def sender(self) -> str:
        return str(self._account.address)

    # -- reading

    def show(self, json_file: Path | None) -> None:
        self._head()
        actions = self._actions()
        for action in actions:
            ether_note = f", with {ether(action.value)}" if action.value else ""
            note = f"  ({action.note})" if action.note else ""
            self._say(f"{action.number}. {action.line}{ether_note}{note}")
            call = self.plan.calls[action.number - 1]
            data = self.session.interfaces.encode(call.contract, call.function, call.args)
            self._say(f"   to   {self.session.system.address(call.contract)} ({call.contract})")
            self._say(f"   data 0x{data.hex()}")
        found: dict[str, Any] = {"actions": [action.line for action in actions]}
        if isinstance(self.plan.carrier, TreasuryProposal):
            found["description"] = self.plan.carrier.description
            self._say(f"description:\n{self.plan.carrier.description}")
        self._write(json_file, found)

    def simulate(self, json_file: Path | None, html_file: Path | None) -> None:
        """Raises ProposalError if anything of it does not hold."""
        simulation = self.session.simulate(self.plan, say=lambda label: self._say(f"... {label}"))
        self._say(simulation.to_terminal(width=WIDTH))
        if json_file:
            json_file.write_text(simulation.to_json(), encoding="utf-8")
        if html_file:
            html_file.write_text(simulation.to_html(), encoding="utf-8")
        self._require(simulation)

    def status(self, json_file: Path | None) -> None:
        self._head()
        standing = self.verbs.standing()
        self._say(standing.words)
        found: dict[str, Any] = {"status": standing.words, "due": standing.due}
        self._write(json_file, found)

    def tally(self, json_file: Path | None) -> None:
        if not isinstance(self.plan.carrier, TreasuryProposal):
            raise ProposalError("tally: only on the treasury route; nobody votes on this one")
        governor = self.session.system.address(VOTERS)
        found = read_tally(self.session.web3, governor, self.plan.carrier.id)
        self._head()
        for what, value in found.rows():
            self._say(f"{what:<21}{value}")
        self._write(json_file, {"tally": found.to_json()})

    # -- sending

    def submit(
        self,
        outgoing: Outgoing,
        json_file: Path | None,
        *,
        simulated: bool = False,
        checked: bool = False,
    ) -> None:
        """Print it, simulate the rest of the proposal's way, send it if that is asked for.

        `checked`: look at the chain afterwards too. Raises ProposalError.
        """
        self._head()
        self._print(outgoing)
        if self._send and self._what_if and self.session.target.live:
            raise ProposalError(f"{self._what_if}: it is never sent on a live network")
        if simulated:
            self._require(self.session.simulate(self.plan))
            self._say("Simulated to its end: every check holds.")
        sender = outgoing.sender or self.sender
        if sender == ZERO:
            self._say("Not tried on the chain: --account says who would send it.")
        elif refused := self.verbs.refusal(outgoing, sender):
            raise ProposalError(f"{outgoing.label}: it would revert: {refused}")
        self._write(json_file, {"transactions": [_transaction(outgoing, self.sender)]})
        if not self._send:
            self._say("Nothing sent. --send sends it.")
            return
        if refused := self.verbs.refusal(outgoing, self.sender):
            raise ProposalError(f"{outgoing.label}: {refused}")
        self.session.system.remember()
        self._say(f"Sent: {ApeOutbox(self._account, self._provider).send(outgoing)}")
        if checked:
            self._check_after()

    def submit_to_safe(self, outgoing: Outgoing) -> None:
        """As far as this end goes: print and simulate it; the Safe's owners send it."""
        self._head()
        self._print(outgoing)
        if self._what_if and self.session.target.live:
            raise ProposalError(f"{self._what_if}: it is never sent on a live network")
        self._require(self.session.simulate(self.plan))
        self._say("Simulated to its end: every check holds.")

    def _check_after(self) -> None:
        failed = [
            check for check in self.plan.check(self.session.system, "after") if not check.holds
        ]
        if failed:
            lines = "; ".join(_line(check, self.plan.names) for check in failed)
            raise ProposalError(f"executed, and not what it should be: {lines}")
        self._say("Every check holds afterwards.")

    # -- ballots

    def sign(self, support: int, reason: str, file: Path | None) -> None:
        proposal, domain = self._treasury_proposal(), self._domain()
        ballot = Ballot(proposal.id, support, reason)
        self._head()
        self._say(f"ballot: {SUPPORT[support]}{f', because {reason!r}' if reason else ''}")
        self._say(f"domain: LivepeerGovernor 1, chain {domain.chain_id}, {domain.governor}")
        self._say(f"digest: 0x{ballot.digest(domain).hex()}")
        if file is None:
            self._say("Nothing signed. --sign --json FILE signs it with --account.")
            return
        if isinstance(self._account, Watcher):
            raise ProposalError("--sign: needs --account, one that can sign")
        file.write_text(sign(ballot, domain, self._account).to_json(), encoding="utf-8")
        self._say(f"Signed by {self.sender}: {file}. It is a vote once somebody brings it.")

    def bring(self, paths: Iterable[Path], json_file: Path | None) -> None:
        """Check every ballot, send the good ones. Raises ProposalError if none is good."""
        proposal, domain = self._treasury_proposal(), self._domain()
        ballots = [_ballot(file) for file in _files(paths)]
        outbox = ApeOutbox(self._account, self._provider) if self._send else None

        def post(data: bytes, gas: int, nonce: int) -> str:
            assert outbox is not None
            return outbox.post(domain.governor, data, gas, nonce)

        relayer = Relayer(
            self.session.web3, domain, self.session.interfaces, sender=self.sender, send=post
        )
        self._head()
        results = relayer.relay(ballots, proposal.id, dry_run=not self._send)
        for result in results:
            what = result.problem or (f"sent: {result.tx}" if result.tx else "good")
            choice = SUPPORT[result.ballot.ballot.support]
            self._say(f"{result.ballot.voter}  {choice:<8} {what}")
        good = [result for result in results if result.problem is None]
        self._say(f"Ballots: {len(results)}, good: {len(good)}, sent: {len(good) * self._send}")
        if not self._send:
            self._say("Nothing sent. --send sends the good ones.")
        rows = [
            {"voter": item.ballot.voter, "tx": item.tx, "problem": item.problem} for item in results
        ]
        self._write(json_file, {"ballots": rows})
        if not good:
            raise ProposalError("no ballot is good")

    # -- helpers

    def _head(self) -> None:
        proposal = self.plan.proposal
        self._say(f"LIP-{proposal.lip}: {proposal.title} ({self.plan.route} route)")
        if self._what_if:
            self._say(f"WHAT IF ONLY. {self._what_if}.")
        for what, value in self.plan.identity:
            self._say(f"{what}: {value}")

    def _actions(self) -> tuple[Action, ...]:
        return actions_of(self.plan.calls, self._names(), self.session.interfaces)

    def _names(self) -> Names:
        known = {**self.session.system.known(), **self.session.accounts}
        return Names(known, layouts=self.session.layouts)

    def _print(self, outgoing: Outgoing) -> None:
        sender = outgoing.sender or self.sender
        decoded = self.session.interfaces.decode(outgoing.contract, outgoing.data)
        self._say(f"{outgoing.label}:")
        self._say(f"  from  {sender} ({outgoing.who})")
        self._say(f"  to    {outgoing.to} ({outgoing.contract})")
        self._say(f"  value {ether(outgoing.value)}")
        if isinstance(decoded, Decoded):
            self._say(f"  call  {outgoing.contract}.{decoded.signature}")
        for action in self._actions():
            self._say(f"        {action.number}. {action.line}")
        self._say(f"  data  0x{outgoing.data.hex()}")

    def _require(self, simulation: Simulation) -> None:
        if lines := failures(simulation):
            raise ProposalError(f"LIP-{simulation.lip} must not be sent: {'; '.join(lines)}")

    def _write(self, file: Path | None, found: dict[str, Any]) -> None:
        if file is None:
            return
        proposal = self.plan.proposal
        head: dict[str, Any] = {
            "lip": proposal.lip,
            "title": proposal.title,
            "route": self.plan.route,
        }
        whole = {**head, "what_if": self._what_if, "identity": dict(self.plan.identity), **found}
        file.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")

    def _treasury_proposal(self) -> TreasuryProposal:
        if isinstance(self.plan.carrier, TreasuryProposal):
            return self.plan.carrier
        raise ProposalError("ballots: only on the treasury route; nobody votes on this one")

    def _domain(self) -> Domain:
        return Domain(int(self.session.web3.eth.chain_id), self.session.system.address(VOTERS))


class Batch:
    """Stage calls for one transaction of the Safe that owns the Governor."""

    def __init__(self, safe: str | None, nonce: int | None, *, say: Say) -> None:
        if safe is not None and not is_address(safe):
            raise ProposalError(f"--safe {safe}: no address")
        self._safe = str(to_checksum_address(safe)) if safe else None
        self._nonce, self._say = nonce, say
        self._calls: list[SafeCall] = []
        self._lips: list[int] = []
        self._chain_id = 0

    def add(self, desk: Desk) -> None:
        """The proposal's stage call, after a simulation in which every check holds."""
        outgoing = desk.verbs.stage()
        if outgoing.contract != GOVERNOR:
            raise ProposalError(f"LIP-{desk.plan.proposal.lip}: a vote decides it, not the Safe")
        desk.submit_to_safe(outgoing)
        self._safe = self._safe or outgoing.sender
        self._chain_id = int(desk.session.web3.eth.chain_id)
        if self._nonce is None:
            self._nonce = _safe_nonce(desk.session.web3, str(self._safe))
        self._calls.append(SafeCall(outgoing.to, outgoing.value, outgoing.data))
        self._lips.append(desk.plan.proposal.lip)

    def show(self, file: Path | None) -> None:
        assert self._safe is not None
        assert self._nonce is not None
        safe, lips = self._safe, ", ".join(f"LIP-{lip}" for lip in self._lips)
        transaction = batch(self._calls, nonce=self._nonce)
        if decode_multi_send(transaction.data) != self._calls:
            raise ProposalError("the batch does not decode to its calls; do not sign it")
        digest = transaction.hash(chain_id=self._chain_id, safe=safe)
        self._say(f"Safe {safe}, nonce {self._nonce}, {len(self._calls)} call(s): stage {lips}")
        self._say(f"  to        {transaction.to} (MultiSendCallOnly, delegatecall)")
        self._say(f"  data      0x{transaction.data.hex()}")
        self._say(f"  safeTxHash 0x{digest.hex()}")
        if file:
            content = builder_file(
                self._calls,
                chain_id=self._chain_id,
                safe=safe,
                name=f"Stage {lips}",
                description=f"Nonce {self._nonce}, safeTxHash 0x{digest.hex()}",
            )
            file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            self._say(f"File for the transaction builder: {file}")
        self._say("Nothing sent: the Safe's owners sign and execute it.")


def account_for(choice: str | None, *, target: Target, provider: Any, send: bool) -> Any:
    """Who sends: an alias, a development chain's own, on a fork any address. NetworkError."""
    if choice is not None and is_address(choice) and not target.live and send:
        return provider.account_manager[to_checksum_address(choice)]
    return account_of(choice, target=target, dry_run=not send)


def description_of(proposal: Proposal, file: Path | None, proposer: str | None) -> str:
    """Of a treasury proposal. With a proposer, nobody else can propose the same first."""
    try:
        text = file.read_text(encoding="utf-8") if file else default_description(proposal)
    except (OSError, UnicodeDecodeError) as error:
        raise ProposalError(f"--description {file}: {type(error).__name__}") from None
    if proposer is None:
        return text
    if not is_address(proposer):
        raise ProposalError(f"--proposer {proposer}: no address")
    return f"{text}#proposer={to_checksum_address(proposer)}"


def _safe_nonce(web3: Web3, safe: str) -> int:
    request: Any = {"to": Web3.to_checksum_address(safe), "data": "0xaffed0e0"}  # nonce()
    try:
        answer = bytes(web3.eth.call(request))
    except Web3Exception:
        answer = b""
    if len(answer) != 32:
        raise ProposalError(f"{safe} is no Safe on this chain: give --safe, or --safe-nonce")
    return int.from_bytes(answer, "big")


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        yield from sorted(path.glob("*.json")) if path.is_dir() else [path]


def _ballot(file: Path) -> SignedBallot:
    try:
        return SignedBallot.from_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProposalError(f"{file}: {type(error).__name__}") from None
    except ProposalError as error:
        raise ProposalError(f"{file}: {error}") from None


def _transaction(outgoing: Outgoing, sender: str) -> dict[str, Any]:
    return {
        "label": outgoing.label,
        "from": outgoing.sender or sender,
        "to": outgoing.to,
        "value": str(outgoing.value),
        "data": "0x" + outgoing.data.hex(),
    }


def _line(check: Check, names: list[str]) -> str:
    name = names[check.action - 1]
    return f"action {check.action} ({name}): {check.name} is {check.found}, not {check.expected}"
