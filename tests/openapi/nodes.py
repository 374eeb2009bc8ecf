"""The machines that work: this one, and a node that joins it."""

import os
import subprocess
import time

import api

ONE = "/api/nodes/{name}"


def rows(client):
    return client.call("GET", "/api/nodes", 200)["nodes"]


def check_hub(client):
    here = rows(client)[0]
    assert here["hub"] and here["running_max"] is None
    of = {"name": here["name"]}
    now = client.call("PUT", ONE, 200, params=of, body={"running_max": 3})
    assert now["running_max"] == 3
    client.call("PUT", ONE, 400, params=of, body={"running_max": 0})
    client.call("PUT", ONE, 400, params=of, body={"running_max": "3"})
    client.call("PUT", ONE, 400, params=of, body={})
    client.call("PUT", ONE, 404, params={"name": "nowhere"},
                body={"running_max": 3})
    now = client.call("PUT", ONE, 200, params=of, body={"running_max": None})
    assert now["running_max"] is None
    for verb in ("drain", "resume"):
        client.call("POST", ONE + "/" + verb, 400, params=of)
        client.call("POST", ONE + "/" + verb, 404, params={"name": "nobody"})
    client.call("DELETE", ONE, 400, params=of)
    client.call("DELETE", ONE, 404, params={"name": "nobody"})


def await_state(client, wanted):
    deadline = time.monotonic() + api.START_SECONDS_MAX
    while [x["state"] for x in rows(client) if not x["hub"]] != [wanted]:
        assert time.monotonic() < deadline, rows(client)
        time.sleep(0.02)


def check_node(client, daemon):
    invitations = "/api/nodes/invitations"
    for body in ({}, {"name": "alpha"}, {"name": "a b", "workers": ["noop"]},
                 {"name": "alpha", "workers": []},
                 {"name": "alpha", "workers": ["nothing"]},
                 {"name": "alpha", "workers": ["noop"], "colour": 1}):
        client.call("POST", invitations, 400, body=body)
    made = client.call("POST", invitations, 201,
                       body={"name": "alpha", "workers": ["noop"]})
    await_state(client, "invited")
    program, *words = made["command"].split()
    node = subprocess.Popen(
        [os.path.join(daemon.bin_dir, program), *words, "--data-dir",
         os.path.join(daemon.folder.name, "alpha")],
        stdin=subprocess.DEVNULL, stdout=daemon.log, stderr=daemon.log)
    try:
        await_state(client, "ready")
        of = {"name": "alpha"}
        now = client.call("POST", ONE + "/drain", 200, params=of)
        assert now["state"] == "draining"
        now = client.call("POST", ONE + "/resume", 200, params=of)
        assert now["state"] == "ready"
        client.call("DELETE", ONE, 204, params=of)
        assert node.wait(timeout=api.START_SECONDS_MAX) == 3
    finally:
        if node.poll() is None:
            node.kill()
            node.wait()


def run(client, daemon):
    check_hub(client)
    check_node(client, daemon)
