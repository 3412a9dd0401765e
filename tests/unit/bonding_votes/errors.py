"""Custom errors of BondingVotes as bytes on the wire."""

from __future__ import annotations

from typing import Any

from tests.support.calls import error_data, reverts_with_data


def reverts_with(signature: str, *arguments: Any) -> Any:
    """The call must revert with exactly this error: selector and words, nothing else."""
    return reverts_with_data(error_data(signature, *arguments))
