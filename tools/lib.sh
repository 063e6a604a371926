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

# Files of the work tree that match the patterns: tracked ones, and new ones that git does not ignore. Without git (an
# archive of the sources, or a folder that git does not trust) all but what is built.
tree_files() (
    cd "$GROVER_ROOT" || exit
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
            while IFS= read -r name; do
                if [ -f "$name" ]; then printf '%s\n' "$name"; fi
            done
    else
        for pattern in "$@"; do
            find . \( -path ./build -o -path ./data -o -name node_modules \) -prune -o \
                -type f -name "$pattern" -print
        done | sed 's/^\.\///'
    fi
)
