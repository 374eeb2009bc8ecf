"""What is done to jobs that are there, one and many."""

import time

from jobs import NOBODY, ONE, SECONDS_MAX, start, store, wait_over


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
    assert call("DELETE", ONE, 200, params=here)["cascade_deleted"] == 9
    call("DELETE", ONE, 404, params=here)


def check_operations(client, slow):
    call = client.call
    begin = "/api/operations"
    tree = call("GET", ONE + "/tree", 200, params={"id": slow})
    leaf = call("GET", ONE + "/children", 200,
                params={"id": tree["steps"][0]["step_id"]})["jobs"][0]["id"]
    call("POST", ONE + "/retry", 201, params={"id": leaf})
    wanted = {"action": "delete", "q": "state:cancelled run:" + slow}
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
    """An operation that is stopped while it waits for a run's end."""
    path = "/api/operations/{id}/cancel"
    for _ in range(20):
        slow = start(client, "long")
        one = client.call("POST", "/api/operations", 202,
                          body={"action": "cancel", "q": "id:" + slow})
        where = path.replace("{id}", one["operation_id"])
        status, headers, answer = client.send("POST", where)
        assert wait_over(client, slow) == "cancelled"
        if status == 200:
            described = client.document["paths"][path]["post"]
            client.check_answer(described, where, status, headers, answer)
            client.served.add(("POST", path))
            return slow
    raise AssertionError("each operation was over too soon")


def run(client, _):
    store(client, "lived")
    done = start(client, "lived")
    assert wait_over(client, done) == "completed"
    check_one(client, done)
    store(client, "long", 2000, 50)
    check_operations(client, check_stop(client))
