"""What is done to jobs that are there, one and many."""

import time

from jobs import NOBODY, ONE, SECONDS_MAX, start, store, wait_over

HELD = "held-back"


def wait_operation(client, one):
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        x = client.call("GET", "/api/operations/{id}", 200, params={"id": one})
        if x["status"] != "running":
            return x
    raise AssertionError("operation %s does not end" % one)


def check_one(client, done):
    call = client.call
    here = {"id": done}
    call("GET", ONE + "/status", 200, params=here)
    call("GET", ONE + "/results", 200, params=here, query={"limit": 1})
    call("PUT", ONE, 200, params=here,
         body={"name": "mine", "description": "why"})
    assert call("GET", ONE, 200, params=here)["name"] == "mine"
    call("PUT", ONE, 400, params=here, body={"nam": "mine"})
    call("PUT", ONE, 400, params=here, body={"name": 1})
    call("PUT", ONE, 404, params=NOBODY, body={"name": "x"})
    again = call("POST", ONE + "/rerun", 201, params=here,
                 body={"from": "after"})["new_job_id"]
    assert wait_over(client, again) == "completed"
    kept = call("GET", ONE + "/tree", 200, params={"id": again})["steps"][0]
    assert "kept_from" in kept
    call("POST", ONE + "/rerun", 400, params=here, body={"from": "nothing"})
    call("POST", ONE + "/rerun", 404, params=NOBODY)
    copy = call("POST", ONE + "/copy", 201, params=here)["new_job_id"]
    assert call("GET", ONE, 200, params={"id": copy})["held"]
    call("POST", ONE + "/copy", 404, params=NOBODY)
    call("POST", ONE + "/retry", 400, params=here)
    call("DELETE", ONE, 200, params={"id": copy})
    steps = call("GET", ONE + "/tree", 200, params=here)["steps"]
    below = len(steps) + sum(x["child_summary"]["total"] for x in steps)
    gone = call("DELETE", ONE, 200, params=here)
    assert gone["cascade_deleted"] == below, (gone, below)
    call("DELETE", ONE, 404, params=here)


def make_dead_letters(client, count):
    """Jobs that nobody starts before they expire."""
    client.call("POST", "/api/queues/{name}/pause", 200,
                params={"name": "dead-ends"})
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    client.call("POST", "/api/jobs", 201,
                body=[{"type": "noop", "queue": "dead-ends",
                       "expires_at": soon}] * count)
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        page = client.call("GET", "/api/dead-letters", 200,
                           query={"q": "queue:dead-ends"})
        if page["total_count"] == count:
            return [x["id"] for x in page["dead_letters"]]
        time.sleep(0.05)
    raise AssertionError("the jobs do not expire")


def check_dead_letters(client):
    call = client.call
    begin = "/api/dead-letters"
    first, second = make_dead_letters(client, 2)
    call("POST", begin + "/{id}/retry", 201, params={"id": first})
    call("DELETE", begin + "/{id}", 200, params={"id": second})
    call("GET", begin, 200, query={"limit": 1, "reason": "expired"})
    call("GET", begin, 400, query={"reason": "old"})
    call("POST", begin + "/{id}/retry", 404, params=NOBODY)
    call("DELETE", begin + "/{id}", 404, params=NOBODY)
    for what in ("/retry", "/purge"):
        call("POST", begin + what, 200, body={"q": "", "dry_run": True})
        call("POST", begin + what, 400, body={})
        one = call("POST", begin + what, 202, body={"q": "dead:expired"})
        wait_operation(client, one["operation_id"])
    call("GET", "/api/retention", 200)


def check_operations(client, ids):
    call = client.call
    begin = "/api/operations"
    call("POST", ONE + "/retry", 201, params={"id": ids[0]})
    wanted = {"action": "delete", "q": "state:cancelled queue:" + HELD}
    call("POST", begin, 200, body={**wanted, "dry_run": True})
    one = call("POST", begin, 202, body=wanted)["operation_id"]
    assert wait_operation(client, one)["status"] == "completed"
    call("GET", begin, 200)
    call("POST", begin, 400, body={"action": "delete"})
    call("POST", begin, 400, body={"action": "burn", "q": "state:failed"})
    call("POST", begin, 400, body={"action": "delete", "q": "state:odd"})
    call("POST", begin + "/{id}/cancel", 400, params={"id": one})
    call("GET", begin + "/{id}", 404, params=NOBODY)


def check_stop(client):
    """An operation on so much that it can be stopped before it is over."""
    client.call("POST", "/api/queues/{name}/pause", 200,
                params={"name": HELD})
    job = {"type": "noop", "name": "held", "queue": HELD}
    ids = client.call("POST", "/api/jobs", 201, body=[job] * 5000)["ids"]
    wanted = {"action": "cancel", "q": "queue:" + HELD}
    one = client.call("POST", "/api/operations", 202,
                      body=wanted)["operation_id"]
    client.call("POST", "/api/operations/{id}/cancel", 200,
                params={"id": one})
    rest = client.call("POST", "/api/operations", 202,
                       body=wanted)["operation_id"]
    assert wait_operation(client, rest)["status"] == "completed"
    client.call("POST", "/api/queues/{name}/resume", 200,
                params={"name": HELD})
    return ids


def run(client, _):
    store(client, "lived")
    done = start(client, "lived")
    assert wait_over(client, done) == "completed"
    check_one(client, done)
    check_operations(client, check_stop(client))
    check_dead_letters(client)
