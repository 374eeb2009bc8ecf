"""How the daemon is, and the pages for people."""


def run(client, _):
    for path in ("/livez", "/readyz", "/api/health", "/api/version",
                 "/api/status", "/openapi.json", "/"):
        client.call("GET", path, 200)
    client.call("GET", "/docs", 200)
    client.call("GET", "/docs/{rest}", 200, params={"rest": "operating"})
    client.call("GET", "/docs/{rest}", 404, params={"rest": "nowhere"})
