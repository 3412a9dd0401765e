"""What a step may look at: the chain, the record, the compiled contracts, addresses by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from eth_utils.crypto import keccak

from scripts._lib.artifacts import Artifact
from scripts._lib.chain import Chain, Log, Request, created_address
from scripts._lib.protocol import SOURCE_OF
from scripts._lib.records import Contract, Existing, Records
from scripts._lib.rules import DEPLOYER
from scripts._lib.source import Source

UNPAUSE = "unpause Controller"
DEFAULT_ADMIN_ROLE = "DEFAULT_ADMIN_ROLE"


class StepError(RuntimeError):
    """One line: the step, what is wrong, what to do."""


@dataclass(frozen=True)
class Ref:
    """An address that is known only while deploying: of a contract by name, or of the deployer."""

    name: str


@dataclass(frozen=True)
class Due:
    """The step needs this transaction. `contract` is what it deploys, its address still open."""

    request: Request
    detail: str
    contract: Contract | None = None


@dataclass(frozen=True)
class Note:
    """The step needs a line in the record, and no transaction."""

    name: str
    entry: Existing


@dataclass(frozen=True)
class Unchanged:
    """The chain is as the step wants it."""

    detail: str


@dataclass(frozen=True)
class Waiting:
    """The step cannot be done by this account, or not yet."""

    detail: str


Verdict: TypeAlias = Due | Note | Unchanged | Waiting


@dataclass(frozen=True)
class Finding:
    """One comparison by `check`: what should be, what is."""

    subject: str
    expected: str
    found: str

    @property
    def matches(self) -> bool:
        return self.expected == self.found


@dataclass
class Context:
    """`planned` holds the addresses that a dry run would create; nothing can be read from them.
    Of the contracts in `initialising`, a dry run would write what is read.

    `waiting` names the steps before this one that wait for another account.
    """

    chain: Chain
    records: Records
    artifacts: Mapping[str, Artifact]
    source: Source
    planned: dict[str, str] = field(default_factory=dict)
    initialising: set[str] = field(default_factory=set)
    planned_roles: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    planned_transactions: int = 0
    waiting: list[str] = field(default_factory=list)

    @property
    def deployer(self) -> str:
        """Who deployed the Controller; before that, who is about to."""
        controller = self.records.contracts.get("Controller")
        if controller is None or "Controller" in self.planned:
            return self.chain.account
        return controller.deployer

    def address(self, name: str) -> str:
        """Raises StepError if nothing of this name is there or planned."""
        if name == DEPLOYER:
            return self.deployer
        found = self.planned.get(name) or self.records.address(name)
        if found is None:
            raise StepError(f"{name}: not deployed; its step must come first")
        return found

    def knows(self, name: str) -> bool:
        """Whether `address` has an answer."""
        return name == DEPLOYER or name in self.planned or self.records.address(name) is not None

    def resolve(self, value: Any) -> Any:
        return self.address(value.name) if isinstance(value, Ref) else value

    def artifact(self, name: str) -> Artifact:
        """What to talk to a contract with: the implementation's ABI, at a proxy too."""
        return self.artifacts[SOURCE_OF.get(name, name)]

    def read(self, name: str, function: str, *args: Any) -> Any:
        """A view of a contract; None if what it reads is only planned."""
        if self.is_future(name):
            return None
        return self.chain.read(self.artifact(name), self.address(name), function, *args)

    def is_future(self, name: str) -> bool:
        """Whether this contract's state is something that a dry run only plans."""
        return name in self.planned or name in self.initialising

    def holds(self, contract: str, role: str, account: str) -> bool:
        """Whether an account has a role of a contract, or would have at this point of a dry run."""
        if (contract, role, account) in self.planned_roles:
            return self.planned_roles[contract, role, account]
        return bool(self.read(contract, "hasRole", role_id(role), account))

    def events(self, name: str, *topics: bytes) -> list[Log]:
        """Events of a contract since it was deployed; of one that was there already, all."""
        contract = self.records.contracts.get(name)
        since = contract.block if contract and contract.block is not None else 0
        return self.chain.logs(self.address(name), events=topics, since=since)

    def describe(self, account: str) -> str:
        """An address, with the name it has here if it has one."""
        records = self.records
        known = (*records.contracts, *records.existing)
        names = [name for name in known if records.address(name) == account]
        if not names and account == self.deployer:
            names = [DEPLOYER]
        return " ".join([*names, account])

    def happened(self, step: str, to: str) -> bool:
        """Whether the record has this step's transaction, and this chain has it too."""
        transaction = self.records.find(step, to)
        return transaction is not None and self.chain.find(transaction.tx) is not None

    def former(self, name: str) -> list[str]:
        """Addresses that this contract had before it was deployed anew, oldest first."""
        now = self.planned.get(name) or self.records.address(name)
        made = [
            created_address(item.sender, item.nonce)
            for item in self.records.transactions
            if item.step == f"deploy {name}"
        ]
        return [address for address in made if address != now]

    def only_owner(self) -> Waiting | None:
        """Why the account may not do what is left to the Controller's owner; None if it may."""
        owner = self.read("Controller", "owner")
        if owner in (None, self.chain.account):
            return None
        return Waiting(f"needs the Controller's owner {owner}")


def role_id(role: str) -> bytes:
    """Id of a role: keccak256 of its name, but 0 for what administers all others (core spec 8)."""
    return bytes(32) if role == DEFAULT_ADMIN_ROLE else bytes(keccak(text=role))
