"""A daemon, and a client that checks each answer against /openapi.json."""

import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.parse

import jsonschema

START_SECONDS_MAX = 30


class Daemon:
    """A real daemon on a folder and a port of its own."""

    def __init__(self, bin_dir, source_dir):
        self.bin_dir = bin_dir
        self.folder = tempfile.TemporaryDirectory()
        self.data = os.path.join(self.folder.name, "data")
        self.log = open(os.path.join(self.folder.name, "log"), "wb")
        self.process = subprocess.Popen(
            [os.path.join(bin_dir, "quaerod"), "--data-dir", self.data,
             "--listen", "127.0.0.1:0", "--nodes-listen", "127.0.0.1:0",
             "--definitions-dir", source_dir + "/definitions/examples",
             "--docs-dir", source_dir + "/docs"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        endpoint = os.path.join(self.data, "endpoint")
        deadline = time.monotonic() + START_SECONDS_MAX
        while not os.path.exists(endpoint):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the daemon did not start: " + self.output())
            time.sleep(0.02)
        with open(endpoint) as file:
            self.address = urllib.parse.urlsplit(file.read().strip()).netloc

    def output(self):
        self.log.flush()
        with open(self.log.name, errors="replace") as file:
            return file.read()[-4000:]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=START_SECONDS_MAX)
        self.log.close()
        self.folder.cleanup()
        return code


def closed(schema):
    """The schema, with every object closed that does not say it is open."""
    if isinstance(schema, list):
        return [closed(x) for x in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: closed(x) for name, x in schema.items()}
    if "properties" in out and out.get("type") == "object":
        out.setdefault("additionalProperties", False)
    return out


class Client:
    """Asks, and fails where the answer is not as described."""

    def __init__(self, address):
        self.address = address
        self.token = None  # Sent with every request from when it is set.
        status, _, body = self.send("GET", "/openapi.json")
        assert status == 200, status
        self.document = json.loads(body)
        self.components = closed(self.document["components"])
        self.served = set()  # (method, path) that succeeded
        self.calls = 0

    def send(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        headers = dict(headers or {})
        if self.token:
            headers.setdefault("Authorization", "Bearer " + self.token)
        try:
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def call(self, method, path, expect, params=None, query=None, body=None,
             headers=None, text=None):
        """Sends a request of an operation and checks what comes back.

        body: sent as JSON; text: sent as it is.
        expect: the status that must come.
        Returns the answer's JSON, or its text.
        """
        operation = self.document["paths"][path][method.lower()]
        target = path
        for name, val in (params or {}).items():
            target = target.replace("{%s}" % name, urllib.parse.quote(val))
        assert "{" not in target, "a parameter is missing: " + target
        if query:
            self.check_query(operation, path, query)
            target += "?" + urllib.parse.urlencode(query)
        raw = json.dumps(body) if body is not None else text
        if body is not None:
            self.check_body(operation, method, path, body, expect)
        sent = dict(headers or {})
        if raw is not None:
            sent.setdefault("Content-Type", "application/json"
                            if body is not None else "application/toml")
        status, got, answer = self.send(method, target, raw, sent)
        where = "%s %s" % (method, target)
        self.calls += 1
        assert status == expect, "%s: %d, expected %d: %s" % (
            where, status, expect, answer[:2000])
        if status < 400:
            self.served.add((method, path))
        assert "X-Request-ID" in got, where + ": no X-Request-ID"
        return self.check_answer(operation, where, status, got, answer)

    def check_query(self, operation, path, query):
        known = {x["name"] for x in self.parameters(operation, path)
                 if x["in"] == "query"}
        for name in query:
            assert name in known, "%s: undescribed parameter %s" % (path, name)

    def parameters(self, operation, path):
        both = (operation.get("parameters", [])
                + self.document["paths"][path].get("parameters", []))
        return [self.resolve(x) for x in both]

    def resolve(self, x):
        while "$ref" in x:
            here = self.document
            for part in x["$ref"].removeprefix("#/").split("/"):
                here = here[part]
            x = here
        return x

    def check_body(self, operation, method, path, body, expect):
        described = operation.get("requestBody")
        assert described, "%s %s: undescribed body" % (method, path)
        if expect >= 400:
            return  # It is meant to be wrong.
        content = self.resolve(described)["content"]["application/json"]
        self.validate(content["schema"], body, "body of %s %s" % (method, path))

    def check_answer(self, operation, where, status, headers, body):
        responses = operation["responses"]
        described = responses.get(str(status))
        if described is None:
            assert status >= 400, "%s: undescribed status %d" % (where, status)
            described = responses["default"]
        content = self.resolve(described).get("content")
        if not content:
            assert not body, "%s: undescribed body" % where
            return None
        kind = headers.get("Content-Type", "").split(";")[0]
        assert kind in content, "%s: undescribed content %s" % (where, kind)
        if not kind.endswith("json"):
            return body.decode()
        answer = json.loads(body)
        self.validate(content[kind]["schema"], answer, where)
        return answer

    def validate(self, schema, instance, where):
        whole = dict(closed(schema))
        whole["components"] = self.components
        validator = jsonschema.Draft202012Validator(
            whole, format_checker=jsonschema.FormatChecker())
        errors = sorted(validator.iter_errors(instance), key=str)
        assert not errors, "%s: %s at %s" % (
            where, errors[0].message[:1500],
            "/".join(str(x) for x in errors[0].absolute_path))


def check_document(client):
    """The description itself: names, references, schemas."""
    document = client.document
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    tags = {x["name"] for x in document["tags"]}
    ids = set()
    for path, operations in document["paths"].items():
        holes = set(re.findall(r"\{(\w+)\}", path))
        for method, operation in operations.items():
            if method == "parameters":
                continue
            where = "%s %s" % (method, path)
            assert operation["operationId"] not in ids, where
            ids.add(operation["operationId"])
            assert operation["summary"], where
            assert set(operation["tags"]) <= tags, where
            named = {x["name"] for x in client.parameters(operation, path)
                     if x["in"] == "path"}
            assert named == holes, "%s: %s and %s" % (where, named, holes)
            assert any(x.startswith(("1", "2", "3"))
                       for x in operation["responses"]), where
            assert "security" in operation, where

    def visit(x):
        if isinstance(x, list):
            for item in x:
                visit(item)
        elif isinstance(x, dict):
            if isinstance(x.get("$ref"), str):
                client.resolve(x)
            if isinstance(x.get("schema"), dict):
                jsonschema.Draft202012Validator.check_schema(x["schema"])
            for item in x.values():
                visit(item)

    visit(document)
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
