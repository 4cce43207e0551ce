# tools/dev/packages.sh - the packages that ./dev needs, and installing those that are missing. Sourced by ./dev.
#
# Debian and Ubuntu only (apt). Elsewhere: install a C++20 compiler, make, rsync and the server's headers yourself and
# set PG_CONFIG; nothing is installed then.

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        die "this needs root: $*"
    fi
}

APT_UPDATED=
apt_update() {
    [ -z "$APT_UPDATED" ] || return 0
    say "fetching the package lists (apt-get update)"
    quiet as_root apt-get update -q || say "warning: apt-get update failed, going on with the lists there are"
    APT_UPDATED=yes
}

# The PostgreSQL major version of this distribution's own packages.
distribution_major() {
    local major
    major=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -1)
    [ -n "$major" ] || major=$(ls /usr/lib/postgresql 2>/dev/null | sort -n | tail -1)
    printf '%s' "$major"
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_packages NAME...: those that are missing.
install_packages() {
    local name missing=()
    for name; do installed "$name" || missing+=("$name"); done
    [ "${#missing[@]}" -gt 0 ] || return 0
    say "installing ${missing[*]}"
    for name in "${missing[@]}"; do
        [ -n "$(apt-cache show "$name" 2>/dev/null | head -1)" ] || { apt_update; break; }
    done
    apt_install "${missing[@]}" || { apt_update; apt_install "${missing[@]}"; } || die "could not install ${missing[*]}"
}
apt_install() {
    quiet as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# need_packages [MORE...]: the tools for building and testing against $TARGET.
need_packages() {
    # A chroot of ./dev on is complete; its half-configured packages (see targets.sh) must not be tried again.
    if [ -z "${TVIEWS_CHROOT:-}" ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
        local list=(g++ make rsync binutils pkg-config libpq-dev libfmt-dev libcli11-dev libgtest-dev nlohmann-json3-dev)
        case $TARGET in pg[0-9]*) list+=("postgresql-${TARGET#pg}" "postgresql-server-dev-${TARGET#pg}") ;; esac
        install_packages "${list[@]}" "$@"
    fi
    [ -x "$PG_CONFIG" ] || command -v "$PG_CONFIG" >/dev/null || die "no pg_config at $PG_CONFIG"
}
