from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic import environment as env
from clinic.environment import MailServer
from clinic.running import home


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("EVENKEEL_HOME", str(tmp_path))
    env._running.cache_clear()
    yield
    env._running.cache_clear()


def test_text_is_stripped_and_else_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.text("WORD", "none") == "none"
    monkeypatch.setenv("WORD", "  ")
    assert env.text("WORD", "none") == "none"
    monkeypatch.setenv("WORD", " one ")
    assert env.text("WORD", "none") == "one"


def test_shell_beside_a_running_demo_has_its_settings_but_own_ones_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write_run(tmp_path, {"env": {"WORD": "theirs", "OTHER": "theirs"}})
    monkeypatch.setenv("WORD", "mine")
    assert (env.text("WORD"), env.text("OTHER")) == ("mine", "theirs")


@pytest.mark.parametrize(
    ("value", "read"),
    [("1", True), ("Yes", True), ("ON", True), ("true", True), ("0", False), ("no", False), ("", False)],
)
def test_flag_reads_words(monkeypatch: pytest.MonkeyPatch, value: str, read: bool) -> None:
    monkeypatch.setenv("WORD", value)
    assert env.flag("WORD") is read


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (env.flag, "ja"),
        (lambda name: env.number(name, 5), "-1"),
        (lambda name: env.number(name, 5), "1.5"),
        (lambda name: env.choice(name, ("a", "b"), "a"), "c"),
        (lambda name: env.url(name, ("https",)), "https://"),
        (lambda name: env.url(name, ("https",)), "https://[::1"),
        (lambda name: env.url(name, ("https",)), "https://host:port"),
        (lambda name: env.url(name, ("https",)), "http://host"),
        (env.key, "no-colon.here"),
        (env.key, "nodot:secret"),
    ],
)
def test_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, read: Any, value: str) -> None:
    monkeypatch.setenv("WORD", value)
    with pytest.raises(ImproperlyConfigured, match=r"^WORD "):
        read("WORD")


def test_good_values_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "https://host:8443/path")
    assert env.url("WORD", ("https",)) == "https://host:8443/path"
    monkeypatch.setenv("WORD", "app.key:secret")
    assert env.key("WORD") == "app.key:secret"
    monkeypatch.setenv("WORD", "12")
    assert env.number("WORD", 5) == 12
    assert env.choice("WORD", ("12",), "") == "12"


def test_misspelt_setting_of_ours_is_refused_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"EVENKEEL_HOME": "", "PATH": ""})
    env.refuse_unknown({"EVENKEEL_HOME"})
    monkeypatch.setattr(os, "environ", {"EVENKEEL_HOMES": ""})
    with pytest.raises(ImproperlyConfigured, match="EVENKEEL_HOMES: no such setting"):
        env.refuse_unknown({"EVENKEEL_HOME"})


@pytest.mark.parametrize(
    ("value", "server"),
    [
        ("", MailServer()),
        ("smtp://relay.example", MailServer("relay.example", 25, "", "", ssl=False, starttls=False)),
        (
            "smtp://me%40us:p%2Fw@mail.example",
            MailServer("mail.example", 587, "me@us", "p/w", ssl=False, starttls=True),
        ),
        ("smtps://me:pw@mail.example", MailServer("mail.example", 465, "me", "pw", ssl=True, starttls=False)),
        ("smtps://mail.example:2465", MailServer("mail.example", 2465, "", "", ssl=True, starttls=False)),
    ],
)
def test_mail_server_is_told_its_password_over_tls_alone(
    monkeypatch: pytest.MonkeyPatch, value: str, server: MailServer
) -> None:
    monkeypatch.setenv("MAILS", value)
    assert env.mail_server("MAILS") == server


def test_mail_server_that_is_none_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILS", "imap://me:hunter2@mail.example")
    with pytest.raises(ImproperlyConfigured, match="smtp:// or smtps://") as no:
        env.mail_server("MAILS")
    assert "hunter2" not in str(no.value)
