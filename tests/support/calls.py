"""What a call did: its revert data to the byte, and its logs in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

OVERFLOW = 0x11
DIVISION_BY_ZERO = 0x12


def error_data(signature: str, *arguments: Any) -> bytes:
    """Revert data of a custom error, or of `Error(string)` and `Panic(uint256)`."""
    types = [name for name in signature[signature.index("(") + 1 : -1].split(",") if name]
    return bytes(selector(signature) + encode(types, arguments))


@contextmanager
def reverts_with_data(data: bytes) -> Iterator[None]:
    """The block must revert with exactly these bytes."""
    with pytest.raises(boa.BoaError) as caught:
        yield
    assert caught.value.call_trace.output == data, caught.value.call_trace.output.hex()


def reverts_bare() -> Any:
    """The block must revert with empty data: clients know no text here."""
    return reverts_with_data(b"")


def panics(code: int) -> Any:
    """The block must revert with `Panic(uint256)`."""
    return reverts_with_data(error_data("Panic(uint256)", code))


def logs(contract: Any) -> list[tuple[Any, ...]]:
    """What the last call to `contract` logged, by all contracts, in order: name, then arguments."""
    return [(type(entry).__name__, *entry[1:]) for entry in contract.get_logs()]


def returned(to: str, data: bytes, *, value: int = 0, sender: str | None = None) -> bytes:
    """Return data of a call by bytes, which must succeed."""
    return _call(to, data, value, sender, fails=False)


def reverted(to: str, data: bytes, *, value: int = 0, sender: str | None = None) -> bytes:
    """Revert data of a call by bytes, which must fail."""
    return _call(to, data, value, sender, fails=True)


def _call(to: str, data: bytes, value: int, sender: str | None, *, fails: bool) -> bytes:
    result = boa.env.execute_code(
        to_address=to, sender=sender or boa.env.eoa, data=data, value=value
    )
    assert result.is_error == fails, result.output.hex()
    return bytes(result.output)
