"""Several endpoints of one chain as one: which to ask, when to turn to the next.

    usable      right chain, no back-off        transactions are given to all of these
    readable    usable, and its head is recent  reads go to the best, on failure to the next at once
    left alone  too many errors in a row        asked only when no readable one answers
    foreign     another chain                   asked for nothing but its chain id, every 10 minutes

Endpoints are asked one after the other, not in threads: a try is short as long as there is another
endpoint to turn to, so two of three may hang and a read still ends within 3 s; and a process that
forks, or is frozen, keeps no half-done request elsewhere. Source: keepers spec (e1), R7.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from keepers.core import wire
from keepers.core.endpoint import NEVER, Endpoint, EndpointStatus, Rules
from keepers.core.heads import Heads
from keepers.core.model import Head, KeeperError, Reverted, Unavailable
from keepers.core.node_answers import Sort, sort_of
from keepers.core.rpc import Ask, EndpointError, Fault, NodeError, Rpc
from keepers.core.wire import Malformed, Seen

PAUSE = 0.25  # seconds until the same endpoints are asked once more
PER_ASK = 50  # questions in one request for which a try may take twice as long
T = TypeVar("T")


class BlockMissing(Exception):
    """The endpoint does not have a block that another one has shown."""


class OtherBranch(BlockMissing):
    """It has another block at that height."""


class Foreign(Exception):
    """The endpoint is of another chain."""


@dataclass(frozen=True)
class Turn:
    """One endpoint's try at something. `seconds` bound each of its requests."""

    endpoint: Endpoint
    seconds: float

    def ask(self, method: str, *params: Any) -> Any:
        """Raises EndpointError, NodeError."""
        return self.endpoint.rpc.ask(method, *params, timeout=self.seconds)

    def ask_many(self, asks: Sequence[Ask]) -> list[Any]:
        """Results and NodeErrors. Raises EndpointError."""
        seconds = self.seconds * (1 + len(asks) / PER_ASK)
        return self.endpoint.rpc.ask_many(asks, seconds)


Work = Callable[[Turn], T]
TROUBLES = (EndpointError, NodeError, Malformed, BlockMissing, Foreign)


