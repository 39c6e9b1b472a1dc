#!/usr/bin/env bash
# What needs real containers: the database's suite on postgres:18-alpine, and the stack of docker-compose.yml built,
# brought up, broken and stopped. Where there is no Docker engine, ../shared/docker brings one up with stand-ins for the
# two base images; what that needs beyond plain Docker is said here only.
set -euo pipefail
cd "$(dirname "$0")/.."

export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
if [ -f ../shared/docker/engine.sh ]; then
  python=$(uv run python -c 'import sys; print(sys.executable)')
  export WITH_PYTHON=1
  # One at a time; dockerd must not inherit the lock, since it stays.
  (flock -w 400 9 && timeout 400 bash -c "source ../shared/docker/engine.sh '$python'" 9>&-) 9>/tmp/gamepulse-ci-docker.lock
  source ../shared/docker/engine.sh "$python" # its variables
  export GAMEPULSE_BUILD_OPTIONS="--network host --build-arg PYTHON_IMAGE=python:3.11-slim"
fi

# Interrupted, not killed, when it takes too long: the tests then still remove their containers.
within() { timeout --signal=INT --kill-after=90 "$@"; }

passwords=(POSTGRES_PASSWORD=x GAMEPULSE_PIPELINE_PASSWORD=x GAMEPULSE_DAGSTER_PASSWORD=x GAMEPULSE_READER_PASSWORD=x)
compose() { env "${passwords[@]}" DOMAIN=example.org DAGSTER_USERS=x DAGSTER_GUESTS=x docker-compose --env-file .env.example "$@" config -q; }
compose
compose -f docker-compose.yml -f deploy/compose.production.yml
if docker-compose --env-file .env.example config -q 2>/dev/null; then
  echo "docker-compose.yml must refuse to start without passwords" >&2
  exit 1
fi

within 480 uv run pytest tests/integration --pg=docker -m "database and not slow"
within 1200 uv run pytest tests/compose -m compose
