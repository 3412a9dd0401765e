"""Builds of BondingManager in which an attack still works: this one without its fix."""

from __future__ import annotations

from typing import Any

from tests.support.protocol import Protocol
from tests.support.variants import Patch, variant_of

REWARDS = "bonding/modules/rewards.vy"
ACTIVE_SET = "bonding/modules/active_set.vy"
DELEGATION = "bonding/modules/delegation.vy"

FEES_TO_INACTIVE = Patch(
    REWARDS,
    '    errors._check(active_set._is_active(t, _round), "transcoder must be active")\n',
    "",
)
EVICT_BEFORE_REWARD = Patch(
    ACTIVE_SET,
    "if self._is_active(evicted, _round) and evicted.last_reward_round != _round:",
    "if False:",
)
FACTOR_FROM_MINTED_TOO = Patch(
    REWARDS,
    "        staticcall IMinter(peers._minter()).currentMintableTokens(),\n",
    "        staticcall IMinter(peers._minter()).currentMintableTokens()\n"
    "        + staticcall IMinter(peers._minter()).currentMintedTokens(),\n",
)
RECORD_POOL_MEMBERS_ONLY = Patch(
    ACTIVE_SET,
    "    if not _in_pool and not self._is_active(t, _round):\n",
    "    if not _in_pool:\n",
)
UNLIMITED_ACTIVE_REWARDS = Patch(
    REWARDS,
    '    errors._check(_accrued <= _stake, "active rewards exceed total stake")\n',
    "",
)
CLAIM_FOR_ANYBODY = Patch(
    "bonding/modules/earnings.vy",
    "    if msg.sender == _owner or ledger.delegators[_owner].bonded_amount == 0:\n",
    "    if True:\n",
)
CHOOSE_DELEGATE_FOR_OTHERS = Patch(
    DELEGATION,
    "    if msg.sender != _owner and msg.sender != peers._l2_migrator():\n",
    "    if False:\n",
)
REBOND_WITHOUT_FACTORS = Patch(
    DELEGATION,
    "    ledger._materialise_factors(_to, round)\n    p.start_round = round + 1\n",
    "    p.start_round = round + 1\n",
)
TRANSFER_WITHOUT_CLAIM = Patch(
    DELEGATION,
    "    receiver = earnings._claim(_delegator, round)\n",
    "    receiver = ledger._position(_delegator)\n",
)
INHERIT_ANY_DELEGATE = Patch(
    DELEGATION,
    """            errors._check(
                sender.delegate != _delegator and _delegator != empty(address),
                "INVALID_DELEGATOR",
            )
""",
    "",
)

#: By the attack each lets through.
UNFIXED: dict[str, tuple[Patch, ...]] = {
    "fee overclaim": (FEES_TO_INACTIVE,),
    "last transcoder grief": (EVICT_BEFORE_REWARD,),
    "deflated factor": (FACTOR_FROM_MINTED_TOO,),
    "inflated ticket": (FEES_TO_INACTIVE, RECORD_POOL_MEMBERS_ONLY, UNLIMITED_ACTIVE_REWARDS),
    "rewards griefing": (CLAIM_FOR_ANYBODY,),
    "before the audits": (
        CLAIM_FOR_ANYBODY,
        CHOOSE_DELEGATE_FOR_OTHERS,
        REBOND_WITHOUT_FACTORS,
        TRANSFER_WITHOUT_CLAIM,
        INHERIT_ANY_DELEGATE,
    ),
}


def install_unfixed(protocol: Protocol, attack: str) -> Any:
    """Upgrade to the build that lets an attack through; returns the contract, where it was."""
    target = variant_of("BondingManager", UNFIXED[attack]).deploy(protocol.controller.address)
    protocol.register("BondingManagerTarget", target.address)
    return protocol.bonding_manager
