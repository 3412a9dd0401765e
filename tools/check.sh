#!/usr/bin/env bash
# Every static check, one line each with its time; all of them run, and one that fails fails the whole.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
step() {
    local name=$1 start=$SECONDS output
    shift
    if output=$("$@" 2>&1); then
        echo "ok    $name ($((SECONDS - start)) s)"
    else
        echo "FAIL  $name ($((SECONDS - start)) s)"
        failed+=("$name")
        echo "$output"
    fi
}

typed=()
for folder in keepers verifier devnet scripts tools; do
    [ -n "$(git ls-files "$folder/*.py")" ] && typed+=("$folder")
done

step "ruff check" ruff check .
step "ruff format" ruff format --check .
step "mypy strict" mypy "${typed[@]}"
step "mamushi and natrix" python -m tools.check_vyper
step "storage layouts" python -m tools.storage_layouts

start=$SECONDS
if python -m tools.size_table; then
    echo "ok    runtime sizes ($((SECONDS - start)) s)"
else
    echo "FAIL  runtime sizes"
    failed+=("runtime sizes")
fi

if [ ${#failed[@]} -gt 0 ]; then
    echo "static checks failed: ${failed[*]}"
    exit 1
fi
