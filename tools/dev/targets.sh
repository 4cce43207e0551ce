# tools/dev/targets.sh - which PostgreSQL is meant, and how to get the other ones. Sourced by ./dev.
#
# Base:    the distribution's own PostgreSQL, on this machine.
# 17, 18:  Debian chroots (trixie, forky) in $CACHE, made by debootstrap; the tree is copied in and ./dev runs there.
# cassert: PostgreSQL 15 from Debian's source package, configured --enable-cassert, installed in $CACHE.
# The cache is outside the checkout and may be deleted at any time. What cannot be had (no root, no network, another
# distribution) makes "on" return 77: skipped, not failed. Mirrors are taken from the machine's own apt sources.

CACHE=${PG_TVIEWS_CACHE:-/var/cache/pg_tviews}
JOBS=${JOBS:-$(nproc 2>/dev/null || echo 2)}
if [ -n "${TVIEWS_TARGET:-}" ]; then
    TARGET=$TVIEWS_TARGET
elif [ -n "${PG_CONFIG:-}" ]; then
    TARGET=own$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
else
    TARGET=pg$(distribution_major)
    [ "$TARGET" != pg ] || { apt_update; TARGET=pg$(distribution_major); }
fi
case $TARGET in pg[0-9]*) PG_CONFIG=/usr/lib/postgresql/${TARGET#pg}/bin/pg_config ;; esac
WORK=$TOP/build/$TARGET
TREE=$WORK/tree

unavailable() { say "not available: $*"; exit 77; }

# run_on SERVER COMMAND...
run_on() {
    local server=${1:?usage: ./dev on SERVER COMMAND...}
    shift
    case $server in
    cassert) make_cassert && TVIEWS_TARGET=cassert PG_CONFIG=$CACHE/pgsql-cassert/bin/pg_config ./dev "$@" ;;
    "${TARGET#pg}") ./dev "$@" ;;
    17) in_chroot trixie 17 "$@" ;;
    18) in_chroot forky 18 "$@" ;;
    *)
        if [ -x "/usr/lib/postgresql/$server/bin/pg_config" ]; then
            TVIEWS_TARGET=pg$server ./dev "$@"
        else
            unavailable "PostgreSQL $server is not installed here and Debian has no release with it"
        fi
        ;;
    esac
}

# The machine's own Debian mirror.
debian_mirror() {
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -n 's/^Debian|Debian|//p' | head -1
}

CHROOT_APT=(apt-get -q -y -o Acquire::Check-Valid-Until=false -o APT::Install-Recommends=false)

# enter DIRECTORY COMMAND...: run in a chroot, with /proc and /dev/shm where this user may mount. In a mount namespace of
# its own: nothing stays mounted.
enter() {
    local directory=$1
    shift
    if unshare --mount true 2>/dev/null; then
        # shellcheck disable=SC2016
        unshare --mount --propagation private bash -c '
            mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm" || true
            exec chroot "$0" "$@"' "$directory" "$@"
    else
        chroot "$directory" "$@"
    fi
}

