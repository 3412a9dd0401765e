"""Where each contract keeps its variables: storage layouts as types that can be walked.

The compiler says where a variable begins and, spelled out, what it is (`tools.storage_layouts`);
here the spelling becomes a type that knows how many slots it takes. Vyper packs nothing: a member
of a struct, an element of an array and a word of text each have a slot of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts._lib.artifacts import sources

WORD = 32


class LayoutError(ValueError):
    """A type that is spelled in a way this module does not know, or whose size is another one."""


@dataclass(frozen=True)
class Word:
    """One slot: `address`, `bool`, `uint256`, `bytes32`, a flag, an interface."""

    name: str
    slots: int = 1

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Text:
    """`String[limit]` or `Bytes[limit]`: a slot for the length, then the text."""

    name: str
    limit: int

    @property
    def slots(self) -> int:
        return 1 + -(-self.limit // WORD)

    def __str__(self) -> str:
        return f"{self.name}[{self.limit}]"


@dataclass(frozen=True)
class Struct:
    name: str
    members: tuple[tuple[str, Type], ...]

    @property
    def slots(self) -> int:
        return sum(member.slots for _, member in self.members)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Array:
    """`item[limit]`, or `DynArray[item, limit]`, which begins with a slot for its length."""

    item: Type
    limit: int
    dynamic: bool

    @property
    def slots(self) -> int:
        return self.limit * self.item.slots + self.dynamic

    def __str__(self) -> str:
        return (
            f"DynArray[{self.item}, {self.limit}]" if self.dynamic else f"{self.item}[{self.limit}]"
        )


@dataclass(frozen=True)
class Table:
    """`HashMap[key, value]`. Its own slot is empty and enters the hashes of its elements."""

    key: Type
    value: Type
    slots: int = 1

    def __str__(self) -> str:
        return f"HashMap[{self.key}, {self.value}]"


Type = Word | Text | Struct | Array | Table


@dataclass(frozen=True)
class Variable:
    """A variable of a contract, under the path of its module, from slot `slot` on."""

    slot: int
    name: str
    type: Type


Layout = tuple[Variable, ...]


class Layouts(Mapping[str, Layout]):
    """Layouts by name of the source, each compiled when it is first asked for (under 0.5 s).

    `more` adds contracts from other places, such as a candidate built from changed sources.
    """

    def __init__(self, *, more: Mapping[str, Path] | None = None) -> None:
        self._paths = {**sources(), **(more or {})}
        self._known: dict[str, Layout] = {}

    def __getitem__(self, name: str) -> Layout:
        if name not in self._known:
            self._known[name] = compile_layout(self._paths[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def compile_layout(source: Path) -> Layout:
    """Layout of a contract. Raises LayoutError."""
    from tools.storage_layouts import compiled_layout  # the compiler: slow to import

    variables = []
    for found in compiled_layout(source).variables:
        kind = parse_type(found.type)
        if kind.slots != found.n_slots:
            raise LayoutError(
                f"{source.stem}: {found.name} takes {found.n_slots} slots, "
                f"but {found.type} was read as {kind.slots}"
            )
        variables.append(Variable(found.slot, found.name, kind))
    return tuple(variables)


def parse_type(spelled: str) -> Type:
    """The type of a spelling by `tools.storage_layouts.spell`. Raises LayoutError."""
    reader = _Reader(spelled)
    kind = reader.type()
    if reader.rest:
        raise LayoutError(f"{spelled}: cannot read `{reader.rest}`")
    return kind


class _Reader:
    """Takes a spelling apart from the left."""

    def __init__(self, text: str) -> None:
        self.rest = text
        self._whole = text

    def type(self) -> Type:
        name = self._take(r"[A-Za-z_][\w ]*")
        kind: Type
        if name == "HashMap":
            self._take(r"\[")
            key = self.type()
            self._take(", ")
            kind = Table(key, self.type())
            self._take(r"\]")
        elif name == "DynArray":
            self._take(r"\[")
            item = self.type()
            self._take(", ")
            kind = Array(item, int(self._take(r"\d+")), dynamic=True)
            self._take(r"\]")
        elif name in ("String", "Bytes"):
            kind = Text(name, self._limit())
        elif self.rest.startswith("("):
            kind = Struct(name, tuple(self._members()))
        else:
            kind = Word(name)
        while self.rest.startswith("["):
            kind = Array(kind, self._limit(), dynamic=False)
        return kind

    def _limit(self) -> int:
        self._take(r"\[")
        limit = int(self._take(r"\d+"))
        self._take(r"\]")
        return limit

    def _members(self) -> Iterator[tuple[str, Type]]:
        separator = r"\("
        while not self.rest.startswith(")"):
            self._take(separator)
            name = self._take(r"\w+")
            self._take(": ")
            yield name, self.type()
            separator = ", "
        self._take(r"\)")

    def _take(self, pattern: str) -> str:
        match = re.match(pattern, self.rest)
        if match is None:
            raise LayoutError(f"{self._whole}: cannot read `{self.rest}`")
        self.rest = self.rest[match.end() :]
        return match[0]
