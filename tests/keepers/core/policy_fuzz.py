"""Random questions to a remote signer, judged by rules that share no code with its policy.

    python -m tests.keepers.core.policy_fuzz 10000 24

What comes back is decoded by another library, and judged by what it is, not by what was asked.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from eth_utils.address import to_checksum_address

from keepers.core.model import Unsigned
from keepers.core.signer_policy import Policy, Rule, selector_of
from keepers.core.signing import SigningError
from tests.keepers.core.signer_world import PlainKey, remote
from tests.keepers.core.signing_cases import decoded

DAY = 86_400
BONDING = str(to_checksum_address("0x" + "b0" * 20))
ROUNDS = str(to_checksum_address("0x" + "c0" * 20))
TOKEN = str(to_checksum_address("0x" + "d0" * 20))
REWARD, REWARD_FOR, START = "reward()", "rewardForTranscoder(address)", "initializeRound()"
POLICY = Policy(
    chain_id=42161,
    rules=(
        Rule(BONDING, {selector_of(one): one for one in (REWARD, REWARD_FOR)}),
        Rule(ROUNDS, {selector_of(START): START}),
    ),
    max_fee=2 * 10**9,
    max_gas=5_000_000,
    per_day=60,
)
# The same for the judge: the first four bytes of calls, as the compiler names them.
LAWFUL = {BONDING: {"228cb733", "1a8c41f8"}, ROUNDS: {"d4807fb2"}}


@dataclass(frozen=True)
class Fuzzed:
    """`forbidden_signed` and `allowed_refused` are what must not happen."""

    questions: int
    signed: int
    refused: int
    forbidden_signed: int
    allowed_refused: int
    keys_touched: int


def fuzz(count: int, seed: int) -> Fuzzed:
    """So many questions over a real socket; the clock of the signer moves along."""
    draw = random.Random(seed)
    key = PlainKey()
    now = [20_000.0 * DAY]
    signed = refused = forbidden = denied = 0
    today: dict[int, int] = {}
    with (
        TemporaryDirectory(prefix="k") as folder,
        remote(Path(folder), key, policy=POLICY, wall=lambda: now[0]) as world,
    ):
        client = world.client()
        for _ in range(count):
            now[0] += draw.choice([1, 60, 600])
            day = int(now[0] / DAY)
            tx = _draw(draw, key.address)
            is_lawful = _is_lawful(tx, key.address) and today.get(day, 0) < 60
            try:
                sender, got = decoded(client.sign(tx).raw)
            except SigningError:
                refused += 1
                denied += is_lawful
                continue
            signed += 1
            lawful = _is_lawful(got, key.address) and today.get(day, 0) < 60
            forbidden += not (lawful and sender == key.address and got == tx)
            today[day] = today.get(day, 0) + 1
    return Fuzzed(count, signed, refused, forbidden, denied, key.signed)


def _is_lawful(tx: Unsigned, account: str) -> bool:
    """The judge. Nothing of it comes from the code that is judged."""
    if not (tx.chain_id == 42161 and tx.value == 0):
        return False
    if not (0 <= tx.tip <= tx.max_fee <= 2_000_000_000 and 0 <= tx.gas <= 5_000_000):
        return False
    if not 0 <= tx.nonce < 2**64:
        return False
    if tx.to == account and len(tx.data) == 0:
        return True
    return tx.data.hex()[:8] in LAWFUL.get(tx.to, set())


def _draw(draw: random.Random, account: str) -> Unsigned:
    """A lawful transaction, or one with up to three things changed."""
    to, data = draw.choice(
        [
            (BONDING, bytes.fromhex("228cb733")),
            (BONDING, bytes.fromhex("1a8c41f8") + draw.randbytes(32)),
            (ROUNDS, bytes.fromhex("d4807fb2")),
            (account, b""),
        ]
    )
    fee = draw.randrange(1, 2 * 10**9 + 1)
    tx = Unsigned(
        42161, draw.randrange(10**6), to, data, draw.randrange(5_000_001), fee, draw.randrange(fee)
    )
    for _ in range(draw.choice([0, 1, 1, 1, 2, 3])):
        tx = _spoil(draw, tx, account)
    return tx


def _spoil(draw: random.Random, tx: Unsigned, account: str) -> Unsigned:
    """One thing changed, mostly to something close to what is allowed."""
    edge = draw.choice([-1, 0, 1])
    kind = draw.randrange(8)
    if kind == 0:
        return replace(tx, chain_id=draw.choice([0, 1, 10, 421614, 42160, 42161 + edge, 2**63]))
    if kind == 1:
        strangers = [BONDING, ROUNDS, TOKEN, account, str(to_checksum_address(draw.randbytes(20)))]
        return replace(tx, to=draw.choice([*strangers, BONDING.lower(), "0x", "0x" + "00" * 20]))
    if kind == 2:
        some = bytes.fromhex(
            draw.choice(["a9059cbb", "095ea7b3", "228cb733", "d4807fb2", "1a8c41"])
        )
        return replace(tx, data=draw.choice([some, some + draw.randbytes(64), b"", tx.data[:3]]))
    if kind == 3:
        return replace(tx, value=draw.choice([0, 1, 10**18, 2**256 - 1, -1, 2**256]))
    if kind == 4:
        fee = draw.choice([0, 2 * 10**9 + edge, 10**12, 2**256 - 1, 2**256, -1])
        return replace(tx, max_fee=fee, tip=min(tx.tip, max(fee, 0)))
    if kind == 5:
        return replace(tx, gas=draw.choice([0, 21_000, 5_000_000 + edge, 30_000_000, 2**64, -1]))
    if kind == 6:
        return replace(tx, tip=draw.choice([0, tx.max_fee, tx.max_fee + 1, 2**255, -1]))
    flipped = bytearray(tx.data)
    if flipped:
        flipped[draw.randrange(len(flipped))] ^= 1 << draw.randrange(8)
    return replace(tx, data=bytes(flipped), nonce=draw.choice([tx.nonce, 0, 2**64 - 1, 2**64]))


if __name__ == "__main__":
    print(fuzz(int(sys.argv[1]), int(sys.argv[2])))  # noqa: T201
