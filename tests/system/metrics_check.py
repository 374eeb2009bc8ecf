"""Reads a file of metrics with Prometheus' own parser, and checks the names.
Usage: metrics_check.py FILE"""

import re
import sys

from prometheus_client.parser import text_string_to_metric_families

EXPECTED = {
    "quaero_store_fsync_seconds": set(),
    "quaero_store_batch_jobs": set(),
    "quaero_limiter_in_use": {"limiter"},
    "quaero_worker_up": {"type"},
    "quaero_ws_clients": set(),
    "quaero_http_requests": {"route", "method", "status"},
    "quaero_http_request_seconds": {"route", "method"},
    "quaero_build_info": {"version", "build", "git_commit"},
}

with open(sys.argv[1]) as file:
    families = {x.name: x for x in text_string_to_metric_families(file.read())}

for name, labels in EXPECTED.items():
    assert name in families, name + " is missing"
    assert families[name].samples, name + " has no sample"
    for sample in families[name].samples:
        assert set(sample.labels) - {"le"} == labels, sample

for name, family in families.items():
    assert re.fullmatch(r"quaero_[a-z_]+", name), name
    assert family.documentation, name + " says nothing"
    for sample in family.samples:
        for value in sample.labels.values():
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", value), sample
