"""The shard keys that the services declare are those that docs/mongodb.md tells operators."""

import re
import subprocess

import pytest

from processes import BIN, PROGRAMS, ROOT

WHOLE = "whole"


def shard_keys(service: str) -> dict[str, str]:
    """What a service says of each of its collections."""
    done = subprocess.run([BIN / PROGRAMS[service], "--shards"], env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=True)
    out = {}
    for line in done.stdout.splitlines():
        divided = re.fullmatch(r'sh\.shardCollection\("\w+\.(\w+)", (\{ .+ \})\)', line)
        whole = re.fullmatch(r"// \w+\.(\w+) stays whole", line)
        assert divided or whole, line
        out[(divided or whole)[1]] = divided[2] if divided else WHOLE
    return out


def documented(service: str) -> dict[str, str]:
    out = {}
    for names, key in re.findall(rf"(?m)^\| {service}s: ([^|]+) \| (?:`([^`]+)`|whole) \|", (ROOT / "docs" / "mongodb.md").read_text()):
        out |= {name: key or WHOLE for name in re.findall(r"`(\w+)`", names)}
    return out


@pytest.mark.parametrize("service", ["user", "post"])
def test_the_table_of_shard_keys_is_what_the_services_declare(service):
    assert documented(service) == shard_keys(service)
