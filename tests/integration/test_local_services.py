"""The real embedded broker and Redis: simultaneous starters, several checkouts, and `up`, `status`, `down`."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from streams.local.readiness import kafka_answers, redis_answers
from streams.local.redis_server import RedisServer
from streams.local.services import running_services
from streams.system.tcp import split_address
from tests.integration.local_world import (
    brokers,
    consume,
    create,
    environment,
    produce,
    record_of,
    redis_says,
    started_elsewhere,
)
from tests.support.paths import ROOT


def test_starting_twice_is_harmless(services_dir: Path, kafka_bootstrap: str, redis_url: str) -> None:
    """A second start, here or in another process, uses the running services and does not stop them."""
    before = record_of(services_dir, "kafka")
    with running_services(services_dir) as second:
        assert (second.kafka, second.redis) == (kafka_bootstrap, redis_url)
    with started_elsewhere(services_dir) as (third, kafka, redis):
        assert (kafka, redis) == (kafka_bootstrap, redis_url)
        os.killpg(third.pid, signal.SIGINT)
        third.wait(timeout=180)
    assert record_of(services_dir, "kafka") == before
    assert asyncio.run(brokers(kafka_bootstrap)) == 1
    assert redis_says(redis_url, "PING") == b"+PONG\r\n"


def test_of_starters_at_once_one_starts_and_the_others_attach(tmp_path: Path) -> None:
    """Several starters on one folder. The lock is between open files, so threads can represent processes."""
    servers = [RedisServer(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda server: server.start(), servers))
    try:
        assert sorted(started) == [False, False, False, True]
        assert len({server.address for server in servers}) == 1
    finally:
        for server in servers:
            server.stop()


def test_two_checkouts_do_not_collide(tmp_path: Path, kafka_bootstrap: str, redis_url: str, fresh_names: str) -> None:
    with running_services(tmp_path) as own:
        assert own.kafka != kafka_bootstrap
        assert own.redis != redis_url
        topic = f"{fresh_names}posts"
        for place, value in ((kafka_bootstrap, b"there"), (own.kafka, b"here")):
            asyncio.run(create(place, topic))
            asyncio.run(produce(place, topic, [value]))
        assert asyncio.run(consume(kafka_bootstrap, topic, 1)) == [b"there"]
        assert asyncio.run(consume(own.kafka, topic, 1)) == [b"here"]
    assert asyncio.run(brokers(kafka_bootstrap)) == 1


def test_given_addresses_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    with running_services(tmp_path, bootstrap="elsewhere:9092", redis_url="redis://elsewhere/3") as services:
        assert services.kafka == "elsewhere:9092"
        assert services.redis == "redis://elsewhere/3"
    assert list(tmp_path.iterdir()) == []


def toptopics(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        cwd=ROOT,
        env=environment(data_dir),
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_up_stays_until_down(tmp_path: Path) -> None:
    """`up` returns, the services continue; a second `up` does nothing; `status` reports it as JSON."""
    assert toptopics(tmp_path, "status").returncode == 3
    first = toptopics(tmp_path, "up")
    try:
        assert first.returncode == 0, first.stderr
        again = toptopics(tmp_path, "up")
        assert again.stdout == first.stdout
        shown = toptopics(tmp_path, "status", "--json")
        assert (shown.returncode, shown.stderr) == (3, ""), "the services run, and no stage; nothing to complain about"
        parts = json.loads(shown.stdout)
        assert parts["digests"] == []
        assert not any(stage["running"] for stage in parts["stages"])
        services = {service["name"]: service for service in parts["services"]}
        kafka, redis = services["kafka"], services["redis"]
        assert f"export KAFKA_BOOTSTRAP_SERVERS={kafka['address']}" in first.stdout
        assert f"export REDIS_URL={redis['address']}" in first.stdout
        assert psutil.Process(kafka["pid"]).name() == "java"
        assert (kafka["running"], kafka["stays"], kafka["version"]) == (True, True, "4.3.1")
        with running_services(tmp_path) as services_here:
            assert services_here.kafka == kafka["address"]
        assert redis_answers(split_address(redis["address"])[1])
    finally:
        down = toptopics(tmp_path, "down")
    assert down.returncode == 0
    assert toptopics(tmp_path, "status").returncode == 3
    assert not psutil.pid_exists(kafka["pid"])
    assert not psutil.pid_exists(redis["pid"])
    assert toptopics(tmp_path, "down").returncode == 0


def test_readiness_needs_a_real_answer(kafka_bootstrap: str, redis_url: str) -> None:
    """Neither server is taken for the other one."""
    kafka_port, redis_port = split_address(kafka_bootstrap)[1], split_address(redis_url)[1]
    assert kafka_answers(kafka_port)
    assert redis_answers(redis_port)
    assert not kafka_answers(redis_port)
    assert not redis_answers(kafka_port)
