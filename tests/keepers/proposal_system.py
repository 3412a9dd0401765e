"""Both governance routes on an anvil, and a proposal keeper to be killed."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3

from keepers.proposal_keeper import ProposalKeeper, Report
from keepers.proposal_view import Found, ProposalView
from keepers.sending import FeePolicy, TransactionSender
from keepers.slashing_journal import Journal
from scripts._governance.calldata import Interfaces
from scripts._governance.model import Call, Check, Proposal
from scripts._governance.routes import GovernorUpdate, TreasuryProposal
from tests.keepers.slashing_system import LPT, MINTER_ROLE, Court
from tests.support.anvil import Anvil
from tests.support.receipts import key_of

ROUND_LENGTH = 100
DELAY, PERIOD = 1, 2
PAYERS: tuple[LocalAccount, ...] = tuple(
    Account.from_key(key_of(name)) for name in ("payer", "other payer")
)
INTERFACES = Interfaces.load()


@dataclass
class Parliament(Court):
    """Voters are anvil's accounts 1 to 3; the Governor owns the Controller, account 0 owns it."""

    def propose(self, description: str, *calls: Call) -> TreasuryProposal:
        proposal = TreasuryProposal(*self.actions(*calls), description)
        self.raw("LivepeerGovernor", proposal.propose(), self.web3.eth.accounts[1])
        return proposal

    def stage(self, nonce: int, delay: int, *calls: Call) -> GovernorUpdate:
        update = GovernorUpdate(*self.actions(*calls), nonce)
        self.raw("Governor", update.stage(delay), self.owner)
        return update

    def actions(self, *calls: Call) -> tuple[Any, ...]:
        return (
            tuple(self.contracts[call.contract].address for call in calls),
            tuple(call.value for call in calls),
            tuple(INTERFACES.encode(call.contract, call.function, call.args) for call in calls),
        )

    def raw(self, name: str, data: bytes, sender: str) -> None:
        tx = self.web3.eth.send_transaction(
            {"from": sender, "to": self.contracts[name].address, "data": data, "gas": 10**7}
        )
        assert self.web3.eth.wait_for_transaction_receipt(tx)["status"] == 1

    def vote(self, proposal: TreasuryProposal, support: int = 1) -> None:
        for voter in self.web3.eth.accounts[1:4]:
            self.do("LivepeerGovernor", "castVote", proposal.id, support, sender=voter)

    def rounds(self, count: int) -> None:
        for _ in range(count):
            self.next_round()

    def passed(self, description: str, *calls: Call) -> TreasuryProposal:
        proposal = self.propose(description, *calls)
        self.rounds(DELAY + 1)
        self.vote(proposal)
        self.rounds(PERIOD)
        return proposal

    def state(self, proposal: TreasuryProposal) -> int:
        return int(self.contracts["LivepeerGovernor"].functions.state(proposal.id).call())

    def lpt(self, account: str) -> int:
        return int(self.contracts["LivepeerToken"].functions.balanceOf(account).call())

    def pay(self, amount: int, nonce: int = 0) -> Call:
        """From the treasury to an account of that nonce."""
        return Call("LivepeerToken", "transfer", (payee(nonce), amount))


def payee(nonce: int) -> str:
    return Web3.to_checksum_address(keccak(text=f"payee {nonce}")[12:])


