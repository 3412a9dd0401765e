"""LivepeerToken as ERC-20: transfers, allowances, minting, burning."""

from __future__ import annotations

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.calls import OVERFLOW, logs, panics, reverted
from tests.support.contracts import ZERO
from tests.unit.livepeer_token.conftest import Token

MAX = 2**256 - 1


def test_init__deployed__names_and_no_supply(token: Token) -> None:
    assert token.lpt.name() == "Livepeer Token"
    assert token.lpt.symbol() == "LPT"
    assert token.lpt.decimals() == 18
    assert token.lpt.totalSupply() == 0


# transfer


@pytest.mark.parametrize("amount", [0, 1, 1_000])
def test_transfer__up_to_the_balance__moves(
    token: Token, holder: str, stranger: str, amount: int
) -> None:
    assert token.lpt.transfer(stranger, amount, sender=holder)

    assert logs(token.lpt) == [("Transfer", holder, stranger, amount)]
    assert token.lpt.balanceOf(holder) == 1_000 - amount
    assert token.lpt.balanceOf(stranger) == amount
    assert token.lpt.totalSupply() == 1_000


def test_transfer__to_oneself__changes_nothing(token: Token, holder: str) -> None:
    assert token.lpt.transfer(holder, 400, sender=holder)
    assert logs(token.lpt) == [("Transfer", holder, holder, 400)]
    assert token.lpt.balanceOf(holder) == 1_000


def test_transfer__over_the_balance__reverts(token: Token, holder: str, stranger: str) -> None:
    with boa.reverts("ERC20: transfer amount exceeds balance"):
        token.lpt.transfer(stranger, 1_001, sender=holder)


def test_transfer__to_zero__reverts(token: Token, holder: str) -> None:
    with boa.reverts("ERC20: transfer to the zero address"):
        token.lpt.transfer(ZERO, 1, sender=holder)


# approve, transferFrom


def test_approve__any_amount__is_kept_and_logged(token: Token, holder: str, spender: str) -> None:
    for amount in (5, MAX, 0):
        assert token.lpt.approve(spender, amount, sender=holder)
        assert logs(token.lpt) == [("Approval", holder, spender, amount)]
        assert token.lpt.allowance(holder, spender) == amount


def test_approve__zero_spender__reverts(token: Token, holder: str) -> None:
    with boa.reverts("ERC20: approve to the zero address"):
        token.lpt.approve(ZERO, 1, sender=holder)


def test_transfer_from__allowed__uses_the_allowance_first(
    token: Token, holder: str, spender: str, stranger: str
) -> None:
    token.lpt.approve(spender, 700, sender=holder)
    assert token.lpt.transferFrom(holder, stranger, 600, sender=spender)

    assert logs(token.lpt) == [
        ("Approval", holder, spender, 100),
        ("Transfer", holder, stranger, 600),
    ]
    assert token.lpt.allowance(holder, spender) == 100
    assert token.lpt.balanceOf(stranger) == 600


def test_transfer_from__allowed_without_limit__keeps_the_allowance(
    token: Token, holder: str, spender: str, stranger: str
) -> None:
    token.lpt.approve(spender, MAX, sender=holder)
    token.lpt.transferFrom(holder, stranger, 600, sender=spender)

    assert logs(token.lpt) == [("Transfer", holder, stranger, 600)]
    assert token.lpt.allowance(holder, spender) == MAX


def test_transfer_from__over_the_allowance__reverts(
    token: Token, holder: str, spender: str
) -> None:
    token.lpt.approve(spender, 599, sender=holder)
    with boa.reverts("ERC20: insufficient allowance"):
        token.lpt.transferFrom(holder, spender, 600, sender=spender)


def test_transfer_from__allowance_over_the_balance__reverts(
    token: Token, holder: str, spender: str
) -> None:
    token.lpt.approve(spender, 5_000, sender=holder)
    with boa.reverts("ERC20: transfer amount exceeds balance"):
        token.lpt.transferFrom(holder, spender, 1_001, sender=spender)


def test_transfer_from__to_zero__reverts(token: Token, holder: str, spender: str) -> None:
    token.lpt.approve(spender, 5, sender=holder)
    with boa.reverts("ERC20: transfer to the zero address"):
        token.lpt.transferFrom(holder, ZERO, 5, sender=spender)


def test_transfer_from__nothing_from_zero__reverts(token: Token, spender: str) -> None:
    with boa.reverts("ERC20: approve from the zero address"):
        token.lpt.transferFrom(ZERO, spender, 0, sender=spender)


# increaseAllowance, decreaseAllowance


def test_increase_allowance__twice__adds_up(token: Token, holder: str, spender: str) -> None:
    assert token.lpt.increaseAllowance(spender, 30, sender=holder)
    assert token.lpt.increaseAllowance(spender, 12, sender=holder)
    assert logs(token.lpt) == [("Approval", holder, spender, 42)]
    assert token.lpt.allowance(holder, spender) == 42


def test_increase_allowance__over_256_bits__panics(token: Token, holder: str, spender: str) -> None:
    token.lpt.approve(spender, MAX, sender=holder)
    with panics(OVERFLOW):
        token.lpt.increaseAllowance(spender, 1, sender=holder)


