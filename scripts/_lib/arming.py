"""Arming the SlashingVerifier (LIP-9001): what must hold first, the calls, what must hold after.

Nothing is sent here. The terms are those of the network's parameter file; the limits are what
LIP-9001 asks voters to accept, so a file that goes beyond them needs another vote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from scripts._lib.chain import ZERO, Call
from scripts._lib.context import Context
from scripts._lib.params import Parameters, Slashing
from scripts._lib.plan import slashing_terms
from scripts._lib.protocol import contract_id
from scripts._lib.steps import SetMembers
from verifier.proofs import Fault
from verifier.thresholds import Thresholds, ThresholdsError, load_thresholds

L1_BLOCK_SECONDS = 12
# Verification spec 8.6: on how many contents honest pictures must have been measured first.
LIVE_CONTENTS = 1_000
CONTENT = 1 << Fault.CONTENT
DAY = 86_400


@dataclass(frozen=True)
class Check:
    """One thing that must hold. `found` says what is there."""

    name: str
    holds: bool
    found: str


@dataclass(frozen=True)
class Staged:
    """A call of the proposal, as the Controller's owner has to make it."""

    name: str
    change: str
    call: Call
    data: str

    @property
    def shown(self) -> str:
        return f"{self.call.function}({', '.join(str(arg) for arg in self.call.args)})"


def armed(parameters: Parameters, faults: int) -> Parameters:
    return replace(parameters, slashing=replace(parameters.slashing, armed_faults=faults))


def steps(parameters: Parameters, faults: int) -> tuple[SetMembers, ...]:
    """What sets the terms and then arms; to disarm, that alone."""
    terms = slashing_terms(armed(parameters, faults))
    return terms if faults else terms[-1:]


def stage(context: Context, parameters: Parameters, faults: int) -> list[Staged]:
    """The calls that are missing on chain, in their order."""
    found = []
    for step in steps(parameters, faults):
        due = step.due(context)
        if due is not None and isinstance(due.request, Call):
            call = due.request
            found.append(Staged(step.name, due.detail, call, calldata(call)))
    return found


def before(context: Context, parameters: Parameters, faults: int) -> list[Check]:
    """What must hold before a fault is armed. Nothing stands against disarming."""
    if not faults:
        return [*_deployed(context)]
    return [
        *_deployed(context),
        *_limits(parameters, faults),
        *_thresholds(parameters, faults),
    ]


def after(context: Context, parameters: Parameters, faults: int) -> list[Check]:
    """The terms as they now are on chain."""
    return [
        Check(finding.subject, finding.matches, finding.found)
        for step in steps(parameters, faults)
        for finding in step.findings(context)
    ]


def calldata(call: Call) -> str:
    entry = next(
        item
        for item in call.artifact.abi
        if item.get("type") == "function" and item["name"] == call.function
    )
    kinds = [_kind(part) for part in entry["inputs"]]
    selector = keccak(text=f"{call.function}({','.join(kinds)})")[:4]
    return "0x" + (selector + encode(kinds, call.args)).hex()


def _kind(part: Mapping[str, Any]) -> str:
    return str(part["type"])


def _deployed(context: Context) -> Iterator[Check]:
    for name in ("Verifier", "VerifierTarget", "ContentFaults", "BondingManager"):
        address = str(context.read("Controller", "getContractInfo", contract_id(name))[0])
        recorded = context.address(name)
        code = context.chain.code(address) if address != ZERO else b""
        holds = address == recorded and bool(code)
        yield Check(f"{name} is registered, with code, as recorded", holds, address)
    minter = context.address("Minter")
    burns = context.holds("LivepeerToken", "BURNER_ROLE", minter)
    yield Check("Minter can burn LPT: every slash does", burns, "yes" if burns else "no")


def _limits(parameters: Parameters, faults: int) -> Iterator[Check]:
    """The terms against LIP-9001. A development chain may be faster."""
    s, live = parameters.slashing, parameters.network.live
    for name, value, most in (
        ("equivocation_slash", s.equivocation_slash, 30_000),
        ("contradiction_slash", s.contradiction_slash, 10_000),
        ("content_slash", s.content_slash, 10_000),
        ("finder_share", s.finder_share, 200_000),
        ("round_slash_cap", s.round_slash_cap, 20_000),
        ("round_jail_cap", s.round_jail_cap, 100_000),
        ("content_distance", s.content_distance, 5),
    ):
        yield Check(f"{name} is at most {most}", value <= most, str(value))
    for name, value, least in (
        ("signed_delay", s.signed_delay, DAY if live else 3_600),
        ("content_delay", s.content_delay, 2 * DAY if live else 3_600),
        ("slash_cooldown", s.slash_cooldown, DAY),
    ):
        yield Check(f"{name} is at least {least} s", value >= least, f"{value} s")
    yield from _windows(parameters, s)
    guarded = s.guardian != ZERO
    yield Check("a guardian can cancel", guarded, s.guardian)
    if faults & CONTENT and not s.arbiter:
        yield Check("without an arbiter the guardian answers contests", guarded, s.guardian)


def _windows(parameters: Parameters, s: Slashing) -> Iterator[Check]:
    if parameters.network.live:
        rounds = parameters.bonding.unbonding_period * parameters.rounds.round_length
        unbonding = rounds * L1_BLOCK_SECONDS
        yield Check(
            f"evidence_window is shorter than unbonding, {unbonding} s",
            s.evidence_window < unbonding,
            f"{s.evidence_window} s",
        )
    answered = s.arbitration_window < s.execution_window
    yield Check(
        "execution_window is longer than arbitration_window", answered, f"{s.execution_window} s"
    )


def _thresholds(parameters: Parameters, faults: int) -> Iterator[Check]:
    """The loader refuses a file whose honest extremes come too near to what is provable."""
    try:
        thresholds: Thresholds = load_thresholds()
    except ThresholdsError as error:
        yield Check("thresholds load", False, str(error))
        return
    yield Check("thresholds load", True, f"version {thresholds.version}")
    if faults & CONTENT and parameters.network.live:
        contents = len(thresholds.corpus.contents)
        yield Check(
            f"honest corpus has at least {LIVE_CONTENTS} contents, to arm content",
            contents >= LIVE_CONTENTS,
            str(contents),
        )