def new_parliament(anvil: Anvil) -> Parliament:
    p = Parliament(anvil)
    controller = p.deploy("Controller")
    p.register("Minter", p.deploy("Minter", controller, 218_500, 500, 500_000_000))
    p.register("LivepeerToken", p.deploy("LivepeerToken"))
    p.register("L2LPTDataCache", p.deploy("DummyL2LPTDataCache"))
    p.register("TicketBroker", p.owner)
    treasury = p.deploy("Treasury")
    p.register("Treasury", treasury)
    for name in ("BondingManager", "BondingVotes", "RoundsManager"):
        p.deploy(name, controller, behind=name)
    governor = p.deploy("LivepeerGovernor", controller, behind="LivepeerGovernor")
    p.do("LivepeerToken", "grantRole", MINTER_ROLE, p.owner)
    p.do("BondingManager", "setUnbondingPeriod", 7)
    p.do("BondingManager", "setNumActiveTranscoders", 10)
    p.do("RoundsManager", "setRoundLength", ROUND_LENGTH)
    p.do("Treasury", "initialize", 0, [governor], [governor], p.owner)
    p.do("LivepeerGovernor", "initialize", DELAY, PERIOD, 100 * LPT, 333_300, 500_000)
    p.do("Controller", "unpause")
    p.next_round()
    for account in p.web3.eth.accounts[1:4]:
        p.bond(account, 1_000 * LPT)
    p.do("LivepeerToken", "mint", treasury, 10_000 * LPT)
    p.rounds(2)
    p.do("Controller", "transferOwnership", p.deploy("Governor"))
    for payer in PAYERS:
        anvil.rpc("anvil_setBalance", payer.address, hex(10**20))
    return p


def checked(lip: int, expected: int, *calls: Call, account: str) -> Proposal:
    """A proposal file that expects `account` to have an amount of LPT afterwards."""

    def check(system: Any) -> list[Check]:
        found = system.read("LivepeerToken", "balanceOf", account)
        return [
            Check.equal(number, f"LPT of the payee after {number}", found, expected)
            for number in range(1, len(calls) + 1)
        ]

    return Proposal(lip, f"Proposal {lip}", lambda _: list(calls), lambda _: [], check)


@dataclass
class Office:
    """A keeper's place of work: each tick is a new process, with its journal or without."""

    parliament: Parliament
    folder: Path
    payer: LocalAccount = PAYERS[0]
    files: tuple[Proposal, ...] = ()

    @property
    def journal(self) -> Path:
        return self.folder / f"{self.payer.address}.sqlite"

    def forget(self) -> None:
        for path in self.folder.glob(f"{self.journal.name}*"):
            path.unlink()

    def tick(self, checkpoint: Callable[[str], None] = lambda _: None) -> list[Report]:
        web3 = Web3(HTTPProvider(self.parliament.anvil.url))
        view = ProposalView(
            web3,
            self.parliament.controller,
            self.payer.address,
            interfaces=INTERFACES,
            proposals=lambda: list(self.files),
        )
        journal = Journal(self.journal, identity={"account": self.payer.address})
        sender = TransactionSender(
            web3,
            self.payer,
            journal,
            fees=FeePolicy(cap=100 * 10**9, patience=5),
            checkpoint=checkpoint,
        )
        try:
            return ProposalKeeper(view, sender, checkpoint=checkpoint).tick()
        finally:
            journal.close()

    def tick_and_die(self, at: int) -> bool:
        """A tick in a process that gets SIGKILL at its checkpoint `at`; whether it did."""
        child = os.fork()
        if child == 0:
            passed = 0

            def checkpoint(_: str) -> None:
                nonlocal passed
                if passed == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                passed += 1

            try:
                self.tick(checkpoint)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def report(self, found: TreasuryProposal | GovernorUpdate) -> Report:
        """Of a tick: what it says of one proposal."""
        wanted = Found("", id_of(found), found).id
        return next(one for one in self.tick() if one.id == wanted)

    def mined(self, since: int) -> Counter[str]:
        """Transactions of all payers by function; a failed one counts as "failed <function>"."""
        p, names = self.parliament, Counter[str]()
        senders = {payer.address for payer in PAYERS}
        for number in range(since + 1, p.web3.eth.block_number + 1):
            for tx in p.web3.eth.get_block(number, full_transactions=True)["transactions"]:
                if tx["from"] not in senders:
                    continue
                name = INTERFACES.decode(None, bytes(tx["input"])).function
                succeeded = p.web3.eth.get_transaction_receipt(tx["hash"])["status"]
                names[name if succeeded else f"failed {name}"] += 1
        return names


def id_of(found: TreasuryProposal | GovernorUpdate) -> str:
    if isinstance(found, GovernorUpdate):
        return "0x" + found.hash.hex()
    return f"0x{found.id:064x}"