# make_chroot SUITE MAJOR: in $CACHE/SUITE, complete when .ready names the packages wanted here.
make_chroot() {
    local suite=$1 major=$2 directory=$CACHE/$1 mirror script=() packages
    packages=("postgresql-$major" "postgresql-server-dev-$major" g++ make rsync binutils pkg-config lz4 libpq-dev libfmt-dev
        libcli11-dev libgtest-dev nlohmann-json3-dev libipc-run-perl)
    [ "$(id -u)" -eq 0 ] || unavailable "a chroot needs root"
    mkdir -p "$CACHE"
    exec 7>"$CACHE/$suite.lock"
    flock 7
    if [ "$(cat "$directory/.ready" 2>/dev/null)" != "${packages[*]}" ]; then
        install_packages debootstrap
        mirror=$(debian_mirror)
        [ -n "$mirror" ] || { apt_update; mirror=$(debian_mirror); }
        [ -n "$mirror" ] || unavailable "no Debian mirror in this machine's apt sources"
        # debootstrap may be older than the suite: Debian's suites share one script.
        [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=(/usr/share/debootstrap/scripts/sid)
        if [ ! -e "$directory/etc/debian_version" ]; then
            say "making a Debian $suite chroot in $directory (some minutes)"
            rm -rf "$directory.new"
            quiet debootstrap --variant=minbase "$suite" "$directory.new" "$mirror" "${script[@]}" ||
                unavailable "debootstrap $suite failed"
            mv "$directory.new" "$directory"
        fi
        say "installing PostgreSQL $major in $directory"
        mkdir -p "$directory/etc/postgresql-common"
        echo 'create_main_cluster = false' >"$directory/etc/postgresql-common/createcluster.conf"
        printf '#!/bin/sh\nexit 101\n' >"$directory/usr/sbin/policy-rc.d"
        chmod +x "$directory/usr/sbin/policy-rc.d"
        cp -L /etc/resolv.conf "$directory/etc/resolv.conf" 2>/dev/null || true
        quiet enter "$directory" "${CHROOT_APT[@]}" update || unavailable "apt-get update failed in the $suite chroot"
        # The postinst of postgresql-common may fail in a chroot; what counts is that the files are there.
        quiet enter "$directory" env DEBIAN_FRONTEND=noninteractive "${CHROOT_APT[@]}" -o Dpkg::Options::=--force-confold install \
            "${packages[@]}" || true
        [ -x "$directory/usr/lib/postgresql/$major/bin/postgres" ] && [ -x "$directory/usr/bin/g++" ] &&
            [ -e "$directory/usr/include/postgresql/$major/server/postgres.h" ] ||
            unavailable "PostgreSQL $major could not be installed in the $suite chroot"
        grep -q '^postgres:' "$directory/etc/passwd" || quiet enter "$directory" useradd -r -m -d /var/lib/postgresql postgres
        echo "${packages[*]}" >"$directory/.ready"
    fi
    exec 7>&-
}

# bench_packages SUITE MAJOR: what only "bench" needs. pg_ivm is an opponent there; it may be missing.
bench_packages() {
    local directory=$CACHE/$1 name
    for name in python3 "postgresql-$2-pg-ivm"; do
        ! enter "$directory" dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || continue
        say "installing $name in $directory"
        quiet enter "$directory" env DEBIAN_FRONTEND=noninteractive "${CHROOT_APT[@]}" install "$name" ||
            say "warning: $name could not be installed"
    done
}

# older_packages SUITE: what only "upgrade" needs, the older servers and the files to build for them. Without security
# updates: a server can be upgraded only to one of at least its minor release, and the newest suite gets those last. The
# headers without what their packages depend on, which is several compilers.
older_packages() {
    local directory=$CACHE/$1 mirror suite base major missing=()
    base=$(distribution_major)
    # shellcheck disable=SC1091
    suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    for major in $(printf '%s\n' "$base" 17 | sort -nu); do
        [ "$major" -ge 18 ] || [ -e "$directory/usr/include/postgresql/$major/server/postgres.h" ] || missing+=("$major")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    mirror=$(debian_mirror)
    exec 7>"$CACHE/$1.lock"
    flock 7
    say "installing PostgreSQL ${missing[*]} in $directory"
    printf "deb $mirror %s main\n" $(printf '%s\n' "$suite" trixie | sort -u) >"$directory/etc/apt/sources.list.d/pg_tviews-older.list"
    quiet enter "$directory" "${CHROOT_APT[@]}" update || unavailable "apt-get update failed in the $1 chroot"
    for major in "${missing[@]}"; do
        quiet enter "$directory" env DEBIAN_FRONTEND=noninteractive "${CHROOT_APT[@]}" -o Dpkg::Options::=--force-confold install \
            "postgresql-$major" || true
        # shellcheck disable=SC2016
        quiet enter "$directory" bash -c 'cd "$(mktemp -d)" && chmod 777 . && version=$(dpkg-query -W -f "\${Version}" "postgresql-$0") &&
            apt-get -q download "postgresql-server-dev-$0=$version" && dpkg-deb -x ./*.deb / && rm -r "$PWD"' "$major" &&
            [ -x "$directory/usr/lib/postgresql/$major/bin/postgres" ] ||
            unavailable "PostgreSQL $major could not be installed in the $1 chroot"
    done
    exec 7>&-
}

# in_chroot SUITE MAJOR COMMAND...
in_chroot() {
    local suite=$1 major=$2 name status=0
    shift 2
    make_chroot "$suite" "$major"
    install_packages rsync
    [ "${1:-}" != bench ] || bench_packages "$suite" "$major"
    [ "${1:-}" != upgrade ] || older_packages "$suite"
    name=srv/pg_tviews-$(printf '%s' "$TOP" | cksum | cut -d' ' -f1)
    mkdir -p "$CACHE/$suite/$name"
    rsync -a --delete --exclude=/build --exclude=/.git --exclude='*.o' --exclude='*.d' --exclude='*.so' --exclude=.build-flags \
        "$TOP/" "$CACHE/$suite/$name/"
    enter "$CACHE/$suite" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        TVIEWS_TARGET="pg$major" TVIEWS_CHROOT=1 ${WERROR:+WERROR=$WERROR} ${KEEP:+KEEP=$KEEP} ${JOBS:+JOBS=$JOBS} \
        ${ORACLE_ARGS:+"ORACLE_ARGS=$ORACLE_ARGS"} ${STRESS_ARGS:+"STRESS_ARGS=$STRESS_ARGS"} \
        TVIEWS_COMMIT="$(git describe --always --dirty 2>/dev/null || echo unknown)" "/$name/dev" "$@" || status=$?
    # The records of benchmarks come back.
    if [ "${1:-}" = bench ] && [ -d "$CACHE/$suite/$name/build/bench" ]; then
        mkdir -p build/bench
        cp "$CACHE/$suite/$name"/build/bench/* build/bench/
    fi
    return $status
}

# make_cassert: PostgreSQL of the distribution's major version with assertions, in $CACHE/pgsql-cassert.
make_cassert() {
    local prefix=$CACHE/pgsql-cassert build=$CACHE/cassert-build major mirror suite keyring
    # ICU for nondeterministic collations, lz4 for TOAST compression. A cache built with other options is built anew.
    local options=(--enable-cassert --enable-debug CFLAGS=-O1 --with-icu --with-lz4 --without-readline --without-zlib)
    cassert_ready() {
        [ "$(cat "$prefix/.ready" 2>/dev/null)" = "${options[*]}" ] && [ -x "$prefix/lib/pgxs/src/test/core/pg_regress" ]
    }
    ! cassert_ready || return 0
    major=$(distribution_major)
    mkdir -p "$CACHE" 2>/dev/null || unavailable "$CACHE cannot be written (set PG_TVIEWS_CACHE)"
    exec 7>"$CACHE/cassert.lock"
    flock 7
    if ! cassert_ready; then
        need_packages dpkg-dev bison flex perl xz-utils libicu-dev liblz4-dev
        mirror=$(debian_mirror)
        # shellcheck disable=SC1091
        suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
        keyring=/usr/share/keyrings/debian-archive-keyring.gpg
        [ -n "$mirror" ] && [ -n "$suite" ] && [ -e "$keyring" ] || unavailable "no Debian source packages for this machine"
        say "building PostgreSQL $major with assertions in $prefix (some minutes)"
        rm -rf "$build" "$prefix"
        mkdir -p "$build/lists/partial" "$build/source"
        echo "deb-src [signed-by=$keyring] $mirror $suite main" >"$build/sources.list"
        local apt=(apt-get -q -o Dir::Etc::SourceList="$build/sources.list" -o Dir::Etc::SourceParts=/dev/null
            -o Dir::State::Lists="$build/lists" -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
        quiet "${apt[@]}" update || unavailable "the list of source packages could not be fetched"
        (cd "$build/source" && quiet "${apt[@]}" source --download-only "postgresql-$major") ||
            unavailable "the source package of PostgreSQL $major could not be fetched"
        (cd "$build/source" && quiet dpkg-source -x ./*.dsc "$build/tree") || unavailable "the source package did not unpack"
        (cd "$build/tree" && quiet ./configure --prefix="$prefix" "${options[@]}") || die "configure failed"
        quiet nice make -C "$build/tree" -j"$JOBS" -s || die "PostgreSQL did not build"
        quiet make -C "$build/tree" -s install || die "PostgreSQL did not install"
        # PostgreSQL::Test is installed only with --enable-tap-tests, which needs more packages than using it.
        mkdir -p "$prefix/lib/pgxs/src/test/perl"
        cp -r "$build/tree/src/test/perl/PostgreSQL" "$prefix/lib/pgxs/src/test/perl/"
        # PostgreSQL's own regression tests, for "./dev core".
        quiet make -C "$build/tree/src/test/regress" -s || die "PostgreSQL's regression tests did not build"
        rm -rf "$prefix/lib/pgxs/src/test/core"
        cp -r "$build/tree/src/test/regress" "$prefix/lib/pgxs/src/test/core"
        rm -rf "$build"
        printf '%s\n' "${options[*]}" >"$prefix/.ready"
    fi
    exec 7>&-
}
