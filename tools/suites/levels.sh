#!/bin/sh
# Includes point down the levels of the house.
# build: none
# order: 11
if "$GROVER_PYTHON" tools/levels.py; then
    echo "1 passed, 0 failed, 0 skipped"
else
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
