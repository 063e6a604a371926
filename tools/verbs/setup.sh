#!/bin/sh
# Install the Debian packages that building and testing need.
#
# usage: ./grover setup [--hook] [SECTION...]
#   SECTION   a section of tools/packages: runtime, build, test, all or bench (default: runtime build test)
#   --hook    also install a git pre-commit hook: format and levels of the staged files, no network
#
# Does nothing, at once, when all packages are there. Needs root or sudo otherwise.
set -eu
. "$GROVER_ROOT/tools/lib.sh"

hook=
sections=
for argument in "$@"; do
    case $argument in
        --hook) hook=1 ;;
        runtime | build | test | all | bench) sections="$sections $argument" ;;
        *) usage_error "there is no section '$argument'" ;;
    esac
done
sections=${sections:-runtime build test}

# The packages of section $1 whose command is not there, or that name none.
wanted() {
    sed -n "/^\[$1\]/,/^\[/p" "$GROVER_ROOT/tools/packages" | sed 's/#.*//; /^\[/d; /^ *$/d' |
        while read -r package command; do
            if [ -z "$command" ] || ! command -v "$command" >/dev/null; then echo "$package"; fi
        done
}

# Of the packages given, those that are not installed.
missing_of() {
    if [ $# -eq 0 ]; then return; fi
    installed=" $(dpkg-query -W -f='${db:Status-Status}/${Package} ' "$@" 2>/dev/null || true)"
    for package in "$@"; do
        case $installed in
            *" installed/$package "*) ;;
            *) echo "$package" ;;
        esac
    done
}

# One line that says what apt-get could not do, from its log $1.
reason_of() {
    if grep -qi 'no space left' "$1"; then
        echo "the disk is full"
    elif grep -q 'Unable to locate package\|has no installation candidate' "$1"; then
        names=$(sed -n "s/.*Unable to locate package \(.*\)/\1/p; s/.*Package '\(.*\)' has no installation candidate.*/\1/p" "$1")
        echo "the package archives of this machine do not have: $(echo "$names" | tr '\n' ' ')(Debian 12 has them)"
    elif grep -qi 'could not resolve\|failed to fetch\|could not connect\|connection failed' "$1"; then
        echo "the package archives cannot be reached (is there a network?)"
    else
        grep '^E: ' "$1" | tail -n 1 | sed 's/^E: //'
    fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

install() {
    command -v apt-get >/dev/null || die "no apt-get here, so install these by hand: $*"
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        die "not root and no sudo, so ask an administrator for: apt-get install $*"
    fi
    if [ "$(id -u)" -ne 0 ] && [ ! -t 0 ] && ! sudo -n true 2>/dev/null; then
        die "sudo needs a password, so run this first: sudo apt-get install $*"
    fi
    say "installing $# Debian packages: $*"
    log=$(mktemp)
    # A failed update is no reason to stop: the lists that are there may do, and the install says what is missing.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >"$log" 2>&1 </dev/null || true
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install "$@" >>"$log" 2>&1 </dev/null; then
        rm -f "$log"
        return 0
    fi
    echo "grover: cannot install $*: $(reason_of "$log")" >&2
    rm -f "$log"
    return 1
}

# Installs $1 without starting a server that it may hold: who measures or tests starts their own, on ports of their own.
install_quietly() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        install "$1"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    status=0
    install "$1" || status=$?
    as_root rm -f "$policy"
    return "$status"
}

# Words in a package list never hold blanks.
# shellcheck disable=SC2046,SC2086
{
    needed=
    optional=
    for section in $sections; do
        case $section in
            all | bench) optional="$optional $(missing_of $(wanted "$section"))" ;;
            *) needed="$needed $(missing_of $(wanted "$section"))" ;;
        esac
    done
    set -- $needed
    if [ $# -gt 0 ]; then install "$@" || exit 1; fi
    for package in $optional; do install_quietly "$package" || true; done
}

if [ -n "$hook" ]; then
    path=$(git -C "$GROVER_ROOT" rev-parse --path-format=absolute --git-path hooks)/pre-commit
    mkdir -p "${path%/*}"
    cat >"$path" <<'HOOK'
#!/bin/sh
# Installed by ./grover setup --hook.
cd "$(git rev-parse --show-toplevel)" || exit 1
./grover fmt --check --staged && ./grover test levels
HOOK
    chmod +x "$path"
    say "the hook is $path"
fi
