"""The dispatcher, the runner of suites, where and new-service, in a small tree made for each test."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class TreeTest(unittest.TestCase):
    """A copy of the command in a tree of its own: no sources, no suites, no services."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="grover-tree-"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(ROOT / "grover", self.folder)
        shutil.copytree(ROOT / "tools" / "verbs", self.folder / "tools" / "verbs")
        for name in ("lib.sh", "house.py", "run_suites.py", "services.json"):
            shutil.copy(ROOT / "tools" / name, self.folder / "tools")
        (self.folder / "tools" / "packages").write_text("[build]\ndpkg\n")
        (self.folder / "tools" / "suites").mkdir()
        self.write("tools/verbs/build.sh", "# Stands in for the build.\nexit 0\n")

    def write(self, file: str, body: str, first: str = "#!/bin/sh\n") -> Path:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(first + body)
        path.chmod(0o755)
        return path

    def grover(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.folder / "grover", *arguments], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60)

    def assertSays(self, done: subprocess.CompletedProcess, status: int, *parts: str) -> None:
        self.assertEqual(done.returncode, status, done.stdout)
        for part in parts:
            self.assertIn(part, done.stdout)


class DispatcherTest(TreeTest):
    def test_lists_every_verb_with_its_summary(self) -> None:
        for arguments in ((), ("help",), ("--help",)):
            done = self.grover(*arguments)
            self.assertSays(done, 0)
            for file in (ROOT / "tools" / "verbs").iterdir():
                self.assertRegex(done.stdout, rf"(?m)^  {file.stem} +[A-Z].*[.:]$")

    def test_every_verb_has_help(self) -> None:
        for file in (ROOT / "tools" / "verbs").iterdir():
            with self.subTest(verb=file.stem):
                if file.stem != "build":
                    self.assertSays(self.grover(file.stem, "--help"), 0, f"usage: ./grover {file.stem}")

    def test_works_from_anywhere_and_through_a_link(self) -> None:
        link = self.folder / "link"
        link.symlink_to(self.folder / "grover")
        done = subprocess.run([link, "help"], cwd="/", text=True, capture_output=True, check=False)
        self.assertSays(done, 0, "usage")

    def test_verb_that_is_none(self) -> None:
        for verb in ("nothing", "../lib", "up;ls", "UP", "", "lib.sh", "-x"):
            with self.subTest(verb=verb):
                self.assertSays(self.grover(verb), 2, "there is no verb")


@unittest.skipUnless(shutil.which("clang-format-19"), "clang-format-19 is not installed")
class FormatTest(TreeTest):
    def setUp(self) -> None:
        super().setUp()
        shutil.copy(ROOT / ".clang-format", self.folder)
        self.write("lib/good.cpp", "int good = 1;\n", first="")
        self.bad = self.write("lib/a bad.cpp", "int   bad=1 ;\n", first="")
        self.write("build/made.cpp", "int   made=1 ;\n", first="")

    def test_check_names_what_differs_and_changes_nothing(self) -> None:
        done = self.grover("fmt", "--check")
        self.assertSays(done, 1, "lib/a bad.cpp")
        self.assertNotIn("good.cpp", done.stdout)
        self.assertNotIn("made.cpp", done.stdout)
        self.assertEqual(self.bad.read_text(), "int   bad=1 ;\n")

    def test_formats(self) -> None:
        self.assertSays(self.grover("fmt"), 0)
        self.assertEqual(self.bad.read_text(), "int bad = 1;\n")
        self.assertSays(self.grover("fmt", "--check"), 0)

    def test_staged_files_alone(self) -> None:
        for command in (["init", "-q"], ["add", "lib/good.cpp"]):
            subprocess.run(["git", *command], cwd=self.folder, check=True)
        self.assertSays(self.grover("fmt", "--check", "--staged"), 0)
        subprocess.run(["git", "add", "lib/a bad.cpp"], cwd=self.folder, check=True)
        self.assertSays(self.grover("fmt", "--check", "--staged"), 1, "lib/a bad.cpp")

    def test_files_given(self) -> None:
        self.assertSays(self.grover("fmt", "--check", str(self.folder / "lib" / "good.cpp")), 0)
        self.assertSays(self.grover("fmt", "--check", str(self.bad)), 1)
        self.assertSays(self.grover("fmt", "--quick"), 2)
        for option in ([], ["--check"]):
            self.assertSays(self.grover("fmt", *option, "no.cpp"), 1, "there is no file 'no.cpp'")


