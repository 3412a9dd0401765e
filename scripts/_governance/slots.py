"""The name of a storage slot: a variable, and the keys, members and indices inside it.

An element of a HashMap lies at `keccak256(slot of the map ++ key)`, both as words, and nothing in
the slot number tells the key. So it is not guessed: a tracer that runs beside the transaction
writes down every short input of keccak256. Whatever element a transaction touched, it hashed the
way to it before, so every changed slot of a contract whose layout is known has its name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from eth_utils.crypto import keccak

from scripts._governance.layouts import Array, Layout, Struct, Table, Text, Type, Word

# For debug_traceTransaction: the distinct inputs of keccak256, in hex. Keys of HashMaps are hashed
# together with a slot, 64 bytes; keys that are texts were hashed by themselves before.
KECCAK_INPUTS = """{
  seen: {},
  step: function (log) {
    if (log.op.toNumber() !== 0x20) return;
    var at = Number(log.stack.peek(0)), size = Number(log.stack.peek(1));
    if (size > 256 || at + size > log.memory.length()) return;
    this.seen[toHex(log.memory.slice(at, at + size))] = true;
  },
  fault: function () {},
  result: function () { return Object.keys(this.seen); }
}"""

KeyLabel = Callable[[Type, bytes], str]


@dataclass(frozen=True)
class Place:
    """A slot by name. `pattern` is the name without keys and indices: what the word means."""

    name: str
    pattern: str
    type: Type

    def inside(self, name: str, pattern: str, kind: Type) -> Place:
        return replace(self, name=self.name + name, pattern=self.pattern + pattern, type=kind)


class Preimages:
    """Inputs of keccak256 by their hashes."""

    def __init__(self, inputs: Iterable[bytes]) -> None:
        self.of = {int.from_bytes(keccak(text), "big"): text for text in inputs}
        self._elements = sorted(hashed for hashed, text in self.of.items() if len(text) == 64)

    def element(self, slot: int) -> int | None:
        """The hash at or closest below a slot: where an element of a HashMap begins."""
        at = bisect_right(self._elements, slot)
        return self._elements[at - 1] if at else None


class Slots:
    """Names of the slots of one contract. `key_label` shows a key that is not a text."""

    def __init__(self, layout: Layout, preimages: Preimages, key_label: KeyLabel) -> None:
        self._layout = layout
        self._preimages = preimages
        self._key_label = key_label

    def order(self, place: Place) -> int:
        """Where the variable of a place is declared."""
        return next(
            at
            for at, variable in enumerate(self._layout)
            if place.pattern.startswith(variable.name) and _ends(place.pattern, variable.name)
        )

    def place(self, slot: int) -> Place | None:
        """None for a slot that no variable of the layout leads to."""
        for variable in self._layout:
            if variable.slot <= slot < variable.slot + variable.type.slots:
                found = Place(variable.name, variable.name, variable.type)
                return _walk(found, slot - variable.slot)
        begin = self._preimages.element(slot)
        element = None if begin is None else self._element(begin)
        if begin is None or element is None or slot - begin >= element.type.slots:
            return None
        return _walk(element, slot - begin)

    def _element(self, begin: int) -> Place | None:
        """The element of a HashMap that begins at a hash."""
        text = self._preimages.of.get(begin)
        if text is None or len(text) != 64:
            return None
        table = self._table(int.from_bytes(text[:32], "big"))
        if table is None or not isinstance(table.type, Table):
            return None
        key = self._show_key(table.type.key, text[32:])
        return table.inside(f"[{key}]", "[]", table.type.value)

    def _table(self, slot: int) -> Place | None:
        for variable in self._layout:
            if variable.slot == slot:
                return Place(variable.name, variable.name, variable.type)
        return self._element(slot)

    def _show_key(self, kind: Type, word: bytes) -> str:
        if isinstance(kind, Text):
            text = self._preimages.of.get(int.from_bytes(word, "big"))
            if text is None:
                return f"text with hash 0x{word.hex()}"
            return repr(text.decode()) if kind.name == "String" else f"0x{text.hex()}"
        return self._key_label(kind, word)


def _walk(place: Place, offset: int) -> Place | None:
    """The slot at an offset inside a place."""
    kind = place.type
    if isinstance(kind, Struct):
        for name, member in kind.members:
            if offset < member.slots:
                return _walk(place.inside(f".{name}", f".{name}", member), offset)
            offset -= member.slots
    if isinstance(kind, Text):
        if offset == 0:
            return place.inside(".length", ".length", Word("uint256"))
        return place.inside(f".text[{offset - 1}]", ".text[]", Word(kind.name.lower()))
    if isinstance(kind, Array):
        if kind.dynamic and offset == 0:
            return place.inside(".length", ".length", Word("uint256"))
        index, inner = divmod(offset - kind.dynamic, kind.item.slots)
        return _walk(place.inside(f"[{index}]", "[]", kind.item), inner)
    return place if isinstance(kind, Word) else None


def _ends(pattern: str, name: str) -> bool:
    return len(pattern) == len(name) or pattern[len(name)] in ".["
