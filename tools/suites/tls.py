#!/usr/bin/env python3
# TLS of the gateway as testssl.sh judges it (with --all): nothing above "low".
# build: grover-gateway
# presets: dev
# order: 81
# limit: 600
"""Protocols, ciphers, forward secrecy, known attacks and headers. What testssl.sh says of the certificate is left out: it
is made for the run, and how certificates are issued is the operator's business.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = ["tests/e2e", "tests/smuggling"]

from origin import Origin  # noqa: E402
from processes import Process, free_ports, tls  # noqa: E402

BAD = {"MEDIUM", "HIGH", "CRITICAL", "FATAL"}
OF_THE_CERTIFICATE = ("cert", "DNS_CAA", "OCSP", "chain", "overall_grade", "grade_cap")
PARTS = ["-p", "-s", "-f", "-P", "-S", "-h", "-U", "-c"]


def findings(port: int, folder: Path) -> list[dict]:
    report = folder / "report.json"
    done = subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "one", "--openssl-timeout", "20",
                           "--jsonfile", report, *PARTS, f"localhost:{port}"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if not report.exists():
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    return json.loads(report.read_text())


def main() -> int:
    if not os.environ.get("GROVER_ALL"):
        print("0 passed, 0 failed, 0 skipped")
        return 0
    if not shutil.which("testssl"):
        print("skipped: testssl.sh is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="grover-tls-"))
    origin = Origin()
    service, (port, tls_port) = f"http://127.0.0.1:{origin.port}", free_ports(2)
    gateway = Process("gateway", port, folder, {"USER_SERVICE_URL": service, "POST_SERVICE_URL": service, "RATE_LIMIT": "off",
                                                "TLS_PORT": str(tls_port)} | tls(folder))
    try:
        gateway.start()
        gateway.wait_ready()
        found = [one for one in findings(tls_port, folder) if not one["id"].startswith(OF_THE_CERTIFICATE)]
    finally:
        gateway.terminate()
        origin.close()
        shutil.rmtree(folder, ignore_errors=True)
    for one in found:
        print(f"{'FAILED ' if one['severity'] in BAD else ''}{one['severity']:<8} {one['id']}: {one['finding']}")
    failed = sum(one["severity"] in BAD for one in found)
    print(f"{len(found) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
