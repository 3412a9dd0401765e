from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepers.core.config import LogConfig
from keepers.core.config_file import load
from keepers.core.logs import Redactor, install, secrets_in, trace_of
from tests.keepers.core.config_samples import VALID, write

TOKEN = "sentinel-rpc-token-01234567"
DATABASE = "sentinel-db-pass"
PASSWORD = "sentinel of a keystore"
KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
SENTINELS = (TOKEN, DATABASE, PASSWORD, KEY)

logger = logging.getLogger("keepers.test")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, with the root logger put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)


@pytest.fixture
def redactor(tmp_path: Path) -> Redactor:
    """Of a configuration with a secret in every place where one can be."""
    (tmp_path / "caller.password").write_text(PASSWORD + "\n")
    text = VALID.replace("https://other.example", f"https://u:{TOKEN}@other.example/x?k=abcdefgh1")
    text += f'[journal]\nurl = "postgresql+psycopg://keeper:{DATABASE}@db/keepers"\n'
    redactor = Redactor(secrets_in(load(write(tmp_path, text), {})))
    redactor.hide(KEY)
    return redactor


def hidden(text: str) -> bool:
    return not any(one in text for one in (*SENTINELS, "abcdefgh1"))


# -- secrets


@pytest.mark.parametrize("secret", SENTINELS)
def test_install__secret_in_message__is_hidden(
    lines: io.StringIO, redactor: Redactor, secret: str
) -> None:
    install(LogConfig("info", json=False), redactor, lines)
    logger.warning("cannot use %s here", secret)
    logger.warning(f"nor {secret}there")
    logger.warning({"key": secret})
    assert lines.getvalue().count("***") == 3
    assert hidden(lines.getvalue())


def test_filter__arguments_that_do_not_fit__are_shown_without_secrets() -> None:
    record = logging.makeLogRecord({"msg": "%d of %s", "args": ("none", TOKEN)})
    assert Redactor([TOKEN]).filter(record)
    assert record.getMessage() == "%d of %s ('none', '***')"


@pytest.mark.parametrize("as_json", [False, True])
def test_install__secrets_in_an_error_and_its_causes__are_hidden(
    lines: io.StringIO, redactor: Redactor, as_json: bool
) -> None:
    install(LogConfig("info", json=as_json), redactor, lines)
    try:
        try:
            raise ValueError(f"refused {PASSWORD} and 0x{KEY}")
        except ValueError as error:
            raise RuntimeError(f"https://node.example/{TOKEN}?x={DATABASE}") from error
    except RuntimeError:
        logger.exception("unexpected")
    found = lines.getvalue()
    assert found.count("\n") == 1
    assert "RuntimeError: https://node.example/*** at test_logs.py:" in found
    assert "because of ValueError: refused *** and 0x***" in found
    assert hidden(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://any.example/v2/abc", "https://any.example/***"),
        ("https://any.example:8545: lags", "https://any.example:8545: lags"),
        ("http://me:pw@any.example", "http://any.example"),
        ("'wss://any.example/?key=1'", "'wss://any.example/***'"),
        ("postgresql+psycopg://u:p@db:5432/k", "postgresql+psycopg://db:5432/k"),
        ("sqlite:////var/lib/k.sqlite", "sqlite:////var/lib/k.sqlite"),
        ("password=hunter2 of u", "password=*** of u"),
        ("{'api_key': 'abc'}", "{'api_key': '***'}"),
        ("/run/password: cannot be read", "/run/password: cannot be read"),
    ],
)
def test_clean__secrets_that_nobody_named__are_known_by_their_form(
    text: str, expected: str
) -> None:
    assert Redactor().clean(text) == expected


def test_clean__secret_within_another__leaves_nothing_of_either() -> None:
    assert Redactor(["abcd", "abcdefgh", "x"]).clean("abcdefgh abcd x") == "*** *** x"


# -- lines


def test_install__text__is_one_line_with_time_and_level(lines: io.StringIO) -> None:
    install(LogConfig("info", json=False), Redactor(), lines)
    logger.info("all\n  is well\n")
    logger.warning("careful")
    logger.debug("not of interest")
    first, second = lines.getvalue().splitlines()
    assert first.endswith("Z all | is well")
    assert second.endswith("Z warning: careful")


def test_install__json__is_one_object_a_line(lines: io.StringIO) -> None:
    install(LogConfig("info", json=True), Redactor(), lines)
    logger.error("it\nbroke")
    found = json.loads(lines.getvalue())
    assert found.pop("time").endswith("Z")
    assert found == {"level": "error", "part": "keepers.test", "message": "it\nbroke"}


def test_install__again__changes_level_and_form_without_a_second_line(lines: io.StringIO) -> None:
    install(LogConfig("info", json=False), Redactor(), lines)
    install(LogConfig("error", json=True), Redactor(), lines)
    logger.warning("unheard")
    logger.error("heard")
    assert [json.loads(line)["message"] for line in lines.getvalue().splitlines()] == ["heard"]


def fail_without_cause() -> None:
    try:
        raise KeyError(KEY)
    except KeyError:
        raise ValueError("no") from None


def test_trace_of__suppressed_context__is_left_out() -> None:
    with pytest.raises(ValueError, match="no") as caught:
        fail_without_cause()
    trace = trace_of(caught.value)
    assert trace.startswith("ValueError: no at test_logs.py:")
    assert KEY not in trace
