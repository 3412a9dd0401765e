"""Reads one table of a configuration: every key with its type, and every trouble written down.

Trouble does not stop the reading: the operator hears of all of it at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path as File
from typing import Any, TypeVar, cast

from keepers.core.config_kinds import ItemError, Kind, text
from keepers.core.config_places import Path, Places, Words
from keepers.core.model import KeeperError

T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """`key` is dotted, `place` a line of the file or an environment variable."""

    place: str
    key: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.key, self.text) if part)


class ConfigError(KeeperError):
    """All that is wrong, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class _Required:
    """No default."""


REQUIRED = _Required()


@dataclass
class Report:
    places: Places
    problems: list[Problem] = field(default_factory=list)
    valid: dict[Path, list[str]] = field(default_factory=dict)
    unknown: list[Path] = field(default_factory=list)

    def add(self, path: Path, text: str, value: object = None) -> None:
        place = self.places.name_of(path, value)
        self.problems.append(Problem(place, dotted(path), text))

    def finish(self) -> None:
        """Say of every unknown key which valid one is nearest. Raises ConfigError."""
        for path in self.unknown:
            self.add(path, f"unknown key; {self._nearest(path)}")
        if self.problems:
            raise ConfigError(sorted(self.problems, key=_order))

    def _nearest(self, path: Path) -> str:
        table, name = path[:-1], str(path[-1])
        valid = self.valid[table]
        if found := get_close_matches(name, valid, n=1, cutoff=0.6):
            return f"did you mean {found[0]}?"
        for other, names in self.valid.items():
            if name in names:
                where = f"to [{dotted(other)}]" if other else "above the first [section]"
                return f"it belongs {where}"
        nearest = get_close_matches(name, valid, n=1, cutoff=0.0)
        return f"nearest is {nearest[0]}, of {', '.join(sorted(valid))}" if nearest else "remove it"


@dataclass
class Section:
    """One table. Whatever it has and nobody takes is unknown."""

    report: Report
    path: Path
    table: dict[str, Any]
    base: File  # of relative paths
    is_there: bool = True

    def __post_init__(self) -> None:
        self._names = self.report.valid.setdefault(self.path, [])
        self._before = len(self.report.problems)

    @property
    def is_sound(self) -> bool:
        """No trouble since it was opened: what was taken can be compared."""
        return len(self.report.problems) == self._before

    def take(self, name: str, kind: Kind[T], default: T | _Required = REQUIRED, why: str = "") -> T:
        """With trouble, None: the report never lets it out."""
        self._names.append(name)
        if name not in self.table:
            if isinstance(default, _Required):
                self.fail(name, f"is missing{why and ': '}{why}")
                return cast(T, None)
            return default
        return self._read(name, kind, self.table[name])

    def take_secret(self, name: str, kind: Kind[T], default: T | _Required = REQUIRED) -> T:
        """By itself, or in a file that `<name>_file` names."""
        twin = f"{name}_file"
        if twin not in self.table:
            self._names.append(twin)
            return self.take(name, kind, default, f"give it, or {twin}")
        self._names.append(name)
        file = self.take(twin, self.file())
        if name in self.table:
            self.fail(twin, f"{name} is given too: remove one of them")
        if file is None:
            return cast(T, None)
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.fail(twin, f"{file} cannot be read: {type(error).__name__}")
            return cast(T, None)
        return self._read(twin, kind, Words(text))

    def tables(self, name: str) -> Iterator[Section]:
        """Each table of an array of tables."""
        self._names.append(name)
        found = self.table.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.fail(name, f"must be tables: write [[{dotted((*self.path, name))}]]")
            return
        for index, one in enumerate(found):
            yield self._open((*self.path, name, index), one)

    def section(self, name: str) -> Section:
        self._names.append(name)
        found = self.table.get(name, {})
        if not isinstance(found, dict):
            self.fail(name, f"must be a table: write [{dotted((*self.path, name))}]")
            found = {}
        return self._open((*self.path, name), found, name in self.table)

    def close(self) -> None:
        self.report.unknown += [
            (*self.path, name) for name in self.table if name not in self._names
        ]

    def fail(self, name: str, text: str, value: object = None) -> None:
        self.report.add((*self.path, name) if name else self.path, text, value)

    def file(self) -> Kind[File]:
        """A path, relative to the configuration."""

        def read(value: Any) -> File:
            return self.base / File(text(value)).expanduser()

        return read

    def _read(self, name: str, kind: Kind[T], value: Any) -> T:
        try:
            return kind(value)
        except ItemError as error:
            path = (*self.path, name, error.index)
            self.report.add(path, str(error), error.value)
        except ValueError as error:
            self.fail(name, str(error))
        return cast(T, None)

    def _open(self, path: Path, table: dict[str, Any], is_there: bool = True) -> Section:
        return Section(self.report, path, table, self.base, is_there)


def dotted(path: Path) -> str:
    """("reward_caller", "own", 1, "signer") as "reward_caller.own[1].signer"."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(
        "."
    )


def _order(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.place.rpartition(":")
    return (file, int(line)) if line.isdigit() else (problem.place, 0)
