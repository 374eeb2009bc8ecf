"""Definitions: stored, read, changed, deleted."""

TOML = """
id = "listed"
name = "Listed"
[step.only]
type = "test_job_generator"
worker_count = 1
log_count = 1
log_delay_ms = 0
failure_rate = 0.0
child_count = 0
"""

JSON = {"id": "written", "name": "Written",
        "steps": [{"name": "only", "type": "test_job_generator"}]}
ONE = "/api/job-definitions/{id}"
ALL = "/api/job-definitions"


def run(client, _):
    call = client.call
    call("POST", ALL + "/validate", 200, text=TOML)
    call("POST", ALL + "/validate", 400, text="id = 1")
    call("POST", ALL + "/upload", 201, text=TOML)
    call("POST", ALL + "/upload", 200, text=TOML)
    call("POST", ALL + "/upload", 400, text="id = ")
    call("POST", ALL, 201, body=JSON)
    call("POST", ALL, 200, body=JSON)
    call("POST", ALL, 400, body={**JSON, "steps": []})
    call("POST", ALL, 400, body={**JSON, "unheard_of": 1})
    page = call("GET", ALL, 200, query={"limit": 1, "order_by": "id"})
    assert page["total_count"] >= 2 and len(page["job_definitions"]) == 1
    call("GET", ALL, 400, query={"order_by": "colour"})
    there = {"id": "written"}
    read = call("GET", ONE, 200, params=there)
    call("PUT", ONE, 200, params=there, body={**read, "description": "new"})
    call("PUT", ONE, 404, params={"id": "none"}, body=JSON)
    assert 'id = "written"' in call("GET", ONE + "/export", 200, params=there)
    for path in ("", "/export"):
        call("GET", ONE + path, 404, params={"id": "none"})
    call("DELETE", ONE, 204, params=there)
    call("DELETE", ONE, 404, params=there)
    call("POST", ONE + "/execute", 404, params=there)
