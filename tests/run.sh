#!/usr/bin/env bash
# All checks in the order of their cost. Usage: run.sh quick|all. Says in its last lines what could not run and why.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=() skipped=()

# Thousands of commits wait for the disk, in memory they do not. Where there is little of it, the disk it is.
memory=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
if [ "${memory:-0}" -gt 2000000 ] && TMPDIR=$(mktemp -d /dev/shm/xunjian-tests-XXXXXX); then
  chmod 711 "$TMPDIR" # PostgreSQL runs as a user of its own
  export TMPDIR
  trap 'rm -rf "$TMPDIR"' EXIT
fi

step() { # step <name> <command...>
  local name=$1 started=$SECONDS
  shift
  echo "── $name"
  if "$@"; then echo "   ok, $((SECONDS - started)) s"; else failed+=("$name"); fi
}

step "lint" $bin/ruff check -q .
step "format" $bin/ruff format -q --check .
step "types" $bin/mypy --no-error-summary
step "import floors" $bin/lint-imports --no-logo
step "translations" $bin/python -m pytest -q tests/house/test_translations.py
step "tests on SQLite" $bin/python -m pytest -n 2 --ignore=tests/browser --ignore=tests/house/test_translations.py
if [ "${1:-all}" = all ]; then
  if [ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null || command -v initdb)" ]; then
    step "tests on PostgreSQL" $bin/python -m tests.postgres $bin/python -m pytest -n 2 --ignore=tests/browser -m "not one_database"
  else
    skipped+=("tests on PostgreSQL: PostgreSQL is not installed")
  fi
  if command -v chromium >/dev/null 2>&1; then
    # three at once: journeys wait half of their time
    step "journeys in Chromium" $bin/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder tests/browser
  else
    skipped+=("journeys in Chromium: Chromium is not installed")
  fi
  $bin/pip-audit --version >/dev/null 2>&1 && timeout 60 $bin/pip-audit -q --require-hashes -r requirements.lock --disable-pip >/dev/null 2>&1 ||
    skipped+=("report of known weaknesses (pip-audit): not reachable, or something to look at; it is a report and fails nothing")
fi

echo
for line in "${skipped[@]}"; do echo "not run: $line"; done
if [ ${#failed[@]} -gt 0 ]; then
  for line in "${failed[@]}"; do echo "FAILED: $line"; done
  exit 1
fi
echo "All green in $SECONDS s."
