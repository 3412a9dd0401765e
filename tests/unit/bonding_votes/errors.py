"""Custom errors of BondingVotes as bytes on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils.crypto import keccak


@contextmanager
def reverts_with(signature: str, *arguments: Any) -> Iterator[None]:
    """The call must revert with exactly this error: selector and words, nothing else."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    expected = keccak(text=signature)[:4] + encode(types, arguments)
    with pytest.raises(boa.BoaError) as caught:
        yield
    assert caught.value.call_trace.output == expected, caught.value.call_trace.output.hex()
