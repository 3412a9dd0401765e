"""Amounts for people to read. Integers only until the last step, which cuts and does not round."""

from __future__ import annotations


def fixed(amount: int, unit: int, decimals: int) -> str:
    """`amount` / `unit` with so many decimals, cut off, thousands separated."""
    scaled = amount * 10**decimals // unit
    whole, rest = divmod(scaled, 10**decimals)
    return f"{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")


def lpt(wei: int) -> str:
    return fixed(wei, 10**18, 2)


def milliether(wei: int) -> str:
    return fixed(wei, 10**15, 3)


def megapixels(pixels: int) -> str:
    return fixed(pixels, 10**6, 2)


def gwei(wei: int) -> str:
    return fixed(wei, 10**9, 2)


def exact(wei: int) -> str:
    """Wei as whole units with every decimal there is."""
    whole, rest = divmod(wei, 10**18)
    decimals = f"{rest:018d}".rstrip("0")
    return f"{whole:,}" + (f".{decimals}" if decimals else "")
