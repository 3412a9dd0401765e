"""What a transaction costs beyond its execution."""

from __future__ import annotations

from typing import Any


def calldata_gas(data: bytes) -> tuple[int, int]:
    """Gas of calldata, and the floor that a transaction with it pays at least (EIP-7623)."""
    zeros = data.count(0)
    tokens = zeros + 4 * (len(data) - zeros)
    return 4 * tokens, 10 * tokens


def transaction_gas(contract: Any, function: str, *arguments: Any) -> int:
    """Gas of a transaction that made the contract's last call: intrinsic, calldata, execution."""
    data = getattr(contract, function).prepare_calldata(*arguments)
    paid, floor = calldata_gas(data)
    executed = int(contract._computation.get_gas_used())
    return 21_000 + max(paid + executed, floor)
