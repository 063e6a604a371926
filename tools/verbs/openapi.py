#!/usr/bin/env python3
# Write what the services say of themselves anew: openapi/*.json, the gateway's table of access.
#
# usage: ./grover openapi
#
# Builds the services (preset dev) and asks each for its document, and the gateway who may use which route
# (services/gateway/access_table.md). Commit what changes: a reviewer sees there what
# clients will see. `./grover test openapi` fails when this was forgotten.
import os
import subprocess

from house import main_of, root
from api_documents import documents


def main() -> int:
    if subprocess.run([os.environ["GROVER"], "build", "dev"], check=False).returncode != 0:
        return 1
    programs = root() / "build" / "dev" / "bin"
    table = subprocess.run([programs / "grover-gateway", "route", "access"], stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, check=True).stdout
    for file, text in {**documents(programs), root() / "services" / "gateway" / "access_table.md": table}.items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            print(f"grover: {file.relative_to(root())} has changed")
    return 0


main_of(main)
