"""Calldata, events and revert data of the protocol's contracts, by the ABIs in keepers/abi.

Reading is strict: only bytes that encode exactly what is shown are decoded. Everything else (an
unknown selector, bytes after the arguments, dirty padding, odd offsets) is `Unknown`, with the raw
bytes and the reason, because a reader must not take it for understood.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_abi.grammar import TupleType, parse

from scripts._governance.model import ProposalError
from scripts._governance.wire import (
    Entry,
    decode_exactly,
    decode_start,
    hex_of,
    misfit,
    plain,
    selector,
    signature,
    topic,
    types_of,
)
from scripts._lib.protocol import PROXIED, SOURCE_OF
from scripts._lib.source import ROOT

ABIS = ROOT / "keepers" / "abi"
# How the Controller calls a contract whose source has another name.
REGISTERED_AS = {source: name for name, source in SOURCE_OF.items() if name != "JobsManager"}
MAX_DATA = 2**17  # bytes; no transaction is larger, and a hostile one must not cost memory
ERROR, PANIC = bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")
PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "no member of the enum",
    0x32: "index out of bounds",
}

Index = dict[bytes, list[tuple[str, Entry]]]


@dataclass(frozen=True)
class Argument:
    """A value in wire units: addresses with checksum, structs and arrays as tuples."""

    name: str
    type: str
    value: Any


@dataclass(frozen=True)
class Decoded:
    """A call, by the name the Controller knows the contract by."""

    contract: str
    function: str
    signature: str
    arguments: tuple[Argument, ...]

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(argument.value for argument in self.arguments)


@dataclass(frozen=True)
class DecodedEvent:
    """An event. Of an indexed string, bytes or array only the hash is there: type "bytes32"."""

    contract: str
    event: str
    signature: str
    arguments: tuple[Argument, ...]

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(argument.value for argument in self.arguments)


@dataclass(frozen=True)
class Unknown:
    """Bytes that are not understood: raw, and why. `likely` is a call that other bytes follow: a
    contract would make it all the same.
    """

    data: str  # hex with 0x
    why: str
    likely: Decoded | None = None


class Interfaces:
    """ABIs by the name that the Controller knows a contract by, or by the source's name.

    "Verifier" has SlashingVerifier's, "JobsManager" TicketBroker's, "<Name>Target" that of <Name>;
    a proxied contract also has what its proxy answers itself.
    """

    def __init__(self, abis: Mapping[str, Sequence[Entry]]) -> None:
        self._abis = {name: tuple(entries) for name, entries in sorted(abis.items())}
        self._indexes: dict[tuple[str | None, str], Index] = {}

    @classmethod
    def load(
        cls, folder: Path = ABIS, *, extra: Mapping[str, Sequence[Entry]] | None = None
    ) -> Interfaces:
        """`extra` adds entries to a contract's ABI: what a candidate has and the build does not."""
        abis = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
        for name, entries in (extra or {}).items():
            known = {_key(entry) for entry in abis.get(name, [])}
            new = [entry for entry in entries if _key(entry) not in known]
            abis[name] = [*abis.get(name, []), *new]
        return cls(abis)

    @property
    def contracts(self) -> tuple[str, ...]:
        """Every contract, by the Controller's name."""
        return tuple(REGISTERED_AS.get(name, name) for name in self._abis)

    def abi(self, contract: str) -> tuple[Entry, ...]:
        """Raises ProposalError."""
        source = source_of(contract)
        if source not in self._abis:
            raise ProposalError(f"{contract}: no such contract; one of {', '.join(self.contracts)}")
        own = self._abis[source]
        if contract not in {*PROXIED, "LivepeerGovernor"}:
            return own
        known = {_key(entry) for entry in own}
        proxy = self._abis.get("ManagerProxy", ())
        return own + tuple(entry for entry in proxy if _key(entry) not in known)

    def function(self, contract: str, function: str) -> Entry:
        """By name, or by signature where the name is overloaded. Raises ProposalError."""
        entries = [entry for entry in self.abi(contract) if entry["type"] == "function"]
        hits = [entry for entry in entries if function in (entry["name"], signature(entry))]
        if not hits:
            raise ProposalError(f"{contract}.{function}: {contract} has no such function")
        if len(hits) > 1:
            choice = ", ".join(sorted(map(signature, hits)))
            raise ProposalError(f"{contract}.{function}: overloaded, give one of {choice}")
        return hits[0]

    # -- calls

    def encode(self, contract: str, function: str, args: Sequence[Any]) -> bytes:
        """Calldata. Raises ProposalError if there is no such function or an argument misfits."""
        entry = self.function(contract, function)
        types = types_of(entry["inputs"])
        if len(args) != len(types):
            raise ProposalError(
                f"{contract}.{function}: takes {len(types)} arguments, not {len(args)}"
            )
        for number, (item, type_, value) in enumerate(
            zip(entry["inputs"], types, args, strict=True), start=1
        ):
            if problem := misfit(parse(type_), value):
                name = _name(item, number)
                raise ProposalError(f"{contract}.{function}: {name} ({type_}): {problem}")
        return selector(entry) + encode(types, args)

    def decode(self, contract: str | None, data: bytes) -> Decoded | Unknown:
        """A call to `contract`, or to any contract that has the selector: the first by name.

        Raises ProposalError for a contract without an ABI.
        """
        index = self._index(contract, "function")
        if not data:
            if contract and any(entry["type"] == "receive" for entry in self.abi(contract)):
                return Decoded(contract, "receive", "receive()", ())
            return Unknown("0x", "no calldata: a plain transfer")
        if len(data) < 4:
            return Unknown(hex_of(data), f"no selector: {len(data)} bytes")
        if len(data) > MAX_DATA:
            return Unknown(hex_of(data), f"{len(data)} bytes: more than any transaction has")
        found: list[Unknown] = []
        for name, entry in index.get(data[:4], ()):
            read = _read_call(name, entry, data)
            if isinstance(read, Decoded):
                return read
            found.append(read)
        if found:
            return found[0]
        where = f"of {contract}" if contract else "of any contract here"
        return Unknown(hex_of(data), f"unknown selector {hex_of(data[:4])}: no function {where}")

    def result(self, contract: str, function: str, data: bytes) -> Any:
        """What a view returned: a single value, or a tuple of several. Raises ProposalError."""
        types = types_of(self.function(contract, function)["outputs"])
        try:
            values = decode_exactly(types, data)
        except ValueError as error:
            raise ProposalError(
                f"{contract}.{function}: {len(data)} bytes returned, not {', '.join(types)}: "
                f"{error}"
            ) from None
        return values[0] if len(values) == 1 else values

    # -- events

    def decode_event(
        self, contract: str | None, topics: Sequence[bytes], data: bytes
    ) -> DecodedEvent | Unknown:
        """An event of `contract`, or of any contract that has it: the first by name."""
        raw = b"".join(topics) + data
        if not topics:
            return Unknown(hex_of(raw), "an anonymous event")
        why = f"unknown event {hex_of(topics[0])}"
        for name, entry in self._index(contract, "event").get(bytes(topics[0]), ()):
            try:
                return _read_event(name, entry, topics[1:], data)
            except ValueError as error:
                why = f"{name}.{entry['name']}: {error}"
        return Unknown(hex_of(raw), why)

    # -- reverts

    def revert_reason(self, data: bytes) -> str:
        """Why a call failed, in words. The Governor wraps the data of a failed action as the text
        of an Error, at every level again: all wrappings are taken off.
        """
        while data[:4] == ERROR:
            try:
                (text,) = decode_exactly(["bytes"], data[4:])
            except ValueError:
                break
            if not self._is_revert_data(text):
                return text.decode(errors="replace") or "no reason given"
            data = text
        if not data:
            return "no reason given"
        if data[:4] == PANIC and len(data) == 36:
            code = int.from_bytes(data[4:], "big")
            return f"panic 0x{code:02x}: {PANICS.get(code, 'unknown code')}"
        return self._custom_error(data) or hex_of(data)

    def _is_revert_data(self, text: bytes) -> bool:
        if len(text) % 32 != 4:
            return False
        return text[:4] in (ERROR, PANIC) or self._custom_error(text) is not None

    def _custom_error(self, data: bytes) -> str | None:
        for _, entry in self._index(None, "error").get(data[:4], ()):
            try:
                read = _arguments(entry, decode_exactly(types_of(entry["inputs"]), data[4:]))
            except ValueError:
                continue
            shown = ", ".join(f"{item.name}={plain(item.value)}" for item in read)
            return f"{entry['name']}({shown})"
        return None

    def _index(self, contract: str | None, kind: str) -> Index:
        """Entries of a contract, or of all, by selector or topic."""
        if (contract, kind) not in self._indexes:
            found: Index = {}
            for name in [contract] if contract else self.contracts:
                for entry in self.abi(name):
                    if entry["type"] == kind and not entry.get("anonymous"):
                        key = topic(entry) if kind == "event" else selector(entry)
                        found.setdefault(key, []).append((name, entry))
            self._indexes[contract, kind] = found
        return self._indexes[contract, kind]


