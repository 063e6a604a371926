"""levels.py over small trees made for each rule."""

import shutil
import tempfile
import unittest
from pathlib import Path

import levels


class LevelsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="grover-levels-"))
        self.addCleanup(shutil.rmtree, self.root)

    def write(self, file: str, *headers: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"#include {header}\n" for header in headers))

    def problems(self) -> list[str]:
        return levels.check(self.root)[1]

    def assertOneProblem(self, *parts: str) -> None:
        problems = self.problems()
        self.assertEqual(len(problems), 1, problems)
        for part in parts:
            self.assertIn(part, problems[0])

    def test_down_and_sideways_are_fine(self) -> None:
        self.write("lib/base/error.hpp", "<string>")
        self.write("lib/net/loop.hpp", '"base/error.hpp"')
        self.write("lib/telemetry/log.hpp", '"net/loop.hpp"')
        self.write("lib/http/server.cpp", '"http/server.hpp"', '"net/loop.hpp"', '"telemetry/log.hpp"')
        self.write("lib/http/server.hpp", "<string>")
        self.assertEqual(levels.check(self.root), (5, []))

    def test_up_is_refused_with_its_line(self) -> None:
        self.write("lib/http/server.hpp")
        self.write("lib/base/error.cpp", "<string>", '"http/server.hpp"')
        self.assertOneProblem("lib/base/error.cpp:2", "base/ (level 0)", "http/ (level 2)")

    def test_up_by_a_relative_path_is_refused(self) -> None:
        self.write("lib/http/server.hpp")
        self.write("lib/base/error.cpp", '"../http/server.hpp"')
        self.assertOneProblem("lib/base/error.cpp:1")

    def test_circle_within_a_level_is_refused(self) -> None:
        self.write("lib/net/a.hpp", '"telemetry/b.hpp"')
        self.write("lib/telemetry/b.hpp", '"reflect/c.hpp"')
        self.write("lib/reflect/c.hpp", '"net/a.hpp"')
        self.assertOneProblem("circle", "net -> telemetry -> reflect -> net", "lib/reflect/c.hpp:1")

    def test_library_knows_no_service_and_no_contract(self) -> None:
        self.write("services/post/post.hpp")
        self.write("contracts/post.hpp")
        self.write("lib/http/a.cpp", '"services/post/post.hpp"')
        self.write("lib/http/b.cpp", '"post/post.hpp"')
        self.write("lib/http/c.cpp", '"contracts/post.hpp"')
        self.assertEqual(len(self.problems()), 3)

    def test_service_and_service(self) -> None:
        self.write("lib/auth/token.hpp")
        self.write("lib/service/kit.hpp")
        self.write("contracts/post.hpp", '"auth/token.hpp"', '"service/kit.hpp"')
        self.write("services/post/post.hpp", '"contracts/post.hpp"', '"auth/token.hpp"')
        self.write("services/user/a.cpp", '"post/post.hpp"', '"../post/post.hpp"')
        self.write("services/post/a.cpp", '"post/post.hpp"', '"post.hpp"')
        found = self.problems()
        self.assertEqual(len(found), 3, found)
        self.assertIn("contracts/ stands on levels 0 to 3", found[0])
        self.assertIn("services/user/a.cpp:1", found[1])

    def test_template_is_a_service(self) -> None:
        self.write("services/post/post.hpp")
        self.write("tools/template/sample/sample.hpp")
        self.write("tools/template/sample/a.cpp", '"sample/sample.hpp"', '"post/post.hpp"')
        self.assertOneProblem("tools/template/sample/a.cpp:2", "never includes another service")

    def test_testing_is_for_tests(self) -> None:
        self.write("lib/testing/fixture.hpp")
        self.write("lib/service/run_test.cpp", '"testing/fixture.hpp"')
        self.write("lib/base/id_test.cpp", '"testing/fixture.hpp"')
        self.write("lib/service/run.cpp", '"testing/fixture.hpp"')
        self.assertOneProblem("lib/service/run.cpp:1", "testing/ is for tests")

    def test_system_headers_with_an_owner(self) -> None:
        self.write("lib/store/sqlite/db.cpp", "<sqlite3.h>")
        self.write("lib/net/loop.cpp", "<sys/socket.h>", "<netinet/tcp.h>")
        self.write("services/post/a.cpp", "<sqlite3.h>")
        self.write("lib/http/a.cpp", "<sys/socket.h>")
        found = self.problems()
        self.assertEqual(len(found), 2, found)
        self.assertIn("only lib/store/", found[1])

    def test_folder_without_a_level(self) -> None:
        self.write("lib/helpers/all.hpp", "<string>")
        self.assertOneProblem("lib/helpers has no level yet")

    def test_files_at_the_root_of_lib_serve_the_build(self) -> None:
        self.write("lib/pch.hpp", "<sys/socket.h>")
        self.assertEqual(self.problems(), [])


if __name__ == "__main__":
    unittest.main()
