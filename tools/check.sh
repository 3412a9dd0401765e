#!/usr/bin/env bash
# Every static check, side by side; one line each with its time. One that fails fails the whole.
set -uo pipefail
cd "$(dirname "$0")/.."

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
names=()

# Start a check; its output is shown if it fails.
start() {
    local name=$1 place=$results/${#names[@]}
    shift
    names+=("$name")
    (
        SECONDS=0
        "$@" >"$place.out" 2>&1
        echo "$? $SECONDS" >"$place.end"
    ) &
}

typed=()
for folder in keepers verifier devnet scripts tools; do
    [ -n "$(git ls-files "$folder/*.py")" ] && typed+=("$folder")
done

start "mypy strict" mypy "${typed[@]}"
start "mamushi and natrix" python -m tools.check_vyper
start "ruff check" ruff check .
start "ruff format" ruff format --check .
start "storage layouts" python -m tools.storage_layouts
start "runtime sizes" python -m tools.size_table
start "digests of the builds" python -m tools.digests
start "proposal documents" python -m tools.lips_index --check
start "published findings" python -m tools.findings
wait

failed=()
for at in "${!names[@]}"; do
    read -r code seconds <"$results/$at.end"
    if [ "$code" -eq 0 ]; then
        echo "ok    ${names[at]} ($seconds s)"
    else
        echo "FAIL  ${names[at]} ($seconds s)"
        failed+=("${names[at]}")
    fi
    # The table of sizes is a result, the others only say what is wrong.
    if [ "$code" -ne 0 ] || [ "${names[at]}" = "runtime sizes" ]; then
        cat "$results/$at.out"
    fi
done

if [ ${#failed[@]} -gt 0 ]; then
    printf -v list '%s, ' "${failed[@]}"
    echo "static checks failed: ${list%, }"
    exit 1
fi