def source_of(contract: str) -> str:
    """Name of the source of a registered contract."""
    base = contract.removesuffix("Target")
    return SOURCE_OF.get(base, base)


def _key(entry: Entry) -> tuple[str, str]:
    return entry["type"], signature(entry) if "name" in entry else ""


def _name(item: Entry, number: int) -> str:
    return str(item.get("name") or f"argument {number}")


def _arguments(entry: Entry, values: Sequence[Any]) -> tuple[Argument, ...]:
    return tuple(
        Argument(_name(item, number), type_, value)
        for number, (item, type_, value) in enumerate(
            zip(entry["inputs"], types_of(entry["inputs"]), values, strict=True), start=1
        )
    )


def _read_call(contract: str, entry: Entry, data: bytes) -> Decoded | Unknown:
    text = signature(entry)
    try:
        values, used = decode_start(types_of(entry["inputs"]), data[4:])
    except ValueError as error:
        return Unknown(hex_of(data), f"{contract}.{text}: {error}")
    call = Decoded(contract, entry["name"], text, _arguments(entry, values))
    if extra := len(data) - 4 - used:
        return Unknown(hex_of(data), f"{contract}.{text}: {extra} bytes after its arguments", call)
    return call


def _read_event(contract: str, entry: Entry, topics: Sequence[bytes], data: bytes) -> DecodedEvent:
    """Raises ValueError if the words are not those of this event."""
    indexed = [item for item in entry["inputs"] if item.get("indexed")]
    if len(indexed) != len(topics):
        raise ValueError(f"{len(topics)} indexed arguments, not {len(indexed)}")
    plain = [item for item in entry["inputs"] if not item.get("indexed")]
    values = iter(decode_exactly(types_of(plain), data))
    words = iter(topics)
    arguments = []
    for number, item in enumerate(entry["inputs"], start=1):
        (type_,) = types_of([item])
        if item.get("indexed"):
            kind = parse(type_)
            hashed = kind.is_dynamic or kind.is_array or isinstance(kind, TupleType)
            type_ = "bytes32" if hashed else type_
            (value,) = decode_exactly([type_], next(words))
        else:
            value = next(values)
        arguments.append(Argument(_name(item, number), type_, value))
    return DecodedEvent(contract, entry["name"], signature(entry), tuple(arguments))
