"""What a fresh network must be before a proposal can be tried on it.

The parameter files hold the protocol of today, in which most LIPs are done. A world takes one back:
parameters of that time, code without the feature, and the candidates that an upgrade deploys first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from scripts._governance.builds import Patch, patched_artifacts
from scripts._lib.artifacts import Artifact, Artifacts
from scripts._lib.params import Parameters


@dataclass(frozen=True)
class Replacement:
    """A contract to deploy beside the system. The Controller's address is its first argument."""

    source: str
    patches: tuple[Patch, ...] = ()
    arguments: tuple[int, ...] = ()  # those after the Controller

    def artifact(self) -> Artifact:
        """Raises LookupError or ArtifactError."""
        if not self.patches:
            return Artifacts.load([self.source])[self.source]
        return patched_artifacts([self.source], self.patches)[self.source]


@dataclass(frozen=True)
class World:
    """What to change, before anything is deployed, and what to deploy afterwards.

    `parameters` are by section and key, in the units of params.py. `builds` are contracts as they
    were, by the name of the source; `candidates` by the id they would be registered under.
    """

    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    builds: Mapping[str, tuple[Patch, ...]] = field(default_factory=dict)
    candidates: Mapping[str, Replacement] = field(default_factory=dict)

    def apply(self, parameters: Parameters) -> Parameters:
        """The parameters with this world's. Raises LookupError for a section or key unknown."""
        changed = {}
        for section, values in self.parameters.items():
            present = getattr(parameters, section, None)
            if present is None:
                raise LookupError(f"parameters have no section [{section}]")
            unknown = set(values) - {item.name for item in fields(present)}
            if unknown:
                raise LookupError(f"[{section}] has no {', '.join(sorted(unknown))}")
            changed[section] = replace(present, **values)
        return replace(parameters, **changed)

    def artifacts(self, artifacts: Artifacts) -> Artifacts:
        """The artifacts with this world's builds. Raises LookupError or ArtifactError."""
        old = {
            name: patched_artifacts([name], patches)[name] for name, patches in self.builds.items()
        }
        return Artifacts({**artifacts, **old})


#: BondingManager before LIP-118. The storage of the reward callers stays: nobody can write it.
BEFORE_LIP_118 = (
    Patch("bonding/BondingManager.vy", "implements: IBondingManager\n", ""),
    Patch(
        "bonding/BondingManager.vy",
        "    rewards.setRewardCaller,\n"
        "    rewards.rewardForTranscoder,\n"
        "    rewards.rewardForTranscoderWithHint,\n",
        "",
    ),
    Patch("bonding/BondingManager.vy", "    rewards.transcoderToRewardCaller,\n", ""),
)

#: The Minter that LIP-100 wanted: a ceiling and a floor, in parts of 10^9, for what a round's step
#: of inflation leads to.
INFLATION_BOUNDS = (
    Patch(
        "token/Minter.vy",
        "inflation: public(uint256)\n",
        "inflationCeiling: public(constant(uint256)) = 750_000\n"
        "inflationFloor: public(constant(uint256)) = 50_000\n\n"
        "inflation: public(uint256)\n",
    ),
    Patch(
        "token/Minter.vy",
        "inflation: uint256 = self._next_inflation(supply)",
        "inflation: uint256 = max(\n"
        "        inflationFloor, min(inflationCeiling, self._next_inflation(supply))\n"
        "    )",
    ),
)

_WORLDS: Mapping[int, World] = {
    83: World(parameters={"rounds": {"round_length": 5_760}}),
    92: World(
        parameters={"bonding": {"treasury_reward_cut_rate": 0, "treasury_balance_ceiling": 0}}
    ),
    100: World(
        candidates={
            "Minter": Replacement("Minter", INFLATION_BOUNDS, (220_500, 1_000, 500_000_000))
        }
    ),
    101: World(parameters={"bonding": {"treasury_reward_cut_rate": 0}}),
    118: World(
        builds={"BondingManager": BEFORE_LIP_118},
        candidates={"BondingManagerTarget": Replacement("BondingManager")},
    ),
    9002: World(parameters={"genesis": {"to_faucet": 0}}),
}


def world(number: int) -> World:
    """The world before LIP `number`: the one of today where nothing has to be taken back."""
    return _WORLDS.get(number, World())
