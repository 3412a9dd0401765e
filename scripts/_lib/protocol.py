"""Every contract of a deployed system by name, from the address of its Controller alone."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts._lib.artifacts import Artifacts, sources
from scripts._lib.chain import ZERO, contract_instance

PROXIED = (
    "TicketBroker",
    "BondingManager",
    "BondingVotes",
    "LivepeerGovernor",
    "RoundsManager",
    "ServiceRegistry",
    "Verifier",
)
# Which source a registered name has, where they differ.
SOURCE_OF = {
    "L2LPTDataCache": "DummyL2LPTDataCache",
    "JobsManager": "TicketBroker",
    "Verifier": "SlashingVerifier",
}


def contract_id(name: str) -> bytes:
    """Id under which the Controller knows a contract: keccak256 of its name (core spec 0.3)."""
    return bytes(keccak(text=name))


class Protocol:
    """Contracts as Ape instances on the connected chain.

    A proxied contract is the ABI of its implementation at the address of its proxy. Looking up a
    name that is not registered raises LookupError. Addresses are read once and kept: make a new
    Protocol after an upgrade of ids.
    """

    def __init__(self, controller: str, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._addresses: dict[str, str] = {}
        self._instances: dict[str, Any] = {}
        self.controller = contract_instance(artifacts["Controller"], controller)

    @classmethod
    def at(cls, controller: str, artifacts: Artifacts | None = None) -> Protocol:
        """The system of this Controller; compiles the ABIs if they are not given."""
        return cls(str(to_checksum_address(controller)), artifacts or Artifacts.load(sources()))

    def address(self, name: str) -> str:
        """Address registered under a name."""
        if name not in self._addresses:
            address = str(self.controller.getContract(contract_id(name)))
            if address == ZERO:
                raise LookupError(f"{name}: not registered in Controller {self.controller.address}")
            self._addresses[name] = address
        return self._addresses[name]

    def __getitem__(self, name: str) -> Any:
        if name not in self._instances:
            base = name.removesuffix("Target")
            source = SOURCE_OF.get(base, base)
            self._instances[name] = contract_instance(self._artifacts[source], self.address(name))
        return self._instances[name]

    @property
    def minter(self) -> Any:
        return self["Minter"]

    @property
    def livepeer_token(self) -> Any:
        return self["LivepeerToken"]

    @property
    def livepeer_token_faucet(self) -> Any:
        return self["LivepeerTokenFaucet"]

    @property
    def l2_lpt_data_cache(self) -> Any:
        return self["L2LPTDataCache"]

    @property
    def ticket_broker(self) -> Any:
        return self["TicketBroker"]

    @property
    def bonding_manager(self) -> Any:
        return self["BondingManager"]

    @property
    def bonding_votes(self) -> Any:
        return self["BondingVotes"]

    @cached_property
    def rounds_manager(self) -> Any:
        """With the controls of AdjustableRoundsManager if that is the implementation."""
        target = self._artifacts["AdjustableRoundsManager"]
        code = self.controller.provider.get_code(self.address("RoundsManagerTarget"))
        adjustable = bytes(code) == bytes.fromhex(target.runtime)
        name = "AdjustableRoundsManager" if adjustable else "RoundsManager"
        return contract_instance(self._artifacts[name], self.address("RoundsManager"))

    @property
    def service_registry(self) -> Any:
        return self["ServiceRegistry"]

    @property
    def verifier(self) -> Any:
        """The SlashingVerifier; its address is what orders and receipts are signed for."""
        return self["Verifier"]

    @property
    def content_faults(self) -> Any:
        return self["ContentFaults"]

    @property
    def merkle_snapshot(self) -> Any:
        return self["MerkleSnapshot"]

    @property
    def poll_creator(self) -> Any:
        return self["PollCreator"]

    @property
    def governor(self) -> Any:
        """What owns the protocol where it is handed over; not the LivepeerGovernor."""
        return self["Governor"]

    @property
    def livepeer_governor(self) -> Any:
        return self["LivepeerGovernor"]

    @property
    def treasury(self) -> Any:
        return self["Treasury"]

    @property
    def treasury_address(self) -> str:
        return self.address("Treasury")
