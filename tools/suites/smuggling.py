#!/usr/bin/env python3
# Request smuggling: ambiguous requests through the real gateway, before a service that records what it gets.
# build: grover-gateway
# order: 58
# limit: 600
"""Runs tests/smuggling (its tables say what is sent). With `./grover test --all` the same bytes go through nginx and HAProxy too: what
all of them pass must be understood the same by all.
"""

import os
import subprocess
import sys

PARTS = ["--all"] if os.environ.get("GROVER_ALL") else []
sys.exit(subprocess.run([sys.executable, "tests/smuggling/run.py", *PARTS], stdin=subprocess.DEVNULL, check=False).returncode)
