"""What an operator reads: one line for each thing that happened, as text or as JSON, no secrets.

    2026-11-26T16:20:01Z warning rpc https://node.example: left alone after 3 errors: ...

An error that nobody expected is one line too, with the places it went through.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TextIO

from sqlalchemy.engine import make_url

from keepers.core.config import Config, LogConfig
from keepers.core.rpc import secrets_of

HIDDEN = "***"
SHORTEST = 4  # characters; to hide less would blot out half of every line
# These tell of their own work at length; whose work it is, we say ourselves.
CHATTY = ("apscheduler", "urllib3", "web3", "sqlalchemy", "asyncio")

# What is after the host of a URL, or before it, may be a token, whoever's URL it is.
_URL = re.compile(
    r"(\b[a-z][a-z0-9+.-]*://)(?:[^\s/@'\"]*@)?([^\s/?#'\"]+)([/?#][^\s'\"),;]+)?", re.I
)
# password=..., "api_key": "..."; a colon after a word without quotes is that of a sentence.
_NAMED = re.compile(
    r"((?:password|passphrase|passwd|secret|token|api[ _-]?key|private[ _-]?key)"
    r"(?:['\"]?\s*=\s*['\"]?|['\"]\s*:\s*['\"]))[^\s'\",;]+",
    re.IGNORECASE,
)


class Redactor(logging.Filter):
    """Takes secrets out of messages and of errors, whatever the formatter does with them then."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets: list[str] = []
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        known = {one for one in (*self._secrets, *secrets) if len(one) >= SHORTEST}
        self._secrets = sorted(known, key=len, reverse=True)  # before what is a part of it

    def clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _NAMED.sub(rf"\1{HIDDEN}", _URL.sub(_host_only, text))

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.clean(_message(record)), None
        if record.exc_info and record.exc_info[1]:
            record.exc_text = self.clean(trace_of(record.exc_info[1]))
        record.exc_info = record.stack_info = None
        return True


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        trace = f" [{record.exc_text}]" if record.exc_text else ""
        line = f"{_time(record)} {level}{record.getMessage()}{trace}"
        return " | ".join(part.strip() for part in line.splitlines() if part.strip())


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "part": record.name,
            "message": record.getMessage(),
        }
        return json.dumps(line | ({"trace": record.exc_text} if record.exc_text else {}))


class _Lines(logging.StreamHandler[TextIO]):
    """The handler of this module, to be found again."""


def install(config: LogConfig, redactor: Redactor, stream: TextIO | None = None) -> None:
    """Log to `stream`, else to standard error. Called again, it changes level and form."""
    handler = _Lines(stream)
    handler.setFormatter(JsonFormatter() if config.json else TextFormatter())
    handler.addFilter(redactor)
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Lines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(config.level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.captureWarnings(True)


def secrets_in(config: Config) -> Iterator[str]:
    """Tokens of URLs, the database's password, passwords of keys as far as they can be read."""
    for url in config.network.rpc:
        yield from secrets_of(url)
    if password := make_url(config.journal.url).password:
        yield str(password)
    for signer in config.signers.values():
        if signer.password_file:
            try:
                yield signer.password_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                continue  # whoever needs it says so


def trace_of(error: BaseException) -> str:
    """An error and its causes in one line: "ValueError: no at a.py:3 in f < b.py:9 in g"."""
    parts = []
    cause: BaseException | None = error
    while cause is not None:
        frames = reversed(traceback.extract_tb(cause.__traceback__))
        places = [f"{one.filename.rpartition('/')[2]}:{one.lineno} in {one.name}" for one in frames]
        text = f"{type(cause).__name__}: {' '.join(str(cause).split())}"
        parts.append(f"{text} at {' < '.join(places)}" if places else text)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "; because of ".join(parts)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit must not end a keeper
        return f"{record.msg} {record.args}"


def _host_only(match: re.Match[str]) -> str:
    """Paths of databases are names, those of nodes may be tokens."""
    scheme, host, rest = match.groups()
    if rest and rest != "/" and scheme.lower().startswith(("http", "ws")):
        rest = f"/{HIDDEN}"
    return f"{scheme}{host}{rest or ''}"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")[:19] + "Z"
