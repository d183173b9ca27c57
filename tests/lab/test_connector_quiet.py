"""The process-event connector on a quiet machine of its own, where other programs may be rude to it."""

import socket
import subprocess
import time
from collections.abc import Iterator

import numpy as np
import pytest
from pyroute2.netlink.connector.cn_proc import proc_event_control

from llamas_bpf.contracts.events import LifecycleType
from llamas_bpf.sense.connector import Connector


@pytest.fixture
def connector() -> Iterator[Connector]:
    opened = Connector()
    opened.open()
    yield opened
    opened.close()


def births(count: int) -> set[int]:
    processes = [subprocess.Popen(["true"]) for _ in range(count)]
    return {process.pid for process in processes if process.wait() == 0}


def told_of(connector: Connector, pids: set[int]) -> tuple[np.ndarray, bool]:
    """What is told until each of these has been seen to end, and whether that is all."""
    records, whole = connector.take()
    deadline = time.monotonic() + 60
    while not pids <= set(records["tgid"][records["type"] == LifecycleType.EXIT].tolist()):
        assert time.monotonic() < deadline, "still deaf"
        time.sleep(0.1)
        more, also_whole = connector.take()
        records, whole = np.concatenate([records, more]), whole and also_whole
    return records, whole


def farewell() -> None:
    """PROC_CN_MCAST_IGNORE of a program that never listened."""
    message = proc_event_control()
    message["header"]["type"] = 3
    message["idx"], message["val"], message["len"], message["action"] = 1, 1, 4, 2
    message.encode()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11) as rude:
        rude.sendto(message.data, (0, 0))


def test_each_process_is_told_of_once_and_a_silence_is_no_loss(connector: Connector) -> None:
    expected = births(100)
    records, whole = told_of(connector, expected)
    time.sleep(3)
    later, still_whole = connector.take()
    assert whole and still_whole
    assert len(expected) == 100
    records = np.concatenate([records, later])
    for kind in LifecycleType:
        told = [tgid for tgid in records["tgid"][records["type"] == kind] if tgid in expected]
        assert sorted(told) == sorted(expected)


def test_another_programs_farewell_is_survived_and_what_it_cost_is_told(connector: Connector) -> None:
    """Before Linux 6.6 it is one listener less for the kernel, whoever sends it."""
    for _ in range(3):
        farewell()
    born, told, whole = set[int](), set[int](), True
    deadline = time.monotonic() + 60
    while True:
        latest = births(1)
        born |= latest
        time.sleep(0.5)
        records, also_whole = connector.take()
        told |= set(records["tgid"].tolist())
        whole = whole and also_whole
        if latest <= told:
            break
        assert time.monotonic() < deadline, "still deaf"
    assert born <= told or not whole
    _, whole = told_of(connector, births(20))
    assert whole
