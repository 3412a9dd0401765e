"""The contracts of a slashing on an anvil, an accused orchestrator, and a keeper to be killed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from vyper.compiler.output import build_abi_output
from web3 import Web3

from keepers.sending import FeePolicy, TransactionSender
from keepers.slashing import Report, SlashingKeeper
from keepers.slashing_evidence import EvidenceSource
from keepers.slashing_journal import Attempt, Journal
from keepers.slashing_view import SlashingView
from tests.support.anvil import Anvil
from tests.support.contracts import GIT_COMMIT, contract_id, deployer_of
from tests.support.receipts import Signing, address_of, key_of
from verifier.messages import Domain, SignerRegistration, sign
from verifier.proofs import (
    ContentEvidence,
    ContradictionEvidence,
    Equivocation,
    Evidence,
    evidence_to_json,
)

LPT = 10**18
HOUR = 3_600
STAKE = 1_000 * LPT
ROUND_LENGTH = 100
#: Own stake that a fault costs, in the setter's order, in parts per million.
SLASHES = {"equivocation": 30_000, "contradiction": 10_000, "content": 10_000}
FINDER_SHARE = 200_000  # of what is taken, in parts per million
DELAY, EVIDENCE_WINDOW, EXECUTION_WINDOW, LOCK_WINDOW = HOUR, 40 * HOUR, 20 * HOUR, 2 * HOUR
MINTER_ROLE, BURNER_ROLE = keccak(text="MINTER_ROLE"), keccak(text="BURNER_ROLE")
#: Whose transactions a test counts.
FINDER: LocalAccount = Account.from_key(key_of("finder"))


class Killed(BaseException):
    """The process ends here: nothing catches it."""


def brighter(_at: int, cells: np.ndarray) -> np.ndarray:
    return cells + np.r_[np.full(256, 30), np.zeros(128, dtype=np.int64)]


@dataclass
class Court:
    """Contracts by name, all owned by anvil's first account."""

    anvil: Anvil
    contracts: dict[str, Any] = field(default_factory=dict)

    @property
    def web3(self) -> Web3:
        return self.anvil.web3

    @property
    def owner(self) -> str:
        return self.web3.eth.accounts[0]

    @property
    def verifier(self) -> Any:
        return self.contracts["Verifier"]

    @property
    def controller(self) -> str:
        return self.contracts["Controller"].address

    @property
    def now(self) -> int:
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def do(self, name: str, function: str, *args: Any, sender: str | None = None) -> Any:
        """Transact, and fail the test if it reverts."""
        call = getattr(self.contracts[name].functions, function)(*args)
        tx = call.transact({"from": sender or self.owner, "gas": 10_000_000})
        receipt = self.web3.eth.wait_for_transaction_receipt(tx)
        assert receipt["status"] == 1, f"{name}.{function} reverted"
        return receipt

    def deploy(self, name: str, *args: Any, behind: str | None = None) -> str:
        """`behind` is the id of a proxy for it; both are registered."""
        compiled = deployer_of(name).compiler_data
        abi = build_abi_output(compiled)
        contract = self.web3.eth.contract(abi=abi, bytecode=compiled.bytecode.hex())
        tx = contract.constructor(*args).transact({"from": self.owner, "gas": 25_000_000})
        address = self.web3.eth.wait_for_transaction_receipt(tx)["contractAddress"]
        if behind is None:
            self.contracts[name] = self.web3.eth.contract(address=address, abi=abi)
            return str(address)
        self.register(f"{behind}Target", address)
        target = self.deploy("ManagerProxy", self.controller, contract_id(f"{behind}Target"))
        self.register(behind, target)
        self.contracts[behind] = self.web3.eth.contract(address=target, abi=abi)  # type: ignore[call-overload]
        return target

    def register(self, name: str, address: str) -> None:
        self.do("Controller", "setContractInfo", contract_id(name), address, GIT_COMMIT)

    def wait(self, seconds: int) -> None:
        self.anvil.rpc("evm_increaseTime", seconds)
        self.anvil.rpc("evm_mine")

    def send_ether(self, account: LocalAccount) -> None:
        """A transaction of the account that no keeper made, at its next nonce."""
        signed = account.sign_transaction(
            {
                "chainId": self.web3.eth.chain_id,
                "nonce": self.web3.eth.get_transaction_count(account.address),
                "to": self.owner,
                "value": 1,
                "gas": 21_000,
                "maxFeePerGas": 10**11,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        self.web3.eth.send_raw_transaction(signed.raw_transaction)

    def next_round(self) -> None:
        rounds = self.contracts["RoundsManager"].functions
        boundary = rounds.currentRoundStartBlock().call() + ROUND_LENGTH
        self.anvil.rpc("anvil_mine", hex(boundary - self.web3.eth.block_number))
        self.do("RoundsManager", "initializeRound")

    def case(self, case_id: bytes) -> tuple[int, int]:
        """State and due time."""
        found = self.verifier.functions.getCase(case_id).call()
        return found[0], found[5]

    # -- the accused

    @property
    def accused(self) -> str:
        return self.web3.eth.accounts[1]

    def bond(self, account: str, amount: int) -> None:
        self.do("LivepeerToken", "mint", account, amount)
        manager = self.contracts["BondingManager"].address
        self.do("LivepeerToken", "approve", manager, amount, sender=account)
        self.do("BondingManager", "bond", amount, account, sender=account)

    def register_signer(self) -> None:
        key = key_of("signer")
        consent = sign(self.domain, SignerRegistration(self.accused, address_of(key)), key)
        self.do("Verifier", "registerSigner", address_of(key), consent, sender=self.accused)

    @property
    def domain(self) -> Domain:
        return Domain(self.web3.eth.chain_id, self.verifier.address)

    def evidence(self, fault: str, *, age: int = 0) -> Evidence:
        signing = Signing(self.domain, self.accused, self.now - age)
        if fault == "equivocation":
            return Equivocation(signing.receipt(0), signing.receipt(0, pixels=1))
        if fault == "contradiction":
            return ContradictionEvidence(signing.segment(0, receipt={"pixels": 1}))
        return ContentEvidence(*(signing.content(seq, brighter, frames=8) for seq in (0, 3)))


def new_court(anvil: Anvil) -> Court:
    """Deployed, armed, with an accused that holds 1,000 LPT among three others."""
    court = Court(anvil)
    controller = court.deploy("Controller")
    minter = court.deploy("Minter", controller, 218_500, 500, 500_000_000)
    for name, address in (
        ("Minter", minter),
        ("LivepeerToken", court.deploy("LivepeerToken")),
        ("L2LPTDataCache", court.deploy("DummyL2LPTDataCache")),
        ("ContentFaults", court.deploy("ContentFaults")),
        ("TicketBroker", court.owner),
        ("Treasury", court.owner),
    ):
        court.register(name, address)
    for name in ("BondingManager", "BondingVotes", "RoundsManager"):
        court.deploy(name, controller, behind=name)
    court.deploy("SlashingVerifier", controller, behind="Verifier")
    for role, account in ((MINTER_ROLE, minter), (BURNER_ROLE, minter), (MINTER_ROLE, court.owner)):
        court.do("LivepeerToken", "grantRole", role, account)
    court.do("BondingManager", "setUnbondingPeriod", 7)
    court.do("BondingManager", "setNumActiveTranscoders", 10)
    court.do("RoundsManager", "setRoundLength", ROUND_LENGTH)
    for setter, values in {
        "setSlashes": tuple(SLASHES.values()),
        "setFinderShare": (FINDER_SHARE,),
        "setDelays": (DELAY, DELAY),
        "setWindows": (EVIDENCE_WINDOW, EXECUTION_WINDOW, LOCK_WINDOW, HOUR),
        "setContentDistance": (5,),
        "setSignerGrace": (2,),
        "setBrakes": (HOUR, 20_000, 1_000_000),
        "setArmedFaults": (14,),
    }.items():
        court.do("Verifier", setter, *values)
    court.do("Controller", "unpause")
    court.next_round()
    for account in court.web3.eth.accounts[1:5]:
        court.bond(account, STAKE)
    court.register_signer()
    court.next_round()
    anvil.rpc("anvil_setBalance", FINDER.address, hex(10**20))
    return court


@contextmanager
def as_deployed(court: Court) -> Iterator[Court]:
    """Whatever is done to the chain is undone after it."""
    snapshot = court.anvil.rpc("evm_snapshot")
    yield court
    court.anvil.rpc("evm_setAutomine", True)
    court.anvil.rpc("evm_revert", snapshot)


@dataclass
class Desk:
    """A keeper's place of work: restarts it, with its journal or without."""

    court: Court
    folder: Path
    fees: FeePolicy = FeePolicy(cap=100 * 10**9, patience=1)
    clock: Callable[[], float] = lambda: 0.0
    lose_journal: bool = False  # at each kill

    def __post_init__(self) -> None:
        self.start = self.court.web3.eth.block_number
        (self.folder / "evidence").mkdir(parents=True, exist_ok=True)

    @property
    def journal(self) -> Path:
        return self.folder / "journal.sqlite"

    def put(self, evidence: Evidence, name: str = "a.json") -> None:
        text = json.dumps(evidence_to_json(evidence))
        (self.folder / "evidence" / name).write_text(text)

    def forget(self) -> None:
        for path in self.folder.glob("journal.sqlite*"):
            path.unlink()

    def tick(self, checkpoint: Callable[[str], None] = lambda _: None) -> list[Report]:
        """One look by a new process, which ends after it however it ends."""
        web3 = self.court.web3
        view = SlashingView(web3, self.court.controller, FINDER.address)
        journal = Journal(self.journal, identity={"account": FINDER.address})
        sender = TransactionSender(
            web3, FINDER, journal, fees=self.fees, checkpoint=checkpoint, clock=self.clock
        )
        place = str(self.folder / "evidence")
        source = EvidenceSource(place, chain_id=view.chain_id, verifier=view.address)
        try:
            return SlashingKeeper(source, view, journal, sender, checkpoint=checkpoint).tick()
        finally:
            journal.close()

    def follow(
        self,
        case_id: bytes,
        checkpoint: Callable[[str], None] = lambda _: None,
        *,
        until: str = "the case is ",
    ) -> int:
        """Tick over delay and lock window until a report says `until`; returns the kills."""
        kills = 0
        for _ in range(40):
            try:
                report = next(one for one in self.tick(checkpoint) if one.case_id)
            except Killed:
                kills += 1
                if self.lose_journal:
                    self.forget()
                continue
            if until in report.detail:
                return kills
            state, due = self.court.case(case_id)
            if state in (1, 3) and due >= self.court.now:
                self.court.wait(due + 1 - self.court.now)
        raise AssertionError(f"the case does not end: {report}")

    def mined(self) -> Counter[str]:
        """The finder's transactions by function; a failed one counts as "failed"."""
        web3 = self.court.web3
        names: Counter[str] = Counter()
        for number in range(self.start + 1, web3.eth.block_number + 1):
            for tx in web3.eth.get_block(number, full_transactions=True)["transactions"]:
                if tx["from"] != FINDER.address or not tx["input"]:
                    continue
                succeeded = web3.eth.get_transaction_receipt(tx["hash"])["status"]
                function, _ = self.court.verifier.decode_function_input(tx["input"])
                names[function.fn_name if succeeded else "failed"] += 1
        return names

    def attempts(self) -> list[Attempt]:
        """What is under way, of the journal."""
        journal = Journal(self.journal, identity={"account": FINDER.address})
        try:
            return journal.under_way()
        finally:
            journal.close()

    def income(self) -> int:
        return int(self.court.contracts["LivepeerToken"].functions.balanceOf(FINDER.address).call())
