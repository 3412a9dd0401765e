"""Amounts as people write them, to wei and back, exactly. No binary float comes near a wei."""

from __future__ import annotations

import re
from decimal import Decimal

ETHER = 18  # decimals
GWEI = 9

_WRITTEN = re.compile(r"[0-9]{1,30}(\.[0-9]+)?")


def parse_units(written: str | int | Decimal, decimals: int) -> int:
    """Wei of "0.25" with so many decimals. Raises ValueError, with what is wrong."""
    if isinstance(written, bool) or not isinstance(written, (str, int, Decimal)):
        raise ValueError('must be an amount such as 3 or "0.25"')
    text = written if isinstance(written, str) else f"{written:f}"
    if not _WRITTEN.fullmatch(text):
        raise ValueError('must be an amount such as 3 or "0.25", not negative')
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    if len(part) > decimals:
        raise ValueError(f"has more than {decimals} decimals")
    return int(whole + part.ljust(decimals, "0"))


def show_units(wei: int, decimals: int) -> str:
    """All digits, without zeros at the end: 250_000_000 with 9 decimals is "0.25"."""
    whole, part = divmod(abs(wei), 10**decimals)
    digits = f"{part:0{decimals}d}".rstrip("0")
    return f"{'-' if wei < 0 else ''}{whole}{'.' if digits else ''}{digits}"


def show_short(wei: int, decimals: int) -> str:
    """Four significant digits, rounded up: for tables of costs, which must not look too small."""
    digits = len(str(abs(wei)))
    step = 10 ** max(0, digits - 4)
    return show_units(-(-wei // step) * step, decimals)
