"""Kinds of values in a configuration: what the file has, to what the program wants.

A kind raises ValueError, with words that complete "<key>: ". It never repeats a value that may be a
secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, TypeVar

from eth_utils.address import is_checksum_address, to_checksum_address

from keepers.core.amounts import parse_units, show_units
from keepers.core.config_places import Words

T = TypeVar("T")
Kind = Callable[[Any], T]

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class ItemError(ValueError):
    def __init__(self, index: int, value: object, text: str) -> None:
        super().__init__(text)
        self.index, self.value = index, value


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text in quotes, not empty")
    return str(value)


def boolean(value: Any) -> bool:
    if isinstance(value, Words) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def whole(least: int, most: int) -> Kind[int]:
    def read(value: Any) -> int:
        if isinstance(value, Words) and re.fullmatch(r"\d{1,18}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be a whole number from {least} to {most}, without quotes")
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most}, not {value}")
        return value

    return read


def seconds(least: float, most: float) -> Kind[float]:
    def read(value: Any) -> float:
        try:
            number = Decimal(value) if isinstance(value, Words) else value
        except InvalidOperation:
            number = None
        if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
            raise ValueError(f"must be seconds from {least:g} to {most:g}, without quotes")
        # As written, 0.1 is below the float 0.1: compare decimals.
        low, high = Decimal(str(least)), Decimal(str(most))
        if not (number == number and low <= number <= high):
            raise ValueError(f"must be from {least:g} to {most:g} seconds, not {number}")
        return float(number)

    return read


def amount(decimals: int, unit: str, most: int) -> Kind[int]:
    """Base units of an amount written in `unit`, above zero and up to `most` of the unit."""

    def read(value: Any) -> int:
        found = parse_units(value, decimals)
        if not 0 < found <= most * 10**decimals:
            shown = show_units(found, decimals)
            raise ValueError(f"must be above 0 and at most {most} {unit}, not {shown}")
        return found

    return read


def choice(*words: str) -> Kind[str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            near = get_close_matches(str(value), words, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"must be one of {', '.join(words)}{hint}")
        return str(value)

    return read


def address(value: Any) -> str:
    """With its checksum: a typing error in lower case would find no objection anywhere."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise ValueError("must be an address: 0x and 40 hex digits, in quotes")
    right = to_checksum_address(value.lower())
    if int(value, 16) == 0:
        raise ValueError("must not be the zero address")
    if value in (value.lower(), "0x" + value[2:].upper()) and value != right:
        raise ValueError(f"has no checksum: write {right}, after comparing it with your source")
    if not is_checksum_address(value):
        raise ValueError(f"{value} has a wrong checksum: a digit is mistyped")
    return str(value)


def several(kind: Kind[T]) -> Kind[tuple[T, ...]]:
    """A list without repetition. From outside the file: words between commas or blanks."""

    def read(value: Any) -> tuple[T, ...]:
        if isinstance(value, Words):
            value = [Words(one) for one in value.replace(",", " ").split()]
        if not isinstance(value, list):
            raise ValueError('must be a list: ["...", "..."]')
        found: list[T] = []
        for index, one in enumerate(value):
            try:
                item = kind(one)
            except ValueError as error:
                raise ItemError(index, one, str(error)) from None
            if item in found:
                raise ItemError(index, None, "is in the list twice")
            found.append(item)
        return tuple(found)

    return read
