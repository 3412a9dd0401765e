"""What a value in a parameter file may be: each rule returns the typed value or says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from eth_utils.address import is_address, to_checksum_address

LPT = 10**18
DEPLOYER = "deployer"
GOVERNOR = "Governor"
MAX_UINT256 = 2**256 - 1


class Rule(Protocol):
    def parse(self, raw: object) -> Any:
        """The typed value. Raises ValueError with a clause that fits after "key = value: "."""


@dataclass(frozen=True)
class Whole:
    """An integer in `low..high`. A string "10 %" or "750000 LPT" is converted with `units`,
    exactly.
    """

    low: int
    high: int
    meaning: str
    units: Mapping[str, Decimal] | None = None

    def parse(self, raw: object) -> int:
        value = self._from_text(raw) if isinstance(raw, str) else raw
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be an integer ({self.meaning}), not {type(raw).__name__}")
        if not self.low <= value <= self.high:
            high = "2**256-1" if self.high == MAX_UINT256 else str(self.high)
            raise ValueError(f"out of range {self.low}..{high} ({self.meaning})")
        return value

    def _from_text(self, text: str) -> int:
        number, _, unit = text.strip().partition(" ")
        scale = (self.units or {}).get(unit.strip())
        if scale is None:
            allowed = ", ".join(f'"<number> {name}"' for name in self.units or {})
            raise ValueError(
                f"must be an integer ({self.meaning})" + (f" or {allowed}" if allowed else "")
            )
        try:
            value = Decimal(number) * scale
        except InvalidOperation:
            raise ValueError(f"{number!r} is not a number") from None
        if not value.is_finite() or value != value.to_integral_value():
            raise ValueError(f"finer than the contract can hold ({self.meaning})")
        return int(value)


@dataclass(frozen=True)
class Bits:
    """A sum of some of the powers of two in `all_bits`, or 0."""

    all_bits: int
    meaning: str

    def parse(self, raw: object) -> int:
        value = Whole(0, self.all_bits, self.meaning).parse(raw)
        if value & ~self.all_bits:
            raise ValueError(f"must be a sum of some of: {self.meaning}")
        return value


@dataclass(frozen=True)
class Flag:
    def parse(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            raise ValueError("must be true or false")
        return raw


@dataclass(frozen=True)
class Choice:
    options: tuple[str, ...]

    def parse(self, raw: object) -> str:
        if not isinstance(raw, str) or raw not in self.options:
            raise ValueError(f"must be one of {', '.join(self.options)}")
        return raw


@dataclass(frozen=True)
class Account:
    """An address other than zero, or one of `names`: "deployer" is whoever signs the deployment,
    "Governor" the contract of that name.
    """

    names: tuple[str, ...] = (DEPLOYER,)

    def parse(self, raw: object) -> str:
        if isinstance(raw, str) and raw in self.names:
            return raw
        if not isinstance(raw, str) or not is_address(raw) or int(raw, 16) == 0:
            ending = "".join(f', or "{name}"' for name in self.names)
            raise ValueError(f"must be an address other than zero{ending}")
        return str(to_checksum_address(raw))


def share(base: int, high: int | None = None) -> Whole:
    """A share of one, or of at most `high`, in units of 1/base; also as "10 %"."""
    return Whole(0, base if high is None else high, f"parts of {base}", {"%": Decimal(base) / 100})


def tokens(low: int = 0) -> Whole:
    """An amount of LPT in wei; also as "750000 LPT"."""
    return Whole(low, MAX_UINT256, "wei", {"LPT": Decimal(LPT)})


def count(low: int, high: int, meaning: str) -> Whole:
    return Whole(low, high, meaning)
