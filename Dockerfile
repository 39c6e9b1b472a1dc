# One image for every service; docker-compose.yml sets the command of each.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE:-python:3.12-slim} AS python

FROM python AS dependencies
WORKDIR /build
COPY requirements requirements
# Without the embedded server, which the image does not use. dumb-init runs as process 1. The files list every package, and
# pip refuses an extra of a package in hash-checking mode (https://github.com/pypa/pip/issues/9644), so --no-deps.
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --only-binary :all: --require-hashes --no-deps \
        -r requirements/base.txt -r requirements/image.txt
# Another file of requirements/ to install: `kubernetes` has Dagster's run launcher for it.
ARG EXTRA=""
RUN if [ -n "$EXTRA" ]; then python -m pip --python /venv/bin/python install --no-cache-dir --only-binary :all: \
        --require-hashes --no-deps -r "requirements/$EXTRA.txt"; fi \
    && python -m pip --python /venv/bin/python check

FROM dependencies AS project
RUN python -m venv --without-pip /tools \
    && python -m pip --python /tools/bin/python install --no-cache-dir --only-binary :all: --require-hashes --no-deps \
        -r requirements/build.txt
WORKDIR /app
COPY pyproject.toml README.md LICENSE dagster.yaml workspace.yaml ./
# The list of the installed packages. The base image's own packages are not in it.
RUN /tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --no-validate \
        -o sbom.cdx.json /venv/bin/python
COPY models models
COPY simulator simulator
COPY pipelines pipelines
# Editable, because the code looks for dagster.yaml in the project's folder; under another prefix, so that dependencies
# keep a layer of their own. Compiled now, because the file system is read-only later and Python starts twice as slowly
# without bytecode. `dagster-webserver` is ours, because Dagster's Helm chart starts it by that name.
RUN PYTHONPATH=$(echo /tools/lib/python*/site-packages) python -m pip --python /venv/bin/python install --no-cache-dir \
        --no-deps --no-build-isolation --prefix /project --editable . \
    && ln -s gamepulse-webserver /project/bin/dagster-webserver \
    && /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash models simulator pipelines

FROM python
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin gamepulse
COPY --from=dependencies /venv /venv
COPY --from=project /project /venv
COPY --from=project /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DAGSTER_HOME=/app GAMEPULSE_HOME=/tmp/gamepulse GAMEPULSE_LOG=json
USER 10001:10001
STOPSIGNAL SIGTERM
# Signals only Dagster's own process, which stops its code server and runs in the right order.
ENTRYPOINT ["dumb-init", "--single-child", "--"]
CMD ["gamepulse", "--help"]
ARG PROJECT_URL=""
ARG REVISION=""
LABEL org.opencontainers.image.title="GamePulse" \
    org.opencontainers.image.description="Every NCAA men's Division I basketball game since 2010 in PostgreSQL" \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${PROJECT_URL}" \
    org.opencontainers.image.licenses="MIT"
