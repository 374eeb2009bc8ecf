"""Documents that runs have saved."""

import os
import tempfile

import jobs

TOML = """
id = "read"
name = "Read a folder"
tags = ["kept"]
[step.read]
type = "local_dir"
dir_path = "%s"
"""


def run(client, _):
    call = client.call
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one.md", "two.md"):
            with open(os.path.join(folder, name), "w") as file:
                file.write("# A title\n\nSome words about %s.\n" % name)
        call("POST", "/api/job-definitions/upload", 201, text=TOML % folder)
        job = jobs.start(client, "read")
        assert jobs.wait_over(client, job) == "completed"
    page = call("GET", "/api/documents", 200,
                query={"tags": "kept", "job_id": job, "limit": 1})
    assert page["total_count"] == 2 and len(page["documents"]) == 1
    call("GET", "/api/documents", 400, query={"limit": "many"})
    there = {"id": page["documents"][0]["id"]}
    call("GET", "/api/documents/{id}", 200, params=there)
    call("GET", "/api/documents/{id}", 404, params={"id": "none"})
