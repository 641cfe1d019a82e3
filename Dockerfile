# An image with the program only. Kafka and Redis run in other containers (docker-compose.yml).
#   docker build --build-arg TORCH=cpu .    without CUDA: for machines without a GPU
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
RUN pip install uv==0.13.9 && python -m venv /opt/toptopics
WORKDIR /src
ENV VIRTUAL_ENV=/opt/toptopics
ARG TORCH=cuda
COPY requirements.lock pyproject.toml ./
# the lock's version from PyTorch's own index; what is installed satisfies the requirement below
RUN [ "$TORCH" = cuda ] || uv pip install --no-cache --index-url "https://download.pytorch.org/whl/$TORCH" \
    "$(sed -n 's/^\(torch==[^ ;]*\).*/\1/p' requirements.lock)+$TORCH"
# versions and hashes of the lock, without the tools of development
RUN uv pip install --no-cache --constraint requirements.lock --requirement pyproject.toml
COPY README.md LICENSE ./
COPY models models
COPY streams streams
COPY tests/benchmarks/README.md tests/benchmarks/README.md
RUN uv pip install --no-cache --no-deps .

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
