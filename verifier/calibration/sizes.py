"""How much of the matrix to run."""

from __future__ import annotations

from verifier.calibration import honest
from verifier.calibration.contents import CONTENTS
from verifier.calibration.material import RUNGS
from verifier.calibration.matrix import Size

# Between others of their kind; what every run of the tests measures can do without them.
IN_BETWEEN = {"preset-superfast", "preset-fast", "preset-medium", "no-aq",
              "threads-4", "crf-23"}  # fmt: skip

SIZES: dict[str, Size] = {
    "full": Size("full", tuple(one.name for one in CONTENTS), RUNGS, ()),
    # False alarms of the fingerprint rules, on contents that need no download.
    "honest": Size(
        "honest",
        ("traffic", "night", "bars", "bunny", "slide", "muted"),
        (240, 360),
        tuple(one.name for one in honest.VARIANTS if one.name not in IN_BETWEEN),
        full=False,
    ),
    # All the rules, on a content that moves, one that does not and a real one.
    "small": Size("small", ("traffic", "dashboard", "bunny"), (240,), ()),
}
