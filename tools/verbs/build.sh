#!/bin/sh
# Build everything, or some targets.
#
# usage: ./grover build [dev|release|asan|tsan|fuzz] [TARGET...]
#   default: preset dev, all targets. Programs are left in build/PRESET/bin.
#   GROVER_JOBS=N compiles N files at a time (default: one per core).
set -eu
. "$GROVER_ROOT/tools/lib.sh"

preset=dev
case ${1:-} in
    dev | release | asan | tsan | fuzz)
        preset=$1
        shift ;;
esac
for argument in "$@"; do
    case $argument in
        -*) usage_error "there is no option '$argument'" ;;
    esac
done

cd "$GROVER_ROOT"
folder=build/$preset
mkdir -p "$folder" || die "cannot write to $GROVER_ROOT/build"
free_kib=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
if [ "$free_kib" -lt 65536 ]; then die "the disk under $GROVER_ROOT/build is full"; fi

# Ninja itself does not keep two builds of one folder apart.
exec 9>"$folder/.lock"
if ! flock -n 9; then
    say "waiting for another build of $folder"
    flock 9
fi

log=$folder/build.log
if [ ! -f "$folder/build.ninja" ] && ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    die "cannot configure $folder"
fi

set -- -C "$folder" -j "$(jobs)" "$@"
if [ -t 1 ]; then
    ninja "$@" 9>&- || die "the build failed ($preset)"
elif ! ninja --quiet "$@" >"$log" 2>&1 9>&-; then
    grep -v '^ninja: Entering directory' "$log" | tail -n 200 >&2
    die "the build failed ($preset); all of it is in $folder/build.log"
fi
