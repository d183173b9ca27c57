"""What Prometheus sees: the figures that each window's report already holds.

Labels come from bounded sets only: no process, command or cgroup ever becomes one.
"""

import errno
import time
from dataclasses import asdict, dataclass
from threading import Thread
from typing import get_args
from wsgiref.simple_server import WSGIServer

import numpy as np
import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from llamas_bpf.contracts.action import Action
from llamas_bpf.contracts.digest import NODE_BYTES, Digest
from llamas_bpf.contracts.exchange import Status
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.model_figures import ModelFigures
from llamas_bpf.contracts.outcome import Verdict
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.errors import ConfigError

_ADDRESS = "127.0.0.1"
_STAGE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_MODEL_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)

#: Digest columns that become counters of their own, summed over workloads: column, metric, help.
_COLUMNS = (
    ("sched.switches", "context_switches", "Context switches of watched workloads"),
    ("sched.wakeups", "wakeups", "Wake-ups of watched workloads"),
    ("sched.migrations", "cpu_migrations", "Moves of watched workloads' tasks between CPUs"),
)


@dataclass(frozen=True)
class Server:
    """The endpoint ``http://127.0.0.1:PORT/metrics`` on a thread of its own, until closed."""

    port: int
    _server: WSGIServer
    _thread: Thread

    def close(self) -> None:
        """Stop answering and give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Metrics:
    """Call ``observe`` once a window; the figures are served by ``serve``."""

    def __init__(self) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._seen()
        self._decided()
        self._asked()
        self._done()
        self._own()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"llamas_bpf_{name}_total", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"llamas_bpf_{name}", text, labels, registry=self.registry)

    def _seen(self) -> None:
        self.windows = self._counter("windows", "Windows closed")
        self.age = self._gauge("window_age_seconds", "Time since the last window closed, or since the start")
        self._closed(time.monotonic())
        self.sampling = self._gauge("sampling_period", "Events that one detail record stands for", "kind")
        self.lost = self._counter("events_lost", "Records the kernel could not deliver", "kind")
        self.faults = self._counter("faults", "Page faults of watched workloads", "severity")
        self.columns = {column: self._counter(name, text) for column, name, text in _COLUMNS}
        self.runqueue = self._gauge("runqueue_p99_seconds", "Wake-up to CPU, of the workload worst off")
        self.workloads = self._gauge("workloads", "Workloads in the last window")
        self.workload_memory = self._gauge(
            "workload_memory_bytes", "Memory of watched workloads", "tier", "node"
        )
        self.node_memory = self._gauge("node_memory_bytes", "Memory of a NUMA node", "tier", "node", "state")
        self.pages_moved = self._counter("tier_moved_pages", "Pages moved between tiers", "direction")
        self.pressure = self._gauge("pressure_ratio", "Share of time stalled (PSI)", "resource", "share")
        self.busy = self._gauge("cpu_busy_ratio", "Share of the machine's CPU time in use")

    def _decided(self) -> None:
        self.hints = self._counter("hints", "Hints given", "advisor", "kind")
        self.refusals = self._counter("refusals", "Hints or actions refused", "check")
        self.exchanges = self._counter("exchanges", "Questions to the model, by what came of them", "status")
        self.tokens = self._counter("model_tokens", "Tokens the model's server counted", "direction")
        self.model_latency = Histogram(
            "llamas_bpf_model_latency_seconds",
            "Time until the model answered, or failed to",
            buckets=_MODEL_BUCKETS,
            registry=self.registry,
        )
        self.answered = self._counter("windows_answered", "Windows, by who answered", "advisor")
        self.switches = self._counter("advisor_switches", "Windows answered by another than before", "to")
        self._advisor = ""
        # A rate needs the zero from which it rose.
        for status in get_args(Status):
            self.exchanges.labels(status)

    def _asked(self) -> None:
        self.spent = self._gauge("model_spent", "What asking the model took lately", "unit", "per")
        self.budget = self._gauge("model_budget", "What it may take, where that is limited", "unit", "per")
        self.context = self._gauge(
            "model_context_tokens", "Tokens of the model's window that were last in use"
        )
        self.window = self._gauge("model_window_tokens", "Size of the model's window")
        self.flushes = self._counter("model_flushes", "Times its window was emptied into its memory")
        self.restarts = self._counter("model_restarts", "Times its process was started anew")
        self.dropped = self._counter("model_dropped_windows", "Windows that its process was not told of")
        self._model = ModelFigures()

    def _done(self) -> None:
        self.actions = self._counter("actions", "Actions, by knob and what became of them", "knob", "status")
        self.in_force = self._gauge("actions_in_force", "Settings that are now as we put them")
        self.restored = self._counter("restored", "Settings put back, or left with a reason", "result")
        self.outcomes = self._counter("outcomes", "Verdicts on actions", "verdict")
        for verdict in get_args(Verdict):
            self.outcomes.labels(verdict)

    def _own(self) -> None:
        self.stages = Histogram(
            "llamas_bpf_stage_duration_seconds",
            "Time a stage took for one window",
            ["stage"],
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )
        self.degradations = self._gauge("degradations", "Abilities missing in the last window")

    def observe(self, report: WindowReport) -> None:
        """Take over the figures of one window."""
        digest = report.situation.digest
        self.windows.inc()
        self._closed(digest.end_ns / 1e9)
        self._observe_workloads(digest)
        self._observe_memory(digest, report.situation.machine)
        self._observe_machine(digest)
        self._observe_decisions(report)
        self._observe_advisor(report.advisor)
        self._observe_model(report.model)
        self._observe_actions(report)
        self.degradations.set(len(report.degradations))
        for stage, seconds in report.stage_seconds.items():
            self.stages.labels(stage).observe(seconds)

    def _closed(self, at_s: float) -> None:
        self.age.set_function(lambda: time.monotonic() - at_s)

    def _observe_workloads(self, digest: Digest) -> None:
        self.workloads.set(len(digest.workloads))
        for kind, count in digest.lost.items():
            self.lost.labels(kind).inc(count)
        for kind, period in digest.machine.get("sampling", {}).items():
            self.sampling.labels(kind).set(period)
        for severity in ("minor", "major"):
            self.faults.labels(severity).inc(float(np.nansum(digest.table[f"faults.{severity}"])))
        for column, counter in self.columns.items():
            counter.inc(float(np.nansum(digest.table[column])))
        latencies = digest.table["sched.runqueue_p99_ns"]
        known = latencies[~np.isnan(latencies)]
        self.runqueue.set(known.max() / 1e9 if len(known) else 0)

    def _observe_memory(self, digest: Digest, machine: Machine) -> None:
        tier_of = {str(node): str(tier.rank) for tier in machine.tiers for node in tier.nodes}
        sizes = np.nansum(digest.table[NODE_BYTES], axis=0)
        for node, size in zip(map(str, digest.node_ids), sizes, strict=True):
            self.workload_memory.labels(tier_of.get(node, ""), node).set(size)
        for node, row in digest.machine.get("nodes", {}).items():
            total, free = row["total_bytes"], row["free_bytes"]
            self.node_memory.labels(tier_of.get(node, ""), node, "used").set(total - free)
            self.node_memory.labels(tier_of.get(node, ""), node, "free").set(free)

    def _observe_machine(self, digest: Digest) -> None:
        for name, ratio in digest.machine.get("psi", {}).items():
            if ratio is not None:
                resource, share, _ = name.split("_")
                self.pressure.labels(resource, share).set(ratio)
        self.busy.set(digest.machine.get("cpu_busy_ratio") or 0)
        tiering = digest.machine.get("tiering", {})
        for direction in ("demoted", "promoted"):
            self.pages_moved.labels(direction).inc(tiering.get(f"{direction}_pages") or 0)

    def _observe_decisions(self, report: WindowReport) -> None:
        for decision in report.decisions:
            # "replay:FILE" is one advisor, whatever the file.
            self.hints.labels(decision.advisor.partition(":")[0], decision.hint.kind).inc()
        for refusal in report.refusals:
            self.refusals.labels(refusal.check).inc()
        for exchange in report.exchanges:
            self.exchanges.labels(exchange.status).inc()
            self.tokens.labels("prompt").inc(exchange.prompt_tokens or 0)
            self.tokens.labels("completion").inc(exchange.completion_tokens or 0)
            self.model_latency.observe(exchange.latency_ns / 1e9)

    def _observe_advisor(self, advisor: str | None) -> None:
        name = (advisor or "").partition(":")[0]
        if name:
            self.answered.labels(name).inc()
            self.switches.labels(name).inc(self._advisor not in {"", name})
            self._advisor = name

    def _observe_model(self, model: ModelFigures | None) -> None:
        if model is None:
            return
        for per in ("hour", "day"):
            for unit, amount in asdict(getattr(model, per)).items():
                self.spent.labels(unit, per).set(amount)
                limit = model.limits.get(f"{unit}_per_{per}")
                if limit is not None:
                    self.budget.labels(unit, per).set(limit)
        self.context.set(model.context_tokens)
        self.window.set(model.window_tokens)
        before, self._model = self._model, model
        self.flushes.inc(max(model.flushes - before.flushes, 0))
        self.restarts.inc(max(model.restarts - before.restarts, 0))
        self.dropped.inc(max(model.dropped - before.dropped, 0))

    def _observe_actions(self, report: WindowReport) -> None:
        self.in_force.set(len(report.situation.in_force))
        for applied in report.applied:
            self.actions.labels(_knob(applied.action), applied.status).inc()
        for restored in report.restored:
            result = "failed" if restored.failed else "skipped" if restored.skipped else "restored"
            self.restored.labels(result).inc()
        for outcome in report.outcomes:
            self.outcomes.labels(outcome.verdict).inc()

    def serve(self, port: int) -> Server:
        """Answer on 127.0.0.1; port 0 takes any free one. Raises ConfigError where the port cannot be had."""
        try:
            server, thread = prometheus_client.start_http_server(port, _ADDRESS, self.registry)
        except (OSError, OverflowError) as error:
            taken = getattr(error, "errno", None) == errno.EADDRINUSE
            why = "another program listens there" if taken else str(error)
            raise ConfigError(
                f"metrics cannot be served on {_ADDRESS}:{port}: {why}: "
                "give another --metrics-port (0 takes any free one)"
            ) from None
        return Server(server.server_port, server, thread)


def _knob(action: Action) -> str:
    match action.target.kind:
        case "reclaim":
            return "memory.reclaim"
        case "affinity":
            return "affinity"
        case _:
            return action.target.knob
