"""ABI entries as comparable facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from eth_utils import keccak

Entry = dict[str, Any]


def canonical_type(item: Entry) -> str:
    """Type as in signatures: a tuple is its members."""
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    members = ",".join(canonical_type(member) for member in item["components"])
    return f"({members}){item['type'].removeprefix('tuple')}"


def signature(entry: Entry) -> str:
    inputs = ",".join(canonical_type(item) for item in entry.get("inputs", []))
    return f"{entry.get('name', '')}({inputs})"


def key(entry: Entry) -> str:
    """What identifies an entry on the wire: selector or topic, else its kind."""
    kind = entry["type"]
    if kind in ("function", "error"):
        return f"{kind} 0x{keccak(text=signature(entry))[:4].hex()} {signature(entry)}"
    if kind == "event":
        return f"{kind} 0x{keccak(text=signature(entry)).hex()} {signature(entry)}"
    return str(kind)


def wire_words(items: Iterable[Entry]) -> list[str]:
    """Types of return values with structs taken apart: a static struct is the same words."""
    words = []
    for item in items:
        if item["type"] == "tuple":
            words += wire_words(item["components"])
        else:
            words.append(canonical_type(item))
    return words


def wire_facts(entry: Entry) -> dict[str, Any]:
    """What a client depends on without names."""
    return {
        "mutability": entry.get("stateMutability"),
        "inputs": [canonical_type(item) for item in entry.get("inputs", [])],
        "indexed": [item.get("indexed", False) for item in entry.get("inputs", [])],
        "anonymous": entry.get("anonymous", False),
        "outputs": wire_words(entry.get("outputs", [])),
    }


def names_of(items: Iterable[Entry]) -> list[Any]:
    return [
        (item["name"], names_of(item["components"])) if "components" in item else item["name"]
        for item in items
    ]


def facts(entry: Entry) -> dict[str, Any]:
    """All of an entry, names included; return values as they are grouped."""
    return wire_facts(entry) | {
        "outputs": [canonical_type(item) for item in entry.get("outputs", [])],
        "input names": names_of(entry.get("inputs", [])),
        "output names": names_of(entry.get("outputs", [])),
    }


def matches(deployed: Any, ours: Any) -> bool:
    """Equal, except that where the deployed ABI has no name, ours may have one."""
    if isinstance(deployed, dict):
        return deployed.keys() == ours.keys() and all(
            matches(value, ours[name]) for name, value in deployed.items()
        )
    if isinstance(deployed, list | tuple):
        return len(deployed) == len(ours) and all(map(matches, deployed, ours))
    return bool(deployed in ("", ours))
