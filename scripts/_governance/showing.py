"""Decoded values as a reader wants them: with names, units, and calls inside calls spelled out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from eth_utils.address import is_checksum_address

from scripts._governance.calldata import Argument, Decoded, Interfaces
from scripts._governance.names import Names
from scripts._governance.units import raw, shown
from scripts._governance.words import EVENTS

# Data longer than a word is cut: its head and size say as much. So is a text longer than this.
MAX_DATA = 32
MAX_TEXT = 160

ShowArgument = Callable[[str, Any], str]


@dataclass(frozen=True)
class Value:
    """An argument: exact, and as a reader wants it, with names and units."""

    name: str
    type: str
    value: str
    shown: str


class Shower:
    """Shows arguments of calls and of events."""

    def __init__(self, names: Names, interfaces: Interfaces) -> None:
        self._names = names
        self._interfaces = interfaces

    def of_call(
        self, contract: str, function: str, arguments: Sequence[Argument]
    ) -> tuple[Value, ...]:
        return self._values(arguments, partial(shown, contract, function))

    def of_event(self, event: str, arguments: Sequence[Argument]) -> tuple[Value, ...]:
        units = EVENTS.get(event, {})

        def show(name: str, value: Any) -> str:
            return units[name].show(value) if name in units else raw(value)

        return self._values(arguments, show)

    def _values(self, arguments: Sequence[Argument], show: ShowArgument) -> tuple[Value, ...]:
        names = [item.name for item in arguments]
        texts = self._all(names, [item.value for item in arguments], show)
        return tuple(
            Value(item.name, item.type, exact(item.value), text)
            for item, text in zip(arguments, texts, strict=True)
        )

    def _all(self, names: Iterable[str], values: Sequence[Any], show: ShowArgument) -> list[str]:
        """Values that stand side by side. Calldata beside the addresses it is for is spelled out:
        what an update, a batch or a treasury proposal is about.
        """
        targets = [value for value in values if _all_of(value, is_checksum_address)]
        texts = []
        for name, value in zip(names, values, strict=True):
            data = _items(value) if _all_of(value, _is_bytes) else ()
            if len(targets) == 1 and len(_items(targets[0])) == len(data):
                calls = map(self._call, _items(targets[0]), data)
                texts.append(_joined(calls) if isinstance(value, tuple) else next(calls))
            else:
                texts.append(self._one(name, value, show))
        return texts

    def _call(self, target: str, data: bytes) -> str:
        call = self._interfaces.decode(self._names.contract(target), data)
        if not isinstance(call, Decoded):
            return _data(data)
        values = self.of_call(call.contract, call.function, call.arguments)
        return f"{self._names.label(target)}.{call_text(call.function, values)}"

    def _one(self, name: str, value: Any, show: ShowArgument) -> str:
        if isinstance(value, tuple | list):
            return _joined(self._all([name] * len(value), value, show))
        if isinstance(value, str) and is_checksum_address(value):
            return self._names.label(value)
        if isinstance(value, bytes) and len(value) > MAX_DATA:
            return _data(value)
        if isinstance(value, bytes) and len(value) == 32 and self._names.word_label(value):
            return str(self._names.word_label(value))
        text = show(name, value)
        return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}... ({len(text):,} characters)"


def call_text(function: str, values: Iterable[Value]) -> str:
    return f"{function}({', '.join(f'{item.name}: {item.shown}' for item in values)})"


def exact(value: Any) -> str:
    """A decoded value in full."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple | list):
        return _joined(map(exact, value))
    return str(value)


def _joined(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"


def _data(data: bytes) -> str:
    if len(data) <= MAX_DATA:
        return "0x" + data.hex()
    return f"0x{data[:MAX_DATA].hex()}... ({len(data):,} bytes)"


def _items(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _all_of(value: Any, holds: Callable[[Any], bool]) -> bool:
    return bool(_items(value)) and all(map(holds, _items(value)))


def _is_bytes(value: Any) -> bool:
    """Calldata, not an id or a hash."""
    return isinstance(value, bytes) and len(value) != 32
