#!/usr/bin/env bash
# Starts the app for trying it out: migrates, loads the demo, prints address and accounts, starts gunicorn.
set -euo pipefail
cd "$(dirname "$0")/.."

export DEMO="${DEMO:-1}" HOST="${HOST:-127.0.0.1}" PORT="${PORT:-8000}"
if [ -z "${PUBLIC_URL:-}" ]; then
  shown=$HOST
  [ "$HOST" = 0.0.0.0 ] && shown=$(hostname -I 2>/dev/null | awk '{print $1}')
  export PUBLIC_URL="http://${shown:-127.0.0.1}:$PORT"
fi
flask=".venv/bin/flask --app wsgi"

if ! said=$($flask db upgrade 2>&1); then
  echo "$said"
  echo "The database could not be brought up to date. Nothing was started."
  exit 1
fi
[ "$DEMO" = 1 ] && $flask demo load
$flask demo address
echo "Stop with Ctrl+C. Data stays in ${DATA_DIR:-var/}."
exec .venv/bin/gunicorn --config deploy/gunicorn.conf.py wsgi:app
