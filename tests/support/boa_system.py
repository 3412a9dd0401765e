"""The deployed protocol in process, as proposals and the tools for them see a chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boa
from eth_utils import keccak, to_checksum_address

from scripts._governance.calldata import DecodedEvent, Interfaces, source_of
from scripts._governance.layouts import Layouts
from scripts._governance.model import Candidate, ProposalError, contract_id
from scripts._governance.slots import Preimages, Slots
from scripts._governance.units import CONTRACT_ID, REGISTERED, ROLE, raw
from tests.support.contracts import ZERO

HASHED = {bytes(keccak(text=name)): name for name in (*CONTRACT_ID.names, *ROLE.names)}


@dataclass(frozen=True)
class Done:
    """What a call did. A slot's name starts with the contract's: "Minter.inflation"."""

    succeeded: bool
    output: bytes
    events: tuple[tuple[str, str, tuple[Any, ...]], ...]  # contract, event, arguments
    changed: Mapping[str, tuple[int, int]]  # slot by name: before, after


@dataclass
class BoaSystem:
    """`System` over titanoboa."""

    controller: str
    interfaces: Interfaces
    candidates: dict[str, Candidate] = field(default_factory=dict)
    layouts: Layouts = field(default_factory=Layouts)

    def __post_init__(self) -> None:
        self._former: dict[str, str] = {}

    # -- System

    def address(self, name: str) -> str:
        if name == "Controller":
            return self.controller
        found = str(self.read("Controller", "getContract", contract_id(name)))
        if found == ZERO:
            raise ProposalError(f"{name}: not registered")
        return found

    def read(self, name: str, function: str, *args: Any) -> Any:
        data = self.interfaces.encode(name, function, args)
        done = boa.env.execute_code(
            to_address=self.address(name), data=data, is_modifying=False, simulate=True
        )
        if done.is_error:
            reason = self.interfaces.revert_reason(bytes(done.output))
            raise ProposalError(f"{name}.{function}: {reason}")
        return self.interfaces.result(name, function, bytes(done.output))

    def former(self, name: str) -> str:
        if self._former.get(name, self.address(name)) == self.address(name):
            raise ProposalError(f"{name}: has had no other address")
        return self._former[name]

    def candidate(self, name: str) -> Candidate:
        if name not in self.candidates:
            raise ProposalError(f"{name}: no candidate")
        return self.candidates[name]

    # -- what a call does

    def known(self) -> dict[str, str]:
        """Address of everything that has a name now."""
        found = {"Controller": self.controller}
        for name in (*REGISTERED, *(f"{name}Target" for name in REGISTERED)):
            try:
                found[name] = self.address(name)
            except ProposalError:
                continue
        for name, candidate in self.candidates.items():
            found.setdefault(f"{name} (candidate)", candidate.address)
        return found

    def remember(self) -> None:
        """Addresses of now are what `former` names, once there are others."""
        self._former = self.known()

    def call(self, to: str, data: bytes, *, sender: str, value: int = 0) -> Done:
        """One transaction, with every slot it changed."""
        names = {address: name for name, address in reversed(self.known().items())}
        boa.env.sstore_trace.clear()
        boa.env.sha3_trace.clear()
        with boa.env.anchor():  # first to learn which slots it writes
            boa.env.execute_code(to_address=to, sender=sender, data=data, value=value)
        written = [
            (str(address), slot)
            for address, slots in boa.env.sstore_trace.items()
            for slot in sorted(slots)
        ]
        before = [boa.env.get_storage(address, slot) for address, slot in written]
        done = boa.env.execute_code(to_address=to, sender=sender, data=data, value=value)
        preimages = Preimages(bytes(text) for text in boa.env.sha3_trace.values())
        changed = {
            self._slot_name(names, preimages, address, slot): (old, new)
            for (address, slot), old in zip(written, before, strict=True)
            if (new := boa.env.get_storage(address, slot)) != old
        }
        events = () if done.is_error else tuple(self._events(done, names))
        return Done(not done.is_error, bytes(done.output), events, changed)

    def _events(self, done: Any, names: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
        for _, address, topics, data in sorted(done.get_raw_log_entries()):
            name = names.get(to_checksum_address(address), to_checksum_address(address))
            contract = name.removesuffix(" (candidate)")
            words = [topic.to_bytes(32, "big") for topic in topics]
            event = self.interfaces.decode_event(contract, words, data)
            assert isinstance(event, DecodedEvent), event
            yield name, event.event, event.values

    def _slot_name(
        self, names: Mapping[str, str], preimages: Preimages, address: str, slot: int
    ) -> str:
        name = names.get(address, address)
        source = source_of(name.removesuffix(" (candidate)"))

        def key(kind: Any, word: bytes) -> str:
            """Accounts, ids and roles by name, where they have one."""
            if str(kind) == "address":
                account = to_checksum_address(word[12:])
                return names.get(account, account)
            return HASHED.get(word, raw(word))

        place = Slots(self.layouts[source], preimages, key).place(slot)
        return f"{name}.{place.name if place else hex(slot)}"
