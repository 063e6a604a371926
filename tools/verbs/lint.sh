#!/bin/sh
# Check C++ files with clang-tidy-19 (.clang-tidy).
#
# usage: ./grover lint [--all] [FILE...]
#   default: the files changed since the commit before this one, uncommitted changes included
#   --all    every file
set -eu
. "$GROVER_ROOT/tools/lib.sh"

command -v clang-tidy-19 >/dev/null || die "clang-tidy-19 is not here; ./grover setup installs it"
all=
if [ "${1:-}" = --all ]; then
    all=1
    shift
fi
case ${1:-} in
    -*) usage_error "there is no option '$1'" ;;
esac

if [ $# -eq 0 ]; then cd "$GROVER_ROOT"; fi
list() {
    if [ $# -gt 0 ]; then
        printf '%s\n' "$@"
    elif [ -n "$all" ] || ! git rev-parse --quiet --verify HEAD~1 >/dev/null; then
        tree_files '*.cpp'    # each header is read with those that include it
    else
        { git diff --name-only --diff-filter=d HEAD~1; git ls-files --others --exclude-standard; } |
            grep -E '\.(cpp|hpp)$' | sort -u || true
    fi
}

# Each file is read with the precompiled header of the dev build.
"$GROVER" build dev grover_pch
files=$(list "$@")
if [ -z "$files" ]; then
    say "no C++ file has changed"
    exit 0
fi
color=
if [ -t 1 ]; then color=--use-color; fi
# Its standard error only counts the warnings that it left out.
# shellcheck disable=SC2086
printf '%s\n' "$files" | tr '\n' '\0' |
    xargs -0 -n 1 -P "$(jobs)" clang-tidy-19 -p "$GROVER_ROOT/build/dev" --quiet $color 2>/dev/null ||
    die "clang-tidy found something"
