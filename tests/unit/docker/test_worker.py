"""The prober of services that are called over the broker, and the check that asks it."""

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid

import pytest

ONE = "rabbit://me:p%40ss@192.0.2.1:5672//"


@pytest.fixture
def prober(tools):
    return importlib.import_module("kolla_image.prober")


@pytest.fixture
def check(load, monkeypatch, tmp_path):
    """The script kolla-check-worker, with a socket of its own for the prober."""
    module = load("openstack-base", "kolla-check-worker")
    monkeypatch.setattr(module, "PROBER", str(tmp_path / "prober.sock"))
    for name in ("JOINED", "LOADED"):
        monkeypatch.setattr(module, name, str(tmp_path / name))
    (tmp_path / "JOINED").touch()
    return module


@pytest.fixture
def world(prober, monkeypatch):
    """A broker and a service, each of which does what the test says."""
    return World(prober, monkeypatch)


class World:
    def __init__(self, module, monkeypatch):
        self.refuses: Exception | None = None
        self.complaint, self.stale, self.now, self.tried = "", False, 1000.0, []
        monkeypatch.setattr(module, "Broker", self._connect)
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)

    def _connect(self, host, *_):
        self.tried.append(host)
        if self.refuses:
            raise self.refuses
        return self

    def ping(self, queue):
        if self.stale:
            self.stale = False
            raise ConnectionResetError("Connection reset by peer")
        if self.refuses:
            raise self.refuses
        return self.complaint

    def close(self):
        pass


def test_a_service_that_answers_is_well_over_one_connection(prober, world):
    one = prober.Prober(ONE, "conductor.ctl1")
    assert [one.verdict(), one.verdict()] == [(0, ""), (0, "")]
    assert world.tried == ["192.0.2.1:5672"]


def test_a_service_that_is_silent_while_the_broker_is_well_is_not(prober, world):
    one = prober.Prober(ONE, "conductor.ctl1")
    world.complaint = "it does not answer"
    assert one.verdict() == (1, "it does not answer")


@pytest.mark.parametrize("trouble", (
    ConnectionRefusedError(111, "Connection refused"), TimeoutError("timed out"),
))
def test_a_broker_that_is_away_is_not_the_fault_of_the_service(prober, world, trouble):
    one = prober.Prober(ONE, "conductor.ctl1")
    assert one.verdict() == (0, "")
    world.refuses = trouble
    code, reason = one.verdict()
    assert code == 75 and reason.startswith("the broker cannot be used: ")


def test_a_service_has_time_to_return_to_a_broker_that_was_away(prober, world):
    one = prober.Prober(ONE, "conductor.ctl1")
    world.refuses = ConnectionRefusedError(111, "Connection refused")
    one.verdict()
    world.refuses, world.complaint = None, "it does not answer"
    assert one.verdict()[0] == 75
    world.now += prober.RETURNS
    assert one.verdict()[0] == 1


def test_a_broker_that_was_restarted_between_two_checks_is_found_again(prober, world):
    one = prober.Prober(ONE, "conductor.ctl1")
    one.verdict()
    world.stale = True
    assert one.verdict() == (0, "")
    assert len(world.tried) == 2


def test_all_brokers_of_a_url_are_tried(prober, world):
    one = prober.Prober("rabbit://a:b@one:1,a:b@two:2/cloud", "conductor.ctl1")
    world.refuses = ConnectionRefusedError(111, "Connection refused")
    one.verdict()
    assert world.tried == ["one:1", "two:2"]


def test_a_transport_url_is_read_as_oslo_messaging_reads_it(prober):
    assert list(prober.places(ONE)) == [("192.0.2.1:5672", "me", "p@ss", "/")]
    assert list(prober.places("rabbit://u:p@[::1]:5671/cloud")) == [
        ("[::1]:5671", "u", "p", "cloud")
    ]


def test_a_ping_is_a_call_in_the_envelope_of_oslo_messaging(prober):
    envelope = json.loads(prober._call("7", "answers"))
    assert envelope["oslo.version"] == "2.0"
    call = json.loads(envelope["oslo.message"])
    assert call["method"] == "oslo_rpc_server_ping"
    assert (call["_msg_id"], call["_reply_q"]) == ("7", "answers")


def test_the_check_repeats_what_the_prober_says(prober, world, check, tmp_path, capsys):
    world.complaint = "it does not answer"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "prober.sock"))
        listener.listen()
        asked = (listener, prober.Prober(ONE, "conductor.ctl1"))
        thread = threading.Thread(target=prober.serve, args=asked)
        thread.start()
        assert check.main() == 1
        thread.join()
    assert capsys.readouterr().out == "it does not answer\n"


def test_the_check_fails_without_a_prober(check, capsys):
    assert check.main() == 1
    assert capsys.readouterr().out.startswith("kolla-prober cannot be asked: No such file")


def test_the_check_does_not_wait_for_ever(check, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(check, "TIMEOUT", 0.2)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "prober.sock"))
        listener.listen()
        assert check.main() == 1
    assert capsys.readouterr().out == "kolla-prober does not answer in time\n"


def test_before_its_turn_a_service_is_well_when_it_has_loaded(check, tmp_path, capsys):
    (tmp_path / "JOINED").unlink()
    assert check.main() == 1
    (tmp_path / "LOADED").touch()
    assert check.main() == 0
    assert capsys.readouterr().out == "it loads\nit has loaded, and waits for its turn\n"


