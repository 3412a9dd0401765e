"""What the voting machine draws; what its proposals do: change settings, pay, or fail."""

from __future__ import annotations

from eth_abi import encode
from hypothesis import strategies as st

from tests.models.arithmetic import PERC
from tests.models.governed import RELAY, SETTERS, TRANSFER, UPDATE_DELAY
from tests.models.timelock import Actions
from tests.stateful.strategies import actors
from tests.stateful.system import ACTORS, LPT
from tests.stateful.voting_system import Settings, VotingSystem

#: Names of the setters, in the order of their selectors in `SETTERS`.
SETTER_NAMES = (
    "setVotingDelay",
    "setVotingPeriod",
    "setProposalThreshold",
    "updateQuorumNumerator",
)
kinds = st.sampled_from(
    ("setting", "setting", "lpt", "lpt", "ether", "delay", "relay", "two", "failing", "failing")
)
settings = st.builds(
    Settings,
    voting_delay=st.integers(0, 2),
    voting_period=st.integers(1, 6),
    threshold=st.sampled_from((0, 1, 5 * LPT)),
    quorum=st.sampled_from((0, 100_000, 333_300, 500_000)),
    quota=st.sampled_from((500_000, 500_000, 420_000, PERC)),
    min_delay=st.sampled_from((0, 60, 300)),
)
#: Less than all, mostly: without stake there is nothing to vote with.
parts = st.sampled_from((0, 1, 10, 10, 50, 100, 101))
ballots = st.tuples(
    actors, st.sampled_from((0, 1, 1, 2, 3)), st.sampled_from(("", "", "reason", "params"))
)
#: Lengths of targets, values and calldatas that do not make a proposal.
misfits = st.sampled_from(((0, 0, 0), (1, 0, 1), (1, 1, 0), (1, 2, 2), (0, 0, 1)))


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def misfit(lengths: tuple[int, int, int]) -> Actions:
    targets, values, calldatas = lengths
    return Actions((ACTORS[0],) * targets, (0,) * values, (b"",) * calldatas)


def actions_of(system: VotingSystem, kind: str, pick: int) -> Actions:
    """One or two calls of a kind; `pick` chooses among the like."""
    governor, treasury = system.governor.address, system.treasury.address
    token, actor = system.token.address, ACTORS[pick % len(ACTORS)]
    pay = TRANSFER + encode(["address", "uint256"], [actor, LPT + pick])
    relayed = RELAY + encode(["address", "uint256", "bytes"], [actor, pick, b""])
    delay, period, threshold, quorum = SETTERS
    setter, value = (
        (delay, pick % 3),
        (period, 1 + pick % 3),
        (threshold, pick),
        (quorum, pick * 50_000),
    )[pick % 4]
    one = {
        "setting": (governor, 0, setter + word(value)),
        "lpt": (token, 0, pay),
        "ether": (actor, pick, b""),
        "delay": (treasury, 0, UPDATE_DELAY + word(40 * (pick % 2))),
        "relay": (governor, pick, relayed),
        "failing": (
            (governor, 0, period + word(0)),
            (governor, 0, quorum + word(PERC + 1)),
            (governor, 1, b""),
            (actor, 10**6, b""),
        )[pick % 4],
    }
    calls = (one["lpt"], one["setting"]) if kind == "two" else (one[kind],)
    targets, values, calldatas = zip(*calls, strict=True)
    return Actions(targets, values, calldatas)
