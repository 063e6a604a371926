"""A server that cannot be used is one clear line at start, without the password; TLS and SCRAM, the password from a file."""

import subprocess
from pathlib import Path

import pytest

from api import Person
from mongo_server import MongoServer, NoServer
from processes import BIN, PROGRAMS, System, certificate, free_ports

PASSWORD = "open-sesame-42"


def start(program: str, folder: Path, **settings: str) -> subprocess.CompletedProcess:
    """A start that fails."""
    environment = System(folder)[program].environment
    for name in ("MONGO_URL", "MONGO_HINTS", "MONGO_STANDALONE"):
        environment.pop(name, None)
    done = subprocess.run([BIN / PROGRAMS[program]], env=environment | settings, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and not done.stdout, done
    assert len(done.stderr.splitlines()) == 1 and "MONGO_" in done.stderr, done.stderr
    assert PASSWORD not in done.stderr and "letmein" not in done.stderr
    return done


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server that wants TLS and a password; made with its user by a first start without."""
    folder = tmp_path_factory.mktemp("guarded")
    made, key = certificate(folder)
    try:
        server = MongoServer()
        if server.mongod:
            pytest.skip("how a mongod is given its first user is not written yet")
        with server:
            server.ask(f"c.admin.command('createUser', 'grover', pwd='{PASSWORD}', roles=[{{'role': 'root', 'db': 'admin'}}])")
            server.child.terminate()
            server.child.wait(30)
            server.command += ["--auth", "--tls-cert-file", str(made), "--tls-key-file", str(key)]
            server.start()
            server.url_with = lambda password: (
                f"mongodb://grover:{password}@localhost:{server.port}/?replicaSet={server.replica_set}&authSource=admin"
                f"&tls=true&tlsCAFile={made}")
            yield server
    except NoServer as reason:
        pytest.skip(f"no MongoDB server: {reason}")


def test_tls_and_scram_with_the_url_from_a_file(guarded, tmp_path):
    secret = tmp_path / "url"
    secret.write_text(guarded.url_with(PASSWORD) + "\n")
    system = System(tmp_path / "system", **{name: value for name, value in guarded.settings.items() if name != "MONGO_URL"})
    for name, process in system.processes.items():
        process.environment.pop("MONGO_URL", None)
        process.environment |= {"MONGO_URL_FILE": str(secret), "DB_NAME": f"guarded_{name}", "LOG_LEVEL": "debug"}
    system.start()
    try:
        assert Person(system, False, "Ada").publish("hello")["content"] == "hello"
    finally:
        system.stop()
    for process in system.processes.values():
        assert PASSWORD not in process.log()
    shown = subprocess.run([BIN / PROGRAMS["user"], "--print-config"], env=system["user"].environment, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=True)
    assert PASSWORD not in shown.stdout + shown.stderr


def test_a_wrong_password(guarded, tmp_path):
    assert "refuses the user or the password" in start("user", tmp_path, MONGO_URL=guarded.url_with("letmein")).stderr


def test_a_server_that_is_not_trusted(guarded, tmp_path):
    url = guarded.url_with(PASSWORD).partition("&tlsCAFile")[0]
    assert "no server can be used" in start("post", tmp_path, MONGO_URL=url).stderr


def test_no_tls_where_it_is_wanted(guarded, tmp_path):
    url = guarded.url_with(PASSWORD).partition("&tls=")[0]
    assert "no server can be used" in start("post", tmp_path, MONGO_URL=url).stderr


@pytest.mark.parametrize("host", ["no-such-host.invalid", "127.0.0.1:{free}"])
def test_nobody_is_there(tmp_path, host):
    url = f"mongodb://ada:{PASSWORD}@{host.replace('{free}', str(free_ports(1)[0]))}/"
    line = start("user", tmp_path, MONGO_URL=url).stderr
    assert "no server can be used" in line and host.partition(":")[0] in line


def test_a_standalone_server(tmp_path):
    try:
        with MongoServer(standalone=True) as server:
            plain = {name: value for name, value in server.settings.items() if name != "MONGO_STANDALONE"}
            assert "standalone" in start("user", tmp_path, **plain).stderr
            assert "MONGO_STANDALONE" in start("user", tmp_path, **server.settings, ENVIRONMENT="production").stderr
            system = System(tmp_path / "taken", **server.settings)
            for name, process in system.processes.items():
                process.environment |= server.settings | {"DB_NAME": f"standalone_{name}"}
            system.start()
            try:
                ada, ben = Person(system, False, "Ada"), Person(system, False, "Ben")
                ben.follow(ada)
                assert ada.ok("GET", "/api/users/me")["followers_count"] == 1
            finally:
                system.stop()
    except NoServer as reason:
        pytest.skip(f"no MongoDB server: {reason}")
