"""Settings (contract, section 8): a value that makes no sense stops the start with one clear line, and no secret is shown."""

import os
import subprocess
from pathlib import Path

import pytest

from processes import BIN, INTERNAL_KEY, PROGRAMS
from conftest import start_system

EVERY = {
    "PORT": ["x", "65536", "-1", "80 "], "RATE_LIMIT": ["maybe", "2", "of"], "LOG_LEVEL": ["loud", "INFO", "1"],
    "ENVIRONMENT": ["prod", "Production"], "THREADS": ["0", "257", "1.5", "x"], "HOST": ["a\nb"],
    "INTERNAL_KEY": ["short", "x" * 31], "INTERNAL_KEY_FILE": ["/nonexistent/key", "/dev/null"],
}
OF_ONE = {
    "gateway": {"USER_SERVICE_URL": ["nowhere", "ftp://localhost", "http://", "unix:"], "POST_SERVICE_URL": ["http://a b"],
                "MEDIA_SERVICE_URL": ["x"], "PAYMENT_SERVICE_URL": ["x"], "NOTIFICATION_SERVICE_URL": ["x"]},
    "user": {"POST_SERVICE_URL": ["nowhere"], "AUTH_BROKER_URL": ["ftp://localhost", "broker"], "ADMIN_EMAILS": ["nobody"],
             "OIDC_PROVIDERS": ["[", "{}", "[1]", '[{"id":"a"}]', '[{"id":"a","issuer":"http://id.example","client_id":"c"}]'],
             "PUBLIC_URL": ["grover.example"], "DB_NAME": ["../posts", "a/b", ".", "x" * 64]},
    "post": {"USER_SERVICE_URL": ["nowhere"], "DB_NAME": ["../users", "a b"]},
}
BAD = [(program, name, value) for program, own in OF_ONE.items()
       for name, values in (EVERY | own).items() for value in values]


def run(program: str, folder, *arguments: str, **settings: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DATA_DIR": str(folder / "data"), "PORT": "0",
                   "ENVIRONMENT": "test"}
    if "INTERNAL_KEY_FILE" not in settings:
        environment["INTERNAL_KEY"] = INTERNAL_KEY
    return subprocess.run([BIN / PROGRAMS[program], *arguments], env=environment | settings, cwd=folder, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("program,name,value", BAD, ids=lambda value: repr(value)[:40])
def test_a_value_that_makes_no_sense_stops_the_start(tmp_path, program, name, value):
    ended = run(program, tmp_path, **{name: value})
    assert ended.returncode == 2, ended
    lines = ended.stderr.splitlines()
    assert len(lines) == 1 and name in lines[0], ended.stderr
    assert not ended.stdout and not (tmp_path / "data").exists()
    checked = run(program, tmp_path, "--check-config", **{name: value})
    assert checked.returncode == 2 and checked.stderr == ended.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_bad_value_is_in_the_one_line(tmp_path, program):
    ended = run(program, tmp_path, PORT="x", LOG_LEVEL="loud", THREADS="0")
    assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1
    for name in ("PORT", "LOG_LEVEL", "THREADS"):
        assert ended.stderr.count(f"{name}:") == 1, ended.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_print_config_shows_what_is_set_and_says_what_is_wrong(tmp_path, program):
    environment = {"PORT": "abc", "RATE_LIMIT": "maybe", "LOG_LEVEL": "loud"}
    shown = run(program, tmp_path, "--print-config", **environment)
    assert shown.returncode == 2, shown
    for name, value in environment.items():
        assert f"{name}={value}  #" in shown.stdout
    assert shown.stderr == run(program, tmp_path, "--check-config", **environment).stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_production_takes_no_default_secret(tmp_path, program):
    environment = {"ENVIRONMENT": "production", "INTERNAL_KEY": ""}
    ended = run(program, tmp_path, "--check-config", **environment)
    assert ended.returncode == 2 and "INTERNAL_KEY" in ended.stderr, ended


@pytest.mark.parametrize("program", PROGRAMS)
def test_settings_are_shown_without_secrets(tmp_path, program):
    shown = run(program, tmp_path, "--print-config", OIDC_PROVIDERS='[{"id":"a","issuer":"https://id.example",'
                '"client_id":"c","client_secret":"hunter2"}]')
    assert shown.returncode == 0 and "PORT=0" in shown.stdout and "RATE_LIMIT=" in shown.stdout
    assert INTERNAL_KEY not in shown.stdout and "hunter2" not in shown.stdout + shown.stderr


def test_help_lists_what_the_program_takes(tmp_path):
    for program in PROGRAMS:
        said = run(program, tmp_path, "--help").stdout
        assert ("--copy-store" in said) == (program != "gateway"), said
        for own in ("--check-config FILE", "route explain METHOD URL", "route access"):
            assert (own in said) == (program == "gateway"), said


def test_data_is_for_its_own_user_alone(tmp_path):
    for system in start_system(tmp_path):
        for name in ("user", "post"):
            if (data := Path(system[name].environment["DATA_DIR"])).exists():
                files = [data, *data.rglob("*")]
                assert [file for file in files if file.stat().st_mode & 0o077] == []


def test_that_limits_are_off_is_said_in_the_log(tmp_path):
    for setting, said in (("off", True), ("on", False)):
        for system in start_system(tmp_path / setting, RATE_LIMIT=setting):
            assert ("RATE_LIMIT is off" in system["gateway"].log()) == said
