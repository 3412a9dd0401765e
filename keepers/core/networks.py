"""Networks that the keepers know by name. Everything but the Controller is looked up in it.

There are no RPC URLs here: whose node to trust is the operator's choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from keepers.core.model import GWEI


@dataclass(frozen=True)
class Preset:
    """`controller` None: there is none to cite, so the configuration must name it.

    The caps are wei per gas, for a configuration that says nothing of fees.
    """

    chain_id: int
    controller: str | None
    confirmations: int
    soft_cap: int
    hard_cap: int


PRESETS = {
    # Controller: shared spec governance-security.md, section 2, as owned by the live Governor.
    "arbitrum-one": Preset(
        chain_id=42_161,
        controller="0xD8E8328501E9645d16Cf49539efC04f734606ee4",
        confirmations=20,
        soft_cap=GWEI // 10,
        hard_cap=GWEI,
    ),
    "arbitrum-sepolia": Preset(
        chain_id=421_614, controller=None, confirmations=20, soft_cap=GWEI, hard_cap=10 * GWEI
    ),
    # anvil starts with a base fee of 1 gwei.
    "local": Preset(
        chain_id=31_337, controller=None, confirmations=2, soft_cap=5 * GWEI, hard_cap=20 * GWEI
    ),
}
# A network without a name: as careful as the live one.
UNNAMED = PRESETS["arbitrum-one"]
