"""The chain as the deploy code sees it. `ApeChain` is the only place here that signs and sends."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from scripts._lib.artifacts import Artifact

ZERO = "0x" + "00" * 20
WAIT_SECONDS = 600
MIN_RANGE = 500  # blocks; a node that refuses even these is no use


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
class Log:
    """An event of a contract. The first topic is the hash of its signature."""

    topics: tuple[bytes, ...]
    data: bytes
    tx: str


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

    def logs(self, address: str, *, events: tuple[bytes, ...], since: int) -> list[Log]:
        """Events of a contract by first topic, oldest first, from block `since` on."""

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
        eth = self._provider.web3.eth
        self.genesis = _hex(_ask("block 0", lambda: eth.get_block(0)["hash"]))

    def code(self, address: str) -> bytes:
        eth = self._provider.web3.eth
        return bytes(_ask(f"code at {address}", lambda: eth.get_code(address)))

    def nonce(self, address: str) -> int:
        eth = self._provider.web3.eth
        return int(_ask(f"nonce of {address}", lambda: eth.get_transaction_count(address)))

    def find(self, tx: str) -> Mined | None:
        mined: Mined | None = _ask(f"transaction {tx}", lambda: self._find(tx))
        return mined

    def _find(self, tx: str) -> Mined | None:
        from web3.exceptions import TransactionNotFound

        eth = self._provider.web3.eth
        try:
            found = eth.get_transaction(tx)
        except TransactionNotFound:
            return None
        receipt = eth.wait_for_transaction_receipt(tx, timeout=WAIT_SECONDS)
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
        instance = contract_instance(artifact, address)
        what = f"{artifact.name}.{function} at {address}"
        return _ask(what, lambda: getattr(instance, function)(*args))

    def logs(self, address: str, *, events: tuple[bytes, ...], since: int) -> list[Log]:
        eth = self._provider.web3.eth
        topics = [["0x" + topic.hex() for topic in events]]
        wanted: dict[str, Any] = {"address": address, "topics": topics}

        def between(first: int, last: int) -> list[Log]:
            found = eth.get_logs({**wanted, "fromBlock": first, "toBlock": last})
            return [_log(entry) for entry in found]

        logs: list[Log] = _ask(
            f"events of {address}", lambda: in_halves(between, since, int(eth.block_number))
        )
        return logs

    def creation_code(self, request: Creation) -> bytes:
        return bytes(self._deployment(request).data)

    def simulate(self, request: Creation, *, sender: str) -> bytes:
        eth = self._provider.web3.eth
        call = {"from": sender, "data": "0x" + self.creation_code(request).hex()}
        what = f"creation of {request.artifact.name}, simulated"
        return bytes(_ask(what, lambda: eth.call(call)))

    def prepare(self, request: Request) -> Prepared:
        label = _label(request)
        signed = _ask(label, lambda: self._sign(request))
        if signed is None:
            raise ChainError(f"{label}: not signed")
        return Prepared(
            tx=_hex(signed.txn_hash) if signed.signature is not None else None,
            nonce=int(signed.nonce),
            send=lambda: self._send(signed, label),
        )

    def _sign(self, request: Request) -> Any:
        if isinstance(request, Creation):
            transaction = self._deployment(request)
        else:
            transaction = self._call(request)
        transaction.sender = self.account
        return self._account.sign_transaction(self._account.prepare_transaction(transaction))

    def _send(self, signed: Any, label: str) -> Mined:
        receipt = _ask(label, lambda: self._provider.send_transaction(signed))
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


def in_halves(between: Callable[[int, int], list[Log]], first: int, last: int) -> list[Log]:
    """Events of a range of blocks, from a node that may allow only fewer blocks at once."""
    try:
        return between(first, last)
    except Exception:
        if last - first < MIN_RANGE:
            raise
        middle = (first + last) // 2
        return in_halves(between, first, middle) + in_halves(between, middle + 1, last)


def contract_instance(artifact: Artifact, address: str) -> Any:
    """An Ape ContractInstance: its functions are attributes."""
    from ape.contracts import ContractInstance

    return ContractInstance(address, artifact.contract_type)


def _log(entry: Any) -> Log:
    return Log(
        topics=tuple(bytes(topic) for topic in entry["topics"]),
        data=bytes(entry["data"]),
        tx=_hex(entry["transactionHash"]),
    )


def _label(request: Request) -> str:
    if isinstance(request, Creation):
        return f"deploy {request.artifact.name}"
    return f"{request.artifact.name}.{request.function} at {request.address}"


def _ask(what: str, ask: Callable[[], Any]) -> Any:
    """Whatever a node, a wallet or their libraries throw becomes one line that says at what."""
    try:
        return ask()
    except ChainError:
        raise
    except Exception as error:
        raise ChainError(f"{what}: {_line(error)}") from error


def _hex(value: Any) -> str:
    return value if isinstance(value, str) else "0x" + bytes(value).hex()


def _line(error: BaseException) -> str:
    """An error of any library as one line; of a node's answer, a dict, only the message."""
    text = " ".join(str(error).split()) or type(error).__name__
    try:
        return str(literal_eval(text)["message"])
    except (KeyError, SyntaxError, TypeError, ValueError):
        return text
