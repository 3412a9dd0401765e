"""What has been deployed: deployments/<network>.json, written in one piece after each transaction.

The file also holds the one transaction that may be under way. It is written before the transaction
is sent, with its nonce and hash, so that a run killed at any moment can find out what became of it.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from scripts._lib import schema
from scripts._lib.source import ROOT

Entry = TypeVar("Entry")
SCHEMA = ROOT / "deployments" / "schema.json"


class RecordError(ValueError):
    """One line that names the file and what to do."""


@dataclass(frozen=True)
class Contract:
    """One deployed contract. Arguments are strings: addresses, decimal numbers, 0x bytes.

    `initcode_hash` covers the whole creation code; `code_hash` leaves out the compiler's trailer,
    which changes with every comment, and is what decides whether the contract has to be deployed
    again. `tx` and `block` are None only if the transaction was replaced in the sender's wallet and
    is not known.
    """

    address: str
    args: tuple[str, ...]
    block: int | None
    code_hash: str
    commit: str
    deployer: str
    dirty: bool
    evm: str
    initcode_hash: str
    optimize: str
    runtime_size: int
    source: str
    supersedes: str | None
    tx: str | None
    vyper: str


@dataclass(frozen=True)
class Existing:
    """A contract or account that was there before; `commit` is the one that registered it."""

    address: str
    commit: str


@dataclass(frozen=True)
class Transaction:
    """One mined transaction, `to` None for a deployment."""

    block: int
    sender: str
    nonce: int
    step: str
    to: str | None
    tx: str


@dataclass(frozen=True)
class Pending:
    """The transaction under way. `address` is what a deployment will get, from sender and nonce."""

    step: str
    sender: str
    nonce: int
    tx: str | None
    to: str | None
    contract: Contract | None


@dataclass
class Records:
    """The content of one file. Each method that changes it leaves the file up to date."""

    path: Path
    chain_id: int
    genesis: str
    contracts: dict[str, Contract] = field(default_factory=dict)
    existing: dict[str, Existing] = field(default_factory=dict)
    transactions: list[Transaction] = field(default_factory=list)
    pending: Pending | None = None
    keep_file: bool = False

    @classmethod
    def open(
        cls, path: Path, *, chain_id: int, genesis: str, live: bool, keep_file: bool = False
    ) -> Records:
        """The record of this chain. One of another local chain is left behind: that chain is gone.

        With `keep_file` (a dry run) nothing is written: changes stay in memory. Raises RecordError
        if the file is damaged, or belongs to another chain on a live network.
        """
        fresh = cls(path=path, chain_id=chain_id, genesis=genesis, keep_file=keep_file)
        if not path.exists():
            return fresh
        found = cls.read(path)
        if (found.chain_id, found.genesis) == (chain_id, genesis):
            found.keep_file = keep_file
            return found
        if live:
            raise RecordError(
                f"{path}: recorded on chain {found.chain_id} (block 0 {found.genesis}), not "
                f"{chain_id} (block 0 {genesis}); check --network, or move the file away"
            )
        return fresh

    @classmethod
    def read(cls, path: Path) -> Records:
        """The record as the file has it. Raises RecordError."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RecordError(f"{path}: {error.strerror}; run `ape run deploy` first") from None
        except ValueError as error:
            raise RecordError(f"{path}: not JSON: {error}; restore it from git") from None
        if wrong := schema.problems(data, _schema()):
            raise RecordError(f"{path}: unexpected content: {wrong[0]}; restore it from git")
        try:
            pending = data["pending"]
            return cls(
                path=path,
                chain_id=int(data["chain_id"]),
                genesis=str(data["genesis"]),
                contracts={name: _contract(item) for name, item in data["contracts"].items()},
                existing={name: _entry(Existing, item) for name, item in data["existing"].items()},
                transactions=[_entry(Transaction, item) for item in data["transactions"]],
                pending=_pending(pending) if pending is not None else None,
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RecordError(f"{path}: unexpected content: {error}; restore it from git") from None

    # -- reading

    def address(self, name: str) -> str | None:
        entry = self.contracts.get(name) or self.existing.get(name)
        return entry.address if entry else None

    def commit(self, name: str) -> str | None:
        entry = self.contracts.get(name) or self.existing.get(name)
        return entry.commit if entry else None

    def find(self, step: str, to: str) -> Transaction | None:
        """The last mined transaction of a step that was sent to this address."""
        hits = [item for item in self.transactions if (item.step, item.to) == (step, to)]
        return hits[-1] if hits else None

    # -- writing

    def begin(self, pending: Pending) -> None:
        """Write down a transaction before it is sent."""
        self.pending = pending
        self.save()

    def drop_pending(self) -> None:
        """The transaction under way came to nothing."""
        self.pending = None
        self.save()

    def finish(self, *, tx: str | None, block: int | None) -> None:
        """The transaction under way is mined (`tx` None: mined under an unknown hash)."""
        pending = self.pending
        if pending is None:
            raise RecordError(f"{self.path}: no transaction is under way")
        if tx is not None and block is not None:
            self.transactions.append(
                Transaction(
                    block=block,
                    sender=pending.sender,
                    nonce=pending.nonce,
                    step=pending.step,
                    to=pending.to,
                    tx=tx,
                )
            )
        if pending.contract is not None:
            name = pending.step.removeprefix("deploy ")
            self.contracts[name] = replace(pending.contract, tx=tx, block=block)
            self.existing.pop(name, None)
        self.pending = None
        self.save()

    def note_existing(self, name: str, entry: Existing) -> None:
        self.existing[name] = entry
        self.contracts.pop(name, None)
        self.save()

    def save(self) -> None:
        """Replace the file in one step: whoever reads it finds the old or the new content whole."""
        if self.keep_file:
            return
        data = {
            "chain_id": self.chain_id,
            "genesis": self.genesis,
            "contracts": self.contracts,
            "existing": self.existing,
            "transactions": self.transactions,
            "pending": self.pending,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(data, indent=2, sort_keys=True, default=vars) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            raise


@cache
def _schema() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return content


def _entry(kind: type[Entry], data: dict[str, Any]) -> Entry:
    names = {item.name for item in fields(kind)}
    if odd := names ^ set(data):
        raise ValueError(f"{kind.__name__.lower()} has wrong keys: {', '.join(sorted(odd))}")
    return kind(**data)


def _contract(data: dict[str, Any]) -> Contract:
    entry = _entry(Contract, data)
    return replace(entry, args=tuple(entry.args))


def _pending(data: dict[str, Any]) -> Pending:
    entry = _entry(Pending, data)
    contract = data["contract"]
    return replace(entry, contract=_contract(contract) if contract is not None else None)
