"""LivepeerTokenFaucet: who gets LPT, and when again."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.calls import logs, reverts_bare
from tests.support.contracts import ZERO, deploy

AMOUNT = 10 * 10**18
WAIT_HOURS = 2


@pytest.fixture(scope="module")
def owner() -> str:
    return boa.env.generate_address("owner")


@pytest.fixture(scope="module")
def token() -> Any:
    return deploy("TokenMock")


@pytest.fixture(scope="module")
def faucet(owner: str, token: Any) -> Any:
    return deploy("LivepeerTokenFaucet", token.address, AMOUNT, WAIT_HOURS, sender=owner)


def wait(seconds: int) -> None:
    boa.env.evm.patch.timestamp += seconds


def test_init__deployed__keeps_its_arguments(faucet: Any, owner: str, token: Any) -> None:
    assert faucet.owner() == owner
    assert faucet.token() == token.address
    assert faucet.requestAmount() == AMOUNT
    assert faucet.requestWait() == WAIT_HOURS


def test_request__first__pays_although_the_token_answers_false(faucet: Any, stranger: str) -> None:
    faucet.request(sender=stranger)
    assert logs(faucet) == [
        ("Asked", "transfer", stranger, AMOUNT),
        ("Request", stranger, AMOUNT),
    ]
    now = boa.env.evm.patch.timestamp
    assert faucet.nextValidRequest(stranger) == now + WAIT_HOURS * 3600


def test_request__again__only_when_the_wait_is_over(faucet: Any, stranger: str) -> None:
    faucet.request(sender=stranger)
    wait(WAIT_HOURS * 3600 - 1)
    with reverts_bare():
        faucet.request(sender=stranger)
    wait(1)
    faucet.request(sender=stranger)


def test_request__on_the_whitelist__never_waits_and_leaves_the_timer(
    faucet: Any, owner: str, stranger: str
) -> None:
    faucet.addToWhitelist(stranger, sender=owner)
    assert logs(faucet) == []
    assert faucet.isWhitelisted(stranger)

    for _ in range(2):
        faucet.request(sender=stranger)
    assert faucet.nextValidRequest(stranger) == 0


def test_request__off_the_whitelist__waits_by_its_old_timer(
    faucet: Any, owner: str, stranger: str
) -> None:
    faucet.request(sender=stranger)
    faucet.addToWhitelist(stranger, sender=owner)
    faucet.removeFromWhitelist(stranger, sender=owner)
    assert logs(faucet) == []
    assert not faucet.isWhitelisted(stranger)
    with reverts_bare():
        faucet.request(sender=stranger)


def test_request__real_token_and_empty_faucet__passes_the_text_on(owner: str) -> None:
    token = deploy("LivepeerToken")
    faucet = deploy("LivepeerTokenFaucet", token.address, AMOUNT, WAIT_HOURS, sender=owner)
    with boa.reverts("ERC20: transfer amount exceeds balance"):
        faucet.request()


@pytest.mark.parametrize("function", ["addToWhitelist", "removeFromWhitelist"])
def test_whitelist__by_stranger__reverts_bare(faucet: Any, stranger: str, function: str) -> None:
    with reverts_bare():
        getattr(faucet, function)(stranger, sender=stranger)


def test_transfer_ownership__by_owner__changes_hands(
    faucet: Any, owner: str, stranger: str
) -> None:
    faucet.transferOwnership(stranger, sender=owner)
    assert logs(faucet) == [("OwnershipTransferred", owner, stranger)]
    assert faucet.owner() == stranger


def test_transfer_ownership__to_zero_or_by_stranger__reverts_bare(
    faucet: Any, owner: str, stranger: str
) -> None:
    with reverts_bare():
        faucet.transferOwnership(ZERO, sender=owner)
    with reverts_bare():
        faucet.transferOwnership(stranger, sender=stranger)
