"""Jobs of their own, and the queues in which they wait."""

NOBODY = {"id": "00000000-0000-7000-8000-000000000000"}
ONE = "/api/queues/{name}"


def check_enqueue(client):
    call = client.call
    one = call("POST", "/api/jobs", 201, body={"type": "noop"})
    assert len(one["ids"]) == 1
    many = call("POST", "/api/jobs", 201, body=[
        {"type": "noop", "name": "first", "queue": "held", "priority": 0,
         "config": {"a": 1}, "metadata": {"b": [2]}, "tags": ["t"],
         "run_at": "2199-01-01T00:00:00Z",
         "expires_at": "2199-01-02T00:00:00Z", "unique_key": "once",
         "retry": {"attempts": 2, "backoff": "1s"},
         "durability": "buffered"},
        {"type": "noop", "name": "second", "retry": 1, "unique_key": "once"}])
    assert many["existing"] == [1], many
    assert many["ids"][0] == many["ids"][1]
    call("POST", "/api/jobs", 400, text="[]")
    call("POST", "/api/jobs", 400, text='{"type":"noop","colour":"red"}')
    call("POST", "/api/jobs", 400, text='{"type":"nobody"}')
    call("GET", "/api/jobs/{id}", 200, params={"id": many["ids"][0]})
    return many["ids"][0]


def check_one(client, job):
    call = client.call
    why = call("GET", "/api/jobs/{id}/explain", 200, params={"id": job})
    assert why["reason"] == "delayed_until", why
    call("GET", "/api/jobs/{id}/explain", 404, params=NOBODY)
    call("POST", "/api/jobs/{id}/cancel", 200, params={"id": job})
    call("POST", "/api/jobs/{id}/cancel", 400, params={"id": job})
    why = call("GET", "/api/jobs/{id}/explain", 200, params={"id": job})
    assert (why["reason"], why["state"]) == ("finished", "cancelled"), why


def check_queues(client):
    call = client.call
    named = {"name": "held"}
    call("PUT", ONE, 200, params=named, body={"running_max": 3,
                                              "length_max": None})
    call("PUT", ONE, 400, params=named, text='{"running_max":0}')
    call("PUT", ONE, 400, params=named, text='{"colour":1}')
    call("POST", ONE + "/pause", 200, params=named)
    assert call("GET", ONE, 200, params=named)["paused"]
    waits = call("POST", "/api/jobs", 201,
                 body={"type": "noop", "queue": "held"})["ids"][0]
    why = call("GET", "/api/jobs/{id}/explain", 200, params={"id": waits})
    assert why["reason"] == "queue_paused", why
    assert call("GET", ONE, 200, params=named)["ready"] == 1
    call("POST", ONE + "/resume", 200, params=named)
    call("GET", ONE, 404, params={"name": "nobody"})
    call("POST", ONE + "/resume", 404, params={"name": "nobody"})
    assert call("GET", "/api/queues", 200)["count"] >= 2



def check_workers(client):
    call = client.call
    one = "/api/workers/{type}"
    types = call("GET", "/api/workers", 200)["workers"]
    own = next(x["slots"] for x in types if x["type"] == "noop")
    now = call("PUT", one, 200, params={"type": "noop"}, body={"slots": 7})
    assert now["slots"] == 7 and now["slots_changed"]
    call("PUT", one, 400, params={"type": "noop"}, body={"slots": 0})
    call("PUT", one, 400, params={"type": "noop"}, body={"slots": "7"})
    call("PUT", one, 400, params={"type": "noop"}, body={"size": 7})
    call("PUT", one, 404, params={"type": "nobody"}, body={"slots": 7})
    now = call("PUT", one, 200, params={"type": "noop"}, body={"slots": None})
    assert now["slots"] == own and not now["slots_changed"]


def run(client, _):
    job = check_enqueue(client)
    check_one(client, job)
    check_queues(client)
    check_workers(client)
