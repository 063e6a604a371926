"""./grover up, down, status and logs over real processes: stand-ins where the services are."""

import json
import os
import signal
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

import house
import supervisor
from ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30.0


def consecutive_free_ports(count: int) -> int:
    """The first of them."""
    for base in range(20000, 30000, count):
        try:
            for probe in [socket.create_server(("127.0.0.1", base + offset)) for offset in range(count)]:
                probe.close()
            return base
        except OSError:
            continue
    raise AssertionError("no free ports")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class UpTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="grover-up-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = self.folder / "data"
        self.ports = dict(zip(("USER", "POST", "GATEWAY"), free_ports(3)))
        programs = self.folder / "bin"
        programs.mkdir()
        for entry in json.loads((ROOT / "tools" / "services.json").read_text()):
            if entry["name"] in ("user", "post", "gateway"):
                shutil.copy(Path(__file__).with_name("standin.py"), programs / entry["program"])
                (programs / entry["program"]).chmod(0o755)
        services = [entry for entry in json.loads((ROOT / "tools" / "services.json").read_text())
                    if entry["name"] in ("user", "post", "gateway")]
        (self.folder / "services.json").write_text(json.dumps(services))
        self.environment = {key: value for key, value in os.environ.items() if key != "DATA_DIR"}
        self.environment |= {f"{name}_PORT": str(port) for name, port in self.ports.items()}
        self.environment |= {"GROVER_PROGRAMS": str(programs), "GROVER_SERVICES": str(self.folder / "services.json")}
        self.addCleanup(self.grover, "down")

    def grover(self, verb: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([ROOT / "grover", verb, "--data", self.data, *arguments], env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)

    def behave(self, service: str, words: str) -> None:
        (self.data / service).mkdir(parents=True, exist_ok=True)
        (self.data / service / "behave").write_text(words)

    def services(self) -> dict[str, dict]:
        try:
            state = json.loads((self.data / "run" / "state.json").read_text())
        except (OSError, ValueError):
            return {}
        return {service["name"]: service for service in state["services"]}

    def pids(self) -> list[int]:
        return [service["pid"] for service in self.services().values() if service["pid"]]

    def get(self, name: str, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=10) as reply:
            return reply.read()

    def until(self, condition, what: str) -> None:
        ends_at = time.monotonic() + LIMIT_S
        while not condition():
            self.assertLess(time.monotonic(), ends_at, f"waited in vain until {what}")
            time.sleep(0.02)

    def started(self, *options: str) -> str:
        done = self.grover("up", "--detach", *options)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def refused(self, *options: str) -> str:
        """What a failing `up` says, which is one line; nothing of it still runs."""
        done = self.grover("up", "--detach", *options)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
        self.assertEqual(self.grover("status").returncode, 3)
        for port in self.ports.values():
            with self.subTest(port=port), socket.socket() as probe:
                self.assertNotEqual(probe.connect_ex(("127.0.0.1", port)), 0)
        return done.stdout

    def test_starts_all_and_shows_where_they_are(self) -> None:
        said = self.started()
        for port in self.ports.values():
            self.assertIn(f"http://127.0.0.1:{port}/docs", said)
        self.assertIn(str(self.data / "log" / "user.log"), said)
        self.assertIn(f"curl -sS http://127.0.0.1:{self.ports['GATEWAY']}/api/auth/register", said)
        pids = self.pids()
        self.assertEqual(len(pids), 3)
        down = self.grover("down")
        self.assertEqual((down.returncode, down.stdout), (0, "grover: stopped\n"))
        self.assertFalse(any(alive(pid) for pid in pids))
        self.assertEqual((self.data / "stopped").read_text().split()[0], "grover-gateway")

    def test_each_service_gets_its_place_and_its_peers(self) -> None:
        self.started()
        seen = json.loads(self.get("GATEWAY", "/env"))
        self.assertEqual(seen["HOST"], "127.0.0.1")
        self.assertEqual(seen["DATA_DIR"], str(self.data / "gateway"))
        self.assertEqual(seen["UNIX_SOCKET"], str(self.data / "run" / "gateway.sock"))
        self.assertEqual(seen["USER_SERVICE_URL"], f"unix:{self.data / 'run' / 'user.sock'}")
        self.assertEqual(seen["POST_SERVICE_URL"], f"unix:{self.data / 'run' / 'post.sock'}")
        self.assertNotIn("GATEWAY_SERVICE_URL", seen)
        self.assertEqual(json.loads(self.get("USER", "/env"))["GATEWAY_SERVICE_URL"], f"unix:{self.data / 'run' / 'gateway.sock'}")
        key = Path(seen["INTERNAL_KEY_FILE"])
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(len(key.read_text().strip()), 64)

    def test_one_database_for_all(self) -> None:
        self.environment |= {"DB_NAME": "grover"}
        for where in ({"MONGO_URL": "mongodb://db/"}, {"MONGO_URL_FILE": "/etc/grover/mongo"}):
            with self.subTest(where=where):
                before, self.environment = self.environment, self.environment | where
                self.assertIn("DB_NAME", self.refused())
                self.assertIn("DB_NAME", self.grover("migrate", "sqlite-to-mongo").stdout)
                self.environment = before
        self.assertIn("DB_NAME", self.refused("--mongo", "mongodb://db/"))
        self.started()    # in files each has its folder

    def test_where_the_data_lies_is_said(self) -> None:
        self.assertNotIn("MongoDB", self.started())
        self.grover("down")
        self.assertIn("on MongoDB", self.started("--mongo", "mongodb://db/"))
        self.assertEqual(json.loads(self.get("USER", "/env"))["MONGO_URL"], "mongodb://db/")

    def test_no_mongo_where_one_is_meant(self) -> None:
        for verb in (("up", "--detach"), ("migrate", "sqlite-to-mongo")):
            with self.subTest(verb=verb):
                done = self.grover(*verb, "--mongo", "")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("the URL is empty", done.stdout)
        self.assertEqual(self.grover("status").returncode, 3)

    def test_nothing_to_migrate(self) -> None:
        for documents, said in ((0, "holds nothing"), (1, "moved, and compared")):
            for program in (self.folder / "bin").iterdir():
                program.write_text(f"#!/bin/sh\necho 'user.users: {documents} documents, sha256 00'\n")
            with self.subTest(documents=documents):
                done = self.grover("migrate", "mongo-to-sqlite", "--mongo", "mongodb://db/")
                self.assertEqual(done.returncode, int(documents == 0), done.stdout)
                self.assertIn(said, done.stdout)

    def test_tls_with_a_certificate_of_its_own(self) -> None:
        port = free_ports(1)[0]
        self.environment["GATEWAY_TLS_PORT"] = str(port)
        said = self.started("--tls")
        self.assertIn(f"https://localhost:{port}", said)
        seen = json.loads(self.get("GATEWAY", "/env"))
        self.assertEqual(seen["TLS_PORT"], str(port))
        certificate, key = Path(seen["TLS_CERT_FILE"]), Path(seen["TLS_KEY_FILE"])
        self.assertEqual(key.stat().st_mode & 0o077, 0)
        self.assertNotIn("TLS_PORT", json.loads(self.get("USER", "/env")))
        first = certificate.read_bytes()
        self.grover("down")
        self.started("--tls")
        self.assertEqual(certificate.read_bytes(), first)

    def test_tls_port_taken(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.environment["GATEWAY_TLS_PORT"] = str(port)
            said = self.refused("--tls")
            self.assertIn(f"port {port} for gateway_tls is taken", said)
            self.assertIn("set GATEWAY_TLS_PORT", said)

    def test_no_tls_unless_asked(self) -> None:
        self.started()
        self.assertNotIn("TLS_CERT_FILE", json.loads(self.get("GATEWAY", "/env")))

    def test_key_and_data_survive(self) -> None:
        self.started()
        key = (self.data / "secrets" / "internal.key").read_text()
        (self.data / "user" / "kept").write_text("x")
        self.grover("down")
        self.started()
        self.assertEqual((self.data / "secrets" / "internal.key").read_text(), key)
        self.assertTrue((self.data / "user" / "kept").exists())

    def test_long_path_takes_tcp_between_services(self) -> None:
        self.data = self.folder / ("d" * 100) / "data"
        self.started()
        seen = json.loads(self.get("GATEWAY", "/env"))
        self.assertEqual(seen["USER_SERVICE_URL"], f"http://127.0.0.1:{self.ports['USER']}")
        self.assertNotIn("UNIX_SOCKET", seen)

    def test_second_up_says_so(self) -> None:
        self.started()
        pids = self.pids()
        again = self.grover("up", "--detach")
        self.assertEqual(again.returncode, 0)
        self.assertIn("runs already", again.stdout)
        self.assertEqual(self.pids(), pids)

    def test_dead_service_is_started_again(self) -> None:
        self.started()
        first = self.services()["post"]["pid"]
        os.kill(first, signal.SIGKILL)
        self.until(lambda: self.services()["post"]["state"] == "ready" and self.services()["post"]["pid"] != first,
                   "post is back")
        self.assertEqual(self.services()["post"]["restarts"], 1)
        self.assertIn("post was ended by SIGKILL", (self.data / "log" / "supervisor.log").read_text())
        self.assertIn("was ended by SIGKILL", self.grover("status").stdout)
        self.assertEqual(self.services()["user"]["restarts"], 0)

    def test_pause_grows_while_it_keeps_dying(self) -> None:
        self.started()
        self.behave("post", "silent")
        os.kill(self.services()["post"]["pid"], signal.SIGKILL)
        log = self.data / "log" / "supervisor.log"
        self.until(lambda: "again in 0.8 s" in log.read_text(), "the third pause")
        self.assertIn("again in 0.2 s", log.read_text())
        self.assertIn("again in 0.4 s", log.read_text())
        self.assertEqual(self.grover("status").returncode, 1)
        (self.data / "post" / "behave").unlink()
        self.until(lambda: self.services()["post"]["state"] == "ready", "post is back")
        self.assertEqual(self.grover("status").returncode, 0)

    def test_status_and_logs(self) -> None:
        self.assertEqual(self.grover("status").returncode, 3)
        self.assertEqual(self.grover("logs").returncode, 1)
        self.started()
        status = self.grover("status")
        self.assertEqual(status.returncode, 0, status.stdout)
        self.assertEqual(status.stdout.count(" ready "), 3)
        self.assertIn("MiB", status.stdout)
        self.assertIn('"message":"started"', self.grover("logs", "user").stdout)
        self.assertIn("there is no service 'nobody'", self.grover("logs", "nobody").stdout)

    def test_load_asks_the_gateway_of_that_folder(self) -> None:
        tree = self.folder / "tree"
        for name in ("grover", "tools/verbs/load.py", "tools/house.py"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
        for name, body in (("tools/verbs/build.sh", "exit 0"), ("build/release/bin/grover-load", 'echo "$*"')):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(f"#!/bin/sh\n{body}\n")
            (tree / name).chmod(0o755)

        def load(*arguments: str) -> str:
            return subprocess.run([tree / "grover", "load", *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, text=True, timeout=60, check=False).stdout.strip()

        self.assertEqual(load("--data", str(self.data)), "")    # nothing runs there: grover-load takes port 8000
        self.started()
        address = f"--gateway http://127.0.0.1:{self.ports['GATEWAY']}"
        self.assertEqual(load("a graph", "--data", str(self.data), "--posts", "2"), f"{address} a graph --posts 2")
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(self.data / "run" / "gateway.sock"))
            self.assertEqual(load("--data", str(self.data)), f"--gateway unix:{self.data / 'run' / 'gateway.sock'}")
        self.assertEqual(load("--data", str(self.data), "--gateway", "http://there"), "--gateway http://there")
        for option in ("--users", "--posts", "--seed", "--connections", "--data", "--gateway"):
            self.assertIn(f"  {option} ", load("--help"))

    def test_service_that_refuses_to_start(self) -> None:
        self.behave("post", "refuse")
        line = self.refused()
        self.assertIn("post did not start", line)
        self.assertIn("the database is of a newer format", line)
        self.assertIn(str(self.data / "log" / "post.log"), line)

    def test_service_that_ends_without_a_word(self) -> None:
        self.behave("user", "silent")
        self.assertIn("user did not start: it ended with status 2: it said nothing", self.refused())

    def test_port_taken(self) -> None:
        with socket.create_server(("127.0.0.1", self.ports["POST"])):
            done = self.grover("up", "--detach")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
        self.assertIn(f"port {self.ports['POST']} for post is taken by", done.stdout)
        self.assertIn(f"(pid {os.getpid()})", done.stdout)
        self.assertEqual(self.pids(), [])

    def test_two_on_one_port(self) -> None:
        own = dict(self.ports)
        self.environment["GATEWAY_PORT"] = str(own["USER"])
        said = self.refused()
        self.assertIn(f"USER_PORT and GATEWAY_PORT are both {own['USER']}", said)
        self.environment |= {"GATEWAY_PORT": str(own["GATEWAY"]), "GATEWAY_TLS_PORT": str(own["POST"])}
        self.assertIn(f"POST_PORT and GATEWAY_TLS_PORT are both {own['POST']}", self.refused("--tls"))

    def test_readiness_of_another_service_does_not_count(self) -> None:
        self.behave("user", "stranger")
        with subprocess.Popen([ROOT / "grover", "up", "--detach", "--data", self.data], env=self.environment,
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as starting:
            probes = self.data / "user" / "probes"
            self.until(lambda: starting.poll() is not None or (probes.exists() and len(probes.read_text()) > 3),
                       "user was asked again and again")
            self.assertEqual(self.grover("down").returncode, 0)
            said, _ = starting.communicate(timeout=LIMIT_S)
        self.assertEqual((starting.returncode, said), (1, "grover: stopped before all were ready\n"))

    def test_data_folder_without_a_name(self) -> None:
        for verb in ("up", "down", "status", "logs"):
            with self.subTest(verb=verb):
                done = subprocess.run([ROOT / "grover", verb, "--data", ""], env=self.environment, cwd=self.folder,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, timeout=60, check=False)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn("--data", done.stdout)
        self.assertFalse((self.folder / "run").exists())

    def test_port_base(self) -> None:
        for name in self.ports:
            del self.environment[f"{name}_PORT"]
        base = consecutive_free_ports(3)
        self.ports = {"GATEWAY": base, "USER": base + 1, "POST": base + 2}
        self.assertEqual(self.grover("up", "--detach", "--port-base", str(base)).returncode, 0)
        self.assertEqual(json.loads(self.get("POST", "/env"))["PORT"], str(base + 2))

    def test_port_that_is_none(self) -> None:
        for wrong in ("0", "65536", "-1", "http", "80 80"):
            with self.subTest(wrong=wrong):
                self.environment["USER_PORT"] = wrong
                self.assertIn(f"USER_PORT is '{wrong}', not a port", self.grover("up", "--detach").stdout)

    def test_port_base_that_leaves_no_ports(self) -> None:
        for name in self.ports:
            del self.environment[f"{name}_PORT"]
        for base in ("0", "-5", "65534", "70000"):
            done = self.grover("up", "--port-base", base)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"grover: --port-base is {base}: ", done.stdout)

    def test_data_folder_of_another_user(self) -> None:
        other = self.folder / "other"
        (other / "run").mkdir(parents=True)
        there = house.open_house(str(other))
        self.assertIsNone(house.running_pid(there))
        there.lock.touch()
        (other / "run").chmod(0)
        somebody = os.geteuid() or 65534
        try:
            self.folder.chmod(0o755)
            os.seteuid(somebody)
            with self.assertRaisesRegex(house.Trouble, "belongs to another user"):
                house.running_pid(there)
        finally:
            os.seteuid(os.getuid())
            (other / "run").chmod(0o755)

    def test_data_folder_that_cannot_be(self) -> None:
        (self.folder / "file").write_text("")
        self.data = self.folder / "file" / "data"
        self.assertIn(f"cannot write to the data folder {self.data}: not a directory", self.refused())

    def test_missing_program(self) -> None:
        (self.folder / "bin" / "grover-post-service").unlink()
        self.assertIn("grover-post-service is not there", self.refused())

    def test_unknown_option(self) -> None:
        self.assertEqual(self.grover("up", "--fast").returncode, 2)

    def test_foreground_stops_on_ctrl_c(self) -> None:
        with subprocess.Popen([ROOT / "grover", "up", "--data", self.data], env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as front:
            self.until(lambda: len(self.pids()) == 3 and
                       all(one["state"] == "ready" for one in self.services().values()), "all are ready")
            pids = self.pids()
            os.kill(front.pid, signal.SIGINT)
            said, _ = front.communicate(timeout=LIMIT_S)
        self.assertEqual(front.returncode, 0)
        self.assertIn("Ctrl-C stops everything.", said)
        self.assertTrue(said.endswith("grover: stopped\n"), said)
        self.assertFalse(any(alive(pid) for pid in pids))

    def test_second_ctrl_c_kills(self) -> None:
        self.behave("user", "stubborn")
        with subprocess.Popen([ROOT / "grover", "up", "--data", self.data], env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as front:
            self.until(lambda: len(self.pids()) == 3 and
                       all(one["state"] == "ready" for one in self.services().values()), "all are ready")
            pids = self.pids()
            os.kill(front.pid, signal.SIGINT)
            self.until(lambda: sum(alive(pid) for pid in pids) == 1, "the stubborn one is left")
            os.kill(front.pid, signal.SIGINT)
            said, _ = front.communicate(timeout=LIMIT_S)
        self.assertIn("asked to stop twice", said)
        self.assertFalse(any(alive(pid) for pid in pids))

    def test_killed_supervisor_leaves_nothing(self) -> None:
        self.started()
        pids = self.pids()
        state = json.loads((self.data / "run" / "state.json").read_text())
        os.kill(state["pid"], signal.SIGKILL)
        self.until(lambda: not any(alive(pid) for pid in pids), "the services have ended")
        self.assertEqual(self.grover("status").returncode, 3)
        self.started()

    def test_unready_service_is_not_called_ready(self) -> None:
        self.behave("user", "unready")
        with subprocess.Popen([ROOT / "grover", "up", "--detach", "--data", self.data], env=self.environment,
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as starting:
            self.until(lambda: (self.data / "log" / "user.log").exists() and
                       "started" in (self.data / "log" / "user.log").read_text(), "user runs")
            self.assertIsNone(starting.poll())
            self.assertEqual(self.grover("down").returncode, 0)
            said, _ = starting.communicate(timeout=LIMIT_S)
        self.assertEqual((starting.returncode, said), (1, "grover: stopped before all were ready\n"))


class CutLogTest(unittest.TestCase):
    def test_writer_goes_on_in_the_emptied_file(self) -> None:
        with tempfile.TemporaryDirectory(prefix="grover-log-") as folder:
            log = Path(folder) / "user.log"
            with log.open("ab", buffering=0) as writer:
                writer.write(b"old\n" * 10)
                supervisor.cut_log(log, 40)
                self.assertEqual(log.stat().st_size, 40)
                supervisor.cut_log(log, 39)
                writer.write(b"new\n")
            self.assertEqual(log.read_bytes(), b"new\n")
            self.assertEqual((Path(folder) / "user.log.1").read_bytes(), b"old\n" * 10)


if __name__ == "__main__":
    unittest.main()
