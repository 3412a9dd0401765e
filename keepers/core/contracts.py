"""Calls to the protocol's contracts by name, and where the contracts are.

Every address comes from the Controller, under keccak256 of the contract's name (core spec 0.3), so
an RPC URL and the Controller's address are all that a keeper has to be told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.grammar import ABIType, BasicType, TupleType, parse
from eth_utils.abi import function_abi_to_4byte_selector, get_abi_input_types, get_abi_output_types
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keepers.core.chain import Chain
from keepers.core.model import Call, KeeperError, Reverted

ABI = Path(__file__).parents[1] / "abi"
CONTROLLER = "Controller"
ZERO = "0x" + "00" * 20
# Whose interface a contract has that the Controller knows by another name than its source.
INTERFACES = {"JobsManager": "TicketBroker", "Verifier": "SlashingVerifier"}


class Interface:
    """Functions of one contract. An overloaded one is found by the number of its arguments."""

    def __init__(self, name: str, abi: Sequence[Mapping[str, Any]]) -> None:
        self.name = name
        self._functions: dict[tuple[str, int], Mapping[str, Any]] = {
            (entry["name"], len(entry["inputs"])): entry
            for entry in abi
            if entry["type"] == "function"
        }

    def encode(self, function: str, *args: Any) -> bytes:
        """Calldata. Raises KeeperError for an unknown function or an argument that does not fit."""
        entry = self._entry(function, len(args))
        try:
            selector = function_abi_to_4byte_selector(entry)  # type: ignore[arg-type]
            return bytes(selector) + encode(get_abi_input_types(entry), args)  # type: ignore[arg-type]
        except (EncodingError, ValueError, TypeError) as error:
            raise KeeperError(f"{self.name}.{function}: {error}") from None

    def decode(self, function: str, data: bytes, *, inputs: int | None = None) -> Any:
        """One value as it is, several as a tuple; addresses with checksum. Raises KeeperError."""
        entry = self._entry(function, inputs)
        types = get_abi_output_types(entry)  # type: ignore[arg-type]
        try:
            values = decode(types, data)
        except (DecodingError, ValueError) as error:
            raise KeeperError(
                f"{self.name}.{function} returned {len(data)} bytes that are not "
                f"({', '.join(types)}): is this the right Controller? {error}"
            ) from None
        pairs = zip(types, values, strict=True)
        checked = tuple(_checked(parse(kind), value) for kind, value in pairs)
        return checked[0] if len(checked) == 1 else checked

    def selector(self, function: str, inputs: int | None = None) -> bytes:
        entry = self._entry(function, inputs)
        return bytes(function_abi_to_4byte_selector(entry))  # type: ignore[arg-type]

    def _entry(self, function: str, inputs: int | None) -> Mapping[str, Any]:
        if inputs is not None and (function, inputs) in self._functions:
            return self._functions[function, inputs]
        named = [entry for (name, _), entry in self._functions.items() if name == function]
        if inputs is None and len(named) == 1:
            return named[0]
        counts = " or ".join(str(len(entry["inputs"])) for entry in named)
        wrong = f"takes {counts} arguments" if named else "is no function of this contract"
        raise KeeperError(f"{self.name}.{function}: {wrong}")


@cache
def interface(name: str) -> Interface:
    """Of a contract, by the Controller's name for it. Raises KeeperError."""
    path = ABI / f"{INTERFACES.get(name, name)}.json"
    if not path.is_file():
        raise KeeperError(f"{name}: there is no ABI of this contract in keepers/abi")
    return Interface(name, json.loads(path.read_text()))


class Book:
    """Contracts of one Controller. Addresses are read once; `refresh` reads them again."""

    def __init__(self, chain: Chain, controller: str) -> None:
        """Raises KeeperError if that is no address."""
        try:
            self.controller = str(to_checksum_address(controller))
        except ValueError:
            raise KeeperError(f"the Controller's address is no address: {controller}") from None
        self._chain = chain
        self._addresses = {CONTROLLER: self.controller}

    def address(self, name: str, block: int | str = "latest") -> str:
        """With checksum. Raises KeeperError if the Controller does not know the name."""
        return self.addresses([name], block)[name]

    def addresses(self, names: Iterable[str], block: int | str = "latest") -> dict[str, str]:
        """Several in one request."""
        wanted = list(dict.fromkeys(names))
        self._look_up([name for name in wanted if name not in self._addresses], block)
        return {name: self._addresses[name] for name in wanted}

    def refresh(self, block: int | str = "latest") -> dict[str, str]:
        """Read every address again that was asked for. Returns what moved: name, new address."""
        before = dict(self._addresses)
        self._look_up([name for name in before if name != CONTROLLER], block)
        return {name: now for name, now in self._addresses.items() if before[name] != now}

    def call(
        self,
        name: str,
        function: str,
        *args: Any,
        block: int | str = "latest",
        sender: str | None = None,
    ) -> Call:
        """A call to make or to send; `block` is where an address is read that is not known yet."""
        data = interface(name).encode(function, *args)
        return Call(self.address(name, block), data, sender)

    def read(self, name: str, function: str, *args: Any, block: int | str) -> Any:
        """Raises KeeperError, Reverted."""
        data = self._chain.call(self.call(name, function, *args, block=block), block)
        return interface(name).decode(function, data, inputs=len(args))

    def _look_up(self, names: Sequence[str], block: int | str) -> None:
        getter = interface(CONTROLLER)
        calls = [
            Call(self.controller, getter.encode("getContract", bytes(keccak(text=name))))
            for name in names
        ]
        where = f"Controller {self.controller} on chain {self._chain.chain_id}"
        read: dict[str, str] = {}
        for name, answer in zip(names, self._chain.call_many(calls, block), strict=True):
            if isinstance(answer, Reverted) or not answer:
                raise KeeperError(f"{where}: no Controller there; check the address and the chain")
            found = str(getter.decode("getContract", answer))
            if found == ZERO:
                raise KeeperError(f"{name}: not registered in {where}")
            read[name] = found
        self._addresses |= read


def _checked(kind: ABIType, value: Any) -> Any:
    if kind.is_array:
        return tuple(_checked(kind.item_type, one) for one in value)
    if isinstance(kind, TupleType):
        parts = zip(kind.components, value, strict=True)
        return tuple(_checked(part, one) for part, one in parts)
    is_address = isinstance(kind, BasicType) and kind.base == "address"
    return str(to_checksum_address(value)) if is_address else value
