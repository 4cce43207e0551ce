# tools/dev/server.sh - build the extension, stage a private installation, run a private server. Sourced by ./dev.
#
# Build: the tree is copied to build/<target>/tree (so several servers can be built from one checkout) and built there.
# Stage: PostgreSQL finds its files relative to its own executable, so a copy of three executables and a forest of links
# is a complete installation, into which "make install DESTDIR=" puts the extension. Nothing of the machine's changes.
# Run:   a folder made by mktemp holds stage, data, socket, log and results; it is removed at the end.
# PostgreSQL refuses to run as root: then it runs as the user postgres. Clients run as whoever called ./dev.

RUN='' STAGE='' DATA='' SERVER_PID='' KILLED=''

as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups env -C "${SERVER_CWD:-/}" HOME=/tmp "$@"
    else
        "$@"
    fi
}

make_sync() {
    mkdir -p "$TREE"
    exec 8>"$WORK/lock"
    flock 8
    rsync -a --delete --exclude=/build --exclude=/.git --exclude='*.o' --exclude='*.d' --exclude='*.bc' --exclude='*.so' \
        --exclude=.build-flags --exclude='/sql/pg_tviews--*.sql' --exclude='/test/*/results' --exclude=/jsonb_delta/obj "$TOP/" "$TREE/"
}
unlock() { exec 8>&-; }

# make_both ARGUMENT...: make in the tree, for pg_tviews and for its companion jsonb_delta.
make_both() {
    local folder
    for folder in "$TREE" "$TREE/jsonb_delta"; do
        nice make -s -C "$folder" PG_CONFIG="$PG_CONFIG" ${WERROR:+WERROR=$WERROR} "$@" || return 1
    done
}

BUILT=
build_extension() {
    [ -z "$BUILT" ] || return 0
    step "build for $("$PG_CONFIG" --version)"
    make_sync
    # make -s prints no command lines: what is left are warnings, shown even when the build succeeds, and errors.
    if ! make_both "-j$JOBS" >"$WORK/build.log" 2>&1; then
        head -n 80 "$WORK/build.log" >&2
        die "the build failed; the whole output is in $WORK/build.log"
    fi
    cat "$WORK/build.log"
    unlock
    BUILT=yes
}

# link_installation PG_CONFIG: that PostgreSQL in $STAGE, without our extensions. Says where its programs are.
link_installation() {
    local bin share lib
    bin=$("$1" --bindir) share=$("$1" --sharedir) lib=$("$1" --pkglibdir)
    mkdir -p "$STAGE$bin" "$STAGE$share" "$STAGE$lib"
    cp -as "$share/." "$STAGE$share/"
    cp -as "$lib/." "$STAGE$lib/"
    cp -as "$bin/." "$STAGE$bin/"
    cp -fL --remove-destination "$bin/postgres" "$bin/initdb" "$bin/pg_ctl" "$STAGE$bin/"
    rm -f "$STAGE$share"/extension/{pg_tviews,jsonb_delta}* "$STAGE$lib"/{pg_tviews,jsonb_delta}.so
    printf '%s' "$STAGE$bin"
}

# make_stage: a private installation with the extension in $STAGE.
make_stage() {
    BIN=$(link_installation "$PG_CONFIG")
    make_sync
    quiet make_both install DESTDIR="$STAGE" || die "make install failed"
    unlock
    export PATH="$BIN:$PATH" # psql, pg_dump, pgbench of the same version
}

demo_home() {
    local home=$TOP/build/demo probe=$TOP
    mkdir -p "$TOP/build"
    as_server test -x "$probe/build" || home=/var/tmp/pg_tviews-demo-$(printf '%s' "$TOP" | cksum | cut -d' ' -f1)
    printf '%s' "$home"
}

