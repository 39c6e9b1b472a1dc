#!/usr/bin/env bash
# Tests in real containers: the database tests on postgres:18-alpine, and the stack of docker-compose.yml, which is built,
# started, broken and stopped. If ../shared/docker exists, it starts a Docker engine with substitutes for the two base
# images; only this script knows about them.
set -euo pipefail
cd "$(dirname "$0")/.."

export UV_LINK_MODE=copy
if [ -f ../shared/docker/engine.sh ]; then
  python=$(uv run python -c 'import sys; print(sys.executable)')
  export WITH_PYTHON=1
  # One at a time. dockerd must not inherit the lock, because it keeps running.
  (flock -w 400 9 && timeout 400 bash -c "source ../shared/docker/engine.sh '$python'" 9>&-) 9>/tmp/gamepulse-ci-docker.lock
  source ../shared/docker/engine.sh "$python" # sets its variables
  export GAMEPULSE_BUILD_OPTIONS="--network host --build-arg PYTHON_IMAGE=python:3.11-slim"
  # The substitute lacks POSTGRES_PASSWORD_FILE of the official image.
  export POSTGRES_IMAGE=gamepulse-postgres-substitute
  docker build -q -t "$POSTGRES_IMAGE" - >/dev/null <<'EOF'
FROM postgres:18-alpine
RUN printf '%s\n' '#!/bin/sh' \
    'export POSTGRES_PASSWORD="${POSTGRES_PASSWORD:-$(cat "$POSTGRES_PASSWORD_FILE")}"' \
    'exec docker-entrypoint.sh "$@"' > /usr/local/bin/entrypoint && chmod 755 /usr/local/bin/entrypoint
ENTRYPOINT ["entrypoint"]
EOF
fi

# On a timeout the tests are interrupted, not killed, so that they remove their containers.
within() { timeout --signal=INT --kill-after=90 "$@"; }

compose() { DOMAIN=example.org DAGSTER_USERS=x DAGSTER_GUESTS=x docker-compose --env-file .env.example "$@" config -q; }
compose
compose -f docker-compose.yml -f deploy/compose.production.yml

# The stack waits for most of its time, so the others run beside it. Background commands of a script ignore SIGINT.
stack=$(mktemp)
within 1200 env --default-signal=INT uv run pytest tests/compose --ignore tests/compose/test_kubernetes.py -m compose >"$stack" 2>&1 &
within 900 uv run pytest tests/integration/{models,postgres,warehouse} --pg=docker -m "database and not slow" \
  && within 600 uv run pytest tests/compose/test_kubernetes.py -m compose && passed=yes || passed=no
wait $! && cat "$stack" || { cat "$stack"; exit 1; }
[ "$passed" = yes ]