@pytest.fixture
def preload(tools, monkeypatch, tmp_path):
    """kolla-preload, for an agent that notes what it does in its environment."""
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("kolla_image.preload")
    for name in ("JOINED", "LOADED"):
        monkeypatch.setattr(module, name, tmp_path / name)
    metadata = tmp_path / "agent-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: agent\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[console_scripts]\nan-agent = an_agent:main\n")
    (tmp_path / "an_agent.py").write_text(
        "import sys\ndid = []\ndef main():\n    did.append(sys.argv)\n    return 3\n"
    )
    (tmp_path / "an_agent_needs.py").touch()
    monkeypatch.setenv("KOLLA_PRELOAD", "an_agent_needs")
    monkeypatch.setattr("sys.argv", ["kolla-preload", "an-agent", "--config-dir", "/etc"])
    yield module
    for name in ("an_agent", "an_agent_needs", "an_agent_serves"):
        sys.modules.pop(name, None)


@contextlib.contextmanager
def loading(preload):
    """The block runs when it has loaded, and yields with what it ends once its turn has come."""
    ended = []

    def run():
        with pytest.raises(SystemExit) as ending:
            preload.main()
        ended.append(ending.value.code)

    thread = threading.Thread(target=run)
    thread.start()
    while not preload.LOADED.exists():
        assert thread.is_alive()
    yield ended
    preload.JOINED.touch()
    thread.join(10)


def test_a_service_loads_and_begins_when_its_turn_has_come(preload):
    with loading(preload) as ended:
        agent = sys.modules["an_agent"]
        assert "an_agent_needs" in sys.modules and not agent.did
    assert agent.did == [["an-agent", "--config-dir", "/etc"]] and ended == [3]


def test_a_service_may_run_until_its_work_begins(preload, monkeypatch, tmp_path):
    (tmp_path / "an_agent_serves.py").write_text(
        "did = []\ndef serve(what, to):\n    did.append((what, to))\n    return 4\n"
    )
    (tmp_path / "an_agent.py").write_text(
        "import an_agent_serves\ndid = []\ndef main():\n    did.append('made')\n"
        "    return an_agent_serves.serve('calls', to='all')\n"
    )
    monkeypatch.setenv("KOLLA_PRELOAD_UNTIL", "an_agent_serves:serve")
    with loading(preload) as ended:
        assert sys.modules["an_agent"].did == ["made"]
        assert not sys.modules["an_agent_serves"].did
    assert sys.modules["an_agent_serves"].did == [("calls", "all")] and ended == [4]


@pytest.mark.parametrize("variable, name", [
    ("KOLLA_PRELOAD_UNTIL", "serve"), ("KOLLA_PRELOAD_START", "Service.start"),
])
def test_a_function_that_the_service_does_not_have_is_named(preload, monkeypatch, variable, name):
    monkeypatch.setenv(variable, f"an_agent_needs:{name}")
    preload.JOINED.touch()
    complaint = f"{variable}: the module an_agent_needs has no function {name}"
    with pytest.raises(SystemExit, match=complaint):
        preload.main()


#: Its handler of SIGTERM does not return, like one that waits for the end of the start.
STUBBORN = """
import os, signal, time

class Service:
    def start(self):
        if os.environ["WHEN"] == "it starts":
            os.kill(os.getpid(), signal.SIGTERM)

def main():
    signal.signal(signal.SIGTERM, lambda *_: print("it stops", flush=True) or os._exit(1))
    Service().start()
    os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.parametrize("when, code, said", [
    ("it starts", -signal.SIGTERM, ""), ("it serves", 1, "it stops\n"),
])
def test_a_service_that_is_told_to_end_while_it_starts_ends_at_once(
    preload, tmp_path, when, code, said
):
    """As soon as it serves, its own way to stop is in force."""
    (tmp_path / "an_agent.py").write_text(STUBBORN)
    program = ("import pathlib; from kolla_image import preload;"
               f" preload.LOADED = preload.JOINED = pathlib.Path('{tmp_path}/joined');"
               " preload.main()")
    ended = subprocess.run(
        [sys.executable, "-c", program, "an-agent"], capture_output=True, text=True, timeout=30,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "WHEN": when,
             "KOLLA_PRELOAD_START": "an_agent:Service.start"},
    )
    assert (ended.returncode, ended.stdout) == (code, said), ended.stderr


def test_a_service_that_handles_signals_once_it_has_started_keeps_its_handler(preload):
    def start():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    handler = signal.getsignal(signal.SIGTERM)
    try:
        preload.mortal(start)()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, handler)


def test_a_command_that_no_package_has_is_named(preload, monkeypatch):
    monkeypatch.setattr("sys.argv", ["kolla-preload", "nova-computer"])
    with pytest.raises(SystemExit, match="no package of this image has the command nova-computer"):
        preload.main()


def test_each_generation_of_a_worker_has_a_name_and_a_queue_of_its_own(script):
    """The check reaches its own by that; RabbitMQ's policy expires queues that end with a UUID."""
    told = {
        script(
            ("openstack-base", "kolla-own-name"),
            "bash", "-c", 'echo "$OS_DEFAULT__HOST $KOLLA_RPC_QUEUE"',
            KOLLA_HOST="a.example.org", KOLLA_RPC_QUEUE="engine.a.example.org",
        ).stdout for _ in range(2)
    }
    assert len(told) == 2
    for name, queue in map(str.split, told):
        host, _, number = name.rpartition(".")
        assert host == "a.example.org" and str(uuid.UUID(number)) == number
        assert queue == f"engine.{name}"
