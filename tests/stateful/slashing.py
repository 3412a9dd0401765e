"""The slashing equations: what a slash moves, and nothing else. Read from the contracts."""

from __future__ import annotations

from dataclasses import dataclass

from tests.stateful.system import System
from tests.stateful.views import pool_order

PERC = 10**6


@dataclass(frozen=True)
class Books:
    """State around one account, as of a claim in this round."""

    bonded: int
    delegate: str
    delegated: int  # to its delegate
    next_total: int
    supply: int
    minter_tokens: int
    in_pool: bool
    delegate_in_pool: bool
    own_delegated: int


def books(system: System, account: str) -> Books:
    bonding = system.bonding
    delegate = bonding.view("getDelegator", account)[2]
    members = pool_order(bonding)
    return Books(
        bonded=bonding.view("pendingStake", account, 0),
        delegate=delegate,
        delegated=bonding.view("transcoderTotalStake", delegate),
        next_total=bonding.view("nextRoundTotalActiveStake"),
        supply=system.token.view("totalSupply"),
        minter_tokens=system.token.view("balanceOf", system.minter.address),
        in_pool=account in members,
        delegate_in_pool=delegate in members,
        own_delegated=bonding.view("transcoderTotalStake", account),
    )


def moves_exactly_the_penalty(
    system: System, account: str, before: Books, slash_amount: int, finder_fee: int
) -> None:
    """With p = floor(B * slash_amount) and f = floor(p * finder_fee), or 0 without a finder:

    B' = B - p    D(g)' = D(g) - p    LPT of the Minter' = LPT - p    supply' = supply - (p - f)
    next total' = next total - (D(account) if it was in the pool, else p if g is, else 0)
    """
    bonding = system.bonding
    penalty = before.bonded * slash_amount // PERC
    reward = penalty * finder_fee // PERC
    assert bonding.view("pendingStake", account, 0) == before.bonded - penalty
    assert bonding.view("transcoderTotalStake", before.delegate) == before.delegated - penalty
    assert bonding.view("nextRoundTotalActiveStake") == before.next_total - _left(before, penalty)
    tokens = system.token.view("balanceOf", system.minter.address)
    assert tokens == before.minter_tokens - penalty
    assert system.token.view("totalSupply") == before.supply - (penalty - reward)


def _left(before: Books, penalty: int) -> int:
    """Stake that left the next round's set."""
    if before.bonded > 0 and before.in_pool:
        return before.own_delegated
    return penalty if before.delegate_in_pool else 0
