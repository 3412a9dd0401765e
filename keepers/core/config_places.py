"""Where in a configuration each key is: a line of the TOML file, or an environment variable.

A TOML document is a sequence of statements, and one that ends too early does not parse. So the
lines are put together until they do: each such piece is one statement, and the parser that reads
the whole file says which keys are in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

Path = tuple[str | int, ...]

PREFIX = "KEEPERS_"


class Words(str):
    """Text from outside the TOML file. Its type is whatever its key wants."""


class Places:
    """`name_of(path)` is "keepers.toml:12", or the variable that set it."""

    def __init__(self, file: str, text: str) -> None:
        """The text must be valid TOML."""
        self._file = file
        self._lines: dict[Path, int] = {}
        self._pieces: dict[int, list[str]] = {}
        self._variables: dict[Path, str] = {}
        for path, line, piece in _statements(text):
            for end in range(1, len(path) + 1):
                self._lines.setdefault(path[:end], line)
            self._pieces[line] = piece

    def name_of(self, path: Path, value: object = None) -> str:
        """`value` finds the line of one item in a list over several lines."""
        for end in range(len(path), 0, -1):
            if variable := self._variables.get(path[:end]):
                return variable
            if line := self._lines.get(path[:end]):
                return f"{self._file}:{line + self._offset(line, value)}"
        return self._file

    def _offset(self, line: int, value: object) -> int:
        if not isinstance(value, str) or not value:
            return 0
        return next((at for at, text in enumerate(self._pieces[line]) if value in text), 0)

    def overlay(self, tree: dict[str, Any], environment: Mapping[str, str]) -> list[str]:
        """Put KEEPERS_<SECTION>__<KEY> over the file. Returns variables that fit nowhere."""
        misfits = []
        for variable, value in sorted(environment.items()):
            if not variable.startswith(PREFIX):
                continue
            path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
            node: Any = tree
            for part in path[:-1]:
                node = node.setdefault(part, {}) if isinstance(node, dict) else None
            if not isinstance(node, dict):
                misfits.append(variable)
                continue
            # The variable replaces both ways in which the file can give the same thing.
            node.pop(path[-1].removesuffix("_file"), None)
            node.pop(f"{path[-1]}_file", None)
            node[path[-1]] = Words(value)
            self._variables[path] = variable
            for end in range(1, len(path)):
                if path[:end] not in self._lines:
                    self._variables.setdefault(path[:end], variable)
        return misfits


def parse(text: str) -> dict[str, Any]:
    """Raises tomllib.TOMLDecodeError, with line and column. Numbers keep all their digits."""
    return tomllib.loads(text, parse_float=Decimal)


def _statements(text: str) -> Iterator[tuple[Path, int, list[str]]]:
    table: Path = ()
    counts: dict[Path, int] = {}
    piece: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        piece.append(line)
        try:
            found = parse("\n".join(piece))
        except tomllib.TOMLDecodeError:
            continue
        first, whole, piece = number - len(piece) + 1, piece, []
        if line.lstrip().startswith("[") and len(whole) == 1:
            table = _header(found, counts)
            yield table, first, whole
        else:
            for path in _paths(found):
                yield (*table, *path), first, whole


def _header(found: dict[str, Any], counts: dict[Path, int]) -> Path:
    """`[a.b]` is the path a, b; the second `[[a.b]]` is a, b, 1."""
    path: Path = ()
    node: Any = found
    while isinstance(node, dict) and node:
        name, node = next(iter(node.items()))
        path = (*path, name)
    if isinstance(node, list):
        counts[path] = counts.get(path, -1) + 1
        path = (*path, counts[path])
    return path


def _paths(node: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _paths(value, (*path, name))
