"""Reading JSON that a stranger sent: every value is checked, every complaint names its field."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

T = TypeVar("T")
MAX_ITEMS = 1000


class WireError(ValueError):
    """A message that is not what the protocol says; one line."""


@dataclass(frozen=True)
class Fields:
    """A JSON object and where it came from."""

    name: str
    values: dict[str, Any]

    @classmethod
    def parse(cls, name: str, text: str | bytes) -> Fields:
        try:
            values = json.loads(text)
        except ValueError:
            raise WireError(f"{name}: not JSON") from None
        return cls.of(name, values)

    @classmethod
    def of(cls, name: str, values: Any) -> Fields:
        if not isinstance(values, dict):
            raise WireError(f"{name}: not an object")
        return cls(name, values)

    def _get(self, key: str) -> Any:
        if key not in self.values:
            raise WireError(f"{self.name}: {key} is missing")
        return self.values[key]

    def wrong(self, key: str, expected: str) -> WireError:
        return WireError(f"{self.name}: {key} must be {expected}")

    def text(self, key: str, *, longest: int = 256) -> str:
        value = self._get(key)
        if not isinstance(value, str) or len(value) > longest:
            raise self.wrong(key, f"a string of at most {longest} characters")
        return value

    def number(self, key: str, *, bits: int = 256) -> int:
        """A natural number, as a JSON number or (above 53 bits) a decimal string."""
        value = self._get(key)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 80:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**bits:
            raise self.wrong(key, f"a natural number below 2**{bits}")
        return value

    def data(self, key: str, *, length: int | None = None) -> bytes:
        """Bytes as 0x-prefixed hex."""
        text = self.text(key, longest=4096)
        try:
            if not text.startswith("0x"):
                raise ValueError
            value = bytes.fromhex(text[2:])
        except ValueError:
            raise self.wrong(key, "0x-prefixed hex") from None
        if length is not None and len(value) != length:
            raise self.wrong(key, f"{length} bytes")
        return value

    def address(self, key: str) -> ChecksumAddress:
        return to_checksum_address(self.data(key, length=20))

    def child(self, key: str) -> Fields:
        return Fields.of(f"{self.name}.{key}", self._get(key))

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def items(self, key: str, build: Callable[[Fields], T]) -> tuple[T, ...]:
        values = self._get(key)
        if not isinstance(values, list) or len(values) > MAX_ITEMS:
            raise self.wrong(key, f"a list of at most {MAX_ITEMS} items")
        return tuple(
            build(Fields.of(f"{self.name}.{key}[{at}]", value)) for at, value in enumerate(values)
        )


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def to_header(values: dict[str, Any]) -> str:
    """An object as an HTTP header: base64 of its JSON."""
    return base64.b64encode(json.dumps(values, separators=(",", ":")).encode()).decode()


def from_header(name: str, header: str) -> Fields:
    try:
        text = base64.b64decode(header, validate=True)
    except binascii.Error:
        raise WireError(f"{name}: not base64") from None
    return Fields.parse(name, text)
