#!/bin/sh
# Format the C++ files with clang-format-19.
#
# usage: ./grover fmt [--check] [--staged] [FILE...]
#   --check    change nothing; list the files that differ and exit 1
#   --staged   only the files of the next commit
set -eu
. "$GROVER_ROOT/tools/lib.sh"

check=
staged=
while [ $# -gt 0 ]; do
    case $1 in
        --check) check=1 ;;
        --staged) staged=1 ;;
        -*) usage_error "there is no option '$1'" ;;
        *) break ;;
    esac
    shift
done
command -v clang-format-19 >/dev/null || die "clang-format-19 is not here; ./grover setup installs it"

for file do
    [ -f "$file" ] || die "there is no file '$file'"
done
if [ $# -gt 0 ]; then
    list() { printf '%s\n' "$@"; }
else
    cd "$GROVER_ROOT"
    if [ -n "$staged" ]; then
        list() { git diff --cached --name-only --diff-filter=ACMR -- '*.cpp' '*.hpp'; }
    else
        list() { tree_files '*.cpp' '*.hpp'; }
    fi
fi

if [ -z "$check" ]; then
    list "$@" | tr '\n' '\0' | xargs -0 -r -n 8 -P "$(jobs)" clang-format-19 -i --style=file
    exit
fi
# clang-format names each difference; a reader needs the file names only.
differing=$(list "$@" | tr '\n' '\0' | xargs -0 -r -n 8 -P "$(jobs)" \
    clang-format-19 --dry-run --style=file 2>&1 | sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: warning:.*/\1/p' | sort -u)
if [ -n "$differing" ]; then
    printf '%s\n' "$differing"
    die "these files are not formatted; ./grover fmt does it"
fi
