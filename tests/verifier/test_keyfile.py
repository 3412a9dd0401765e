"""Secrets on disk: for their owner alone, and never half read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from verifier.keyfile import KeyFileError, read_or_create

SECRET = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secret"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Everything that is created may be read and written by everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(KeyFileError) as caught:
        read_or_create(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


@pytest.mark.usefixtures("open_umask")
def test_read_or_create__no_file__makes_a_private_one(path: Path) -> None:
    secret = read_or_create(path)
    assert len(secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == secret.hex() + "\n"


def test_read_or_create__second_time__is_the_same_and_leaves_the_file(path: Path) -> None:
    secret = read_or_create(path)
    before = path.stat()
    assert read_or_create(path) == secret
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_read_or_create__every_file__has_a_secret_of_its_own(tmp_path: Path) -> None:
    assert len({read_or_create(tmp_path / f"{at}") for at in range(50)}) == 50


@pytest.mark.parametrize(
    "text",
    ["{}", "{}\n", "0x{}", "  0x{}\n\n", "{}\r\n"],
    ids=["bare", "line", "0x", "wide", "dos"],
)
def test_read_or_create__written_by_hand__is_read(path: Path, text: str) -> None:
    write(path, text.format(SECRET.hex()).encode())
    assert read_or_create(path) == SECRET
    write(path, text.format(SECRET.hex().upper()).encode())
    assert read_or_create(path) == SECRET


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_read_or_create__for_the_owner_alone__is_read(path: Path, mode: int) -> None:
    assert read_or_create(write(path, SECRET.hex().encode(), mode)) == SECRET


@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001])
def test_read_or_create__anything_for_others__is_refused(path: Path, bit: int) -> None:
    write(path, SECRET.hex().encode(), 0o600 | bit)
    assert refusal(path) == "others can read it: chmod 600 it, or use a new one"


def test_read_or_create__link_to_a_file_for_others__is_refused(path: Path, tmp_path: Path) -> None:
    target = write(tmp_path / "target", SECRET.hex().encode(), 0o644)
    path.symlink_to(target)
    assert "others can read it" in refusal(path)
    target.chmod(0o600)
    assert read_or_create(path) == SECRET


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        SECRET.hex()[:-1].encode(),
        SECRET.hex()[:-2].encode(),
        SECRET.hex().encode() + b"00",
        SECRET.hex().encode() * 2,
        b"0x0x" + SECRET.hex().encode(),
        b"z" * 64,
        SECRET,  # the bytes themselves
        b"\xff\xfe" * 32,
    ],
)
def test_read_or_create__not_32_bytes_in_hex__is_refused_without_showing_it(
    path: Path, content: bytes
) -> None:
    write(path, content)
    assert refusal(path) == "not 32 bytes in hex"
    assert path.read_bytes() == content


def test_read_or_create__no_such_folder__says_so(tmp_path: Path) -> None:
    assert refusal(tmp_path / "missing" / "secret") == "No such file or directory"


def test_read_or_create__a_folder_or_a_dead_link__says_so(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    assert refusal(folder) == "Is a directory"
    path.symlink_to(tmp_path / "nowhere")
    assert refusal(path) == "No such file or directory"
    assert not (tmp_path / "nowhere").exists()
