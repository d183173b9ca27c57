"""What a real scrape over HTTP gives."""

import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
import reports
from prometheus_client.parser import text_string_to_metric_families

from llamas_bpf.contracts.decision import Decision
from llamas_bpf.contracts.digest import NODE_BYTES
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.errors import ConfigError
from llamas_bpf.metrics import Metrics, Server

Samples = dict[tuple[str, tuple[str, ...]], float]

HOSTILE = 'evil"} 1\n\x1b[31m'


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def server(metrics: Metrics) -> Iterator[Server]:
    serving = metrics.serve(0)
    yield serving
    serving.close()


def page(server: Server, accept: str = "text/plain") -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=100) as answer:
        return str(answer.read().decode())


def scrape(server: Server) -> Samples:
    """Name and label values (in order of the label's name) to value."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page(server))
        for sample in family.samples
    }


def busy_report(name: str = HOSTILE) -> WindowReport:
    rows = {"w1": reports.ROW, "w2": {**reports.ROW, "sched.runqueue_p99_ns": 9e6}}
    digest = reports.digest(rows, names={"w1": name}, lost=5)
    return reports.full_report(1, situation=reports.situation(1, [digest], [reports.applied(1)]))


def test_a_window_is_seen_whole(metrics: Metrics, server: Server) -> None:
    metrics.observe(busy_report())
    metrics.observe(busy_report())
    found = scrape(server)
    expected = {
        ("llamas_bpf_windows_total", ()): 2,
        ("llamas_bpf_workloads", ()): 2,
        ("llamas_bpf_events_lost_total", ("faults",)): 10,
        ("llamas_bpf_faults_total", ("minor",)): 480,
        ("llamas_bpf_faults_total", ("major",)): 12,
        ("llamas_bpf_context_switches_total", ()): 2000,
        ("llamas_bpf_wakeups_total", ()): 0,
        ("llamas_bpf_runqueue_p99_seconds", ()): 0.009,
        ("llamas_bpf_workload_memory_bytes", ("0", "0")): 2 * reports.GIB,
        ("llamas_bpf_workload_memory_bytes", ("2", "1")): reports.GIB,
        ("llamas_bpf_node_memory_bytes", ("2", "used", "1")): reports.GIB,
        ("llamas_bpf_node_memory_bytes", ("2", "free", "1")): 3 * reports.GIB,
        ("llamas_bpf_tier_moved_pages_total", ("demoted",)): 14,
        ("llamas_bpf_pressure_ratio", ("cpu", "some")): 0.1,
        ("llamas_bpf_cpu_busy_ratio", ()): 0.5,
        ("llamas_bpf_hints_total", ("llm", "place_memory")): 2,
        ("llamas_bpf_refusals_total", ("capacity",)): 2,
        ("llamas_bpf_exchanges_total", ("ok",)): 2,
        ("llamas_bpf_exchanges_total", ("timeout",)): 0,
        ("llamas_bpf_model_tokens_total", ("prompt",)): 1800,
        ("llamas_bpf_model_latency_seconds_count", ()): 2,
        ("llamas_bpf_model_latency_seconds_bucket", ("0.1",)): 2,
        ("llamas_bpf_windows_answered_total", ("llm",)): 2,
        ("llamas_bpf_advisor_switches_total", ("rules",)): None,
        ("llamas_bpf_model_spent", ("hour", "calls")): 3,
        ("llamas_bpf_model_spent", ("day", "money")): 1.5,
        ("llamas_bpf_model_budget", ("hour", "calls")): 240,
        ("llamas_bpf_model_budget", ("day", "tokens")): 10_000,
        ("llamas_bpf_model_budget", ("hour", "money")): None,
        ("llamas_bpf_model_context_tokens", ()): 900,
        ("llamas_bpf_model_window_tokens", ()): 8000,
        # These are told as sums, and do not grow while the sum does not.
        ("llamas_bpf_model_flushes_total", ()): 2,
        ("llamas_bpf_model_restarts_total", ()): 1,
        ("llamas_bpf_model_dropped_windows_total", ()): 4,
        ("llamas_bpf_actions_total", ("cpuset.mems", "applied")): 2,
        ("llamas_bpf_actions_total", ("affinity", "applied")): 2,
        ("llamas_bpf_actions_in_force", ()): 1,
        ("llamas_bpf_restored_total", ("restored",)): 2,
        ("llamas_bpf_outcomes_total", ("helped",)): 2,
        ("llamas_bpf_outcomes_total", ("harmed",)): 0,
        ("llamas_bpf_degradations", ()): 1,
        ("llamas_bpf_stage_duration_seconds_count", ("advise",)): 2,
    }
    assert {key: found.get(key) for key in expected} == expected
    assert found["llamas_bpf_window_age_seconds", ()] > 0
    assert found["process_resident_memory_bytes", ()] > 1 << 20
    assert found["process_cpu_seconds_total", ()] > 0


def test_names_follow_the_conventions(metrics: Metrics, server: Server) -> None:
    metrics.observe(busy_report())
    for family in text_string_to_metric_families(page(server)):
        assert family.name.startswith(("llamas_bpf_", "process_")), family.name
        assert family.documentation
        assert not any(sample.name.endswith("_created") for sample in family.samples)
    assert "_created" not in page(server, accept="application/openmetrics-text")


def test_no_process_or_command_becomes_a_series(metrics: Metrics, server: Server) -> None:
    metrics.observe(busy_report())
    before = set(scrape(server))
    for number in range(50):
        metrics.observe(busy_report(name=f"job-{number}"))
    text = page(server)
    assert set(scrape(server)) == before
    assert "job-" not in text
    assert "evil" not in text


def test_an_advisor_with_a_file_is_one_advisor(metrics: Metrics, server: Server) -> None:
    decision = Decision(1, reports.hint(), "replay:/some/where.jsonl", None)
    metrics.observe(replace(busy_report(), decisions=(decision,)))
    assert scrape(server)["llamas_bpf_hints_total", ("replay", "place_memory")] == 1


def test_each_switch_to_another_advisor_is_counted(metrics: Metrics, server: Server) -> None:
    for advisor in ("llm", "llm", "rules", None, "rules", "llm", "rules", "replay:/some/where.jsonl"):
        metrics.observe(replace(busy_report(), advisor=advisor))
    found = scrape(server)
    switches = {to: found["llamas_bpf_advisor_switches_total", (to,)] for to in ("llm", "rules", "replay")}
    assert switches == {"llm": 1, "rules": 2, "replay": 1}
    assert found["llamas_bpf_windows_answered_total", ("rules",)] == 3


def test_an_empty_window_and_an_unknown_machine_are_no_trouble(metrics: Metrics, server: Server) -> None:
    digest = replace(reports.digest({}), machine={})
    metrics.observe(WindowReport(reports.situation(1, [digest]), advisor=None))
    unknown = reports.digest({"w1": {NODE_BYTES: (float("nan"), float("nan"))}})
    metrics.observe(WindowReport(reports.situation(2, [unknown]), advisor=None))
    found = scrape(server)
    assert found["llamas_bpf_runqueue_p99_seconds", ()] == 0
    assert found["llamas_bpf_workload_memory_bytes", ("0", "0")] == 0


def test_two_registries_live_side_by_side(metrics: Metrics, server: Server) -> None:
    other = Metrics()
    other.observe(busy_report())
    assert scrape(server)["llamas_bpf_windows_total", ()] == 0


def test_only_loopback_answers(server: Server) -> None:
    with socket.socket() as other:
        # All of 127/8 is this machine: another address there would be answered by a wildcard listener.
        assert other.connect_ex(("127.0.0.2", server.port)) != 0


def test_a_taken_port_is_named(server: Server) -> None:
    with pytest.raises(ConfigError, match=f"127.0.0.1:{server.port}: another program listens there"):
        Metrics().serve(server.port)
    with pytest.raises(ConfigError, match="give another --metrics-port"):
        Metrics().serve(70_000)


def test_a_closed_server_gives_its_port_back(metrics: Metrics) -> None:
    first = metrics.serve(0)
    first.close()
    second = metrics.serve(first.port)
    assert second.port == first.port
    second.close()
