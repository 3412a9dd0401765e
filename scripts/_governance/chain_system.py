"""The deployed protocol behind a Controller, over web3: addresses by name, and back.

Nothing is remembered between two questions but the names of `name_of`: an upgrade may be what is
being looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from scripts._governance.model import Candidate, ProposalError, contract_id

ZERO = "0x" + "00" * 20
CONTROLLER, GOVERNOR = "Controller", "Governor"
TARGET = "Target"
PROXIED = (
    "BondingManager",
    "BondingVotes",
    "LivepeerGovernor",
    "RoundsManager",
    "ServiceRegistry",
    "TicketBroker",
    "Verifier",
)
PLAIN = (
    "ContentFaults",
    "L2LPTDataCache",
    "LivepeerToken",
    "LivepeerTokenFaucet",
    "MerkleSnapshot",
    "Minter",
    "PollCreator",
    "Treasury",
)
REGISTERED = (*PROXIED, *(name + TARGET for name in PROXIED), *PLAIN)


class Reader(Protocol):
    """`Interfaces` of calldata.py, as far as reading a chain needs it."""

    def encode(self, contract: str, function: str, args: Sequence[Any]) -> bytes: ...

    def result(self, contract: str, function: str, data: bytes) -> Any: ...

    def revert_reason(self, data: bytes) -> str: ...


class ChainSystem:
    """`System` of a chain. `candidates` are what proposals would put in charge, by name."""

    def __init__(
        self,
        web3: Web3,
        controller: str,
        interfaces: Reader,
        *,
        governor: str | None = None,
        candidates: Mapping[str, Candidate] | None = None,
    ) -> None:
        """`governor` is only needed where it neither is registered nor owns the Controller.

        Raises ProposalError if there is no Controller at that address.
        """
        self.web3, self.interfaces = web3, interfaces
        self.controller = str(to_checksum_address(controller))
        self._governor = governor and str(to_checksum_address(governor))
        self.candidates = dict(candidates or {})
        self._former: dict[str, str] = {}
        if not web3.eth.get_code(Web3.to_checksum_address(controller)):
            raise ProposalError(f"{controller}: no Controller here; is this the right --network?")

    def address(self, name: str) -> str:
        """Raises ProposalError."""
        if name == CONTROLLER:
            return self.controller
        if name == GOVERNOR and self._governor:
            return self._governor
        found = str(self.read(CONTROLLER, "getContract", contract_id(name)))
        if found != ZERO:
            return found
        if name == GOVERNOR:
            return self._owning_governor()
        raise ProposalError(f"{name}: not registered in Controller {self.controller}")

    def read(self, name: str, function: str, *args: Any) -> Any:
        """One value as it is, several as a tuple. Raises ProposalError."""
        return self.read_at(self.address(name), name, function, *args)

    def read_at(self, address: str, name: str, function: str, *args: Any) -> Any:
        """The same of a contract at another address with the interface of `name`."""
        data = self.interfaces.encode(name, function, args)
        try:
            answer = self.call({"to": address, "data": "0x" + data.hex()})
        except ProposalError as error:
            raise ProposalError(f"{name}.{function}: {error}") from None
        return self.interfaces.result(name, function, answer)

    def call(self, request: Mapping[str, str]) -> bytes:
        """An eth_call on the newest block, in raw JSON-RPC: web3 asks for the chain id each time.

        Raises ProposalError with the reason of a revert, or what the node says.
        """
        try:
            method = RPCEndpoint("eth_call")
            answer: Any = self.web3.provider.make_request(method, [request, "latest"])
        except (Web3Exception, OSError) as error:
            raise ProposalError(self.reason(error)) from None
        if problem := answer.get("error"):
            raise ProposalError(self._refusal(problem))
        return bytes.fromhex(answer["result"][2:])

    def remember(self) -> None:
        """Keep the present addresses: `former` is asked after a proposal has changed some."""
        self._former = self.known()

    def former(self, name: str) -> str:
        """What was remembered; else, by the Controller's events, the last that is not the present
        one.
        """
        present = self.address(name)
        if self._former.get(name, present) != present:
            return self._former[name]
        topic = keccak(text="SetContractInfo(bytes32,address,bytes20)")
        logs = self.web3.eth.get_logs(
            {
                "address": Web3.to_checksum_address(self.controller),
                "topics": [HexBytes(topic)],
                "fromBlock": 0,
            }
        )
        for log in reversed(logs):
            data = bytes(log["data"])
            address = str(to_checksum_address(data[44:64]))
            if data[:32] == contract_id(name) and address != present:
                return address
        raise ProposalError(f"{name}: has had no other address in Controller {self.controller}")

    def candidate(self, name: str) -> Candidate:
        if name not in self.candidates:
            raise ProposalError(
                f"{name}: no candidate to replace it; name one: --candidate {name}=ADDRESS:COMMIT"
            )
        return self.candidates[name]

    def has_governor(self) -> bool:
        """Whether the protocol is the Governor's: it owns the Controller."""
        try:
            return bool(self.address(GOVERNOR) == self.read(CONTROLLER, "owner"))
        except ProposalError:
            return False

    def known(self) -> dict[str, str]:
        """Address of everything that has a name on this chain, read now."""
        found = {CONTROLLER: self.controller}
        for name in (GOVERNOR, *REGISTERED):
            try:
                found[name] = self.address(name)
            except ProposalError:
                continue
        for name, candidate in self.candidates.items():
            found.setdefault(f"{name} (candidate)", candidate.address)
        return found

    def name_of(self, address: str) -> str | None:
        """By the names of the first time this was asked: proxies before what shares their code."""
        return self._names.get(str(to_checksum_address(address)))

    def reason(self, error: Exception) -> str:
        """What a node said, in one line; of a revert, its reason."""
        return self._refusal({"message": str(error), "data": getattr(error, "data", None)})

    def _refusal(self, problem: Mapping[str, Any]) -> str:
        data = problem.get("data")
        if isinstance(data, str) and data.startswith("0x"):
            return self.interfaces.revert_reason(bytes.fromhex(data[2:]))
        return " ".join(str(problem.get("message", problem)).split())[:200]

    @cached_property
    def _names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for name, address in self.known().items():
            names.setdefault(address, name)
        return names

    def _owning_governor(self) -> str:
        """The Controller's owner, if it is one: the live Governor is not registered."""
        owner = str(self.read(CONTROLLER, "owner"))
        if self.web3.eth.get_code(Web3.to_checksum_address(owner)):
            return owner
        raise ProposalError(
            f"{GOVERNOR}: the Controller is owned by the account {owner}, no Governor decides here"
        )
