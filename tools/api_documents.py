"""The committed OpenAPI documents: what `./grover openapi` writes and what the suite `openapi` compares.

openapi/NAME.json is what the service's program prints with --openapi, indented for reading and without the source
lines (x-source), which move with every edit; the running service's /openapi.json has them.
"""

import json
import subprocess
from pathlib import Path

from house import Trouble, root

PROGRAM_LIMIT_S = 60


def without_sources(value):
    if isinstance(value, dict):
        return {key: without_sources(member) for key, member in value.items() if key != "x-source"}
    if isinstance(value, list):
        return [without_sources(member) for member in value]
    return value


def document_of(program: Path) -> str:
    done = subprocess.run([program, "--openapi"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PROGRAM_LIMIT_S, check=False)
    if done.returncode != 0:
        raise Trouble(f"{program.name} --openapi: {done.stderr.strip() or f'status {done.returncode}'}")
    return json.dumps(without_sources(json.loads(done.stdout)), indent=2, ensure_ascii=False) + "\n"


def documents(programs: Path) -> dict[Path, str]:
    """Committed file -> what it must hold, for every service that is built in the folder `programs`."""
    entries = json.loads((root() / "tools" / "services.json").read_text(encoding="utf-8"))
    return {root() / "openapi" / f"{entry['name']}.json": document_of(programs / entry["program"])
            for entry in entries if (programs / entry["program"]).exists()}
