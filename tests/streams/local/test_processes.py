"""The parts of local services without a broker: ports, records, the guardian, the excerpt of a log."""

import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.local.kafka_properties import as_properties, broker_properties
from streams.local.ports import is_free, reserve_ports
from streams.local.processes import ProcessId, Record, read_record, write_record
from streams.local.readiness import kafka_answers, redis_answers
from streams.local.supervise import Guarded, spawn, stop_recorded, tail, wait_until
from streams.system.tcp import connects, split_address
from tests.support.paths import ROOT

IGNORES_TERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


STARTER_WITH_A_FORK = """
import os, sys, time
from pathlib import Path
from streams.local.supervise import spawn
guarded = spawn(["sleep", "600"], folder=Path(sys.argv[1]), log=Path(sys.argv[1], "log"), grace=5.0)
child = os.fork()
if child:
    print(guarded.server.pid, child, flush=True)
time.sleep(600)
"""


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Guarded]:
    """A guarded process that would run for ten minutes."""
    guarded = spawn(["sleep", "600"], folder=tmp_path, log=tmp_path / "log", grace=5.0)
    yield guarded
    guarded.server.signal(signal.SIGKILL)
    guarded.drop()
    guarded.process.wait()


def test_ports_are_kept_while_free_and_changed_when_taken(tmp_path: Path) -> None:
    first = reserve_ports(tmp_path / "ports.json", ["a", "b"])
    assert reserve_ports(tmp_path / "ports.json", ["a", "b"]) == first
    with socket.create_server(("127.0.0.1", first["a"])):
        assert not is_free(first["a"])
        second = reserve_ports(tmp_path / "ports.json", ["a", "b"])
    assert second["a"] != first["a"]
    assert second["b"] == first["b"]


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": 5, "b": 5}'])
def test_a_damaged_ports_file_costs_nothing_but_new_ports(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content, encoding="utf-8")
    ports = reserve_ports(tmp_path / "ports.json", ["a", "b"])
    assert len(set(ports.values())) == 2
    assert json.loads((tmp_path / "ports.json").read_text(encoding="utf-8")) == ports


def test_a_record_comes_back_as_written(tmp_path: Path) -> None:
    me = ProcessId.of(os.getpid())
    for owner in (None, me):
        record = Record("127.0.0.1:9092", "4.3.1", me, me, owner)
        write_record(tmp_path / "running.json", record)
        assert read_record(tmp_path / "running.json") == record
        assert record.is_running()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"owner": null}', '{"owner": 3}'])
def test_a_damaged_record_means_that_nothing_runs(tmp_path: Path, content: str) -> None:
    (tmp_path / "running.json").write_text(content, encoding="utf-8")
    assert read_record(tmp_path / "running.json") is None


def test_a_pid_that_was_given_to_somebody_else_is_not_the_service() -> None:
    """After a reboot pid 1234 may be an editor, which must be neither used nor killed."""
    other = ProcessId(os.getpid(), ProcessId.of(os.getpid()).mark + "1")
    assert other.process() is None
    other.signal(signal.SIGKILL)


def test_the_end_of_the_lifeline_ends_the_server(sleeper: Guarded) -> None:
    assert sleeper.server.process() is not None
    sleeper.drop()
    assert sleeper.process.wait(timeout=120) == 0
    assert sleeper.server.process() is None


