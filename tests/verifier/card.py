"""A GPU that is not there: libx264 and the software decoder, under the names of a card's own.

`Card.install` puts it where the verifier looks for hardware. What fails, and when, is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
import torch

from verifier import check, devices, measures, reference
from verifier.devices import HARDWARE_ENCODER

NAME = "Simulated 9000"
BROKEN = "Generic error in an external library"
ABSENT = "Operation not permitted"


def failure(text: str = BROKEN) -> av.FFmpegError:
    return av.error.ExternalError(-542398533, text)


@dataclass
class Card:
    """What works of it; the counts say what was used.

    opens: the encoder does. fails_at: the frame at which it gives up, each time or, if it recovers,
    once. has_decoder: the decoder's device can be made. refuses: the decoder takes no stream.
    """

    opens: bool = True
    fails_at: int | None = None
    recovers: bool = False
    has_decoder: bool = True
    refuses: bool = False
    options: dict[str, str] = field(default_factory=dict)
    encoded: int = 0
    decoded: int = 0
    refused: int = 0
    measured: list[str] = field(default_factory=list)

    def install(self, patch: pytest.MonkeyPatch, *, cuda: bool = True) -> Card:
        patch.setattr(torch.cuda, "is_available", lambda: cuda)
        patch.setattr(torch.cuda, "get_device_name", lambda _: NAME)
        known = {"FFmpegError": av.FFmpegError, "Codec": av.Codec, "codec": av.codec}
        context = SimpleNamespace(create=self._create)
        patch.setattr(devices, "av", SimpleNamespace(**known, CodecContext=context))
        patch.setattr(devices, "HWAccel", self._accelerator)
        patch.setattr(reference, "av", SimpleNamespace(**known, open=self._open))
        patch.setattr(check, "full_metrics", self._measure)
        return self

    def _create(self, name: str, mode: str) -> Any:
        if name != HARDWARE_ENCODER:
            return av.CodecContext.create(name, mode)
        if not self.opens:
            raise failure(ABSENT)
        return av.CodecContext.create("libx264", mode)

    def _accelerator(self, name: str, *, allow_software_fallback: bool) -> Any:
        assert (name, allow_software_fallback) == ("cuda", True)

        def create(_: av.Codec) -> None:
            if not self.has_decoder:
                raise failure(ABSENT)

        return SimpleNamespace(create=create)

    def _open(self, *given: Any, hwaccel: Any = None, **options: Any) -> Any:
        opened = av.open(*given, **options)
        if "w" in given:
            return _Output(opened, self)
        if hwaccel is not None:
            if self.refuses:
                self.refused += 1
                raise failure("Function not implemented")
            self.decoded += 1
        return opened

    def _measure(self, *given: Any) -> measures.Metrics:
        """On the CPU, whatever was asked for: torch has no other device here."""
        *values, device = given
        self.measured.append(device)
        return measures.full_metrics(*values, "cpu")


class _Output:
    """An output in which the card's encoder can be chosen."""

    def __init__(self, inner: Any, card: Card) -> None:
        self.inner, self.card = inner, card

    def __enter__(self) -> _Output:
        return self

    def __exit__(self, *raised: object) -> None:
        self.inner.close()

    def add_stream(self, name: str, **options: Any) -> Any:
        if name != HARDWARE_ENCODER:
            return self.inner.add_stream(name, **options)
        return _Stream(self.inner.add_stream("libx264", **options), self.card)

    def mux(self, packets: Any) -> None:
        self.inner.mux(packets)


class _Stream:
    """libx264 that believes to be the card's encoder."""

    def __init__(self, inner: Any, card: Card) -> None:
        vars(self).update(inner=inner, card=card)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "options":
            self.card.options = dict(value)
            value = own_options(value)
        setattr(self.inner, name, value)

    def encode(self, frame: av.VideoFrame | None) -> Any:
        if frame is not None:
            if self.card.encoded == self.card.fails_at:
                if self.card.recovers:
                    self.card.fails_at = None
                raise failure()
            self.card.encoded += 1
        return self.inner.encode(frame)


def own_options(_: Mapping[str, str]) -> dict[str, str]:
    """What libx264 gets for the card's options, which it does not know."""
    return dict(reference.X264)


def nv12(y: np.ndarray, u: np.ndarray, v: np.ndarray) -> av.VideoFrame:
    """A frame as a card's decoder gives it: U and V in turn in one plane."""
    height, width = y.shape
    frame = av.VideoFrame(width, height, "nv12")
    for plane, values in zip(
        frame.planes, (y, np.stack([u, v], 2).reshape(len(u), -1)), strict=True
    ):
        rows = np.full((plane.height, plane.line_size), 99, dtype=np.uint8)
        rows[:, : values.shape[1]] = values
        plane.update(rows.tobytes())
    return frame
