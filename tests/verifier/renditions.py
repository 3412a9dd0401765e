"""What an orchestrator could deliver for a source: honest work, and pictures changed on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from tests.verifier.clips import Yuv, encode, planes_of, to_frame
from verifier.check import Code, SegmentCheck, check_segment
from verifier.decode import decode
from verifier.messages import Profile

PROFILE = Profile(256, 144, 300_000)

Change = Callable[[Yuv], Yuv]


def scaled(source: bytes, profile: Profile = PROFILE) -> list[Yuv]:
    """The pictures of a source at a profile's size, as an honest scaler makes them."""
    pictures = []
    for _, *planes in decode(source).frames:
        small = to_frame(tuple(planes)).reformat(
            profile.width, profile.height, "yuv420p", interpolation="BICUBIC"
        )
        pictures.append(planes_of(small))
    return pictures


def deliver(pictures: Iterable[Yuv], *, bitrate: int = PROFILE.bitrate, **options: Any) -> bytes:
    """Pictures as a rendition, with the sound of every segment of the same length."""
    x264 = {"preset": "veryfast", "b": str(bitrate), "threads": "1"}
    return encode(pictures, **{"options": x264, "sound": True, **options})


def transcode(source: bytes, profile: Profile = PROFILE) -> bytes:
    """Honest work."""
    return deliver(scaled(source, profile), bitrate=profile.bitrate)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one: when tests share the processors, more only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def examine(
    source: bytes,
    *renditions: bytes,
    profiles: Sequence[Profile | None] | None = None,
    isolate: bool = False,
    **options: Any,
) -> SegmentCheck:
    """A check of renditions that are ordered at PROFILE, in this process and one thread."""
    ordered = [PROFILE] * len(renditions) if profiles is None else profiles
    with one_thread():
        return check_segment(source, renditions, ordered, isolate=isolate, **options)


def codes(checked: SegmentCheck) -> list[Code]:
    return [one.code for one in checked.all_findings]


def changed(pictures: Sequence[Yuv], change: Change) -> list[Yuv]:
    return [change(one) for one in pictures]


def black(picture: Yuv) -> Yuv:
    y, u, v = picture
    return np.full_like(y, 16), np.full_like(u, 128), np.full_like(v, 128)


def greyscale(picture: Yuv) -> Yuv:
    y, u, v = picture
    return y, np.full_like(u, 128), np.full_like(v, 128)


def swapped(picture: Yuv) -> Yuv:
    y, u, v = picture
    return y, v, u


def brighter(levels: int) -> Change:
    def change(picture: Yuv) -> Yuv:
        y, u, v = picture
        return np.clip(y.astype(int) + levels, 0, 255).astype(np.uint8), u, v

    return change


def logo(picture: Yuv) -> Yuv:
    """A white square over a ninth of the picture, as a watermark is."""
    y, u, v = (plane.copy() for plane in picture)
    y[: y.shape[0] // 3, : y.shape[1] // 3] = 235
    return y, u, v


def blown_up(picture: Yuv) -> Yuv:
    """From a thumbnail of a quarter of the size."""
    height, width = picture[0].shape
    frame = to_frame(picture)
    small = frame.reformat(width // 4, height // 4, "yuv420p", interpolation="AREA")
    return planes_of(small.reformat(width, height, "yuv420p", interpolation="BICUBIC"))
