"""The other end of a remote signer: answers one question at a time, for the users it knows.

Who asks is what the kernel says (SO_PEERCRED), before a byte is read. The policy is asked on this
side. A question that is too long, too slow or of another shape is refused; so is what breaks.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import stat
import struct
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from keepers.core.guarded_signer import GuardedSigner
from keepers.core.signer_wire import (
    MAX_QUESTION,
    WireError,
    answer,
    plain,
    read_question,
    receive,
    refused,
    send,
)
from keepers.core.signing import SigningError

PATIENCE = 2.0  # seconds for a keeper to say what it wants, and as many to take the answer
CREDENTIALS = struct.Struct("3i")  # process, user, group


class SignerServer:
    def __init__(
        self,
        path: Path,
        guards: Mapping[str, GuardedSigner],
        *,
        users: Collection[int],
        group: int | None = None,
        tell: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        """Listens from now on: for the own user, and with `group` for those in it.

        `users` are the ids of those that are answered. Raises SigningError.
        """
        self._path, self._guards, self._users = path, guards, frozenset(users)
        self._tell, self._patience = tell, patience
        self._listener = listen(path, group)
        self._wake, self._woken = socket.socketpair()

    def serve(self) -> None:
        """Until `stop`. The socket file is gone afterwards."""
        with self._listener, self._wake, self._woken, selectors.DefaultSelector() as events:
            events.register(self._listener, selectors.EVENT_READ)
            events.register(self._woken, selectors.EVENT_READ)
            while self._woken not in [key.fileobj for key, _ in events.select()]:
                self._accept()
            with suppress(FileNotFoundError):
                self._path.unlink()

    def stop(self) -> None:
        """May be called from another thread or a signal handler."""
        with suppress(OSError):
            self._wake.send(b".")

    def _accept(self) -> None:
        try:
            link, _ = self._listener.accept()
        except OSError as error:
            self._tell(f"a connection was lost: {error.strerror}")
            return
        with link:
            try:
                line, reply = self._answer(link, time.monotonic() + self._patience)
                self._tell(line)
                send(link, reply, time.monotonic() + self._patience)
            except (WireError, OSError) as error:
                self._tell(plain(f"not answered: {error}"))

    def _answer(self, link: socket.socket, deadline: float) -> tuple[str, dict[str, Any]]:
        """A line for the log, and what is sent back."""
        found = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        process, user, _ = CREDENTIALS.unpack(found)
        who = f"process {process} of user {user}"
        if user not in self._users:
            return _no(who, f"user {user} is not among those that may ask (users)")
        try:
            account, tx = read_question(receive(link, MAX_QUESTION, deadline))
            if (guard := self._guards.get(account)) is None:
                return _no(who, f"this signer has no key of {account}")
            if tx is None:
                return f"{who} asks whether {account} is here", answer(None)
            signature = guard.signature(tx)
        except (WireError, SigningError) as error:
            return _no(who, str(error))
        except Exception as error:  # whatever it is, it may know a secret: only its kind is told
            return _no(who, f"the signer is broken: {type(error).__name__}")
        return f"signed for {who}: {account} nonce {tx.nonce} to {tx.to}", answer(signature)


def _no(who: str, why: str) -> tuple[str, dict[str, Any]]:
    return plain(f"refused {who}: {why}"), refused(why)


def listen(path: Path, group: int | None) -> socket.socket:
    """A socket file of mode 0600, or 0660 with a group. Raises SigningError."""
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)  # else there is a moment in which others may connect
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        if group is not None:
            os.chown(path, -1, group)
            path.chmod(0o660)
        listener.listen(64)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        why = error.strerror or str(error)
        raise SigningError(f"{path}: cannot be listened at: {why}") from None
    return listener


def _clear(path: Path) -> None:
    """Remove the socket file of a signer that was killed. Raises SigningError if one lives."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # nothing there; binding says what else may be wrong
    if not stat.S_ISSOCK(mode):
        raise SigningError(f"{path}: is there already, and is no socket; choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        found = probe.connect_ex(str(path))
    if found not in (errno.ECONNREFUSED, errno.ENOENT):
        raise SigningError(f"{path}: another signer listens there; stop that one first")
    with suppress(FileNotFoundError):
        path.unlink()
