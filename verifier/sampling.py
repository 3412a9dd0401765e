"""Which receipts are checked: drawn after they were signed, by a secret that is shown afterwards.

The verifier publishes keccak(secret) before an epoch, draws each receipt that arrives in it by
keccak(secret || receipt hash) < p x 2^256, and reveals the secret at its end. Nobody who signs a
receipt can know whether it will be checked, and everybody can recompute afterwards that the
verifier neither spared nor hunted anyone. Source: verification spec, sections 6 and 8.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eth_utils.crypto import keccak

WHOLE = 1_000_000
"""Rates are parts per million."""

NEW_SEGMENTS = 100
FOLLOW_UPS = 5
SECRET_BYTES = 32


class SamplingError(ValueError):
    """A draw, an epoch or a log of draws that cannot be right; one line."""


@dataclass(frozen=True)
class RatePolicy:
    """Rates in parts per million. `raised` is for an orchestrator that is new or was flagged.

    A finding that is provable, objective or severe also raises the `FOLLOW_UPS` next segments of
    its job to certainty.
    """

    normal: int = 10_000
    raised: int = 200_000
    new_segments: int = NEW_SEGMENTS

    def __post_init__(self) -> None:
        for rate in (self.normal, self.raised):
            if not 0 < rate <= WHOLE:
                raise SamplingError(f"rate {rate}: must be 1 to {WHOLE} parts per million")

    def rate(self, *, before: int, flagged: bool, follow_up: bool) -> tuple[int, str]:
        """Rate and its reason, by how many segments of the orchestrator were drawn before."""
        if follow_up:
            return WHOLE, "follow-up"
        if before < self.new_segments:
            return max(self.normal, self.raised), "new"
        if flagged:
            return max(self.normal, self.raised), "flagged"
        return self.normal, "normal"


def drawn(secret: bytes, receipt_hash: bytes, rate_ppm: int) -> bool:
    """Whether keccak(secret || receiptHash) < rate x 2^256, in integers."""
    if len(secret) != SECRET_BYTES or len(receipt_hash) != 32:
        raise SamplingError("draw: secret and receipt hash have 32 bytes each")
    if not 0 <= rate_ppm <= WHOLE:
        raise SamplingError(f"rate {rate_ppm}: must be 0 to {WHOLE} parts per million")
    return int.from_bytes(keccak(secret + receipt_hash), "big") * WHOLE < rate_ppm << 256


def commitment(secret: bytes) -> bytes:
    return keccak(secret)


def epoch_secret(master: bytes, number: int) -> bytes:
    """The secret of an epoch; revealing it says nothing about the master or other epochs."""
    if len(master) != SECRET_BYTES:
        raise SamplingError(f"master secret has {len(master)} bytes, expected {SECRET_BYTES}")
    return keccak(master + number.to_bytes(32, "big"))


@dataclass(frozen=True)
class Epoch:
    """A stretch of time with one secret. Times are unix seconds; `revealed_at` 0 while secret."""

    number: int
    commitment: bytes
    committed_at: int
    secret: bytes
    revealed_at: int = 0

    @classmethod
    def open(cls, master: bytes, number: int, now: int) -> Epoch:
        secret = epoch_secret(master, number)
        return cls(number, commitment(secret), now, secret)

    def draw(self, receipt_hash: bytes, rate_ppm: int) -> bool:
        """Raises SamplingError once the secret is out: a receipt could be ground to escape it."""
        if self.revealed_at:
            raise SamplingError(f"epoch {self.number}: the secret is revealed, draws have ended")
        return drawn(self.secret, receipt_hash, rate_ppm)

    def reveal(self, now: int) -> Epoch:
        if self.revealed_at:
            return self
        return Epoch(self.number, self.commitment, self.committed_at, self.secret, max(1, now))

    def published(self) -> dict[str, Any]:
        """What the public may read now: the commitment, and the secret once it is revealed."""
        shown = {
            "epoch": self.number,
            "commitment": f"0x{self.commitment.hex()}",
            "committedAt": self.committed_at,
        }
        if self.revealed_at:
            shown |= {"secret": f"0x{self.secret.hex()}", "revealedAt": self.revealed_at}
        return shown


@dataclass(frozen=True)
class Draw:
    """One line of the public log.

    `before` counts the orchestrator's draws before this one, in any epoch, so a receipt that is
    left out of the log leaves a gap. `reason` is why the rate was what it was.
    """

    epoch: int
    receipt: str
    orchestrator: str
    job: str
    seq: int
    before: int
    rate: int
    reason: str
    drawn: bool
    at: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Draw:
        kinds = {
            "epoch": int, "receipt": str, "orchestrator": str, "job": str, "seq": int,
            "before": int, "rate": int, "reason": str, "drawn": bool, "at": int,
        }  # fmt: skip
        if not isinstance(data, Mapping) or set(data) != set(kinds):
            raise SamplingError(f"log of draws: expected the fields {', '.join(kinds)}")
        for name, kind in kinds.items():
            if type(data[name]) is not kind:
                raise SamplingError(f"log of draws: {name} is not of type {kind.__name__}")
        return cls(**data)


@dataclass(frozen=True)
class Audit:
    """What a third party finds in a revealed epoch; `problems` is empty when all is as promised."""

    draws: int
    sampled: int
    problems: tuple[str, ...]


def audit(
    epoch: Mapping[str, Any], draws: Sequence[Draw], policy: RatePolicy | None = None
) -> Audit:
    """Recompute every draw of a revealed epoch from what was published.

    Checked: the secret is the one committed to, each draw is what secret, receipt and rate give,
    nothing was drawn before the commitment or after the reveal, no receipt was drawn twice or left
    out, and the rate is the policy's for its reason. Raises SamplingError when the epoch is not
    revealed or not an epoch.
    """
    policy = policy or RatePolicy()
    try:
        secret, committed = _hash(epoch["secret"]), _hash(epoch["commitment"])
        number, start, end = epoch["epoch"], epoch["committedAt"], epoch["revealedAt"]
    except KeyError:
        raise SamplingError("epoch: not revealed yet, there is no secret to check with") from None
    problems = [] if commitment(secret) == committed else ["the secret is not the committed one"]
    seen: set[str] = set()
    counts: dict[str, int] = {}
    for draw in draws:
        name = f"receipt {draw.receipt[:18]}"
        if draw.epoch != number:
            problems.append(f"{name} belongs to epoch {draw.epoch}")
        if draw.receipt in seen:
            problems.append(f"{name} was drawn twice")
        if counts.get(draw.orchestrator, draw.before) != draw.before:
            problems.append(f"{name}: receipts of {draw.orchestrator} before it are missing")
        rate, _ = policy.rate(
            before=draw.before,
            flagged=draw.reason == "flagged",
            follow_up=draw.reason == "follow-up",
        )
        if draw.rate != rate:
            problems.append(f"{name}: rate {draw.rate}, the policy has {rate}")
        if not start <= draw.at <= end:
            problems.append(f"{name} was drawn outside the epoch")
        if drawn(secret, _hash(draw.receipt), rate) != draw.drawn:
            problems.append(f"{name}: the draw comes out differently")
        seen.add(draw.receipt)
        counts[draw.orchestrator] = draw.before + 1
    return Audit(len(draws), sum(draw.drawn for draw in draws), tuple(problems))


def _hash(text: Any) -> bytes:
    try:
        value = bytes.fromhex(str(text).removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise SamplingError(f"{text!r:.80} is not 32 bytes in hex")
    return value
