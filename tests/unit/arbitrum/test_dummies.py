"""What stands in for the bridge on networks without one."""

from __future__ import annotations

from tests.support.contracts import deploy


def test_l1_circulating_supply__without_a_bridge__is_nothing() -> None:
    assert deploy("DummyL2LPTDataCache").l1CirculatingSupply() == 0


def test_calculate_l2_token_address__any_token__is_the_same(stranger: str) -> None:
    assert deploy("DummyGateway").calculateL2TokenAddress(stranger) == stranger


def test_counterpart_gateway__asked__is_itself() -> None:
    gateway = deploy("DummyGateway")
    assert gateway.counterpartGateway() == gateway.address
