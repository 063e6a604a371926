"""./grover setup with a list of packages of its own, and programs in the place of apt-get that answer as it does."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NO_SUCH_PACKAGE = "grover-no-such-package"


class SetupTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="grover-setup-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o755)
        shutil.copy(ROOT / "grover", self.folder)
        shutil.copytree(ROOT / "tools" / "verbs", self.folder / "tools" / "verbs")
        shutil.copy(ROOT / "tools" / "lib.sh", self.folder / "tools")
        (self.folder / "bin").mkdir()

    def packages(self, text: str) -> None:
        (self.folder / "tools" / "packages").write_text(text)

    def apt_get(self, script: str) -> None:
        """Puts a program before apt-get on the path."""
        path = self.folder / "bin" / "apt-get"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)

    def setup_verb(self, *arguments: str, user: int | None = None) -> subprocess.CompletedProcess:
        environment = dict(os.environ, PATH=f"{self.folder}/bin:{os.environ['PATH']}")
        return subprocess.run([self.folder / "grover", "setup", *arguments], env=environment, text=True, user=user,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, timeout=60)

    def assertOneLine(self, done: subprocess.CompletedProcess, *parts: str) -> None:
        self.assertEqual(done.returncode, 1, done.stdout)
        lines = [line for line in done.stdout.splitlines() if not line.startswith("grover: installing")]
        self.assertEqual(len(lines), 1, done.stdout)
        for part in parts:
            self.assertIn(part, lines[0])

    def test_silent_when_all_is_there(self) -> None:
        self.packages("[runtime]\ndpkg   # a comment\n\n[build]\n# nothing\n[test]\ncoreutils\n")
        self.apt_get("exit 1")
        done = self.setup_verb()
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_command_stands_for_its_package(self) -> None:
        self.packages(f"[build]\n{NO_SUCH_PACKAGE} sh\n")
        self.assertEqual(self.setup_verb("build").returncode, 0)

    def test_sections_are_kept_apart(self) -> None:
        self.packages(f"[build]\ndpkg\n[test]\n{NO_SUCH_PACKAGE}\n")
        self.assertEqual(self.setup_verb("build").returncode, 0)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_installs_what_is_missing_in_one_go(self) -> None:
        self.packages(f"[build]\n{NO_SUCH_PACKAGE}\ndpkg\n{NO_SUCH_PACKAGE}-2\n")
        self.apt_get(f'echo "$*" >>{self.folder}/calls')
        self.assertEqual(self.setup_verb("build").returncode, 0)
        calls = (self.folder / "calls").read_text().splitlines()
        self.assertIn("update", calls[0])
        self.assertTrue(calls[1].endswith(f"install {NO_SUCH_PACKAGE} {NO_SUCH_PACKAGE}-2"), calls)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_package_not_to_be_had(self) -> None:
        self.packages(f"[build]\n{NO_SUCH_PACKAGE}\n")
        self.apt_get(f'echo "E: Unable to locate package {NO_SUCH_PACKAGE}" >&2; exit 100')
        self.assertOneLine(self.setup_verb("build"), "do not have", NO_SUCH_PACKAGE)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_no_network(self) -> None:
        self.packages(f"[build]\n{NO_SUCH_PACKAGE}\n")
        self.apt_get("echo 'E: Failed to fetch http://x  Could not resolve x' >&2; exit 100")
        self.assertOneLine(self.setup_verb("build"), "cannot be reached", NO_SUCH_PACKAGE)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_full_disk(self) -> None:
        self.packages(f"[build]\n{NO_SUCH_PACKAGE}\n")
        self.apt_get("echo 'E: write error - write (28: No space left on device)' >&2; exit 100")
        self.assertOneLine(self.setup_verb("build"), "the disk is full")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_optional_parts_are_installed_one_by_one(self) -> None:
        self.packages(f"[all]\n{NO_SUCH_PACKAGE}\n{NO_SUCH_PACKAGE}-2\n")
        self.apt_get(f'echo "$*" >>{self.folder}/calls; case $* in *-2) ;; *) exit 100 ;; esac')
        self.assertEqual(self.setup_verb("all").returncode, 0)
        self.assertIn(f"install {NO_SUCH_PACKAGE}-2", (self.folder / "calls").read_text())

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_neither_root_nor_sudo(self) -> None:
        self.packages(f"[build]\n{NO_SUCH_PACKAGE}\n")
        sudo = self.folder / "bin" / "sudo"
        sudo.write_text("#!/bin/sh\nexit 1\n")
        sudo.chmod(0o755)
        self.assertOneLine(self.setup_verb("build", user=65534), "apt-get install " + NO_SUCH_PACKAGE)

    def test_unknown_section(self) -> None:
        self.packages("[build]\ndpkg\n")
        self.assertEqual(self.setup_verb("everything").returncode, 2)


if __name__ == "__main__":
    unittest.main()