def test_increase_allowance__zero_spender__reverts(token: Token, holder: str) -> None:
    with boa.reverts("ERC20: approve to the zero address"):
        token.lpt.increaseAllowance(ZERO, 1, sender=holder)


def test_decrease_allowance__down_to_nothing__takes_it(
    token: Token, holder: str, spender: str
) -> None:
    token.lpt.approve(spender, 42, sender=holder)
    assert token.lpt.decreaseAllowance(spender, 42, sender=holder)
    assert logs(token.lpt) == [("Approval", holder, spender, 0)]
    assert token.lpt.allowance(holder, spender) == 0


def test_decrease_allowance__below_nothing__reverts(
    token: Token, holder: str, spender: str
) -> None:
    token.lpt.approve(spender, 42, sender=holder)
    with boa.reverts("ERC20: decreased allowance below zero"):
        token.lpt.decreaseAllowance(spender, 43, sender=holder)


def test_decrease_allowance__zero_spender__reverts(token: Token, holder: str) -> None:
    with boa.reverts("ERC20: approve to the zero address"):
        token.lpt.decreaseAllowance(ZERO, 0, sender=holder)


# mint, burn, burnFrom


def test_mint__by_minter__creates(token: Token, stranger: str) -> None:
    token.lpt.mint(stranger, 5, sender=token.minter)
    assert logs(token.lpt) == [("Transfer", ZERO, stranger, 5), ("Mint", stranger, 5)]
    assert token.lpt.balanceOf(stranger) == token.lpt.totalSupply() == 5


def test_mint__to_zero__reverts(token: Token) -> None:
    with boa.reverts("ERC20: mint to the zero address"):
        token.lpt.mint(ZERO, 5, sender=token.minter)


def test_mint__supply_over_256_bits__panics(token: Token, holder: str) -> None:
    token.lpt.mint(holder, MAX - 1_000, sender=token.minter)
    assert token.lpt.totalSupply() == MAX
    with panics(OVERFLOW):
        token.lpt.mint(holder, 1, sender=token.minter)


def test_burn__by_burner__destroys_its_own(token: Token) -> None:
    token.lpt.mint(token.burner, 5, sender=token.minter)
    token.lpt.burn(3, sender=token.burner)
    assert logs(token.lpt) == [("Transfer", token.burner, ZERO, 3), ("Burn", token.burner, 3)]
    assert token.lpt.balanceOf(token.burner) == token.lpt.totalSupply() == 2


def test_burn__over_the_balance__reverts(token: Token) -> None:
    with boa.reverts("ERC20: burn amount exceeds balance"):
        token.lpt.burn(1, sender=token.burner)


def test_burn_from__allowed__uses_the_allowance_first(token: Token, holder: str) -> None:
    token.lpt.approve(token.burner, 700, sender=holder)
    token.lpt.burnFrom(holder, 600, sender=token.burner)
    assert logs(token.lpt) == [
        ("Approval", holder, token.burner, 100),
        ("Transfer", holder, ZERO, 600),
        ("Burn", holder, 600),
    ]
    assert token.lpt.balanceOf(holder) == token.lpt.totalSupply() == 400


def test_burn_from__allowed_without_limit__logs_no_approval(token: Token, holder: str) -> None:
    token.lpt.approve(token.burner, MAX, sender=holder)
    token.lpt.burnFrom(holder, 600, sender=token.burner)
    assert [entry[0] for entry in logs(token.lpt)] == ["Transfer", "Burn"]


def test_burn_from__not_allowed__reverts(token: Token, holder: str) -> None:
    with boa.reverts("ERC20: insufficient allowance"):
        token.lpt.burnFrom(holder, 1, sender=token.burner)


def test_burn_from__over_the_balance__reverts(token: Token, holder: str) -> None:
    token.lpt.approve(token.burner, MAX, sender=holder)
    with boa.reverts("ERC20: burn amount exceeds balance"):
        token.lpt.burnFrom(holder, 1_001, sender=token.burner)


def test_default__plain_ether__reverts_bare(token: Token, holder: str) -> None:
    boa.env.set_balance(holder, 1)
    assert reverted(token.lpt.address, b"", value=1, sender=holder) == b""


# Invariant

movements = st.tuples(
    st.sampled_from(["mint", "burn", "transfer"]),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 100),
)


@given(steps=st.lists(movements, max_size=20))
def test_total_supply__any_movements__is_the_sum_of_balances(
    token: Token, steps: list[tuple[str, int, int, int]]
) -> None:
    accounts = [boa.env.generate_address(), boa.env.generate_address(), token.burner]
    balances = dict.fromkeys(accounts, 0)
    for kind, source, target, amount in steps:
        if kind == "mint":
            token.lpt.mint(accounts[target], amount, sender=token.minter)
            balances[accounts[target]] += amount
        elif kind == "burn":
            amount = min(amount, balances[token.burner])
            token.lpt.burn(amount, sender=token.burner)
            balances[token.burner] -= amount
        else:
            amount = min(amount, balances[accounts[source]])
            token.lpt.transfer(accounts[target], amount, sender=accounts[source])
            balances[accounts[source]] -= amount
            balances[accounts[target]] += amount
    assert {account: token.lpt.balanceOf(account) for account in accounts} == balances
    assert token.lpt.totalSupply() == sum(balances.values())
