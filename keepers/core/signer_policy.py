"""What a key may sign. Pure: what was signed today is given.

A key under a policy can lose at most `per_day * max_gas * max_fee` wei a day to gas, and the values
that its rules allow. Sources: keepers spec (e1), R8 and R24.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eth_utils.crypto import keccak

from keepers.core.model import Unsigned


@dataclass(frozen=True)
class Rule:
    """Functions of one contract: selector to signature. `max_value` is wei for each call."""

    contract: str
    functions: Mapping[bytes, str]
    max_value: int = 0


@dataclass(frozen=True)
class Policy:
    """`max_fee` is wei per gas, `per_day` a number of transactions in a day of UTC."""

    chain_id: int
    rules: tuple[Rule, ...]
    max_fee: int
    max_gas: int
    per_day: int


def selector_of(function: str) -> bytes:
    """`function` is a name with types: "rewardForTranscoder(address)"."""
    return bytes(keccak(text=function)[:4])


def refusal(policy: Policy, account: str, tx: Unsigned, signed_today: int) -> str | None:
    """Why `account` must not sign this, in one line that names the key to change; None if it may.

    Nothing sent to itself is always allowed: that is how a nonce is freed.
    """
    if tx.chain_id != policy.chain_id:
        return f"chain {tx.chain_id} is not {policy.chain_id} (chain_id)"
    is_cancel = tx.to == account and not tx.data and not tx.value
    if not is_cancel and (trouble := _call_refusal(policy, tx)):
        return trouble
    if tx.max_fee > policy.max_fee:
        return f"a fee of {tx.max_fee} wei per gas is above {policy.max_fee} (max_fee_gwei)"
    if tx.gas > policy.max_gas:
        return f"{tx.gas} gas is above {policy.max_gas} (max_gas)"
    if signed_today >= policy.per_day:
        return f"{signed_today} transactions were signed today, all that are allowed (per_day)"
    return None


def _call_refusal(policy: Policy, tx: Unsigned) -> str | None:
    rules = [rule for rule in policy.rules if rule.contract == tx.to]
    if not rules:
        return f"contract {tx.to} is not in the policy (allow)"
    if len(tx.data) < 4:
        return f"a call of {tx.to} without a function: plain transfers are never allowed"
    fitting = [rule for rule in rules if tx.data[:4] in rule.functions]
    if not fitting:
        known = ", ".join(sorted(name for rule in rules for name in rule.functions.values()))
        return f"function 0x{tx.data[:4].hex()} of {tx.to} is not one of {known} (functions)"
    most = max(rule.max_value for rule in fitting)
    if tx.value > most:
        return f"{tx.value} wei with a call of {tx.to} is above {most} (max_value_eth)"
    return None
