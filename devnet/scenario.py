"""Who takes part in the devnet and how much each of them puts in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from devnet.wire import PriceInfo

LPT = 10**18
ETHER = 10**18
GWEI = 10**9
# Which orchestrator cheats, if one does.
CHEATER = 0


@dataclass(frozen=True)
class OrchestratorPlan:
    """`stake` in LPT wei, `reward_cut` and `fee_share` in parts per million."""

    stake: int
    reward_cut: int
    fee_share: int
    price: PriceInfo


@dataclass(frozen=True)
class DelegatorPlan:
    """`orchestrator` counts from 0; `unbond` is the part of the bond taken back, per thousand."""

    stake: int
    orchestrator: int
    unbond: int = 0


@dataclass(frozen=True)
class Scenario:
    """Rounds are long enough for all transactions of a phase: anvil mines a block for each."""

    orchestrators: tuple[OrchestratorPlan, ...]
    delegators: tuple[DelegatorPlan, ...]
    round_length: int = 100
    unbonding_period: int = 2
    unlock_period: int = 2
    voting_period: int = 2
    gas_price: int = GWEI // 10

    @property
    def stakes(self) -> list[int]:
        """Of orchestrators, then delegators."""
        return [plan.stake for plan in self.orchestrators] + [
            plan.stake for plan in self.delegators
        ]

    def undercut(self) -> Scenario:
        """The orchestrator that cheats asks for a quarter of what others do: it gets much work."""
        plans = list(self.orchestrators)
        price = min(plan.price.price for plan in plans) / 4
        cheap = PriceInfo(price.numerator, price.denominator)
        plans[CHEATER] = replace(plans[CHEATER], price=cheap)
        return replace(self, orchestrators=tuple(plans))


# Amounts end in odd digits, so that rounding shows up in the books if it is not accounted for.
DEFAULT = Scenario(
    orchestrators=(
        OrchestratorPlan(6_000 * LPT + 1, 100_000, 600_000, PriceInfo(900_000_007, 1)),
        OrchestratorPlan(4_000 * LPT + 3, 50_000, 750_000, PriceInfo(1_000_000_000, 1)),
        OrchestratorPlan(2_500 * LPT + 7, 200_000, 500_000, PriceInfo(1_600_000_011, 2)),
        OrchestratorPlan(1_500 * LPT + 9, 0, 900_000, PriceInfo(2_300_000_001, 2)),
    ),
    delegators=(
        DelegatorPlan(1_200 * LPT + 333_333_333_333_333_333, 0, unbond=500),
        DelegatorPlan(800 * LPT + 1, 0),
        DelegatorPlan(1_500 * LPT + 142_857_142_857_142_857, 1, unbond=1000),
        DelegatorPlan(700 * LPT + 13, 1),
        DelegatorPlan(500 * LPT + 111_111_111_111_111_111, 2, unbond=250),
        DelegatorPlan(900 * LPT + 17, 2),
        DelegatorPlan(1_100 * LPT + 90_909_090_909_090_909, 3),
        DelegatorPlan(300 * LPT + 19, 3, unbond=333),
    ),
)
