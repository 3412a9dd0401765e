#!/usr/bin/env bash
# Put the pinned Python packages into .venv and the pinned anvil into node_modules; do nothing if they are there.
#   PYTHON=python3.11   interpreter the .venv is made with
#   EXTRAS="dev ..."    extras of pyproject.toml to install; remembered
#   PIP_ARGS="..."      more options for pip, such as another index
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3.11}
PIP_ARGS=${PIP_ARGS:-}
STAMP=.venv/.installed
CHOICE=.venv/.extras
EXTRAS=${EXTRAS:-$(cat $CHOICE 2>/dev/null || echo dev verifier)}

missing() {
    echo "install: $1" >&2
    exit 1
}

wanted() {
    echo "$EXTRAS"
    sed '/^\[build-system\]/,$d' pyproject.toml
    cat constraints.txt package.json package-lock.json
}

key=$(wanted | cksum)
if [ -x .venv/bin/python ] && [ -x node_modules/.bin/anvil ] && [ "$(cat $STAMP 2>/dev/null)" = "$key" ]; then
    exit 0
fi

"$PYTHON" -c 'import sys; assert sys.version_info[:2] == (3, 11)' 2>/dev/null ||
    missing "Python 3.11 is missing: get it from https://www.python.org/downloads/ or with your package manager (python3.11), or name one with PYTHON=/path/to/python3.11"
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    missing "the venv module of $PYTHON is missing: on Debian and Ubuntu, apt install python3.11-venv"
command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null ||
    missing "Node.js 20 or newer with npm is missing: get it from https://nodejs.org/ or with your package manager (nodejs, npm)"

if [ ! -x .venv/bin/python ]; then
    echo "install: making .venv"
    "$PYTHON" -m venv .venv
fi
.venv/bin/python -c 'import sys; assert sys.version_info[:2] == (3, 11)' 2>/dev/null ||
    missing ".venv is not a Python 3.11 environment: remove the folder .venv and run this again"

echo "install: Python packages (minutes the first time)"
requirements=$(.venv/bin/python tools/requirements.py $EXTRAS)
# shellcheck disable=SC2086  # both are lists of words
.venv/bin/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt $PIP_ARGS $requirements
echo "install: anvil"
npm ci --silent --no-audit --no-fund
# ape-vyper keeps downloaded compilers here and wants the folder to exist; ours comes with pip.
mkdir -p .venv/vvm
echo "$EXTRAS" >$CHOICE
echo "$key" >$STAMP
