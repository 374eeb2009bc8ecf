"""Streams: what their first bytes say. They do not end by themselves."""

import base64
import http.client
import json
import os
import socket
import urllib.parse


def first_event(client, path, query, expect):
    """Reads up to and with the first event of that name."""
    operation = client.document["paths"][path]["get"]
    client.check_query(operation, path, query)
    connection = http.client.HTTPConnection(client.address, timeout=30)
    try:
        connection.request("GET", path + "?" + urllib.parse.urlencode(query))
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        kind = answer.getheader("Content-Type").split(";")[0]
        assert kind in operation["responses"]["200"]["content"], kind
        assert answer.getheader("Cache-Control") == "no-cache"
        name = None
        while True:
            line = answer.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: ") and name == expect:
                client.served.add(("GET", path))
                client.calls += 1
                return json.loads(line[6:])
    finally:
        connection.close()


def upgrade(client):
    host, port = client.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as line:
        key = base64.b64encode(os.urandom(16)).decode()
        line.sendall(("GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: %s\r\n\r\n"
                      % (client.address, key)).encode())
        answer = line.recv(12)
        assert answer == b"HTTP/1.1 101", answer
    client.served.add(("GET", "/ws"))
    client.calls += 1


def run(client, daemon):
    client.call("GET", "/ws", 426)
    upgrade(client)
    runs = client.call("GET", "/api/jobs", 200, query={
        "q": "type:manager state:completed", "limit": 1})["jobs"]
    run_id = runs[0]["id"]
    line = first_event(client, "/api/events",
                       {"run": run_id, "after": 0, "level": "debug"}, "job_log")
    assert line["line_number"] == 1, line
    logs = first_event(client, "/api/logs/stream",
                       {"job_id": run_id, "limit": 3}, "logs")
    assert 1 <= len(logs["logs"]) <= 3, logs
    first_event(client, "/api/logs/stream", {"scope": "service"}, "logs")
    client.call("GET", "/api/events", 400, query={"types": "nothing"})
    client.call("GET", "/api/events", 404,
                query={"run": "0190b6f4-0000-7000-8000-0000000000ff"})
    client.call("GET", "/api/logs/stream", 400, query={"job_id": "nobody"})
    client.call("GET", "/api/logs", 200, query={"scope": "service"})
