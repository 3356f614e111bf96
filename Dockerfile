# The image of FairStream: the worker and every other command. Built in two stages, so that it contains neither compiler
# nor package installer; runs as an unprivileged user on a read-only file system.

# A tag can be moved. A release is built with its digest: --build-arg BASE=python:...@sha256:... (docs/how-to/release.md)
ARG BASE=python:3.13.7-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m venv /opt/tools \
    && /opt/tools/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && python -m venv --without-pip /opt/fairstream \
    && /opt/tools/bin/uv pip sync --no-cache --python /opt/fairstream --require-hashes requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY stream_app stream_app
COPY producers producers
COPY dashboards dashboards
# Rules, routes and runbooks are part of the package: `fairstream demo` and `fairstream notify-sink` use them.
COPY deploy deploy
COPY docs/runbooks docs/runbooks
# Hatchling is in the tools, pinned by hash: the build downloads nothing.
RUN PATH=/opt/tools/bin:$PATH /opt/tools/bin/hatchling build -t wheel \
    && /opt/tools/bin/uv pip install --no-cache --no-deps --python /opt/fairstream dist/*.whl

FROM ${BASE}
# The state folder is created here, so that a new volume on it belongs to this user.
RUN useradd --system --uid 10001 --user-group --no-create-home fairstream \
    && install -d -o fairstream -g fairstream -m 0700 /var/lib/fairstream
COPY --from=build /opt/fairstream /opt/fairstream
ENV PATH=/opt/fairstream/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FAIRSTREAM_STATE=/var/lib/fairstream
USER 10001:10001
ENTRYPOINT ["fairstream"]
CMD ["--help"]
ARG BASE
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="FairStream" \
    org.opencontainers.image.description="Monitors automated decisions on Kafka for unfairness and privacy leaks" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.base.name="${BASE}"
