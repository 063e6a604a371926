#!/bin/sh
# Play a social graph into a running system, then check its feeds.
#
# usage: ./grover load [GRAPH] [OPTION...]
#   GRAPH   an edge list, two numbers a line (default: a generated power-law graph of 1,000 people)
#   build/release/bin/grover-load --help lists the options (--posts, --users, --seed ...).
set -eu

"$GROVER" build release grover-load
exec "$GROVER_ROOT/build/release/bin/grover-load" "$@"