class Endpoints:
    def __init__(
        self,
        rpcs: Sequence[Rpc],
        chain_id: int,
        *,
        rules: Rules | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not rpcs:
            raise KeeperError("no RPC endpoint is configured")
        self.chain_id = chain_id
        self.rules = rules or Rules()
        self.heads = Heads(self.rules.lag)
        self._now, self._sleep = monotonic, sleep
        self._all = [
            Endpoint(rpc, name, place, self.rules, jitter)
            for place, (rpc, name) in enumerate(zip(rpcs, _names(rpcs), strict=True))
        ]
        self._tried: set[Endpoint] = set()  # since the head was last asked for

    def status(self) -> list[EndpointStatus]:
        now = self._now()
        return [endpoint.status(now) for endpoint in self._all]

    # -- asking

    def read(
        self,
        work: Work[T],
        what: str,
        *,
        patience: float | None = None,
        try_for: float | None = None,
    ) -> T:
        """What the first endpoint says that can do `work`. Raises Unavailable, and Reverted.

        Without `try_for`, an endpoint that is the only one gets all the time there is.
        An error that a node gives counts against it only if another node then does better: the
        question may be at fault.
        """
        end = self._now() + (patience or self.rules.patience)
        troubles: dict[str, str] = {}
        suspects: set[Endpoint] = set()
        while True:
            order = self._readable()
            may_help = bool(self._left_alone(0.0))  # one of these may be back soon
            for endpoint in order:
                left = end - self._now()
                if left <= 0:
                    break
                if try_for or len(self._all) > 1:
                    left = min(left, try_for or self.rules.try_for)
                try:
                    answer = self._try(Turn(endpoint, left), work)
                except TROUBLES as error:
                    troubles[endpoint.name] = str(error)
                    may_help |= self._note(endpoint, error)
                    if _is_suspect(error):
                        suspects.add(endpoint)
                else:
                    for suspect in suspects - {endpoint}:
                        suspect.failed(self._now(), troubles[suspect.name])
                    return answer
            if not may_help or self._now() + PAUSE >= end:
                raise Unavailable(f"no endpoint gives {what}: {self._why_not(troubles)}")
            self._sleep(PAUSE)

    def each(self, work: Work[T], seconds: float) -> Iterator[tuple[Endpoint, T | Exception]]:
        """What every usable endpoint says, the best first, lagging ones too; those left alone only
        if there is no other. What goes wrong is a result as well.
        """
        now = self._now()
        usable = sorted((one for one in self._all if one.is_usable(now)), key=_by_fitness)
        yield from self._visit(usable or self._left_alone(0.0), work, seconds)

    def head(self) -> Head:
        """The highest head that an endpoint of this chain has shown. Raises Unavailable.

        The best endpoint is asked every time, the others now and then, to know who lags. Before a
        lower head than the last one counts, everybody is asked.
        """
        started, top = self._now(), self.heads.top
        self._tried.clear()
        trouble = ""
        found: list[Seen] = []
        try:
            found.append(self.read(self._look, "the head"))
        except Unavailable as error:
            trouble = str(error)
        due = [one for one in self._all if self._is_due(one, started)]
        found += self._survey(due)
        if not found or (top and max(one.head.number for one in found) < top.number):
            found += self._survey([*self._all])
        if not found:
            raise Unavailable(trouble)
        head = self.heads.judge(found, self._now())
        for endpoint in self._all:
            if self.heads.top and endpoint.seen_at >= started:
                endpoint.compare(self.heads.top)
        if head is None:
            raise Unavailable(f"every endpoint lags: {self._why_not({})}")
        return head

    # -- one endpoint after the other

    def _try(self, turn: Turn, work: Work[T]) -> T:
        endpoint, started = turn.endpoint, self._now()
        endpoint.tried_at = started
        self._tried.add(endpoint)
        if started - endpoint.chain_at >= self.rules.chain_every:
            found = wire.quantity(turn.ask("eth_chainId"), "a chain id")
            if not endpoint.is_of_chain(found, self.chain_id, self._now()):
                raise Foreign(f"is of chain {found}, not {self.chain_id}")
        try:
            answer = work(turn)
        except Reverted:
            endpoint.answered(self._now() - started)
            raise
        endpoint.answered(self._now() - started)
        return answer

    def _visit(
        self, endpoints: Iterable[Endpoint], work: Work[T], seconds: float
    ) -> Iterator[tuple[Endpoint, T | Exception]]:
        for endpoint in endpoints:
            result: T | Exception
            try:
                result = self._try(Turn(endpoint, seconds), work)
            except TROUBLES as error:
                self._note(endpoint, error)
                result = error
            yield endpoint, result

    def _note(self, endpoint: Endpoint, error: Exception) -> bool:
        """Count it against the endpoint, if it is its fault. Whether asking again may help."""
        now = self._now()
        sort = sort_of(error) if isinstance(error, NodeError) else None
        wait = error.retry_after if isinstance(error, EndpointError) else None
        is_limit = isinstance(error, EndpointError) and error.fault is Fault.LIMITED
        if is_limit or wait is not None or sort is Sort.LIMITED:
            endpoint.limited(now, wait)
            return False
        if isinstance(error, BlockMissing) or sort is Sort.NO_BLOCK:
            endpoint.seen_at = NEVER  # look at its head before anything else
            return not isinstance(error, OtherBranch)
        if isinstance(error, (EndpointError, Malformed)):
            endpoint.failed(now, str(error))
            return True
        return False

    def _look(self, turn: Turn) -> Seen:
        seen = wire.seen(turn.ask("eth_getBlockByNumber", "latest", False))
        turn.endpoint.showed(seen.head, self._now())
        return seen

    def _survey(self, endpoints: Iterable[Endpoint]) -> list[Seen]:
        """Heads of those that were not asked yet."""
        now, found = self._now(), []
        rest = [one for one in endpoints if one not in self._tried and one.may_be_asked(now)]
        for endpoint, seen in self._visit(rest, self._look, self.rules.try_for):
            if isinstance(seen, Seen):
                found.append(seen)
            elif _is_suspect(seen):
                endpoint.failed(self._now(), str(seen))
        return found

    # -- which

    def _is_due(self, endpoint: Endpoint, now: float) -> bool:
        return not endpoint.is_out(now) and now - endpoint.seen_at >= self.rules.look_every

    def _readable(self) -> list[Endpoint]:
        now = self._now()
        fit = [one for one in self._all if one.is_usable(now) and not one.is_lagging]
        return sorted(fit, key=_by_fitness) + self._left_alone(self.rules.retry_gap)

    def _left_alone(self, gap: float) -> list[Endpoint]:
        """Those with a back-off that were not tried for `gap` seconds, the longest wait first."""
        now = self._now()
        out = [
            one
            for one in self._all
            if one.is_out(now) and one.may_be_asked(now) and not one.is_foreign
        ]
        waited = [one for one in out if not one.is_lagging and now - one.tried_at >= gap]
        return sorted(waited, key=lambda one: one.tried_at)

    def _why_not(self, troubles: Mapping[str, str]) -> str:
        return "; ".join(
            f"{one.name} {troubles.get(one.name) or one.why or 'was not asked'}"
            for one in self.status()
        )


def learn_chain_id(rpcs: Sequence[Rpc], seconds: float = 3.0) -> int:
    """The chain that all endpoints are of that answer. Raises Unavailable, KeeperError."""
    found: dict[str, int] = {}
    troubles = []
    for rpc, name in zip(rpcs, _names(rpcs), strict=True):
        try:
            found[name] = wire.quantity(rpc.ask("eth_chainId", timeout=seconds), "a chain id")
        except (EndpointError, NodeError, Malformed) as error:
            troubles.append(f"{name} {error}")
    if not found:
        raise Unavailable(f"no endpoint gives its chain id: {'; '.join(troubles)}")
    if len(set(found.values())) > 1:
        each = ", ".join(f"{name} of {chain}" for name, chain in found.items())
        raise KeeperError(f"RPC endpoints are of different chains, set the chain id: {each}")
    return next(iter(found.values()))


def _by_fitness(endpoint: Endpoint) -> tuple[bool, int, int, int]:
    return endpoint.rank()


def _is_suspect(error: object) -> bool:
    return isinstance(error, NodeError) and sort_of(error) is Sort.OTHER


def _names(rpcs: Sequence[Rpc]) -> list[str]:
    """Names that differ, also of two endpoints of one provider."""
    names: list[str] = []
    for rpc in rpcs:
        same = sum(name.split(" ")[0] == rpc.name for name in names)
        names.append(f"{rpc.name} ({same + 1})" if same else rpc.name)
    return names
