"""The end of the daemon: nothing can be asked afterwards."""


def run(client, daemon):
    client.call("POST", "/api/shutdown", 200)
    assert daemon.process.wait(timeout=30) == 0