class SuitesTest(TreeTest):
    def suite(self, name: str, body: str) -> None:
        self.write(f"tools/suites/{name}.sh", "# A suite.\n# build: none\n" + body)

    def last_line(self, *arguments: str) -> tuple[int, str]:
        done = self.grover("test", *arguments)
        return done.returncode, done.stdout.splitlines()[-1]

    def test_adds_up(self) -> None:
        self.suite("one", "echo '3 passed, 0 failed, 1 skipped'")
        self.suite("two", "echo '2 passed, 0 failed, 0 skipped'")
        self.assertEqual(self.last_line(), (0, "5 passed, 0 failed, 1 skipped"))
        self.assertEqual(self.last_line("two"), (0, "2 passed, 0 failed, 0 skipped"))

    def test_failure_is_shown_and_told_by_the_status(self) -> None:
        self.suite("one", "echo 'the reason'; echo '3 passed, 2 failed, 0 skipped'; exit 1")
        self.assertSays(self.grover("test"), 1, "    the reason\n", "\n3 passed, 2 failed, 0 skipped\n")

    def test_green_output_is_short(self) -> None:
        self.suite("one", "echo chatter; echo 'skipped: no part'; echo '3 passed, 0 failed, 1 skipped'")
        done = self.grover("test")
        self.assertEqual(len(done.stdout.splitlines()), 3, done.stdout)
        self.assertIn("    skipped: no part\n", done.stdout)
        self.assertSays(self.grover("test", "-v"), 0, "chatter")

    def test_suite_that_does_not_count(self) -> None:
        self.suite("one", "echo 'what?'; exit 0")
        self.assertSays(self.grover("test"), 1, "no count", "0 passed, 1 failed, 0 skipped")

    def test_suite_that_fails_after_counting_none(self) -> None:
        self.suite("one", "echo '3 passed, 0 failed, 0 skipped'; exit 7")
        self.assertSays(self.grover("test"), 1, "status 7", "3 passed, 1 failed, 0 skipped")

    def test_suite_that_never_ends(self) -> None:
        self.suite("one", "# limit: 1\nsleep 600 & echo $! >pid; wait")
        self.write("tools/suites/one.sh", "# A suite.\n# build: none\n# limit: 1\nsleep 600 & echo $! >pid; wait")
        self.assertSays(self.grover("test"), 1, "ended after 1 s")
        pid = (self.folder / "pid").read_text().strip()
        self.assertFalse(Path(f"/proc/{pid}/exe").exists())

    def test_broken_build_fails_what_needs_it_alone(self) -> None:
        self.write("tools/verbs/build.sh", "# Stands in for the build.\necho 'error: no ;' >&2\nexit 1\n")
        self.suite("one", "echo '3 passed, 0 failed, 0 skipped'")
        self.write("tools/suites/two.sh", "# Needs the build.\necho '1 passed, 0 failed, 0 skipped'")
        self.assertSays(self.grover("test"), 1, "error: no ;", "3 passed, 1 failed, 0 skipped")

    def test_suite_of_another_preset(self) -> None:
        self.write("tools/suites/one.sh", "# A.\n# build: none\n# presets: asan\necho '1 passed, 0 failed, 0 skipped'")
        self.assertEqual(self.last_line(), (0, "0 passed, 0 failed, 0 skipped"))
        self.assertEqual(self.last_line("--asan"), (0, "1 passed, 0 failed, 0 skipped"))

    def test_part_of_a_suite(self) -> None:
        self.suite("one", 'echo "part=$GROVER_PART"; echo "1 passed, 0 failed, 0 skipped"')
        self.assertSays(self.grover("test", "-v", "one/post"), 0, "part=post\n")
        self.assertSays(self.grover("test", "-v", "one"), 0, "part=\n")
        self.assertSays(self.grover("test", "-v", "one/post", "one/user"), 0, "part=post\n", "part=user\n",
                        "2 passed, 0 failed, 0 skipped")
        self.assertSays(self.grover("test", "two/one"), 2, "there is no suite 'two'")

    def test_bad_arguments(self) -> None:
        self.assertSays(self.grover("test", "nothing"), 2, "there is no suite 'nothing'")
        self.assertSays(self.grover("test", "--fast"), 2)
        self.assertSays(self.grover("test", "--asan", "--tsan"), 2)


