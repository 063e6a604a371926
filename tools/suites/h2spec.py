#!/usr/bin/env python3
# HTTP/2 of the gateway as h2spec sees it (with --all): every section, strict cases too, through TLS and in clear text.
# build: grover-gateway
# presets: dev
# order: 82
# limit: 300
"""h2spec comes as a Go module (tests/h2spec/go.mod pins it and what it is made of). What we fail and know is listed below; everything
else must pass (docs/conformance.md has the result).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path[:0] = ["tests/e2e", "tests/smuggling"]

from origin import Origin  # noqa: E402
from processes import Process, free_ports, tls  # noqa: E402

MODULE = "github.com/summerwind/h2spec/cmd/h2spec"
RUN_S = 120
# By way and title.
KNOWN = {("clear", "Sends invalid connection preface"): "where HTTP/1.1 is spoken as well, what is not HTTP/2 is answered in HTTP/1.1 (400)"}


def build() -> Path | None:
    program = Path("build/h2spec/h2spec").resolve()
    if not program.exists() and shutil.which("go"):
        done = subprocess.run(["go", "build", "-o", program, MODULE], cwd="tests/h2spec", stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        print(done.stderr, end="", flush=True)
    return program if program.exists() else None


def run(program: Path, folder: Path, way: str, *where: str) -> list[tuple[str, str, str, str]]:
    """Of each case: way, section, title, and what went wrong ("" for nothing, "skipped")."""
    report = folder / f"{way}.xml"
    # The answer is long enough for the cases of flow control.
    subprocess.run([program, "--strict", "-h", "127.0.0.1", "-P", "/openapi.json", "-o", "5", "-j", report, *where], stdin=subprocess.DEVNULL,
                   capture_output=True, check=False, timeout=RUN_S)
    out = []
    for section in ElementTree.parse(report).getroot().iter("testsuite"):
        for case in section.iter("testcase"):
            trouble = "; ".join((found.text or found.tag).replace("\n", " ") for found in case)
            out.append((way, case.get("package", ""), case.get("classname", ""), trouble))
    return out


def main() -> int:
    if not os.environ.get("GROVER_ALL"):
        print("0 passed, 0 failed, 0 skipped")
        return 0
    program = build()
    if not program:
        print("skipped: h2spec cannot be built (Go is needed)\n0 passed, 0 failed, 1 skipped")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="grover-h2spec-"))
    origin = Origin()
    service, (port, tls_port) = f"http://127.0.0.1:{origin.port}", free_ports(2)
    gateway = Process("gateway", port, folder, {"USER_SERVICE_URL": service, "POST_SERVICE_URL": service, "RATE_LIMIT": "off", "H2C": "on",
                                                "TLS_PORT": str(tls_port)} | tls(folder))
    try:
        gateway.start()
        gateway.wait_ready()
        cases = run(program, folder, "TLS", "-p", str(tls_port), "-t", "-k") + run(program, folder, "clear", "-p", str(port))
    finally:
        gateway.terminate()
        origin.close()
        shutil.rmtree(folder, ignore_errors=True)
    failed = 0
    for way, section, title, trouble in cases:
        if trouble:
            known = KNOWN.get((way, title))
            failed += known is None
            print(f"{'known' if known else 'FAILED'} {way} {section} {title}: {known or trouble}")
    for way in ("TLS", "clear"):
        print(f"{way}: {sum(one[0] == way and not one[3] for one in cases)} of {sum(one[0] == way for one in cases)}")
    print(f"{sum(not one[3] for one in cases)} passed, {failed} failed, 0 skipped")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
