"""How many transactions each account has signed today, in a file that outlives the process.

It is written before a key is touched: a crash can count one too many, never one too few. A day is
one of UTC. A clock that goes back does not start a new one.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from keepers.core.signing import SigningError

DAY = 86_400


class DayCount:
    """The only writer of its file, as long as it lives."""

    def __init__(self, path: Path) -> None:
        """Raises SigningError: another process has it, or it is damaged."""
        self._path = path
        try:
            self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SigningError(f"{path}.lock: cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._day, self._signed = self._read()
        except BaseException as error:
            os.close(self._lock)
            if isinstance(error, BlockingIOError):
                raise SigningError(f"{path}: another signer counts in it; stop that one") from None
            raise

    def today(self, account: str, now: float) -> int:
        return self._signed.get(account, 0) if self._day >= int(now // DAY) else 0

    def add(self, account: str, now: float) -> None:
        """One more. Raises SigningError if that cannot be made to last: then do not sign."""
        day = max(self._day, int(now // DAY))
        signed = dict(self._signed) if day == self._day else {}
        signed[account] = signed.get(account, 0) + 1
        try:
            self._write(json.dumps({"day": day, "signed": signed}))
        except OSError as error:
            raise SigningError(
                f"{self._path}: cannot be written ({error.strerror}), so nothing is signed"
            ) from None
        self._day, self._signed = day, signed

    def close(self) -> None:
        os.close(self._lock)

    def _read(self) -> tuple[int, dict[str, int]]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            day, signed = content["day"], content["signed"]
            numbers = [day, *signed.values()]
        except FileNotFoundError:
            return 0, {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            numbers = [None]
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise SigningError(
                f"{self._path}: is no count of signatures; delete it, and today starts again at 0"
            )
        return day, signed

    def _write(self, text: str) -> None:
        draft = self._path.with_name(self._path.name + ".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
