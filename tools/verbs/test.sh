#!/bin/sh
# Build and run the tests; the last line counts them.
#
# usage: ./grover test [--asan|--tsan|--fuzz] [--all] [--mongo] [--list] [-v] [SUITE...]
#   SUITE     names from --list (default: all suites that belong to the preset); unit/post, e2e/feed: those tests alone
#   --asan    with AddressSanitizer and UBSan; --tsan with ThreadSanitizer
#   --fuzz    the fuzzers instead, a minute each
#   --all     first install the real parts (servers, browsers) that some suites need
#   --mongo   users and posts on a MongoDB server that is started for it (docs/mongodb.md); without SUITE: the suite mongo
#   -v        show what the suites print, also when they pass
#
# The last line is `N passed, N failed, N skipped`; exit 0 when nothing failed. A suite whose part is missing on this
# machine says so and counts as skipped. A suite is a file in tools/suites/ (CONTRIBUTING.md).
set -eu
. "$GROVER_ROOT/tools/lib.sh"

for argument in "$@"; do
    if [ "$argument" = --all ]; then install_all=1; fi
done
"$GROVER" setup runtime build
"$GROVER" setup test || say "the suites that need these packages will be skipped"
if [ -n "${install_all:-}" ]; then
    "$GROVER" setup all
    export GROVER_ALL=1    # the suites then run what takes long or installs more, too
fi

export PYTHONPATH="$GROVER_ROOT/tools" PYTHONDONTWRITEBYTECODE=1
for argument in "$@"; do
    if [ "$argument" = --mongo ]; then
        exec "$GROVER_PYTHON" "$GROVER_ROOT/tools/mongo_server.py" "$GROVER_PYTHON" "$GROVER_ROOT/tools/run_suites.py" "$@"
    fi
done
exec "$GROVER_PYTHON" "$GROVER_ROOT/tools/run_suites.py" "$@"
