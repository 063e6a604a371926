#!/bin/sh
# Play a social graph into a running system, then check its feeds.
#
# usage: ./grover load [GRAPH] [OPTION...]
#   GRAPH   an edge list, two numbers a line (default: a generated power-law graph of 1,000 people)
#   build/release/bin/grover-load --help lists the options (--posts, --users, --seed ...).
#
# What ./grover up started is asked through its gateway's unix socket, which the shipped configuration does not limit. With
# --gateway URL limits count as for any client: at a 429 this says so and waits, so start the system with RATE_LIMIT=off then.
set -eu

"$GROVER" build release grover-load
socket=${DATA_DIR:-$GROVER_ROOT/data}/run/gateway.sock
if [ -S "$socket" ]; then
    set -- --gateway "unix:$(readlink -f "$socket")" "$@"
fi
exec "$GROVER_ROOT/build/release/bin/grover-load" "$@"
