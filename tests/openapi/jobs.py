"""Runs, their steps and queue jobs, and what they log."""

import time

TOML = """
id = "%s"
name = "Worked"
[step.work]
type = "test_job_generator"
worker_count = 3
log_count = %d
log_delay_ms = %d
failure_rate = 0.0
child_count = 1
recursion_depth = 1
[step.after]
type = "test_job_generator"
depends = "work"
worker_count = 1
log_count = 1
log_delay_ms = 0
"""

NOBODY = {"id": "00000000-0000-7000-8000-000000000000"}
ONE = "/api/jobs/{id}"
SECONDS_MAX = 30


def store(client, name, lines=2, delay=0):
    client.call("POST", "/api/job-definitions/upload", 201,
                text=TOML % (name, lines, delay))


def start(client, name):
    return client.call("POST", "/api/job-definitions/{id}/execute", 202,
                       params={"id": name})["job_id"]


def wait_over(client, job):
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        state = client.call("GET", ONE, 200, params={"id": job})["status"]
        if state not in ("pending", "running"):
            return state
    raise AssertionError("job %s does not end" % job)


def check_lists(client, run):
    call = client.call
    call("GET", "/api/jobs", 200)
    call("GET", "/api/jobs", 200, query={"parent_id": "root", "limit": 1})
    call("GET", "/api/jobs", 200, query={"parent_id": run,
                                         "status": "completed"})
    call("GET", "/api/jobs", 400, query={"status": "tired"})
    call("GET", "/api/jobs", 400, query={"parent_id": "me"})
    call("GET", "/api/jobs/stats", 200)
    call("GET", "/api/jobs/queue", 200)


def check_one(client, run):
    call = client.call
    tree = call("GET", ONE + "/tree", 200, params={"id": run})
    step = tree["steps"][0]["step_id"]
    leaf = call("GET", ONE + "/children", 200,
                params={"id": step})["jobs"][0]["id"]
    for job in (run, step, leaf):
        for path in ("", "/tree", "/structure", "/children", "/logs",
                     "/logs/aggregated"):
            call("GET", ONE + path, 200, params={"id": job})
    for path in ("", "/tree", "/structure", "/children", "/logs",
                 "/logs/aggregated"):
        call("GET", ONE + path, 404, params=NOBODY)
        call("GET", ONE + path, 400, params={"id": "no-uuid"})
    call("GET", ONE + "/logs", 200, params={"id": leaf},
         query={"level": "debug", "order": "asc", "limit": 1})
    call("GET", ONE + "/logs", 400, params={"id": leaf},
         query={"level": "loud"})
    page = call("GET", ONE + "/logs/aggregated", 200, params={"id": run},
                query={"limit": 1})
    call("GET", ONE + "/logs/aggregated", 200, params={"id": run},
         query={"limit": 1, "cursor": page["next_cursor"]})
    call("GET", "/api/logs", 200, query={"scope": "job", "job_id": run})
    call("GET", "/api/logs", 200,
         query={"scope": "job", "job_id": run, "step": "work"})
    call("GET", "/api/logs", 400, query={"scope": "job"})


def run(client, _):
    store(client, "worked")
    done = start(client, "worked")
    assert wait_over(client, done) == "completed"
    check_lists(client, done)
    check_one(client, done)
    store(client, "slow", 1000, 50)
    slow = start(client, "slow")
    client.call("POST", "/api/job-definitions/{id}/execute", 409,
                params={"id": "slow"})
    client.call("POST", ONE + "/cancel", 200, params={"id": slow})
    assert wait_over(client, slow) == "cancelled"
    client.call("POST", ONE + "/cancel", 400, params={"id": slow})
    client.call("POST", ONE + "/cancel", 404, params=NOBODY)
