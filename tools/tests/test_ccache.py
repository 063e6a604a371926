"""Checkouts side by side share one compiler cache (tools/ccache.sh); none may depend on another that is gone."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@unittest.skipUnless(shutil.which("ccache") and shutil.which("clang++-19"), "ccache or clang++-19 is not installed")
class SharedCacheTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="grover-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.environment = os.environ | {"CCACHE_DIR": str(self.folder / "cache")}

    def build(self, name: str) -> None:
        """A checkout with a precompiled header and one source that uses it, compiled with the build's arguments."""
        source = self.folder / name
        build = source / "build/dev"
        build.mkdir(parents=True)
        (source / "pch.hpp").write_text("#include <cstddef>\ntemplate <class T> struct Box { T value{}; };\n")
        (source / "use.cpp").write_text("int use() { Box<int> box; return box.value; }\n")
        header = build / "all.hxx"
        header.write_text(f'#include "{source}/pch.hpp"\n')
        (build / "all.hxx.cxx").write_text("")
        (build / "all.hxx.pch.sum").write_text("one\n")
        self.compile(source, "-Xclang", "-emit-pch", "-Xclang", "-include", "-Xclang", header,
                     "-x", "c++-header", "-o", "all.hxx.pch", "-c", f"{header}.cxx")
        self.use(source)

    def use(self, source: Path) -> None:
        header = source / "build/dev/all.hxx"
        self.compile(source, "-Xclang", "-include-pch", "-Xclang", f"{header}.pch", "-Xclang", "-include",
                     "-Xclang", header, "-o", "use.o", "-c", source / "use.cpp")

    def compile(self, source: Path, *arguments) -> None:
        done = subprocess.run([ROOT / "tools/ccache.sh", source, "clang++-19", "-std=c++2b", "-Xclang",
                               "-fno-pch-timestamp", "-Winvalid-pch", *arguments], cwd=source / "build/dev",
                              env=self.environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def hits(self) -> int:
        lines = subprocess.run(["ccache", "--print-stats"], env=self.environment, capture_output=True, text=True,
                               check=True).stdout.splitlines()
        return sum(int(line.split()[1]) for line in lines
                   if line.startswith(("direct_cache_hit", "preprocessed_cache_hit")))

    def test_a_checkout_never_gets_the_compiled_header_of_another(self):
        # The second one's header took the place of the first one's in the cache, since both preprocess to the same text;
        # the first, cloned anew, was then given a header that names files of the second.
        self.build("first")
        self.build("second")
        for name in ("first", "second"):
            shutil.rmtree(self.folder / name)
        self.build("first")
        changed = self.folder / "first/use.cpp"
        changed.write_text(changed.read_text() + "int more() { return use(); }\n")
        self.use(self.folder / "first")

    def test_objects_are_shared(self):
        self.build("first")
        before = self.hits()
        self.build("second")
        self.assertGreater(self.hits(), before)


if __name__ == "__main__":
    unittest.main()