class WhereTest(TreeTest):
    def service(self, program: str, body: str) -> None:
        self.write(f"build/dev/bin/{program}", body)

    def test_asks_every_service(self) -> None:
        self.service("grover-user-service", "echo 'no route'; exit 1")
        self.service("grover-post-service", 'echo "$2 /api/posts services/post/routes.cpp:23 Create a post"')
        self.assertSays(self.grover("where", "post", "/api/posts"), 0,
                        "services/post/routes.cpp:23  POST /api/posts  Create a post  (post service)")

    def test_nobody_answers(self) -> None:
        self.service("grover-user-service", "echo 'no route'; exit 1")
        self.assertSays(self.grover("where", "GET", "/nothing"), 1, "no service answers GET /nothing")

    def test_another_method(self) -> None:
        self.service("grover-user-service", "echo 'no route; this path allows GET, HEAD'; exit 1")
        self.assertSays(self.grover("where", "PUT", "/api/users/me"), 1, "this path allows GET, HEAD")

    def test_service_that_fails(self) -> None:
        self.service("grover-user-service", "echo 'PORT: is not a port' >&2; exit 2")
        self.assertSays(self.grover("where", "GET", "/"), 1, "PORT: is not a port")

    def test_not_built(self) -> None:
        self.assertSays(self.grover("where", "GET", "/"), 1, "no service is built yet")

    def test_bad_arguments(self) -> None:
        for arguments in ((), ("GET",), ("GET", "api"), ("GET", "/", "/")):
            self.assertSays(self.grover("where", *arguments), 2)


class NewServiceTest(TreeTest):
    def setUp(self) -> None:
        super().setUp()
        (self.folder / ".clang-format").write_text("DisableFormat: true\n")
        self.configuration = self.folder / "services" / "gateway" / "gateway.yaml"
        self.configuration.parent.mkdir(parents=True)
        shutil.copy(ROOT / "services" / "gateway" / "gateway.yaml", self.configuration)
        self.write("tools/template/sample/sample_store.hpp", "struct SampleStore { int port = 8099; };\n",
                   "// sample service\n")

    def services(self) -> list[dict]:
        return json.loads((self.folder / "tools" / "services.json").read_text())

    def test_copies_and_registers(self) -> None:
        before = self.services()
        self.assertSays(self.grover("new-service", "media"), 0, "services/media is made, port 8003")
        made = (self.folder / "services" / "media" / "media_store.hpp").read_text()
        self.assertEqual(made, "// media service\nstruct MediaStore { int port = 8003; };\n")
        self.assertEqual(len(self.services()), len(before) + 1)
        self.assertIn({"name": "media", "program": "grover-media-service", "port": 8003}, self.services())
        self.assertTrue(self.services()[-1]["front"])
        self.assertSays(self.grover("new-service", "payment"), 0, "port 8004")

    def test_ports_of_others_are_kept(self) -> None:
        self.assertSays(self.grover("new-service", "gadget"), 0, "port 8006")
        self.assertSays(self.grover("new-service", "widget"), 0, "port 8007")
        self.assertSays(self.grover("new-service", "media"), 0, "port 8003")

    def test_the_gateway_knows_it(self) -> None:
        before = self.configuration.read_text()
        self.grover("new-service", "gadget")
        self.grover("new-service", "media")
        after = self.configuration.read_text()
        for line in ("  gadget:\n    instances: [http://127.0.0.1:8006]\n", "  - {path: /api/gadgets/**, service: gadget}\n",
                     "  media:\n    instances: [http://127.0.0.1:8003]\n", "  - {path: /api/medias/**, service: media}\n"):
            self.assertEqual(after.count(line), 1, after)
            self.assertNotIn(line, before)
        self.assertEqual(len(after.splitlines()), len(before.splitlines()) + 4)

    def test_bad_names(self) -> None:
        for name in ("", "a", "Media", "my-service", "1st", "../x", "a b", "x" * 40, "http", "base", "class", "register", "volatile", "sample",
                     "None", "import"):
            with self.subTest(name=name):
                self.assertSays(self.grover("new-service", name), 1, "grover: ")
        self.assertEqual([one.name for one in (self.folder / "services").iterdir()], ["gateway"])

    def test_name_that_is_there(self) -> None:
        self.grover("new-service", "media")
        self.assertSays(self.grover("new-service", "media"), 1, "is there already")

    def test_bad_port(self) -> None:
        for port in ("8001", "80", "70000"):
            self.assertSays(self.grover("new-service", "media", "--port", port), 1, f"port {port}")


if __name__ == "__main__":
    unittest.main()
