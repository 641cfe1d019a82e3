# An image with the program only. Kafka and Redis run in other containers (docker-compose.yml).
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
RUN pip install uv==0.13.9 && python -m venv /opt/toptopics
WORKDIR /src
COPY requirements.lock ./
RUN VIRTUAL_ENV=/opt/toptopics uv pip install --no-cache --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY streams streams
COPY tests/benchmarks/README.md tests/benchmarks/README.md
RUN VIRTUAL_ENV=/opt/toptopics uv pip install --no-cache --no-deps .

FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home toptopics && mkdir /data && chown toptopics /data
COPY --from=build /opt/toptopics /opt/toptopics
# numba stores compiled functions here, because the files of the image are read-only
ENV PATH=/opt/toptopics/bin:$PATH TOPTOPICS_DATA_DIR=/data NUMBA_CACHE_DIR=/tmp/numba HF_HUB_OFFLINE=1 PYTHONUNBUFFERED=1
USER toptopics
WORKDIR /data
VOLUME /data
ENTRYPOINT ["toptopics"]
CMD ["worker"]
