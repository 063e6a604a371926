#!/bin/sh
# The shell scripts pass shellcheck.
# build: none
# order: 12
if ! command -v shellcheck >/dev/null; then
    echo "skipped: shellcheck is not installed"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
passed=0
failed=0
for script in grover .ci/run tools/lib.sh tools/verbs/*.sh tools/suites/*.sh; do
    # The shared file is checked by itself, not again through each that sources it.
    if shellcheck --exclude=SC1091 --shell="$(sed -n '1s/.*bash.*/bash/p; 1s/.*sh.*/sh/p' "$script" | head -n 1 | grep . || echo sh)" "$script"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
