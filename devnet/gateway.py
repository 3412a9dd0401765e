"""A gateway: finds orchestrators on chain, pays them, and puts a stream together again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random

from devnet.chain_view import ChainView
from devnet.cutting import Segment
from devnet.media import Profile
from devnet.orders import Accountability, fingerprinted
from devnet.selection import WHOLE, Candidate, Weights, draw
from devnet.session import (
    Delivery,
    Job,
    Limits,
    OrchestratorError,
    Session,
    UnaccountableError,
)

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
    """`workers` segments are under way at a time, one per orchestrator. Same seed, same choices.

    With `accountability` every segment that has a fingerprint is ordered by a signature, and who
    does not sign for the work gets no more of it. `standings` are what a verifier says now: parts
    per million of the normal chance to be chosen, by address.
    """

    key: str = field(repr=False)
    chain: ChainView
    limits: Limits
    seed: int
    weights: Weights = field(default_factory=Weights)
    workers: int = 2
    accountability: Accountability | None = None
    standings: Callable[[], Mapping[str, int]] = dict
    _sessions: dict[str, Session] = field(default_factory=dict)
    _stakes: dict[str, int] = field(default_factory=dict)
    _suspended: dict[str, int] = field(default_factory=dict)
    _dropped: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def discover(self) -> list[Candidate]:
        """Active orchestrators of the pool whose offer is acceptable, with stake and price.

        Sessions that work stay; only new ones are asked for an offer. Left out are those accused
        of cheating on chain, and those that did not sign for their work.
        """
        pool = {
            member.address: member
            for member in self.chain.pool()
            if member.address not in self._dropped and not self.chain.is_jailed(member.address)
        }
        self._sessions = {a: one for a, one in self._sessions.items() if a in pool}
        self._stakes = {address: member.stake for address, member in pool.items()}
        for address, member in pool.items():
            uri = member.service_uri.rstrip("/")
            known = self._sessions.get(address)
            if known is not None and known.uri == uri:
                continue
            session = Session(
                uri, member.address, self.key, self.chain, self.limits, self.accountability
            )
            try:
                session.refresh()
            except OrchestratorError:
                continue
            self._sessions[address] = session
        return self._candidates()

    def _candidates(self) -> list[Candidate]:
        standings = self.standings()
        return [
            Candidate(
                address,
                self._stakes[address],
                session.info.price_info.price,
                standings.get(address, WHOLE),
            )
            for address, session in self._sessions.items()
            if session.info is not None and standings.get(address, WHOLE) > 0
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
            source = fingerprinted(data) if self.accountability else None
            job = Job(manifest_id, segment.seq, data, length, frame_rate, profiles, source)
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
                    if isinstance(error, UnaccountableError):
                        self._drop(session.recipient)
                    else:
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

    def _drop(self, address: str) -> None:
        with self._lock:
            self._dropped.add(address)
            self._sessions.pop(address, None)

    def _suspend(self, address: str) -> None:
        with self._lock:
            self._suspended[address] = PENALTY
