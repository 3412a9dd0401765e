"""Reading logs of many blocks, in parts as large as the endpoints allow.

Endpoints limit blocks, or results, or time, and say so in as many words as there are endpoints. So
any error but those that have nothing to do with the length halves it, down to one block; it grows
back by a tenth with each part that is answered. Source: keepers spec (e1), R7 and R21.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from keepers.core import wire
from keepers.core.endpoints import BlockMissing, Endpoints, Turn
from keepers.core.model import Log
from keepers.core.node_answers import Sort, sort_of
from keepers.core.rpc import Ask, EndpointError, Fault, NodeError
from keepers.core.wire import Topic

LONGEST = 10_000  # blocks
TRY_SECONDS = 10.0
PATIENCE = 30.0  # seconds for one part


class LogReader:
    """Remembers how many blocks were allowed last."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._span = LONGEST

    def read(
        self, address: str | Sequence[str], topics: Sequence[Topic], first: int, last: int
    ) -> Iterator[list[Log]]:
        who = address if isinstance(address, str) else list(address)
        fields = {"address": who, "topics": wire.topics(topics)}
        while first <= last:
            end, found = self._part(fields, first, last)
            if found:
                yield found
            first = end + 1

    def _part(self, fields: dict[str, Any], first: int, last: int) -> tuple[int, list[Log]]:
        """Logs from `first` to the block that is returned with them."""

        def work(turn: Turn) -> tuple[int, list[Log]]:
            while True:
                end = min(last, first + self._span - 1)
                try:
                    found = self._ask(turn, fields, first, end)
                except (NodeError, EndpointError) as error:
                    if end == first or not _may_be_too_long(error):
                        raise
                    self._span = (end - first + 1) // 2
                    if isinstance(error, EndpointError):
                        raise  # it did not answer, so it is another one's turn
                else:
                    self._span = min(LONGEST, self._span + self._span // 10 + 1)
                    return end, found

        what = f"logs from block {first}"
        return self._endpoints.read(work, what, patience=PATIENCE, try_for=TRY_SECONDS)

    def _ask(self, turn: Turn, fields: dict[str, Any], first: int, end: int) -> list[Log]:
        """Nodes that do not have the last block yet often answer as if it were empty."""
        block, found = turn.ask_many(
            [
                Ask("eth_getBlockByNumber", (hex(end), False)),
                Ask("eth_getLogs", ({**fields, "fromBlock": hex(first), "toBlock": hex(end)},)),
            ]
        )
        for answer in (block, found):
            if isinstance(answer, NodeError):
                raise answer
        if wire.block_hash(block) is None:
            raise BlockMissing(f"does not have block {end}")
        return wire.logs(found, first, end)


def _may_be_too_long(error: NodeError | EndpointError) -> bool:
    if isinstance(error, EndpointError):  # also a gateway's 504, or more bytes than are read
        return error.fault not in (Fault.UNREACHABLE, Fault.LIMITED)
    return sort_of(error) is Sort.OTHER
