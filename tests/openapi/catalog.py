"""What users keep beside runs: keys, credentials, documents, settings."""

TOML = """
id = "unfinished"
name =
"""

DOCUMENT = {"id": "note-1", "source_type": "note", "title": "A note",
            "content_markdown": "Some words.", "tags": ["kept"],
            "metadata": {"by": "hand"}}


def check_definitions(call):
    base = "/api/job-definitions"
    kept = call("POST", base + "/save-invalid", 201, text=TOML)
    call("GET", base + "/{id}", 200, params={"id": kept["id"]})
    call("POST", base + "/reload", 200)
    call("GET", "/api/job-templates", 200)
    call("POST", base + "/upload", 201, text="""
id = "timed"
name = "Timed"
schedule = "0 2 * * *"
[step.only]
type = "noop"
""")
    page = call("GET", "/api/scheduler", 200)
    assert page["schedules"] and page["firing"]
    one = {"id": "timed"}
    body = call("GET", base + "/{id}", 200, params=one)
    call("PUT", base + "/{id}", 412, params=one, body=body,
         headers={"If-Match": '"0000000000000000"'})
    call("PUT", base + "/{id}", 200, params=one, body=body,
         headers={"If-Match": "*"})
    call("GET", base + "/{id}", 304, params=one,
         headers={"If-None-Match": "*"})


def check_documents(call):
    one = "/api/documents/{id}"
    there = {"id": "note-1"}
    call("POST", "/api/documents", 201, body=DOCUMENT)
    call("POST", "/api/documents", 200, body=DOCUMENT)
    call("POST", "/api/documents", 400, body={"id": "x"})
    call("POST", "/api/documents", 409, body={**DOCUMENT, "source_id": "x"})
    read = call("GET", one, 200, params=there)
    call("POST", "/api/documents", 200, body=read)
    call("GET", "/api/documents", 200,
         query={"order_by": "created_at", "order_dir": "asc",
                "created_after": "2000-01-01T00:00:00Z"})
    call("GET", "/api/documents", 400, query={"created_after": "then"})
    call("POST", one + "/reprocess", 200, params=there)
    call("GET", "/api/documents/stats", 200)
    assert "kept" in call("GET", "/api/documents/tags", 200)["tags"]
    hits = call("GET", "/api/search", 200, query={"q": "words +note"})
    assert hits["count"] == 1 and hits["complete"]
    call("DELETE", one, 200, params=there)
    call("DELETE", one, 404, params=there)
    call("POST", one + "/reprocess", 404, params=there)
    call("DELETE", "/api/documents/clear-all", 200)
    call("GET", "/api/documents/stats", 200)


def check_keys(call):
    one = "/api/kv/{key}"
    there = {"key": "a-key"}
    pair = {"key": "A-Key", "value": "0123456789", "secret": True}
    call("POST", "/api/kv", 201, body=pair)
    call("POST", "/api/kv", 409, body=pair)
    call("POST", "/api/kv", 400, body={"key": "x"})
    assert len(call("GET", "/api/kv", 200)) == 1
    call("GET", one, 200, params=there)
    call("PUT", one, 200, params=there, body={"description": "what for"})
    call("PUT", one, 201, params={"key": "other"}, body={"value": "x"})
    call("DELETE", one, 200, params=there)
    for method in ("GET", "DELETE"):
        call(method, one, 404, params=there)


def check_credentials(call):
    capture = {"baseUrl": "https://example.org", "userAgent": "Browser/1",
               "timestamp": 1, "cookies": [{"name": "a", "value": "b"}],
               "tokens": {"t": "x"}}
    there = {"id": call("POST", "/api/auth", 200, body=capture)["id"]}
    call("POST", "/api/auth", 400, body={})
    assert call("GET", "/api/auth/status", 200)["authenticated"]
    call("GET", "/api/auth/list", 200)
    call("GET", "/api/auth/{id}", 200, params=there)
    call("DELETE", "/api/auth/{id}", 200, params=there)
    call("GET", "/api/auth/{id}", 404, params=there)


def run(client, _):
    check_definitions(client.call)
    check_documents(client.call)
    check_keys(client.call)
    check_credentials(client.call)
    client.call("GET", "/api/config", 200)
    client.call("POST", "/api/config/reload", 200, body={"clear": True})
    client.call("POST", "/api/config/reload", 400, body={"other": True})
