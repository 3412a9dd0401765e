"""ServiceRegistry: any account, any text."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

from tests.support.calls import logs, reverted
from tests.support.contracts import deploy
from tests.support.protocol import Protocol

LONGEST = 4096
URI = "https://orchestrator.example:8935"


@pytest.fixture
def registry() -> Any:
    """Without a proxy, under an account instead of a Controller: it never asks."""
    return deploy("ServiceRegistry", boa.env.generate_address("controller"))


def test_get_service_uri__never_set__is_empty(registry: Any, orchestrator: str) -> None:
    assert registry.getServiceURI(orchestrator) == ""


@pytest.mark.parametrize("uri", [URI, "", "é" * (LONGEST // 2), "x" * LONGEST])
def test_set_service_uri__any_text__is_kept_and_logged(
    registry: Any, orchestrator: str, uri: str
) -> None:
    registry.setServiceURI(uri, sender=orchestrator)

    assert logs(registry) == [("ServiceURIUpdate", orchestrator, uri)]
    assert registry.getServiceURI(orchestrator) == uri


def test_set_service_uri__again__replaces_only_ones_own(
    registry: Any, orchestrator: str, stranger: str
) -> None:
    registry.setServiceURI(URI * 3, sender=orchestrator)
    registry.setServiceURI(URI, sender=stranger)
    registry.setServiceURI("short", sender=orchestrator)
    assert registry.getServiceURI(orchestrator) == "short"
    assert registry.getServiceURI(stranger) == URI


def test_set_service_uri__over_the_bound__reverts_bare(registry: Any) -> None:
    data = selector("setServiceURI(string)") + encode(["string"], ["x" * (LONGEST + 1)])
    assert reverted(registry.address, data) == b""


def test_set_service_uri__behind_the_proxy_while_paused__is_returned_whole(
    protocol: Protocol, orchestrator: str
) -> None:
    protocol.controller.pause(sender=protocol.owner)
    protocol.service_registry.setServiceURI("x" * LONGEST, sender=orchestrator)
    assert protocol.service_registry.getServiceURI(orchestrator) == "x" * LONGEST


def test_set_controller__by_stranger__reverts(registry: Any, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        registry.setController(stranger, sender=stranger)
