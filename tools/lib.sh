# What the shell verbs share. Sourced, never run: . "$GROVER_ROOT/tools/lib.sh"

say() { echo "grover: $*"; }
die() {
    echo "grover: $*" >&2
    exit 1
}
usage_error() {
    echo "grover: $*; see ./grover $GROVER_VERB --help" >&2
    exit 2
}

# How many programs to run side by side; GROVER_JOBS lowers it on a shared machine.
jobs() { echo "${GROVER_JOBS:-$(nproc)}"; }

# Files of the work tree that match the patterns: tracked ones, and new ones that git does not ignore.
tree_files() {
    git -C "$GROVER_ROOT" ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
        while IFS= read -r name; do
            if [ -f "$GROVER_ROOT/$name" ]; then printf '%s\n' "$name"; fi
        done
}
