import os
import signal
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolla.parallel import Graph


class Recorder:
    def __init__(self, failing=()):
        self.failing, self.order, self.active, self.peak = set(failing), [], 0, 0
        self.lock = threading.Lock()

    def __call__(self, name, ready) -> bool:
        with self.lock:
            self.order.append(name)
            self.active += 1
            self.peak = max(self.peak, self.active)
        threading.Event().wait(0.001)
        with self.lock:
            self.active -= 1
        return name not in self.failing


def run(needs, work, parallel=4, stop=False):
    return Graph(needs, work, parallel, stop).run(threading.Event())


@given(st.data())
def test_nothing_begins_before_what_it_needs(data):
    names = [str(n) for n in range(data.draw(st.integers(1, 8)))]
    needs = {name: set(data.draw(st.lists(st.sampled_from(names[:i])))) if i else set()
             for i, name in enumerate(names)}
    work = Recorder()
    assert run(needs, work, parallel=data.draw(st.integers(1, 4))) == []
    assert all(work.order.index(need) < work.order.index(name)
               for name in names for need in needs[name])


def test_what_needs_a_failed_one_is_not_begun_and_the_rest_is():
    work = Recorder(failing={"a"})
    assert run({"a": set(), "b": {"a"}, "c": set()}, work) == ["b"]
    assert set(work.order) == {"a", "c"}


def test_with_stop_at_failure_nothing_more_begins():
    work = Recorder(failing={"a"})
    assert run({"a": set(), "b": set(), "c": set()}, work, parallel=1, stop=True) == ["b", "c"]


@pytest.mark.parametrize("parallel", [1, 2])
def test_no_more_than_allowed_are_at_work(parallel):
    work = Recorder()
    run({str(n): set() for n in range(6)}, work, parallel)
    assert work.peak <= parallel


def test_what_is_ready_lets_others_begin_while_it_drains():
    drained = threading.Event()

    def work(name, ready):
        if name == "a":
            ready()
            return drained.wait(10)
        drained.set()
        return True

    assert run({"a": set(), "b": {"a"}}, work, parallel=1) == []


def test_nothing_begins_once_it_is_cancelled():
    cancelled = threading.Event()
    cancelled.set()
    assert Graph({"a": set()}, Recorder(), 1).run(cancelled) == ["a"]


def test_the_first_ctrl_c_begins_nothing_more_and_the_second_leaves_at_once():
    begun, cancelled = threading.Event(), threading.Event()
    handler = signal.getsignal(signal.SIGINT)

    def work(name, ready):
        begun.set()
        return threading.Event().wait(10)

    def press_twice():
        begun.wait(10)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            cancelled.wait(10)

    threading.Thread(target=press_twice).start()
    with pytest.raises(KeyboardInterrupt):
        Graph({"a": set(), "b": {"a"}}, work, 2).run(cancelled)
    assert cancelled.is_set()
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("handler, not_begun", [
    (signal.SIG_DFL, ["b"]), (signal.SIG_IGN, []),
], ids=["", "nohup"])
def test_a_terminal_that_ends_interrupts_once_or_under_nohup_not_at_all(handler, not_begun):
    begun, ended = threading.Event(), threading.Event()

    def work(name, ready):
        begun.set()
        return ended.wait(10)

    def hang_up_twice():
        begun.wait(10)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.2)
        ended.set()

    before = signal.signal(signal.SIGHUP, handler)
    try:
        threading.Thread(target=hang_up_twice).start()
        left = Graph({"a": set(), "b": {"a"}}, work, 1).run(threading.Event())
    finally:
        signal.signal(signal.SIGHUP, before)
    assert left == not_begun
