"""Reads a file of metrics with Prometheus' own parser, and checks the names.
Usage: metrics_check.py FILE"""

import re
import sys

from prometheus_client.parser import text_string_to_metric_families

EXPECTED = {
    "quaero_jobs_enqueued": {"queue", "type"},
    "quaero_jobs_started": {"queue", "type"},
    "quaero_jobs_finished": {"type", "outcome"},
    "quaero_jobs_retried": {"type"},
    "quaero_jobs_orphaned": {"type"},
    "quaero_job_wait_seconds": {"type"},
    "quaero_job_run_seconds": {"type"},
    "quaero_dispatch_seconds": {"type"},
    "quaero_queue_depth": {"queue", "state"},
    "quaero_queue_oldest_age_seconds": {"queue"},
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



def total(name, **labels):
    """The sum of the samples of that name with these labels."""
    return sum(
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


# What was done before the numbers were taken: three jobs of one step.
worked = {"type": "test_job_generator"}
for name, labels in {
    "quaero_jobs_enqueued_total": {"queue": "default"},
    "quaero_jobs_started_total": {"queue": "default"},
    "quaero_jobs_finished_total": {"outcome": "completed"},
    "quaero_job_wait_seconds_count": {},
    "quaero_job_run_seconds_count": {},
    "quaero_dispatch_seconds_count": {},
}.items():
    found = total(name, **worked, **labels)
    assert found == 3, f"{name} is {found}"
assert total("quaero_jobs_finished_total", outcome="failed") == 0
assert total("quaero_worker_up", **worked) == 1
assert total("quaero_queue_depth") == 0, "nothing waits or runs"

built = families["quaero_build_info"].samples[0].labels
assert built["build"] != "unknown", built

for name, family in families.items():
    assert re.fullmatch(r"quaero_[a-z_]+", name), name
    assert family.documentation, name + " says nothing"
    for sample in family.samples:
        for value in sample.labels.values():
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", value), sample
