"""Values and words of the ABI: exact both ways.

Only the canonical encoding is read, and only a value that fits is written: nothing is converted,
shortened or padded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eth_abi.grammar import ABIType, BasicType, TupleType, parse
from eth_utils.address import is_hex_address, to_checksum_address
from eth_utils.crypto import keccak

Entry = Mapping[str, Any]


def signature(entry: Entry) -> str:
    return f"{entry['name']}({','.join(types_of(entry['inputs']))})"


def topic(entry: Entry) -> bytes:
    return bytes(keccak(text=signature(entry)))


def selector(entry: Entry) -> bytes:
    return topic(entry)[:4]


def types_of(items: Iterable[Entry]) -> list[str]:
    """Types as in signatures: a tuple is its members."""
    return [
        f"({','.join(types_of(item['components']))}){item['type'].removeprefix('tuple')}"
        if item["type"].startswith("tuple")
        else str(item["type"])
        for item in items
    ]


def decode_exactly(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Raises ValueError unless `data` is the one canonical encoding of what it says."""
    values, used = decode_start(types, data)
    if used < len(data):
        raise ValueError(f"{len(data) - used} bytes more than its arguments take")
    return values


def decode_start(types: Sequence[str], data: bytes) -> tuple[tuple[Any, ...], int]:
    """The values that `data` begins with, and how many bytes they take. Raises ValueError.

    Each part must lie right behind the one before it, as every encoder puts it. So no byte is read
    twice, and no length can cost more than the data is long.
    """
    return _read_members([parse(type_) for type_ in types], data, 0)


def _read_members(kinds: Sequence[ABIType], data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
    """A head, in which an offset stands for what is dynamic, and then the tail."""
    start, tail = at, at + sum(map(_head_size, kinds))
    values = []
    for kind in kinds:
        if kind.is_dynamic:
            if _number(data, at) != tail - start:
                raise ValueError("an offset that is not the canonical one")
            value, tail = _read(kind, data, tail)
            at += 32
        else:
            value, at = _read(kind, data, at)
        values.append(value)
    return tuple(values), tail


def _read(kind: ABIType, data: bytes, at: int) -> tuple[Any, int]:
    if kind.is_array:
        fixed = kind.arrlist[-1]
        count = fixed[0] if fixed else _number(data, at)
        at += 0 if fixed else 32
        if count * _head_size(kind.item_type) > len(data) - at:
            raise ValueError("an array longer than the data")
        return _read_members([kind.item_type] * count, data, at)
    if isinstance(kind, TupleType):
        return _read_members(kind.components, data, at)
    assert isinstance(kind, BasicType)
    if kind.is_dynamic:
        return _read_bytes(kind.base == "string", data, at)
    return _value(kind.base, kind.sub, _word(data, at)), at + 32


def _read_bytes(is_text: bool, data: bytes, at: int) -> tuple[bytes | str, int]:
    length = _number(data, at)
    end = at + 32 + length
    padded = end + -length % 32
    if padded > len(data):
        raise ValueError("bytes longer than the data")
    if any(data[end:padded]):
        raise ValueError("padding that is not zero")
    content = data[at + 32 : end]
    try:
        return content.decode() if is_text else content, padded
    except UnicodeDecodeError:
        raise ValueError("a text that is not UTF-8") from None


def _value(base: str, size: int | None, word: bytes) -> Any:
    """A static value from its word, which must not hold more."""
    if base == "bytes":
        assert size is not None
        if any(word[size:]):
            raise ValueError("padding that is not zero")
        return word[:size]
    if base == "address":
        if any(word[:12]):
            raise ValueError("padding that is not zero")
        return str(to_checksum_address(word[12:]))
    number = int.from_bytes(word, "big", signed=base == "int")
    if base == "bool":
        if number > 1:
            raise ValueError("a bool that is neither 0 nor 1")
        return number == 1
    assert base in ("uint", "int"), base
    assert size is not None
    low, high = (-(2 ** (size - 1)), 2 ** (size - 1)) if base == "int" else (0, 2**size)
    if not low <= number < high:
        raise ValueError(f"a number above {size} bits")
    return number


def _head_size(kind: ABIType) -> int:
    if kind.is_dynamic:
        return 32
    if kind.is_array:
        return int(kind.arrlist[-1][0]) * _head_size(kind.item_type)
    if isinstance(kind, TupleType):
        return sum(map(_head_size, kind.components))
    return 32


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + 32]
    if len(word) < 32:
        raise ValueError("ends too early")
    return word


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(_word(data, at), "big")


def misfit(type_: ABIType, value: Any) -> str | None:
    """What is wrong with a value of this type. Nothing is converted, shortened or padded."""
    if type_.is_array or isinstance(type_, TupleType):
        return _misfit_items(type_, value)
    assert isinstance(type_, BasicType)
    base, size = type_.base, type_.sub
    if base in ("uint", "int"):
        low = -(2 ** (size - 1)) if base == "int" else 0
        high = 2**size if base == "uint" else 2 ** (size - 1)
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value < high
    elif base == "address":
        fits = isinstance(value, str) and _is_address(value)
    elif base == "bytes":
        fits = isinstance(value, bytes) and size in (None, len(value))
    else:
        fits = isinstance(value, {"bool": bool, "string": str}[base])
    return None if fits else f"{plain(value)} does not fit"


def _is_address(text: str) -> bool:
    """Small letters only, or a right checksum: a mistyped letter is then found."""
    return is_hex_address(text) and text in (text.lower(), to_checksum_address(text))


def _misfit_items(type_: ABIType, value: Any) -> str | None:
    if not isinstance(value, list | tuple):
        return f"{plain(value)} is no list"
    if type_.is_array:
        length = type_.arrlist[-1]
        if length and len(value) != length[0]:
            return f"{len(value)} items, not {length[0]}"
        kinds: Sequence[ABIType] = [type_.item_type] * len(value)
    else:
        assert isinstance(type_, TupleType)
        kinds = type_.components
        if len(value) != len(kinds):
            return f"{len(value)} members, not {len(kinds)}"
    problems = (misfit(kind, item) for kind, item in zip(kinds, value, strict=True))
    return next((problem for problem in problems if problem), None)


def plain(value: Any) -> str:
    text = hex_of(value) if isinstance(value, bytes) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def hex_of(data: bytes) -> str:
    return "0x" + data.hex()
