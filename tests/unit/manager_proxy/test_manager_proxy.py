"""ManagerProxy: its own three functions, and everything else on the implementation."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

from tests.support.calls import (
    error_data,
    logs,
    returned,
    reverted,
)
from tests.support.contracts import ZERO, deploy
from tests.unit.manager_proxy.conftest import TARGET_ID, Proxied

LONGEST_URI = 4096
UNREGISTERED = error_data("Error(string)", "target contract must be registered")
NUMBER = selector("number()")


# Its own functions


def test_init__any_address__is_not_checked() -> None:
    account = boa.env.generate_address("account")
    proxy = deploy("ManagerProxy", account, TARGET_ID)
    assert proxy.controller() == account
    assert proxy.targetContractId() == TARGET_ID


def test_set_controller__through_the_controller__moves_the_proxy_not_the_target(
    proxied: Proxied,
) -> None:
    proxied.implemented_by("ProxyTargetV1")
    elsewhere = boa.env.generate_address("controller")
    proxied.proxy.setController(elsewhere, sender=proxied.controller.address)

    assert logs(proxied.proxy) == [("SetController", elsewhere)]
    assert proxied.proxy.controller() == elsewhere


def test_set_controller__by_stranger__reverts(proxied: Proxied, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        proxied.proxy.setController(stranger, sender=stranger)


def test_target_contract_id__target_asked_itself__is_zero(proxied: Proxied) -> None:
    target = deploy("ProxyTargetV1", proxied.controller.address)
    assert target.targetContractId() == bytes(32)


# Delegation


@pytest.mark.parametrize("data", [b"", b"\x01", NUMBER])
def test_default__unregistered_target__reverts(proxied: Proxied, data: bytes) -> None:
    assert reverted(proxied.proxy.address, data) == UNREGISTERED


def test_default__target_unregistered_later__reverts(proxied: Proxied) -> None:
    proxied.implemented_by("ProxyTargetV1")
    proxied.point_to(ZERO)
    assert reverted(proxied.proxy.address, NUMBER) == UNREGISTERED


def test_default__controller_without_code__reverts_bare() -> None:
    proxy = deploy("ManagerProxy", boa.env.generate_address("account"), TARGET_ID)
    assert reverted(proxy.address, NUMBER) == b""


def test_default__target_without_code__succeeds_and_returns_nothing(proxied: Proxied) -> None:
    proxied.point_to(boa.env.generate_address("account"))
    sender = boa.env.generate_address("sender")
    boa.env.set_balance(sender, 7)
    assert returned(proxied.proxy.address, NUMBER, value=7, sender=sender) == b""
    assert boa.env.get_balance(proxied.proxy.address) == 7


def test_default__call_with_value__keeps_sender_value_and_own_address(proxied: Proxied) -> None:
    target = proxied.implemented_by("ProxyTargetV1")
    sender = boa.env.generate_address("sender")
    boa.env.set_balance(sender, 5)
    assert target.context(sender=sender, value=5) == (sender, 5, proxied.proxy.address)


def test_default__value_for_a_function_that_takes_none__reverts_bare(proxied: Proxied) -> None:
    proxied.implemented_by("ProxyTargetV1")
    sender = boa.env.generate_address("sender")
    boa.env.set_balance(sender, 5)
    data = selector("setNumber(uint256)") + encode(["uint256"], [1])
    assert returned(proxied.proxy.address, data, sender=sender) == b""
    assert reverted(proxied.proxy.address, data, value=5, sender=sender) == b""


def test_default__values_of_every_shape__make_the_round_trip(proxied: Proxied) -> None:
    target = proxied.implemented_by("ProxyTargetV1")
    target.setNumber(2**256 - 1)
    target.setPair(255, 2**200)
    target.setBlob(bytes(range(256)))

    assert target.number() == 2**256 - 1
    assert tuple(target.pair()) == (255, 2**200)
    assert target.blob() == bytes(range(256))
    assert target.text() == ""


@pytest.mark.parametrize("length", [1, 31, 32, 33, 1000, LONGEST_URI - 1, LONGEST_URI])
def test_default__string_up_to_the_longest_uri__is_returned_whole(
    proxied: Proxied, length: int
) -> None:
    target = proxied.implemented_by("ProxyTargetV1")
    text = ("0123456789abcdef" * 256)[:length]
    target.setText(text)
    assert target.text() == text
    assert returned(proxied.proxy.address, selector("text()")) == encode(["string"], [text])


def test_default__more_than_the_bound__is_cut_so_that_no_decoder_takes_it(
    proxied: Proxied,
) -> None:
    """128 words and their head are 4,160 bytes; 129 do not fit and the length then says so."""
    proxied.implemented_by("ProxyTargetV1")

    def ask(count: int) -> bytes:
        data = selector("words(uint256)") + encode(["uint256"], [count])
        return returned(proxied.proxy.address, data)

    assert ask(128) == encode(["uint256[]"], [list(range(128))])
    assert ask(129) == encode(["uint256[]"], [list(range(129))])[:4160]


@pytest.mark.parametrize("length", [0, 1, 4, 100, 4160, 4161, 16_384])
def test_default__revert_data_of_any_length__is_passed_on_whole(
    proxied: Proxied, length: int
) -> None:
    proxied.implemented_by("ProxyTargetV1")
    reason = (bytes(range(251)) * 66)[:length]
    data = selector("fail(bytes)") + encode(["bytes"], [reason])
    assert reverted(proxied.proxy.address, data) == reason


def test_default__unknown_function_of_the_target__reverts_bare(proxied: Proxied) -> None:
    proxied.implemented_by("ProxyTargetV1")
    assert reverted(proxied.proxy.address, b"\x01\x02\x03\x04") == b""


# Plain ETH


def test_default__ether_for_a_target_that_takes_it__stays_on_the_proxy(proxied: Proxied) -> None:
    target = proxied.implemented_by("ProxyTargetV2")
    sender = boa.env.generate_address("sender")
    boa.env.set_balance(sender, 9)

    target.__default__(sender=sender, value=9)

    assert logs(target) == [("Received", sender, 9, 0)]
    assert boa.env.get_balance(proxied.proxy.address) == 9


def test_default__ether_for_a_target_that_takes_none__reverts_bare(proxied: Proxied) -> None:
    proxied.implemented_by("ProxyTargetV1")
    sender = boa.env.generate_address("sender")
    boa.env.set_balance(sender, 9)
    assert reverted(proxied.proxy.address, b"", value=9, sender=sender) == b""


@pytest.mark.parametrize("length", [1, 3, 5000])
def test_default__any_call_data__reaches_the_targets_default(proxied: Proxied, length: int) -> None:
    target = proxied.implemented_by("ProxyTargetV2")
    result = boa.env.execute_code(to_address=proxied.proxy.address, data=b"\xee" * length)
    assert not result.is_error
    (entry,) = target.get_logs(result)
    assert entry.dataLength == length


# Upgrades


def test_default__other_implementation__finds_the_state_of_the_one_before(
    proxied: Proxied,
) -> None:
    first: Any = proxied.implemented_by("ProxyTargetV1")
    first.setNumber(41)
    first.setText("kept")

    second = proxied.implemented_by("ProxyTargetV2")
    second.addOne()
    assert second.number() == 42

    again = proxied.implemented_by("ProxyTargetV1")
    assert (again.number(), again.text()) == (42, "kept")
    assert proxied.proxy.targetContractId() == TARGET_ID
    assert proxied.proxy.controller() == proxied.controller.address
