"""The tree of calls of a transaction, with the names and arguments a reader knows.

Two things repeat so often that they hide the rest, and are folded: the hop from a ManagerProxy into
its implementation, which becomes part of the call (`via`), and what contracts look up in the
Controller, which is counted (`lookups`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts._governance.calldata import Decoded, Interfaces
from scripts._governance.names import Names
from scripts._governance.showing import Shower, Value, call_text

CONTROLLER = "Controller"
LOOKUPS = frozenset({"getContract", "paused", "owner"})


@dataclass(frozen=True)
class CallNode:
    """One call. `function` is raw calldata where that is not understood, and `unknown` says why."""

    kind: str
    sender: str
    to: str
    contract: str
    function: str
    arguments: tuple[Value, ...]
    value: int
    gas_used: int
    via: str = ""
    unknown: str = ""
    error: str = ""
    lookups: int = 0
    calls: tuple[CallNode, ...] = ()

    def walk(self) -> Iterator[CallNode]:
        yield self
        for call in self.calls:
            yield from call.walk()

    @property
    def line(self) -> str:
        """The call in one line."""
        return f"{self.to}.{call_text(self.function, self.arguments)}" if self.function else self.to


class CallTree:
    """Reads what the callTracer of a node says."""

    def __init__(self, names: Names, interfaces: Interfaces, *, fold: bool = True) -> None:
        self._names = names
        self._interfaces = interfaces
        self._fold = fold
        self._show = Shower(names, interfaces)

    def read(self, raw: Mapping[str, Any]) -> CallNode:
        raw_calls: Sequence[Mapping[str, Any]] = raw.get("calls") or ()
        via, hop_lookups = "", 0
        if self._fold and (hop := self._hop(raw, raw_calls)):
            via = self._names.label(hop["to"])
            hop_lookups = len(raw_calls) - 1
            raw_calls = hop.get("calls") or ()
        shown_calls = [call for call in raw_calls if not (self._fold and self._is_lookup(call))]
        function, arguments, unknown = self._call(raw)
        to = str(raw.get("to") or "")
        return CallNode(
            kind=str(raw["type"]),
            sender=self._names.label(raw["from"]),
            to=self._names.label(to) if to else "(new contract)",
            contract=(self._names.contract(to) if to else None) or "",
            function=function,
            arguments=arguments,
            value=int(raw.get("value") or "0x0", 16),
            gas_used=int(raw["gasUsed"], 16),
            via=via,
            unknown=unknown,
            error=self._error(raw),
            lookups=len(raw_calls) - len(shown_calls) + hop_lookups,
            calls=tuple(map(self.read, shown_calls)),
        )

    def _hop(
        self, raw: Mapping[str, Any], calls: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """The delegatecall by which a proxy hands on the very call it got, after its look-ups."""
        if not calls or not all(map(self._is_lookup, calls[:-1])):
            return None
        last = calls[-1]
        handed_on = last["type"] == "DELEGATECALL" and last["input"] == raw["input"]
        return last if handed_on else None

    def _is_lookup(self, raw: Mapping[str, Any]) -> bool:
        if raw["type"] != "STATICCALL" or self._names.name(raw["to"]) != CONTROLLER:
            return False
        call = self._interfaces.decode(CONTROLLER, _bytes(raw["input"]))
        return isinstance(call, Decoded) and call.function in LOOKUPS

    def _call(self, raw: Mapping[str, Any]) -> tuple[str, tuple[Value, ...], str]:
        """Function, arguments, and why they are not known."""
        data = _bytes(raw.get("input") or "0x")
        if raw["type"].startswith("CREATE"):
            return "create", (), ""
        if not data:
            return "", (), ""
        call = self._interfaces.decode(self._names.contract(raw["to"]), data)
        if isinstance(call, Decoded):
            return (
                call.function,
                self._show.of_call(call.contract, call.function, call.arguments),
                "",
            )
        return call.data, (), call.why

    def _error(self, raw: Mapping[str, Any]) -> str:
        if not raw.get("error"):
            return ""
        output = _bytes(raw.get("output") or "0x")
        return self._interfaces.revert_reason(output) if output else str(raw["error"])


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
