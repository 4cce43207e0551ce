# tools/dev/report.sh - what ./dev prints, and the counting of test results. Sourced by ./dev.
#
# Every harness reports through count/skip; finish prints the one line that CI reads: "N passed, N failed, N skipped".

PASSED=0 FAILED=0 SKIPPED=0 FAILURES=()

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s [%s]\n' "$*" "$TARGET"; }
die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

# quiet COMMAND...: its output is shown only if it fails.
quiet() {
    local log
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then rm -f "$log"; return 0; fi
    printf 'failed: %s\n' "$*" >&2
    tail -n 80 "$log" >&2
    rm -f "$log"
    return 1
}

# count NAME PASSED FAILED
count() {
    PASSED=$((PASSED + $2)) FAILED=$((FAILED + $3))
    [ "$3" -eq 0 ] || FAILURES+=("$1")
    printf '%-18s %s passed, %s failed\n' "$1:" "$2" "$3"
}

# skip NAME REASON
skip() { SKIPPED=$((SKIPPED + 1)); printf '%-18s skipped: %s\n' "$1:" "$2"; }

# run_check NAME COMMAND...: one pass or one failure; exit status 77 means skipped.
run_check() {
    local name=$1 out rc=0
    shift
    out=$("$@" 2>&1) || rc=$?
    case $rc in
    0) count "$name" 1 0 ;;
    77) skip "$name" "$out" ;;
    *) printf '%s\n' "$out"; count "$name" 0 1 ;;
    esac
}

finish() {
    [ "${#FAILURES[@]}" -eq 0 ] || printf '\nfailed: %s\n' "${FAILURES[*]}"
    printf '\n%s [%s]: %s\n' "$1" "$TARGET" "$([ $FAILED -eq 0 ] && echo good || echo BAD)"
    printf '%d passed, %d failed, %d skipped\n' $PASSED $FAILED $SKIPPED
    [ $FAILED -eq 0 ]
}
