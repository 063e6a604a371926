"""A certificate for localhost, signed by itself."""

import subprocess
from pathlib import Path


def self_signed(certificate: Path, key: Path, days: int) -> None:
    """Makes both files, of PEM. FileNotFoundError without openssl, CalledProcessError with its words in stderr."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", str(days), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1",
                    "-out", str(certificate), "-keyout", str(key)],
                   check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
