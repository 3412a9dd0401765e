"""The chain as the deploy code sees it. `ApeChain` is the only place here that signs and sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from scripts._lib.artifacts import Artifact

ZERO = "0x" + "00" * 20
WAIT_SECONDS = 600


class ChainError(RuntimeError):
    """One line: what was asked of the chain, and its answer."""


@dataclass(frozen=True)
class Creation:
    """Deploy a contract."""

    artifact: Artifact
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Call:
    """Call a function of a contract in a transaction."""

    artifact: Artifact
    address: str
    function: str
    args: tuple[Any, ...]


Request: TypeAlias = Creation | Call


@dataclass(frozen=True)
class Mined:
    """A transaction in a block. `data` is its input, `created` the address of a new contract."""

    tx: str
    block: int
    succeeded: bool
    sender: str
    nonce: int
    data: bytes
    created: str | None


@dataclass(frozen=True)
class Prepared:
    """A signed transaction that has not been sent. `tx` is None where only the node signs."""

    tx: str | None
    nonce: int
    send: Callable[[], Mined]


class Chain(Protocol):
    """What deploying and checking need from a chain and from the account that signs."""

    chain_id: int
    genesis: str
    account: str

    def code(self, address: str) -> bytes: ...

    def nonce(self, address: str) -> int: ...

    def find(self, tx: str) -> Mined | None:
        """A transaction by hash, waiting for it to be mined; None if the node does not know it."""

    def read(self, artifact: Artifact, address: str, function: str, *args: Any) -> Any: ...

    def creation_code(self, request: Creation) -> bytes:
        """Creation code with the encoded arguments: the input of the deploying transaction."""

    def simulate(self, request: Creation, *, sender: str) -> bytes:
        """The code a creation would leave behind, immutables included. Sends nothing."""

    def prepare(self, request: Request) -> Prepared: ...


def created_address(sender: str, nonce: int) -> str:
    """Address of a contract created by `sender` in its transaction `nonce`."""
    from web3.utils.address import get_create_address

    return str(get_create_address(sender, nonce))  # type: ignore[arg-type]  # wants branded hex


class ApeChain:
    """The chain behind the connected Ape provider, and an Ape account to sign with."""

    def __init__(self, account: Any) -> None:
        from ape.utils import ManagerAccessMixin

        self._provider = ManagerAccessMixin.network_manager.active_provider
        if self._provider is None:
            raise ChainError("no chain: connect an Ape provider first")
        self._ecosystem = self._provider.network.ecosystem
        self._account = account
        self.account = str(account.address)
        self.chain_id = int(self._provider.chain_id)
        self.genesis = _hex(self._provider.web3.eth.get_block(0)["hash"])

    def code(self, address: str) -> bytes:
        return bytes(self._provider.web3.eth.get_code(address))

    def nonce(self, address: str) -> int:
        return int(self._provider.web3.eth.get_transaction_count(address))

    def find(self, tx: str) -> Mined | None:
        from web3.exceptions import TimeExhausted, TransactionNotFound

        eth = self._provider.web3.eth
        try:
            found = eth.get_transaction(tx)
        except TransactionNotFound:
            return None
        try:
            receipt = eth.wait_for_transaction_receipt(tx, timeout=WAIT_SECONDS)
        except TimeExhausted:
            raise ChainError(
                f"transaction {tx}: not mined in {WAIT_SECONDS} s; run again"
            ) from None
        return Mined(
            tx=_hex(receipt["transactionHash"]),
            block=int(receipt["blockNumber"]),
            succeeded=receipt["status"] == 1,
            sender=str(found["from"]),
            nonce=int(found["nonce"]),
            data=bytes(found["input"]),
            created=receipt["contractAddress"],
        )

    def read(self, artifact: Artifact, address: str, function: str, *args: Any) -> Any:
        try:
            return getattr(contract_instance(artifact, address), function)(*args)
        except Exception as error:  # what a node answers to a call is its own affair; name the call
            raise ChainError(f"{artifact.name}.{function} at {address}: {_line(error)}") from error

    def creation_code(self, request: Creation) -> bytes:
        return bytes(self._deployment(request).data)

    def simulate(self, request: Creation, *, sender: str) -> bytes:
        call = {"from": sender, "data": "0x" + self.creation_code(request).hex()}
        try:
            return bytes(self._provider.web3.eth.call(call))
        except Exception as error:
            raise ChainError(
                f"{request.artifact.name}: creation reverts: {_line(error)}"
            ) from error

    def prepare(self, request: Request) -> Prepared:
        label = self._label(request)
        try:
            transaction = (
                self._deployment(request) if isinstance(request, Creation) else self._call(request)
            )
            transaction.sender = self.account
            transaction = self._account.prepare_transaction(transaction)
            signed = self._account.sign_transaction(transaction)
        except Exception as error:
            raise ChainError(f"{label}: {_line(error)}") from error
        if signed is None:
            raise ChainError(f"{label}: not signed")
        by_us = signed.signature is not None
        return Prepared(
            tx=_hex(signed.txn_hash) if by_us else None,
            nonce=int(signed.nonce),
            send=lambda: self._send(signed, label),
        )

    def _send(self, signed: Any, label: str) -> Mined:
        try:
            receipt = self._provider.send_transaction(signed)
        except Exception as error:
            raise ChainError(f"{label}: {_line(error)}") from error
        mined = self.find(_hex(receipt.txn_hash))
        if mined is None or not mined.succeeded:
            raise ChainError(f"{label}: transaction {receipt.txn_hash} failed")
        return mined

    def _deployment(self, request: Creation) -> Any:
        kind = request.artifact.contract_type
        return self._ecosystem.encode_deployment(
            kind.get_deployment_bytecode(), kind.constructor, *request.args
        )

    def _call(self, request: Call) -> Any:
        kind = request.artifact.contract_type
        function = kind.mutable_methods[request.function]
        return self._ecosystem.encode_transaction(request.address, function, *request.args)

    def _label(self, request: Request) -> str:
        if isinstance(request, Creation):
            return f"deploy {request.artifact.name}"
        return f"{request.artifact.name}.{request.function} at {request.address}"


def contract_instance(artifact: Artifact, address: str) -> Any:
    """An Ape ContractInstance: its functions are attributes."""
    from ape.contracts import ContractInstance

    return ContractInstance(address, artifact.contract_type)


def _hex(value: Any) -> str:
    return value if isinstance(value, str) else "0x" + bytes(value).hex()


def _line(error: BaseException) -> str:
    """An error of any library as one line."""
    return " ".join(str(error).split()) or type(error).__name__
