"""A playable HLS output: one folder per rendition, a playlist in each, a master over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path

from devnet.media import Profile

SEQUENCE_PARAMETERS = b"\x00\x00\x01\x67"


@dataclass
class HlsOutput:
    """Collects renditions in any order; `finish` writes the playlists."""

    directory: Path
    profiles: Sequence[Profile]
    frame_rate: Fraction
    audio: bool
    _sizes: dict[tuple[str, int], int] = field(default_factory=dict)
    _codecs: dict[str, str] = field(default_factory=dict)

    def add(self, profile: str, seq: int, data: bytes) -> Path:
        path = self.directory / profile / f"{seq}.ts"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._sizes[profile, seq] = len(data)
        self._codecs.setdefault(profile, _avc_name(data))
        return path

    def finish(self, seconds: Mapping[int, float]) -> Path:
        """Write the playlists; `seconds` is the length of each segment. Returns the master."""
        master = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-INDEPENDENT-SEGMENTS"]
        for profile in self.profiles:
            rates = [8 * self._sizes[profile.name, seq] / length for seq, length in seconds.items()]
            bits = 8 * sum(self._sizes[profile.name, seq] for seq in seconds)
            codecs = self._codecs[profile.name] + (",mp4a.40.2" if self.audio else "")
            master += [
                f"#EXT-X-STREAM-INF:BANDWIDTH={ceil(max(rates))},"
                f"AVERAGE-BANDWIDTH={ceil(bits / sum(seconds.values()))},"
                f'RESOLUTION={profile.width}x{profile.height},CODECS="{codecs}",'
                f"FRAME-RATE={float(self.frame_rate):.3f}",
                f"{profile.name}/index.m3u8",
            ]
            media = self.directory / profile.name / "index.m3u8"
            media.write_text(_media_playlist(seconds))
        path = self.directory / "master.m3u8"
        path.write_text("\n".join(master) + "\n")
        return path


def _media_playlist(seconds: Mapping[int, float]) -> str:
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{ceil(max(seconds.values()))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    for seq in sorted(seconds):
        lines += [f"#EXTINF:{seconds[seq]:.6f},", f"{seq}.ts"]
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


def _avc_name(data: bytes) -> str:
    """RFC 6381 name of the H.264 stream: profile, constraints and level from its parameters."""
    at = data.find(SEQUENCE_PARAMETERS)
    if at < 0:
        raise ValueError("rendition carries no H.264 sequence parameters")
    at += len(SEQUENCE_PARAMETERS)
    return f"avc1.{data[at : at + 3].hex()}"