# with_stage [HOME]: build, and a private installation; with HOME, data and installation are kept there.
with_stage() {
    [ -z "$STAGE" ] || return 0
    need_packages
    build_extension
    RUN=$(mktemp -d "${TMPDIR:-/tmp}/pg_tviews.XXXXXX")
    trap cleanup EXIT
    trap 'exit 130' INT TERM
    DATA=${1:-$RUN}/data STAGE=${1:-$RUN}/stage
    rm -rf "$STAGE"
    mkdir -p "${1:-$RUN}" "$STAGE"
    make_stage
    if [ "$(id -u)" -eq 0 ]; then chown postgres: "$RUN" "${1:-$RUN}"; chmod 755 "$RUN"; fi
}

# with_server [HOME]: a running server, and PGHOST, PGPORT, PGUSER pointing to it.
with_server() {
    [ -z "$SERVER_PID" ] || return 0
    with_stage "$@"
    init_data
    as_server "$BIN/pg_ctl" -D "$DATA" -l "$RUN/server.log" -o "-k $SOCKETS -p $PGPORT" -w -t 60 start >/dev/null ||
        { cat "$RUN/server.log" >&2; die "the server did not start"; }
    SERVER_PID=$(head -1 "$DATA/postmaster.pid")
}

init_data() {
    # A socket's path may have 107 bytes at most, so it does not live under a long TMPDIR.
    SOCKETS=$RUN
    [ ${#RUN} -lt 80 ] || SOCKETS=$(mktemp -d /tmp/pg_tviews.XXXXXX)
    [ "$(id -u)" -ne 0 ] || chown postgres: "$SOCKETS"
    export PGHOST=$SOCKETS PGPORT=$((20000 + RANDOM % 30000)) PGUSER=postgres
    unset PGDATABASE PGOPTIONS PGSERVICE PGPASSFILE
    [ ! -e "$DATA/PG_VERSION" ] || return 0
    as_server "$BIN/initdb" -D "$DATA" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$RUN/initdb.log" 2>&1 ||
        { cat "$RUN/initdb.log" >&2; die "initdb failed"; }
    as_server tee -a "$DATA/postgresql.conf" >/dev/null <<END
listen_addresses = ''
fsync = off
full_page_writes = off
shared_buffers = 256MB
max_connections = 60
max_prepared_transactions = 20
wal_level = logical
log_min_messages = warning
log_line_prefix = '%m [%p] %d '
${SERVER_SETTINGS:-}
END
}

with_valgrind_server() {
    with_stage
    init_data
    start_under_valgrind --quiet --leak-check=no --track-origins=yes --num-callers=30 --log-file="$RUN/valgrind.%p.log"
}

# start_under_valgrind OPTION...
start_under_valgrind() {
    as_server valgrind --trace-children=yes "$@" "$BIN/postgres" -D "$DATA" -k "$SOCKETS" -p "$PGPORT" >"$RUN/server.log" 2>&1 &
    local i
    for ((i = 0; i < 240; i++)); do
        ! psql -Xd postgres -c 'SELECT 1' >/dev/null 2>&1 || { SERVER_PID=$(head -1 "$DATA/postmaster.pid"); return 0; }
        sleep 0.5
    done
    cat "$RUN/server.log" >&2
    die "the server under valgrind did not start"
}

# stop_server: stop, then search the log. By data directory, never by name.
stop_server() {
    [ -n "$SERVER_PID" ] || return 0
    SERVER_PID=
    as_server "$BIN/pg_ctl" -D "$DATA" -m fast -w -t 120 stop >/dev/null ||
        as_server "$BIN/pg_ctl" -D "$DATA" -m immediate -w stop >/dev/null || true
    [ ! -e "$DATA/stress-server.log" ] || cat "$DATA/stress-server.log" >>"$RUN/server.log"
    [ -z "$KILLED" ] || sed -i '/was terminated by signal 9: Killed/d; /terminating any other active server/d' "$RUN/server.log"
    run_check server-log tools/check_log "$RUN/server.log"
}

cleanup() {
    local rc=$?
    trap - EXIT
    if [ -n "$DATA" ] && [ -e "$DATA/postmaster.pid" ]; then
        as_server "$BIN/pg_ctl" -D "$DATA" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    if [ -n "${KEEP:-}" ]; then say "kept: $RUN"; else rm -rf "$RUN" "${SOCKETS:-$RUN}"; fi
    exit $rc
}

# regress_run PROGRAM NAME INPUTDIR FOLDER SUFFIX [TEST...]: pg_regress or pg_isolation_regress against the server.
regress_run() {
    local program=$1 name=$2 input=$3 folder=$4 suffix=$5 out=$RUN/$2 rc=0 options=()
    shift 5
    local all=()
    mapfile -t all < <(cd "$folder" 2>/dev/null && find . -maxdepth 1 -name "*$suffix" | sed "s|^\./||; s|\\$suffix\$||" | LC_ALL=C sort)
    [ "${#all[@]}" -gt 0 ] || { skip "$name" "no tests in ${folder#"$TREE"/}"; return 0; }
    if [ $# -eq 0 ]; then set -- "${all[@]}"; elif [ "$name" = regress ]; then set -- 00_setup "$@"; fi
    case $program in
    pg_regress) options=(--dbname=contrib_regression) program=regress/pg_regress ;;
    *) options=(--dbname=isolation_regression --load-extension=pg_tviews) program=isolation/pg_isolation_regress ;;
    esac
    program=$(dirname "$("$PG_CONFIG" --pgxs)")/../test/$program
    mkdir -p "$out"
    (cd "$out" && "$program" --inputdir="$input" --outputdir="$out" --bindir="$("$PG_CONFIG" --bindir)" "${options[@]}" "$@") \
        >"$out/log" 2>&1 || rc=$?
    regress_count "$name" "$out" $rc
}

# regress_count NAME OUTPUTDIR STATUS: count what pg_regress has said in OUTPUTDIR/log, and show and keep what failed.
regress_count() {
    local name=$1 out=$2 rc=$3 passed failed
    # 15: "test x ... ok"; since 16: "ok 1 - x"
    passed=$(grep -cE '^ok |\.\.\. ok ' "$out/log" || true)
    failed=$(grep -cE '^not ok |\.\.\. FAILED' "$out/log" || true)
    [ $rc -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
    if [ "$failed" -gt 0 ]; then
        grep -vE '^ok |\.\.\. ok ' "$out/log" || true
        [ ! -e "$out/regression.diffs" ] || head -n "${DIFF_LINES:-300}" "$out/regression.diffs"
        rm -rf "$TOP/build/failed/$TARGET/$name"
        mkdir -p "$TOP/build/failed/$TARGET"
        cp -r "$out" "$TOP/build/failed/$TARGET/$name"
        cp "$RUN/server.log" "$TOP/build/failed/$TARGET/$name/"
        say "results, differences and server log: build/failed/$TARGET/$name"
    fi
    count "$name" "$passed" "$failed"
}

# core_run FOLDER: PostgreSQL's own regression tests, built in FOLDER, in a database made from a template1 that has the
# extension and, so that none of its shortcuts for databases without a TVIEW is taken, a TVIEW.
core_run() {
    local folder=$1 out=$RUN/core rc=0
    mkdir -p "$out"
    cp -as "$folder/." "$out/"
    # Expected differences, made in the test and in its result alike, each with its reason:
    # event_trigger lists all event triggers of the database, and ours are among them.
    sed -i "s/FROM pg_event_trigger as e,/FROM (SELECT * FROM pg_event_trigger WHERE evtname !~ '^pg_tviews_') as e,/" \
        "$out/sql/event_trigger.sql" "$out/expected/event_trigger.out"
    [ "$(id -u)" -ne 0 ] || chown postgres: "$out"
    quiet psql -Xv ON_ERROR_STOP=1 -d template1 <<'END' || { count core 0 1; return 0; }
CREATE EXTENSION pg_tviews;
CREATE SCHEMA shop;
CREATE TABLE shop.author (pk_author int PRIMARY KEY, id uuid DEFAULT gen_random_uuid(), name text);
CREATE TABLE shop.book (pk_book int PRIMARY KEY, fk_author int REFERENCES shop.author, title text);
INSERT INTO shop.author (pk_author, name) SELECT i, 'author ' || i FROM generate_series(1, 10) i;
INSERT INTO shop.book SELECT i, i % 10 + 1, 'book ' || i FROM generate_series(1, 100) i;
CREATE TABLE shop.tv_author AS SELECT a.pk_author, a.id, jsonb_build_object('name', a.name, 'books',
    (SELECT jsonb_agg(b.title ORDER BY b.pk_book) FROM shop.book b WHERE b.fk_author = a.pk_author)) AS data FROM shop.author a;
END
    # pg_regress would make the database from template0; these are its settings.
    quiet psql -Xv ON_ERROR_STOP=1 -d postgres <<'END' || { count core 0 1; return 0; }
CREATE DATABASE regression TEMPLATE template1;
ALTER DATABASE regression SET lc_messages = 'C';
ALTER DATABASE regression SET lc_monetary = 'C';
ALTER DATABASE regression SET lc_numeric = 'C';
ALTER DATABASE regression SET lc_time = 'C';
ALTER DATABASE regression SET bytea_output = 'hex';
ALTER DATABASE regression SET timezone_abbreviations = 'Default';
END
    # As the server's user: both write into the folder.
    (SERVER_CWD=$out && as_server "$folder/pg_regress" --use-existing --inputdir="$out" --outputdir="$out" --dlpath="$folder" \
        --bindir="$BIN" --schedule="$folder/parallel_schedule" --max-concurrent-tests=20) >"$out/log" 2>&1 || rc=$?
    regress_count core "$out" $rc
    run_check core-tview psql -Xv ON_ERROR_STOP=1 -d regression <<'END'
UPDATE shop.book SET title = title || ', second edition' WHERE pk_book % 3 = 0;
DO $$
BEGIN
    ASSERT (SELECT count(*) FROM shop.tv_author) = 10;
    ASSERT NOT EXISTS (TABLE shop.tv_author EXCEPT TABLE shop.v_author);
END $$;
END
}

# gtest_run PROGRAM [ARGUMENT...]
gtest_run() {
    local log rc=0 passed failed
    log=$(mktemp)
    "$@" >"$log" 2>&1 || rc=$?
    passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | tail -1)
    failed=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$log" | tail -1)
    [ $rc -eq 0 ] || [ "${failed:-0}" -gt 0 ] || failed=1
    [ $rc -eq 0 ] || grep -vE '^\[( RUN|       OK|-----)' "$log" | tail -n 100
    rm -f "$log"
    count unit "${passed:-0}" "${failed:-0}"
}

# lines_run NAME COMMAND...: a harness whose last line is "N passed, N failed"; its output is shown.
lines_run() {
    local name=$1 log rc=0 line
    shift
    log=$(mktemp)
    "$@" 2>&1 | tee "$log" || rc=$?
    line=$(grep -E '(^|[^0-9])[0-9]+ passed, [0-9]+ failed' "$log" | tail -1 || true)
    rm -f "$log"
    if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
        local passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
        [ $rc -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
        count "$name" "$passed" "$failed"
    else
        say "$name: no line 'N passed, N failed' (exit status $rc)"
        count "$name" 0 1
    fi
}

# delta_run: jsonb_delta against core in the server, and its engine outside it under the sanitizers.
delta_run() {
    quiet make -C "$TREE/test/fuzz" -j"$JOBS" BUILD="$WORK/fuzz" PG_CONFIG="$PG_CONFIG" || { count jsonb_delta 0 1; return 0; }
    psql -Xqd postgres -c 'CREATE DATABASE differential'
    lines_run differential "$WORK/fuzz/differential" --conninfo "host=$PGHOST port=$PGPORT user=$PGUSER dbname=differential" "$@"
    lines_run engine "$WORK/fuzz/engine" --cases 10000
}

oracle_run() {
    quiet make -C "$TREE/test/oracle" -j"$JOBS" BUILD="$WORK/oracle" PG_CONFIG="$PG_CONFIG" || { count oracle 0 1; return 0; }
    psql -Xqd postgres -c 'CREATE DATABASE oracle'
    lines_run oracle "$WORK/oracle/oracle" --conninfo "host=$PGHOST port=$PGPORT user=$PGUSER dbname=oracle" \
        --out "$TOP/build/failed/$TARGET/oracle" "$@"
}

# stress_run: it kills backends and the postmaster, by the number in the private server's own data directory.
stress_run() {
    local pg_ctl=$BIN/pg_ctl
    [ "$(id -u)" -ne 0 ] || pg_ctl="setpriv --reuid=postgres --regid=postgres --init-groups env -C / HOME=/tmp $pg_ctl"
    quiet make -C "$TREE/test/stress" -j"$JOBS" BUILD="$WORK/stress" ORACLE="$WORK/oracle" || { count stress 0 1; return 0; }
    psql -Xqd postgres -c 'CREATE DATABASE stress'
    KILLED=yes
    lines_run stress "$WORK/stress/stress" --conninfo "host=$PGHOST port=$PGPORT user=$PGUSER dbname=stress" \
        --pgdata "$DATA" --pg-ctl "$pg_ctl" --out "$TOP/build/failed/$TARGET/stress" "$@"
}

# make_files: what "make install" installs, in build/<server>/files.
make_files() {
    make_sync
    rm -rf "$WORK/files"
    quiet make_both install DESTDIR="$WORK/files" || die "make install failed"
    unlock
}

# upgrade_run MAJOR...: from each major version to the next. Those before this server's are put into the stage as well.
upgrade_run() {
    local major installations=''
    for major; do
        TVIEWS_TARGET=pg$major TVIEWS_DEBUG=1 ./dev files || { count "build for $major" 0 1; return 0; } # TVIEWS_DEBUG builds fast
        installations+=$(link_installation "/usr/lib/postgresql/$major/bin/pg_config"):
        cp -r "$TOP/build/pg$major/files/." "$STAGE/"
    done
    TVIEWS_INSTALLATIONS=$installations$BIN tap_run "$TREE"/test/tap/upgrade/*.pl
}

# make_previous: the same sources as version 0.0.0, installed in $RUN/previous, for the test of ALTER EXTENSION UPDATE.
make_previous() {
    make_sync
    rsync -a --delete "$TREE/" "$WORK/previous/"
    sed -i "s/^default_version = .*/default_version = '0.0.0'/" "$WORK/previous/pg_tviews.control"
    quiet nice make -s -C "$WORK/previous" -j"$JOBS" PG_CONFIG="$PG_CONFIG" ${WERROR:+WERROR=$WERROR} install DESTDIR="$RUN/previous" ||
        die "the previous version was not built"
    unlock
}

# TAP tests start servers themselves (PostgreSQL::Test::Cluster), from the stage and as the server's user.
tap_run() {
    local perl files=("$@") rc=0 log=$RUN/tap.log passed failed reason
    perl=$(dirname "$("$PG_CONFIG" --pgxs)")/../test/perl
    [ ${#files[@]} -gt 0 ] || files=("$TREE"/test/tap/t/*.pl)
    mkdir -p "$RUN/tap"
    [ "$(id -u)" -ne 0 ] || chown postgres: "$RUN/tap"
    (cd "$RUN/tap" && SERVER_CWD=$RUN/tap && as_server env TVIEWS_STAGE="$STAGE" TVIEWS_BIN="$BIN" TVIEWS_PREVIOUS="$RUN/previous" PG_REGRESS="$perl/../regress/pg_regress" TESTDATADIR="$RUN/tap/data" \
        TESTLOGDIR="$RUN/tap/log" TESTDIR="$RUN/tap" PERL5LIB="$perl" prove -v "${files[@]}") >"$log" 2>&1 || rc=$?
    passed=$(grep -E '^ok ' "$log" | grep -vc '# skip ' || true) failed=$(grep -cE '^not ok ' "$log" || true)
    [ $rc -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
    [ "$failed" -eq 0 ] || tail -n 100 "$log"
    count tap "$passed" "$failed"
    while read -r reason; do skip tap "$reason"; done < <(sed -nE 's/^(ok .*|1\.\.0 )# skip //Ip' "$log")
    find "$RUN/tap" -name '*.log' -path '*log*' -print0 2>/dev/null | xargs -0 -r cat >"$RUN/tap-servers.log"
    run_check tap-server-logs tools/check_log "$RUN/tap-servers.log"
}
