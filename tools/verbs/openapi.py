#!/usr/bin/env python3
# Write openapi/*.json anew from the services.
#
# usage: ./grover openapi
#
# Builds the services (preset dev) and asks each for its document. Commit what changes: a reviewer sees there what
# clients will see. `./grover test openapi` fails when this was forgotten.
import os
import subprocess

from house import main_of, root
from api_documents import documents


def main() -> int:
    if subprocess.run([os.environ["GROVER"], "build", "dev"], check=False).returncode != 0:
        return 1
    for file, text in documents(root() / "build" / "dev" / "bin").items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            print(f"grover: {file.relative_to(root())} has changed")
    return 0


main_of(main)
