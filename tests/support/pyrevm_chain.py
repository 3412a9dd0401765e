"""Contracts in a bare EVM (pyrevm): thousands of transactions a second, for long differential runs.

Values cross this interface as plain Python: integers, booleans, `0x` addresses in lower case, bytes
and strings. Reverts come back as the text of `Error(string)`, `Panic(0x..)`, `CustomError(args)`
or the empty string.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from eth_abi import decode, encode
from eth_utils.crypto import keccak
from pyrevm import EVM, BlockEnv
from vyper.compiler.output import build_abi_output

from tests.models.records import ZERO, Event
from tests.support.contracts import deployer_of

GAS_LIMIT = 30_000_000
CUSTOM_ERRORS = (
    "InvalidCaller(address,address)",
    "InvalidStartRound(uint256,uint256)",
    "FutureLastClaimRound(uint256,uint256)",
    "InvalidTotalStakeCheckpointRound(uint256,uint256)",
    "FutureLookup(uint256,uint256)",
    "MissingEarningsPool(address,uint256)",
    "MustCallBondingManager(string)",
    "DecreasingValues(uint256,uint256)",
    "InvalidVoteType(uint8)",
    "VoteAlreadyCast()",
    "Empty()",
)


class CallReverted(Exception):
    """A view that reverted; the message is the reason."""


class Receipt(NamedTuple):
    """What a transaction did. `reverted` is None if it succeeded."""

    reverted: str | None
    events: list[Event]


# ------------------------------------------------------------------------------------------------
# ABI
# ------------------------------------------------------------------------------------------------


def types_of(parameters: Iterable[dict[str, Any]]) -> list[str]:
    """ABI types, with a tuple replaced by its members: static tuples encode like their members."""
    types: list[str] = []
    for parameter in parameters:
        if parameter["type"] == "tuple":
            types += types_of(parameter["components"])
        else:
            types.append(parameter["type"])
    return types


def is_word(kind: str) -> bool:
    """Whether the type fills one word: everything but strings, byte strings and arrays."""
    return kind not in ("string", "bytes") and not kind.endswith("]")


def word_value(kind: str, word: bytes) -> Any:
    if kind == "address":
        return "0x" + word[12:].hex()
    if kind == "bool":
        return word[-1] != 0
    if kind.startswith("bytes"):
        return word[: int(kind[5:])]
    return int.from_bytes(word, "big")


def decode_values(types: list[str], data: bytes) -> list[Any]:
    if all(is_word(kind) for kind in types):
        return [word_value(kind, data[32 * i : 32 * i + 32]) for i, kind in enumerate(types)]
    return list(decode(types, data))


def encode_word(kind: str, value: Any) -> bytes:
    if kind == "address":
        return bytes.fromhex(value[2:]).rjust(32, b"\0")
    if kind.startswith("bytes"):
        return bytes(value).ljust(32, b"\0")
    return int(value).to_bytes(32, "big")


def encode_values(types: list[str], values: tuple[Any, ...]) -> bytes:
    if all(is_word(kind) for kind in types):
        return b"".join(encode_word(k, v) for k, v in zip(types, values, strict=True))
    return encode(types, values)


@dataclass(frozen=True)
class Function:
    selector: bytes
    inputs: list[str]
    outputs: list[str]


@dataclass(frozen=True)
class EventKind:
    name: str
    types: list[str]
    indexed: list[bool]

    def arguments(self, topics: list[str], data: bytes) -> tuple[Any, ...]:
        """In order of declaration, indexed or not."""
        marked = iter(topics[1:])
        kinds = list(zip(self.types, self.indexed, strict=True))
        plain = iter(decode_values([kind for kind, indexed in kinds if not indexed], data))
        return tuple(
            word_value(kind, bytes.fromhex(next(marked)[2:])) if indexed else next(plain)
            for kind, indexed in kinds
        )


@dataclass(frozen=True)
class Interface:
    functions: dict[str, Function]
    events: dict[str, EventKind]  # by topic
    constructor: list[str]
    bytecode: bytes


@cache
def interface_of(name: str) -> Interface:
    """Compiled once a session, through the cache that all in-process tests share."""
    compiled = deployer_of(name).compiler_data
    functions: dict[str, Function] = {}
    events: dict[str, EventKind] = {}
    constructor: list[str] = []
    for entry in build_abi_output(compiled):
        if entry["type"] == "constructor":
            constructor = types_of(entry["inputs"])
        elif entry["type"] == "function":
            inputs = types_of(entry["inputs"])
            selector = keccak(text=f"{entry['name']}({','.join(inputs)})")[:4]
            functions[entry["name"]] = Function(selector, inputs, types_of(entry["outputs"]))
        elif entry["type"] == "event":
            types = types_of(entry["inputs"])
            topic = "0x" + keccak(text=f"{entry['name']}({','.join(types)})").hex()
            indexed = [bool(field["indexed"]) for field in entry["inputs"]]
            events[topic] = EventKind(entry["name"], types, indexed)
    return Interface(functions, events, constructor, compiled.bytecode)


def _error_types(signature: str) -> list[str]:
    return [kind for kind in signature[signature.index("(") + 1 : -1].split(",") if kind]


ERRORS = {keccak(text=signature)[:4]: signature for signature in CUSTOM_ERRORS}


def reason_of(data: bytes) -> str:
    """Revert data as text."""
    selector, body = data[:4], data[4:]
    if selector == keccak(text="Error(string)")[:4]:
        return str(decode(["string"], body)[0])
    if selector == keccak(text="Panic(uint256)")[:4]:
        return f"Panic({int.from_bytes(body, 'big'):#x})"
    if selector in ERRORS:
        signature = ERRORS[selector]
        values = decode_values(_error_types(signature), body)
        return f"{signature[: signature.index('(')]}({', '.join(map(str, values))})"
    return data.hex()


# ------------------------------------------------------------------------------------------------
# Chain
# ------------------------------------------------------------------------------------------------


class Chain:
    """An EVM whose block number stands still until it is told to move.

    Views are remembered until the next transaction or block: reading the same state again is free.
    """

    def __init__(self, block: int) -> None:
        self._evm = EVM(spec_id="CANCUN")
        self.contracts: dict[str, Contract] = {}  # by address
        self._seen: dict[tuple[str, bytes], tuple[bool, bytes]] = {}
        self.move_to(block)

    def move_to(self, block: int) -> None:
        self.block = block
        self._seen.clear()
        self._evm.set_block_env(BlockEnv(number=block, timestamp=12 * block))

    def fund(self, account: str, amount: int) -> None:
        self._evm.set_balance(account, amount)

    def balance(self, account: str) -> int:
        return int(self._evm.get_balance(account))

    def deploy(self, name: str, *args: Any, sender: str, interface: str | None = None) -> Contract:
        """Create `name`; a proxy is used through the `interface` of what stands behind it."""
        compiled = interface_of(name)
        code = compiled.bytecode + encode_values(compiled.constructor, args)
        address = str(self._evm.deploy(sender, code)).lower()
        contract = Contract(self, interface or name, address)
        self.contracts[address] = contract
        return contract

    def look(self, to: str, data: bytes) -> tuple[bool, bytes]:
        """Ask a view."""
        if (to, data) not in self._seen:
            self._seen[to, data] = self._run(ZERO, to, data, 0)
        return self._seen[to, data]

    def run(self, sender: str, to: str, data: bytes, value: int = 0) -> tuple[bool, bytes]:
        """Send a message; returns whether it succeeded, and its return or revert data."""
        self._seen.clear()
        return self._run(sender, to, data, value)

    def _run(self, sender: str, to: str, data: bytes, value: int) -> tuple[bool, bytes]:
        self._evm.reset_transient_storage()
        try:
            output = self._evm.message_call(sender, to, calldata=data, value=value, gas=GAS_LIMIT)
        except RuntimeError as failure:
            text = str(failure)
            if not text.startswith("Revert"):
                raise
            start = text.index("output: 0x") + len("output: 0x")
            return False, bytes.fromhex(text[start : text.index(" }", start)])
        return True, bytes(output)

    def events(self) -> list[Event]:
        """Events of the last message, of all known contracts, in order."""
        return [self._event(log) for log in self._evm.result.logs]

    def _event(self, log: Any) -> Event:
        contract = self.contracts[log.address.lower()]
        kind = contract.interface.events[log.topics[0]]
        return Event(contract.name, kind.name, kind.arguments(log.topics, bytes(log.data[1])))


class Contract:
    def __init__(self, chain: Chain, name: str, address: str) -> None:
        self.chain, self.name, self.address = chain, name, address
        self.interface = interface_of(name)

    def data(self, function: str, *args: Any) -> bytes:
        f = self.interface.functions[function]
        return f.selector + encode_values(f.inputs, args)

    def transact(self, function: str, *args: Any, sender: str, value: int = 0) -> Receipt:
        succeeded, output = self.chain.run(sender, self.address, self.data(function, *args), value)
        if succeeded:
            return Receipt(None, self.chain.events())
        return Receipt(reason_of(output), [])

    def must(self, function: str, *args: Any, sender: str, value: int = 0) -> None:
        """A transaction that cannot fail, in setups."""
        receipt = self.transact(function, *args, sender=sender, value=value)
        if receipt.reverted is not None:
            raise CallReverted(f"{self.name}.{function}: {receipt.reverted!r}")

    def view(self, function: str, *args: Any) -> Any:
        """Value of a view; several outputs, or a struct, come as a tuple."""
        succeeded, output = self.chain.look(self.address, self.data(function, *args))
        if not succeeded:
            raise CallReverted(reason_of(output))
        values = decode_values(self.interface.functions[function].outputs, output)
        return values[0] if len(values) == 1 else tuple(values)
