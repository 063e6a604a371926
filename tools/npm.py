"""Parts from npm that tests need: installed once under build/npm/, from a folder with package.json and its lock file."""

import shutil
import subprocess
from pathlib import Path

from house import root

INSTALL_S = 300


def install(source: Path) -> Path | None:
    """The folder where the files of `source` now lie beside their node_modules; nothing when npm is missing or its
    registry cannot be reached."""
    if not shutil.which("npm"):
        return None
    target = root() / "build" / "npm" / source.name
    target.mkdir(parents=True, exist_ok=True)
    installed = target / "installed"
    for file in (path for path in source.iterdir() if path.is_file()):
        copy = target / file.name
        if not copy.exists() or copy.read_bytes() != file.read_bytes():
            shutil.copy(file, copy)
            installed.unlink(missing_ok=True)
    if not installed.exists():
        try:
            done = subprocess.run(["npm", "ci", "--prefix", target, "--prefer-offline", "--fetch-retries=1",
                                   "--fetch-retry-mintimeout=1000", "--loglevel=error"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False, timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            return None
        if done.returncode != 0:
            return None
        installed.touch()
    return target
