#!/bin/sh
# Every C++ file is as clang-format-19 leaves it.
# build: none
# order: 10
if ! command -v clang-format-19 >/dev/null; then
    echo "skipped: clang-format-19 is not installed"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
if "$GROVER" fmt --check; then
    echo "1 passed, 0 failed, 0 skipped"
else
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
