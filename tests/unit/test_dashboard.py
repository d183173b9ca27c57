"""Every query of the dashboard names a metric, and labels, that a scrape really gives."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from test_metrics import busy_report, page

from llamas_bpf.metrics import Metrics

FILE = Path(__file__).parents[2] / "dashboards" / "llamas-bpf.json"
DASHBOARD = json.loads(FILE.read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]

#: What Prometheus itself adds to every scraped series, and histograms to theirs.
GIVEN_LABELS = {"job", "instance", "le"}


@pytest.fixture(scope="module")
def exported() -> Iterator[dict[str, set[str]]]:
    """Metric names of a real scrape, each with its labels."""
    metrics = Metrics()
    metrics.observe(busy_report())
    server = metrics.serve(0)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page(server)):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    server.close()
    yield found


def metric_names(query: str) -> set[str]:
    """Identifiers that are no function, no label and no keyword."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", query)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w*\s*\()", bare)) - {"and", "or", "unless", "offset"}


def label_names(query: str) -> set[str]:
    grouped = re.findall(r"\b(?:by|without)\s*\(([^)]*)\)", query)
    matched = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", query)
    return {name.strip() for group in grouped for name in group.split(",")} | set(matched)


def test_the_reader_of_queries_reads_them() -> None:
    query = 'sum by (le, stage) (rate(some_bucket{job=~"$job"}[$__rate_interval])) / other_total * 60'
    assert metric_names(query) == {"some_bucket", "other_total"}
    assert label_names(query) == {"le", "stage", "job"}


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_names_what_is_exported(query: str, exported: dict[str, set[str]]) -> None:
    names = metric_names(query)
    assert names
    assert names <= exported.keys()
    labels = set().union(*(exported[name] for name in names))
    assert label_names(query) <= labels | GIVEN_LABELS


def test_legends_name_labels_that_the_query_keeps(exported: dict[str, set[str]]) -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            used = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", target["legendFormat"]))
            grouped = label_names(target["expr"])
            own = set().union(*(exported[name] for name in metric_names(target["expr"])))
            assert used <= (grouped or own), panel["title"]


def test_the_shape_is_what_grafana_expects() -> None:
    assert 10 <= len(PANELS) <= 20
    assert [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"] == [
        "What is seen",
        "What is decided",
        "What the model costs",
        "What it did",
        "Own cost",
    ]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_prometheus_itself_can_parse_every_query(tmp_path: Path) -> None:
    promtool = Path(sys.executable).with_name("promtool")
    assert promtool.exists(), "make .venv/bin/promtool"
    queries = [query.replace("$__rate_interval", "5m") for query in QUERIES]
    rules = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