def test_a_forked_child_that_holds_the_lifeline_does_not_keep_the_server(tmp_path: Path) -> None:
    """`multiprocessing` forks: after `kill -9` of the starter its child still has the pipe open."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTER_WITH_A_FORK, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        server, child = (ProcessId.of(int(pid)) for pid in starter.stdout.readline().split())
        starter.kill()
        starter.wait()
        assert child.process() is not None
        assert wait_until(lambda: server.process() is None, 120)
        child.signal(signal.SIGKILL)


def test_a_released_server_outlives_the_lifeline(sleeper: Guarded) -> None:
    watcher = sleeper.guardian()
    sleeper.release()
    record = Record("", "", sleeper.server, watcher, None)
    assert record.is_running()
    assert not wait_until(lambda: not record.is_running(), 0.5)
    stop_recorded(record, 5.0)
    assert record.has_ended()
    assert sleeper.process.returncode == 0, "who let go of it and stops it after all leaves no zombie"


def test_the_guardian_leads_its_own_session(sleeper: Guarded) -> None:
    """So that Ctrl-C at a terminal does not reach the server before its starter decides."""
    assert os.getsid(sleeper.server.pid) == os.getsid(sleeper.process.pid) == sleeper.process.pid
    assert os.getsid(0) != sleeper.process.pid


def test_a_server_that_will_not_stop_is_killed_after_its_grace(tmp_path: Path) -> None:
    log = tmp_path / "log"
    guarded = spawn([sys.executable, "-c", IGNORES_TERM], folder=tmp_path, log=log, grace=0.1)
    assert wait_until(lambda: log.read_text(encoding="utf-8") == "up\n", 120)
    guarded.drop()
    assert guarded.process.wait(timeout=120) == 0
    assert guarded.server.process() is None


def test_a_command_that_does_not_exist_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    gc.collect()  # descriptors that other tests have left must not be closed in between
    before = psutil.Process().num_fds()
    with pytest.raises(OSError, match="does not start"):
        spawn([tmp_path / "absent"], folder=tmp_path, log=tmp_path / "log", grace=1.0)
    assert psutil.Process().num_fds() == before
    assert "No such file" in tail([tmp_path / "log"])


def test_the_tail_shows_the_last_lines_of_what_exists(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("\n".join(f"line {number}" for number in range(5000)), encoding="utf-8")
    (tmp_path / "empty.log").touch()
    shown = tail([tmp_path / "a.log", tmp_path / "empty.log", tmp_path / "absent.log"], lines=2)
    assert shown == f"Last lines of {tmp_path / 'a.log'}:\n  line 4998\n  line 4999"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:9093", ("127.0.0.1", 9093)),
        ("broker", ("broker", 9092)),
        ("[::1]:9093", ("::1", 9093)),
        ("[::1]", ("::1", 9092)),
        ("redis://127.0.0.1:6380/0", ("127.0.0.1", 6380)),
        ("rediss://user:p:w@cache/2", ("cache", 6379)),
    ],
)
def test_addresses_are_split_in_all_their_forms(address: str, expected: tuple[str, int]) -> None:
    assert split_address(address) == expected


def test_a_port_that_says_nothing_sensible_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for answers in (kafka_answers, redis_answers):
            accepted = _answer_once(server, b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert not answers(port)
            accepted.join()
        assert connects(f"127.0.0.1:{port}")
    assert not connects(f"127.0.0.1:{port},127.0.0.1:nonsense")
    assert not kafka_answers(port)


def _answer_once(server: socket.socket, answer: bytes) -> threading.Thread:
    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_every_listener_is_on_loopback_and_extra_properties_win() -> None:
    ports = {"client": 1, "local": 2, "controller": 3}
    values = broker_properties(Path("/data"), ports, {"num.io.threads": "9"})
    hosts = {part.split("://")[1].split(":")[0] for part in values["listeners"].split(",")}
    assert hosts == {"127.0.0.1"}
    assert values["auto.create.topics.enable"] == "false"
    assert values["num.io.threads"] == "9"


@given(
    st.dictionaries(st.from_regex(r"[a-z.]{1,20}", fullmatch=True), st.text(st.characters(codec="utf-8")), max_size=5)
)
def test_properties_are_one_line_each_whatever_the_value(values: dict[str, str]) -> None:
    """A value with a line end must not become a second setting, nor a folder with an umlaut another folder."""
    text = as_properties(values)
    assert text.isascii()
    read = {}
    for line in text.splitlines():
        name, value = line.split("=", 1)
        assert not value.startswith(" "), "Java would drop it"
        units = re.sub(r"\\u(....)", lambda found: chr(int(found[1], 16)), value)
        read[name] = units.encode("utf-16-be", "surrogatepass").decode("utf-16-be")
    assert read == values
