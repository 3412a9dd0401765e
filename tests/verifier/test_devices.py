"""Hardware that is absent, gives up or refuses: the CPU does the work and the report says so.

No test needs a GPU; `tests.verifier.card` is one where a test wants one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import av
import pytest
import torch

from tests.support.requirements import record
from tests.verifier.card import ABSENT, BROKEN, NAME, Card
from tests.verifier.renditions import PROFILE, examine, transcode
from verifier import devices
from verifier.check import check_segment
from verifier.devices import (
    CPU,
    CUDA,
    HARDWARE_ENCODER,
    SOFTWARE_ENCODER,
    Device,
    DeviceError,
    Encoder,
    encoder_problem,
    open_hwaccel,
    resolve_device,
    resolve_encoder,
)
from verifier.reference import NVENC

NO_CUDA = "no CUDA device here"
GPU = Device(CUDA, f"{CUDA} ({NAME})")


@pytest.fixture(autouse=True)
def _probes_are_fresh() -> Iterator[None]:
    """What was found about one machine must not be told about the next."""
    encoder_problem.cache_clear()
    yield
    encoder_problem.cache_clear()


@pytest.fixture(scope="module")
def delivered(moving_clip: bytes) -> bytes:
    return transcode(moving_clip)


# -- devices


def test_resolve_device__cpu__is_taken_without_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", None)
    for allow_cpu in (False, True):
        assert resolve_device(CPU, allow_cpu=allow_cpu) == Device("cpu", "cpu")


def test_resolve_device__no_gpu__is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Card().install(monkeypatch, cuda=False)
    with pytest.raises(DeviceError) as refused:
        resolve_device(CUDA)
    assert str(refused.value) == (
        "no CUDA device here: use --device cpu, or add --allow-cpu to fall back to it"
    )


def test_resolve_device__no_gpu_and_cpu_allowed__is_the_cpu_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Card().install(monkeypatch, cuda=False)
    assert resolve_device(CUDA, allow_cpu=True) == Device(CPU, "cpu (no CUDA device here)")


def test_resolve_device__gpu__is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Card().install(monkeypatch)
    for allow_cpu in (False, True):
        assert resolve_device(CUDA, allow_cpu=allow_cpu) == GPU


@pytest.mark.parametrize("name", ["gpu", "CPU", "cuda:1", ""])
def test_resolve_device__unknown__names_those_known(name: str) -> None:
    with pytest.raises(DeviceError) as refused:
        resolve_device(name, allow_cpu=True)
    assert str(refused.value) == f"unknown device {name!r}: use cpu or cuda"


# -- encoders


def test_resolve_encoder__libx264__opens_here() -> None:
    assert resolve_encoder(SOFTWARE_ENCODER) == Encoder("libx264", "")
    assert resolve_encoder(SOFTWARE_ENCODER).text == "libx264"


def test_resolve_encoder__nvenc_that_opens__is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    Card().install(monkeypatch)
    assert resolve_encoder(HARDWARE_ENCODER).text == "h264_nvenc"


def test_resolve_encoder__nvenc_that_does_not_open__is_libx264_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Card(opens=False).install(monkeypatch)
    encoder = resolve_encoder(HARDWARE_ENCODER)
    assert encoder.name == SOFTWARE_ENCODER
    assert encoder.text == f"libx264 (h264_nvenc does not open: {ABSENT})"


def test_resolve_encoder__nvenc_on_this_machine__is_tried_and_not_believed() -> None:
    """The build lists it; without a driver it must not be taken."""
    problem = encoder_problem(HARDWARE_ENCODER)
    if problem is None:
        pytest.skip("this machine has NVENC")
    text = f"libx264 (h264_nvenc does not open: {problem})"
    assert resolve_encoder(HARDWARE_ENCODER).text == text


def test_resolve_encoder__build_without_nvenc__is_libx264_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The real refusal, of a name that no build knows."""
    monkeypatch.setattr(devices, "HARDWARE_ENCODER", "h264_imaginary")
    monkeypatch.setattr(devices, "ENCODERS", (SOFTWARE_ENCODER, "h264_imaginary"))
    encoder = resolve_encoder("h264_imaginary")
    assert encoder.name == SOFTWARE_ENCODER
    assert encoder.note.startswith("h264_imaginary does not open: ")


def test_resolve_encoder__no_libx264__is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "encoder_problem", lambda _: "Encoder not found")
    with pytest.raises(DeviceError) as refused:
        resolve_encoder(SOFTWARE_ENCODER)
    assert str(refused.value) == (
        "libx264 does not open (Encoder not found): install a PyAV build that has it"
    )


@pytest.mark.parametrize("name", ["x264", "hevc_nvenc", "LIBX264", ""])
def test_resolve_encoder__unknown__names_those_known(name: str) -> None:
    with pytest.raises(DeviceError) as refused:
        resolve_encoder(name)
    assert str(refused.value) == f"unknown encoder {name!r}: use libx264 or h264_nvenc"


def test_encoder_problem__asked_again__opens_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    create = av.CodecContext.create
    known = {"FFmpegError": av.FFmpegError, "Codec": av.Codec}

    def counted(name: str, mode: str) -> Any:
        asked.append(name)
        return create(name, mode)

    context = type("Context", (), {"create": staticmethod(counted)})
    monkeypatch.setattr(devices, "av", type("Av", (), {**known, "CodecContext": context}))
    assert [encoder_problem(SOFTWARE_ENCODER) for _ in range(3)] == [None] * 3
    assert asked == [SOFTWARE_ENCODER]


# -- hardware decoding


def test_open_hwaccel__on_the_cpu__is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "HWAccel", None)
    assert open_hwaccel(Device(CPU, CPU)) is None


