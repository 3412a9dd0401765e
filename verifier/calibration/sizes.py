"""How much of the matrix to run."""

from __future__ import annotations

from verifier.calibration import dishonest, honest
from verifier.calibration.contents import CONTENTS
from verifier.calibration.material import RUNGS
from verifier.calibration.matrix import Size

HONEST_NAMES = tuple(one.name for one in honest.VARIANTS)
DISHONEST_NAMES = tuple(one.name for one in dishonest.VARIANTS)

SIZES: dict[str, Size] = {
    "full": Size("full", tuple(one.name for one in CONTENTS), RUNGS, ()),
    # False alarms of the fingerprint rules, on contents that need no download.
    "honest": Size(
        "honest",
        ("traffic", "night", "bars", "bunny", "slide", "muted"),
        (240, 360),
        HONEST_NAMES,
        full=False,
    ),
    # All the rules, on a content that moves, one that does not and a real one.
    "small": Size("small", ("traffic", "dashboard", "bunny"), (240,), ()),
}
