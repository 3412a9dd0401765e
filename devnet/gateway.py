"""A gateway: finds orchestrators on chain, pays them, and puts a stream together again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random

from devnet.chain_view import ChainView
from devnet.cutting import Segment
from devnet.media import Profile
from devnet.selection import Candidate, Weights, draw
from devnet.session import Delivery, Job, Limits, OrchestratorError, Session

ATTEMPTS = 3
# An orchestrator that failed sits out so many draws, unless nobody else is left.
PENALTY = 4


class StreamError(RuntimeError):
    """The stream could not be finished; one line."""


@dataclass(frozen=True)
class Sent:
    """A segment that came back, and the attempts that failed before."""

    segment: Segment
    delivery: Delivery
    failures: tuple[str, ...]


@dataclass
class Gateway:
    """`workers` segments are under way at a time, one per orchestrator. Same seed, same choices."""

    key: str = field(repr=False)
    chain: ChainView
    limits: Limits
    seed: int
    weights: Weights = field(default_factory=Weights)
    workers: int = 2
    _sessions: dict[str, Session] = field(default_factory=dict)
    _stakes: dict[str, int] = field(default_factory=dict)
    _suspended: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def discover(self) -> list[Candidate]:
        """Active orchestrators of the pool whose offer is acceptable, with stake and price.

        Sessions that work stay; only new ones are asked for an offer.
        """
        pool = {member.address: member for member in self.chain.pool()}
        self._sessions = {a: one for a, one in self._sessions.items() if a in pool}
        self._stakes = {address: member.stake for address, member in pool.items()}
        for address, member in pool.items():
            uri = member.service_uri.rstrip("/")
            known = self._sessions.get(address)
            if known is not None and known.uri == uri:
                continue
            session = Session(uri, member.address, self.key, self.chain, self.limits)
            try:
                session.refresh()
            except OrchestratorError:
                continue
            self._sessions[address] = session
        return self._candidates()

    def _candidates(self) -> list[Candidate]:
        return [
            Candidate(address, self._stakes[address], session.info.price_info.price)
            for address, session in self._sessions.items()
            if session.info is not None
        ]

    def stream(
        self,
        segments: Sequence[Segment],
        *,
        manifest_id: str,
        frame_rate: Fraction,
        profiles: tuple[Profile, ...],
        on_sent: Callable[[Sent], None] = lambda _: None,
    ) -> list[Sent]:
        """Have every segment transcoded; StreamError when one cannot be.

        `on_sent` gets the renditions, in any order; the results returned are without them.
        """

        def send(segment: Segment) -> Sent:
            data = segment.path.read_bytes()
            length = Fraction(segment.seconds).limit_denominator(90_000)
            job = Job(manifest_id, segment.seq, data, length, frame_rate, profiles)
            sent = self._send(segment, job)
            on_sent(sent)
            # A long stream does not fit in memory: what is wanted of it was taken in `on_sent`.
            return replace(sent, delivery=replace(sent.delivery, renditions={}))

        with ThreadPoolExecutor(self.workers) as pool:
            results = [pool.submit(send, segment) for segment in segments]
            try:
                return [result.result() for result in results]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _send(self, segment: Segment, job: Job) -> Sent:
        failures: list[str] = []
        tried: set[str] = set()
        for _ in range(ATTEMPTS):
            session = self._choose(job, tried)
            if session is None:
                break
            with session.lock:
                try:
                    return Sent(segment, session.send(job), tuple(failures))
                except OrchestratorError as error:
                    failures.append(str(error))
                    tried.add(session.recipient)
                    self._suspend(session.recipient)
        reasons = "; ".join(failures) or "no orchestrator is left"
        raise StreamError(f"segment {segment.seq} could not be transcoded: {reasons}")

    def _choose(self, job: Job, tried: set[str]) -> Session | None:
        """Draw among those not tried yet, and not suspended as far as there are any.

        Each draw has a seed of its own, so that the choice does not hang on which of two segments
        under way is faster.
        """
        with self._lock:
            left = [one for one in self._candidates() if one.address not in tried]
            if not left:
                return None
            good = [one for one in left if not self._suspended.get(one.address)] or left
            self._suspended = {a: turns - 1 for a, turns in self._suspended.items() if turns > 1}
            rng = Random(f"{self.seed} {job.manifest_id} {job.seq} {len(tried)}")
            return self._sessions[draw(good, self.weights, rng).address]

    def _suspend(self, address: str) -> None:
        with self._lock:
            self._suspended[address] = PENALTY