def test_open_hwaccel__gpu__is_created(monkeypatch: pytest.MonkeyPatch) -> None:
    Card().install(monkeypatch)
    assert open_hwaccel(GPU) is not None


@pytest.mark.parametrize(
    "error",
    [
        av.error.PermissionError(1, "Operation not permitted"),
        av.error.ExternalError(-542398533, BROKEN),
        NotImplementedError("no hardware configuration for this codec"),
        ValueError("unknown device type"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_open_hwaccel__any_failure__is_an_answer(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    made = type("Made", (), {"create": fails})
    for accelerator in (fails, lambda *_, **__: made()):
        monkeypatch.setattr(devices, "HWAccel", accelerator)
        assert open_hwaccel(GPU) is None


def test_open_hwaccel__format_without_a_decoder__is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    Card().install(monkeypatch)
    assert open_hwaccel(GPU, "imaginary") is None


def test_open_hwaccel__this_machine__answers_without_an_error() -> None:
    """The real call, as a check on CUDA makes it."""
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert open_hwaccel(GPU) is None


# -- a whole check


def test_check_segment__no_gpu_and_no_leave_for_the_cpu__is_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch, moving_clip: bytes
) -> None:
    Card().install(monkeypatch, cuda=False)
    monkeypatch.setattr("verifier.check.decode", None)
    with pytest.raises(DeviceError, match="--allow-cpu"):
        check_segment(moving_clip, [], [], device=CUDA, isolate=False)


def test_check_segment__gpu__does_everything_and_is_named(
    monkeypatch: pytest.MonkeyPatch, moving_clip: bytes, delivered: bytes
) -> None:
    plain = examine(moving_clip, delivered)
    card = Card().install(monkeypatch)
    told = examine(moving_clip, delivered, device=CUDA, encoder=HARDWARE_ENCODER).to_json()
    assert (told["device"], told["encoder"]) == (GPU.text, "h264_nvenc")
    assert told["renditions"][0]["encoder"] == "h264_nvenc"
    assert (card.encoded, card.decoded, card.measured) == (48, 1, [CUDA])
    assert card.options == NVENC
    assert told["verdict"] == plain.verdict == "ok"
    assert told["renditions"][0]["metrics"] == plain.renditions[0].to_json()["metrics"]


GPU_FAILURES = {
    "no device": (
        Card(opens=False, has_decoder=False),
        False,
        f"cpu ({NO_CUDA})",
        f"libx264 (h264_nvenc does not open: {ABSENT})",
    ),
    "encoder does not open": (
        Card(opens=False),
        True,
        GPU.text,
        f"libx264 (h264_nvenc does not open: {ABSENT})",
    ),
    "encoder fails at once": (
        Card(fails_at=0),
        True,
        GPU.text,
        f"libx264 (h264_nvenc failed on the source: {BROKEN})",
    ),
    "encoder fails on the way": (
        Card(fails_at=30),
        True,
        GPU.text,
        f"libx264 (h264_nvenc failed on the source: {BROKEN})",
    ),
    "no decoder": (Card(has_decoder=False), True, GPU.text, "h264_nvenc"),
    "decoder refuses the stream": (Card(refuses=True), True, GPU.text, "h264_nvenc"),
}


def test_check_segment__every_failure_of_a_gpu__ends_with_the_verdict_of_the_cpu(
    moving_clip: bytes, delivered: bytes
) -> None:
    """Requirement 11."""
    plain = examine(moving_clip, delivered).to_json()["renditions"][0]
    for name, (card, cuda, device, encoder) in GPU_FAILURES.items():
        encoder_problem.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            used = replace(card).install(patch, cuda=cuda)
            told = examine(
                moving_clip, delivered, device=CUDA, allow_cpu=True, encoder=HARDWARE_ENCODER
            ).to_json()
        assert (told["device"], told["encoder"]) == (device, encoder), name
        assert told["renditions"][0] == {**plain, "encoder": encoder}, name
        assert used.measured == [CUDA if cuda else CPU], name
        assert used.refused == (name == "decoder refuses the stream"), name
        assert used.decoded == (cuda and used.has_decoder and not used.refuses), name
    count = len(GPU_FAILURES)
    record(11, "failures of a simulated GPU that the CPU takes over", f"{count} of {count}", "all")


def test_check_segment__nvenc_that_fails_once__is_asked_again_for_the_next_profile(
    monkeypatch: pytest.MonkeyPatch, moving_clip: bytes, delivered: bytes
) -> None:
    """A card that was busy once is no reason to leave it, and the report names both encoders."""
    Card(fails_at=10, recovers=True).install(monkeypatch)
    told = examine(
        moving_clip,
        delivered,
        delivered,
        profiles=[PROFILE, replace(PROFILE, bitrate=PROFILE.bitrate + 1)],
        device=CUDA,
        encoder=HARDWARE_ENCODER,
    )
    note = f"libx264 (h264_nvenc failed on the source: {BROKEN})"
    assert [one.encoder for one in told.renditions] == [note, "h264_nvenc"]
    assert told.encoder == f"h264_nvenc, {note}"


def test_check_segment__fingerprints_only__needs_no_encoder(
    monkeypatch: pytest.MonkeyPatch, moving_clip: bytes, delivered: bytes
) -> None:
    monkeypatch.setattr("verifier.check.resolve_encoder", None)
    told = examine(moving_clip, delivered, metrics="fingerprint")
    assert (told.encoder, told.device, told.verdict) == ("none", "cpu", "ok")


def test_encoder__text__has_the_note_if_there_is_one() -> None:
    assert Encoder("libx264").text == "libx264"
    assert Encoder("libx264", "busy").text == "libx264 (busy)"
