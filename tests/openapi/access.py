"""Tokens, the audit log, numbers and actors. The last area: from its first
token on every request needs one."""


def run(client, _):
    client.call("GET", "/livez", 200, query={"verbose": ""})
    client.call("GET", "/readyz", 200, query={"verbose": ""})
    for path in ("/metrics", "/api/actors"):
        client.call("GET", path, 200)
    for body in ({"name": "x"}, {"name": "x", "scope": "root"},
                 {"name": "", "scope": "read"},
                 {"name": "x", "scope": "read", "expires_at": "soon"},
                 {"name": "x", "scope": "read", "colour": 1}):
        client.call("POST", "/api/tokens", 400, body=body)
    root = client.call("POST", "/api/tokens", 201,
                       body={"name": "root", "scope": "admin"})
    client.call("GET", "/api/tokens", 401)
    client.token = root["token"]
    other = client.call("POST", "/api/tokens", 201,
                        body={"name": "ci", "scope": "read",
                              "expires_at": "2199-01-01T00:00:00Z"})
    client.call("GET", "/api/tokens", 403,
                headers={"Authorization": "Bearer " + other["token"]})
    client.call("POST", "/api/tokens", 409,
                body={"name": "ci", "scope": "read"})
    client.call("GET", "/api/tokens", 200)
    client.call("DELETE", "/api/tokens/{id}", 204,
                params={"id": other["id"]})
    client.call("DELETE", "/api/tokens/{id}", 409,
                params={"id": other["id"]})
    page = client.call("GET", "/api/audit", 200,
                       query={"limit": 1})
    assert page["total_count"] > 0
    client.call("GET", "/api/audit", 400,
                query={"cursor": "forged"})
