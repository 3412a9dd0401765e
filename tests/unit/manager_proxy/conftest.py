"""A proxy, its Controller and an implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest

from tests.support.contracts import GIT_COMMIT, at, contract_id, deploy

TARGET_ID = contract_id("SomethingTarget")


@dataclass(frozen=True)
class Proxied:
    owner: str
    controller: Any
    proxy: Any

    def point_to(self, address: str) -> None:
        self.controller.setContractInfo(TARGET_ID, address, GIT_COMMIT, sender=self.owner)

    def implemented_by(self, name: str) -> Any:
        """Deploy an implementation, register it, and return its functions at the proxy."""
        target = deploy(name, self.controller.address)
        self.point_to(target.address)
        return at(name, self.proxy.address)


@pytest.fixture
def proxied() -> Proxied:
    owner = boa.env.generate_address("owner")
    controller = deploy("Controller", sender=owner)
    proxy = deploy("ManagerProxy", controller.address, TARGET_ID)
    return Proxied(owner, controller, proxy)
