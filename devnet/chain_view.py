"""What nodes and gateways read from the chain, over plain JSON-RPC."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from urllib.error import URLError
from urllib.request import Request, urlopen

from eth_abi.abi import decode, encode
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from verifier.messages import Domain

ZERO_ADDRESS = "0x" + "00" * 20


class ChainError(RuntimeError):
    """The chain could not be asked, or refused to answer."""


@dataclass(frozen=True)
class Round:
    """The last initialised round and the block hash that binds tickets to it."""

    number: int
    block_hash: bytes


@dataclass(frozen=True)
class Sender:
    """A gateway's funds in the TicketBroker, in wei. `withdraw_round` 0: not unlocking."""

    deposit: int
    withdraw_round: int
    reserve: int


@dataclass(frozen=True)
class PoolMember:
    """An orchestrator of the pool; `stake` in units of 1e-18 LPT."""

    address: ChecksumAddress
    stake: int
    service_uri: str


class ChainView(Protocol):
    def block_number(self) -> int: ...
    def round(self) -> Round: ...
    def is_active(self, orchestrator: str) -> bool: ...
    def sender(self, sender: str) -> Sender: ...
    def claimable_reserve(self, sender: str, recipient: str) -> int: ...
    def ticket_used(self, ticket_hash: bytes) -> bool: ...
    def pool(self) -> list[PoolMember]: ...
    def is_jailed(self, orchestrator: str) -> bool: ...
    def is_accountable_signer(self, orchestrator: str, signer: str) -> bool: ...


class JsonRpcChain:
    """ChainView of a real node. Finds every contract through the Controller."""

    def __init__(self, url: str, controller: str, *, timeout: float = 10) -> None:
        self._url, self._controller, self._timeout = url, controller, timeout

    def block_number(self) -> int:
        """Block number as the contracts see it; on Arbitrum that is not the RPC's number."""
        return int(self._call(self._rounds_manager, "blockNum()", returns=["uint256"])[0])

    def round(self) -> Round:
        number = self._call(self._rounds_manager, "lastInitializedRound()", returns=["uint256"])[0]
        block_hash = self._call(
            self._rounds_manager, "blockHashForRound(uint256)", [number], returns=["bytes32"]
        )[0]
        return Round(number, block_hash)

    def is_active(self, orchestrator: str) -> bool:
        return bool(
            self._call(
                self._bonding_manager, "isActiveTranscoder(address)", [orchestrator], ["bool"]
            )[0]
        )

    def sender(self, sender: str) -> Sender:
        deposit, withdraw_round, reserve, _ = self._call(
            self._ticket_broker, "getSenderInfo(address)", [sender], ["uint256"] * 4
        )
        return Sender(deposit, withdraw_round, reserve)

    def claimable_reserve(self, sender: str, recipient: str) -> int:
        return int(
            self._call(
                self._ticket_broker,
                "claimableReserve(address,address)",
                [sender, recipient],
                ["uint256"],
            )[0]
        )

    def ticket_used(self, ticket_hash: bytes) -> bool:
        return bool(
            self._call(self._ticket_broker, "usedTickets(bytes32)", [ticket_hash], ["bool"])[0]
        )

    def signing_domain(self) -> Domain | None:
        """What orders and receipts are signed for; None where no Verifier is registered."""
        if self._verifier is None:
            return None
        return Domain(int(str(self._request("eth_chainId", [])), 16), self._verifier)

    def is_jailed(self, orchestrator: str) -> bool:
        """Whether it is accused of cheating, or was found guilty a short while ago."""
        if self._verifier is None:
            return False
        return bool(self._call(self._verifier, "isJailed(address)", [orchestrator], ["bool"])[0])

    def is_accountable_signer(self, orchestrator: str, signer: str) -> bool:
        """Whether a key signs receipts for an orchestrator."""
        if self._verifier is None:
            return False
        signature, args = "isAccountableSigner(address,address)", [orchestrator, signer]
        return bool(self._call(self._verifier, signature, args, ["bool"])[0])

    def pool(self) -> list[PoolMember]:
        """Active orchestrators with a service URI, most stake first."""
        return [
            PoolMember(address, self._stake(address), uri)
            for address in self._pool_addresses()
            if self.is_active(address) and (uri := self._service_uri(address))
        ]

    def _pool_addresses(self) -> Iterator[ChecksumAddress]:
        manager = self._bonding_manager
        address = self._call(manager, "getFirstTranscoderInPool()", returns=["address"])[0]
        while address != ZERO_ADDRESS:
            yield to_checksum_address(address)
            address = self._call(
                manager, "getNextTranscoderInPool(address)", [address], ["address"]
            )[0]

    def _stake(self, orchestrator: str) -> int:
        return int(
            self._call(
                self._bonding_manager, "transcoderTotalStake(address)", [orchestrator], ["uint256"]
            )[0]
        )

    def _service_uri(self, orchestrator: str) -> str:
        return str(
            self._call(
                self._service_registry, "getServiceURI(address)", [orchestrator], ["string"]
            )[0]
        )

    @cached_property
    def _bonding_manager(self) -> str:
        return self._contract("BondingManager")

    @cached_property
    def _rounds_manager(self) -> str:
        return self._contract("RoundsManager")

    @cached_property
    def _ticket_broker(self) -> str:
        return self._contract("TicketBroker")

    @cached_property
    def _service_registry(self) -> str:
        return self._contract("ServiceRegistry")

    @cached_property
    def _verifier(self) -> ChecksumAddress | None:
        address = self._registered("Verifier")
        return None if address == ZERO_ADDRESS else to_checksum_address(address)

    def _contract(self, name: str) -> str:
        address = self._registered(name)
        if address == ZERO_ADDRESS:
            raise ChainError(f"Controller {self._controller} knows no {name}")
        return address

    def _registered(self, name: str) -> str:
        answer = self._call(
            self._controller, "getContract(bytes32)", [keccak(text=name)], ["address"]
        )
        return str(answer[0])

    def _call(
        self,
        contract: str,
        signature: str,
        args: Sequence[Any] = (),
        returns: Sequence[str] = (),
    ) -> tuple[Any, ...]:
        types = signature[signature.index("(") + 1 : -1]
        data = keccak(text=signature)[:4] + encode(types.split(",") if types else [], args)
        answer = self._request("eth_call", [{"to": contract, "data": "0x" + data.hex()}, "latest"])
        raw = bytes.fromhex(str(answer)[2:])
        if not raw:
            raise ChainError(f"{signature} of {contract} answered nothing")
        return decode(returns, raw)

    def _request(self, method: str, params: list[Any]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        request = Request(
            self._url, data=body.encode(), headers={"Content-Type": "application/json"}
        )
        try:
            with urlopen(request, timeout=self._timeout) as response:
                answer = json.load(response)
        except (URLError, OSError, ValueError) as error:
            raise ChainError(f"{self._url} does not answer: {error}") from None
        if "error" in answer:
            raise ChainError(f"{method} refused: {answer['error'].get('message')}")
        return answer["result"]
