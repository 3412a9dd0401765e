"""The kinds of step a deployment is made of.

Each one compares the chain with what it wants, asks for a transaction only if they differ, and can
list the same comparison for `check`. A step is data: running it twice, or after a crash, or after
somebody else did it, is safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from eth_utils.crypto import keccak

from scripts._lib.chain import ZERO, Call, Creation
from scripts._lib.context import (
    UNPAUSE,
    Context,
    Due,
    Finding,
    Note,
    Ref,
    StepError,
    Unchanged,
    Verdict,
)
from scripts._lib.protocol import contract_id
from scripts._lib.records import Contract, Existing


class Step(Protocol):
    @property
    def name(self) -> str: ...

    def judge(self, context: Context) -> Verdict:
        """What is left to do. Reads the chain, writes nothing."""

    def findings(self, context: Context) -> Iterator[Finding]:
        """The same comparison, for a report."""


@dataclass(frozen=True)
class Deploy:
    """Deploy a contract, unless the same code with the same arguments is there already.

    `seeds` are constructor arguments after `args` that only start a value which setters or the
    contract itself change later: they are not part of what identifies the contract. `reads` are
    views and what they must return. A contract that `keeps_state` is not replaced once the system
    is open: that would leave funds behind.
    """

    record: str
    source: str
    args: tuple[Any, ...] = ()
    seeds: tuple[int, ...] = ()
    reads: tuple[tuple[str, Any], ...] = ()
    keeps_state: bool = True

    @property
    def name(self) -> str:
        return f"deploy {self.record}"

    def creation(self, context: Context) -> Creation:
        args = tuple(context.resolve(value) for value in self.args)
        return Creation(context.artifacts[self.source], args + self.seeds)

    def judge(self, context: Context) -> Verdict:
        request = self.creation(context)
        artifact = request.artifact
        args = tuple(as_text(value) for value in request.args)
        old = context.records.contracts.get(self.record)
        present = old is not None and bool(context.chain.code(old.address))
        if old is not None and present:
            if old.code_hash == artifact.code_hash and self._identity(old.args) == self._identity(
                args
            ):
                return Unchanged(old.address)
            if self.keeps_state and _is_open(context):
                raise StepError(
                    f"{self.name}: code or arguments differ from {old.address}, which holds the "
                    "state of an open system; replace it by a proposal that migrates it"
                )
        contract = Contract(
            address="",
            args=args,
            block=None,
            code_hash=artifact.code_hash,
            commit=context.source.commit,
            deployer=context.chain.account,
            dirty=context.source.dirty,
            evm=artifact.evm,
            initcode_hash=artifact.initcode_hash,
            optimize=artifact.optimize,
            runtime_size=artifact.runtime_size,
            source=artifact.source,
            supersedes=old.address if old is not None and present else None,
            tx=None,
            vyper=artifact.vyper,
        )
        replaced = f", instead of {contract.supersedes}" if contract.supersedes else ""
        return Due(request, f"{artifact.runtime_size} bytes{replaced}", contract)

    def findings(self, context: Context) -> Iterator[Finding]:
        old = context.records.contracts.get(self.record)
        if old is None:
            yield Finding(f"{self.record}: record", "deployed", "nothing")
            return
        request = self.creation(context)
        artifact = request.artifact
        yield Finding(f"{self.record}: constructor arguments", _list(request.args), _list(old.args))
        for key in ("code_hash", "runtime_size", "optimize", "evm", "vyper", "source"):
            yield Finding(
                f"{self.record}: {key}", str(getattr(artifact, key)), str(getattr(old, key))
            )
        recorded = Creation(artifact, tuple(_from_text(text) for text in old.args))
        expected = context.chain.simulate(recorded, sender=old.deployer)
        yield Finding(
            f"{self.record}: code at {old.address}",
            _code(expected),
            _code(context.chain.code(old.address)),
        )
        yield from self._transaction(context, old, recorded)
        if context.chain.code(old.address):
            for function, value in self.reads:
                found = context.chain.read(artifact, old.address, function)
                yield Finding(
                    f"{self.record}.{function}", as_text(context.resolve(value)), as_text(found)
                )

    def _transaction(
        self, context: Context, old: Contract, recorded: Creation
    ) -> Iterator[Finding]:
        """The record against the transaction that created the contract."""
        if old.tx is None:
            return
        mined = context.chain.find(old.tx)
        if mined is None:
            yield Finding(f"{self.record}: transaction", old.tx, "not on this chain")
            return
        arguments = (
            len(context.chain.creation_code(recorded)) - len(recorded.artifact.initcode) // 2
        )
        initcode = mined.data[: len(mined.data) - arguments]
        yield Finding(f"{self.record}: initcode_hash", _code_hash(initcode), old.initcode_hash)
        yield Finding(f"{self.record}: address", str(mined.created), old.address)
        yield Finding(f"{self.record}: deployer", mined.sender, old.deployer)
        yield Finding(f"{self.record}: block", str(mined.block), str(old.block))

    def _identity(self, args: tuple[str, ...]) -> tuple[str, ...]:
        return args[: len(args) - len(self.seeds)]


@dataclass(frozen=True)
class Use:
    """Take a contract that exists already under a name."""

    record: str
    at: str | Ref

    @property
    def name(self) -> str:
        return f"use {self.record}"

    def judge(self, context: Context) -> Verdict:
        address = context.resolve(self.at)
        if not context.chain.code(address):
            raise StepError(
                f"{self.name}: no contract at {address}; check the address and --network"
            )
        if context.records.address(self.record) == address:
            return Unchanged(address)
        return Note(self.record, Existing(address, context.source.commit))

    def findings(self, context: Context) -> Iterator[Finding]:
        address = context.resolve(self.at)
        yield Finding(
            f"{self.record}: record", address, context.records.address(self.record) or "nothing"
        )
        code = context.chain.code(address)
        yield Finding(f"{self.record}: code at {address}", "some", "some" if code else "none")


@dataclass(frozen=True)
class Register:
    """Register a contract under an id, with the git commit it was deployed from."""

    id: str
    record: str

    @property
    def name(self) -> str:
        return f"register {self.id}"

    def judge(self, context: Context) -> Verdict:
        wanted = self._wanted(context)
        info = context.read("Controller", "getContractInfo", contract_id(self.id))
        if info is not None and _info(info) == wanted:
            return Unchanged(wanted[0])
        if refused := context.only_owner():
            return refused
        call = call_of(
            context,
            "Controller",
            "setContractInfo",
            contract_id(self.id),
            wanted[0],
            bytes.fromhex(wanted[1]),
        )
        return Due(call, wanted[0])

    def findings(self, context: Context) -> Iterator[Finding]:
        address, commit = self._wanted(context)
        info = _info(context.read("Controller", "getContractInfo", contract_id(self.id)))
        yield Finding(f"Controller: address of {self.id}", address, info[0])
        yield Finding(f"Controller: commit of {self.id}", commit, info[1])

    def _wanted(self, context: Context) -> tuple[str, str]:
        commit = None if self.record in context.planned else context.records.commit(self.record)
        return context.address(self.record), commit or context.source.commit


@dataclass(frozen=True)
class Set:
    """Set a parameter. `getter` reads what the setter wrote, in force now or from next round.

    `seeded`: the constructor sets it too, so a new contract has it already.
    """

    contract: str
    setter: str
    getter: str
    value: int
    seeded: bool = False

    @property
    def name(self) -> str:
        return f"set {self.contract}.{self.getter}"

    def judge(self, context: Context) -> Verdict:
        now = context.read(self.contract, self.getter)
        if now == self.value or (now is None and self.seeded):
            return Unchanged(str(self.value))
        if refused := context.only_owner():
            return refused
        detail = str(self.value) if now is None else f"{now} -> {self.value}"
        return Due(call_of(context, self.contract, self.setter, self.value), detail)

    def findings(self, context: Context) -> Iterator[Finding]:
        found = context.read(self.contract, self.getter)
        yield Finding(f"{self.contract}.{self.getter}", str(self.value), str(found))


@dataclass(frozen=True)
class SetMembers:
    """Set parameters that one setter takes together and one getter returns among others.

    `members` are the members of the struct that the getter returns, in the setter's order, with
    the values they must have. A new contract has zero in each of them.
    """

    contract: str
    setter: str
    getter: str
    members: tuple[tuple[str, Any], ...]

    @property
    def name(self) -> str:
        return f"set {self.contract}.{', '.join(member for member, _ in self.members)}"

    def judge(self, context: Context) -> Verdict:
        due = self.due(context)
        if due is None:
            return Unchanged(_list(tuple(value for _, value in self._wanted(context))))
        return context.only_owner() or due

    def due(self, context: Context) -> Due | None:
        """The call that is missing, whoever may make it; None if there is nothing to set."""
        wanted = self._wanted(context)
        struct = context.read(self.contract, self.getter)
        now = [_blank(value) if struct is None else getattr(struct, m) for m, value in wanted]
        values = [value for _, value in wanted]
        if now == values:
            return None
        before = "" if struct is None else f"{_list(tuple(now))} -> "
        call = call_of(context, self.contract, self.setter, *values)
        return Due(call, f"{before}{_list(tuple(values))}")

    def findings(self, context: Context) -> Iterator[Finding]:
        struct = context.read(self.contract, self.getter)
        for member, value in self._wanted(context):
            found = as_text(getattr(struct, member))
            yield Finding(f"{self.contract}.{member}", as_text(value), found)

    def _wanted(self, context: Context) -> list[tuple[str, Any]]:
        return [(member, context.resolve(value)) for member, value in self.members]


def as_text(value: Any) -> str:
    """A constructor argument or a returned value as the record writes it."""
    return "0x" + bytes(value).hex() if isinstance(value, bytes) else str(value)


def _from_text(text: str) -> Any:
    """The inverse of `as_text`, for constructor arguments: an address, a number, bytes32."""
    if not text.startswith("0x"):
        return int(text)
    return text if len(text) == 42 else bytes.fromhex(text[2:])


def _is_open(context: Context) -> bool:
    controller = context.records.contracts.get("Controller")
    if controller is None or not context.chain.code(controller.address):
        return False
    if context.happened(UNPAUSE, controller.address):
        return True
    return not context.chain.read(context.artifact("Controller"), controller.address, "paused")


def _blank(value: Any) -> Any:
    """What storage holds before anything is written, of the type of this value."""
    return ZERO if isinstance(value, str) else 0


def call_of(context: Context, contract: str, function: str, *args: Any) -> Call:
    return Call(context.artifact(contract), context.address(contract), function, args)


def _info(info: Any) -> tuple[str, str]:
    address, commit = info
    return str(address), bytes(commit).hex()


def _list(values: tuple[Any, ...]) -> str:
    return ", ".join(as_text(value) for value in values) or "none"


def _code_hash(code: bytes) -> str:
    return "0x" + keccak(code).hex()


def _code(code: bytes) -> str:
    return f"{len(code)} bytes {_code_hash(code)}" if code else "none"
