#!/usr/bin/env python3
"""Asks a real daemon for every operation that /openapi.json describes, and
compares each answer with the description. Usage: check.py BIN_DIR SOURCE_DIR

Each area has a file with a function run(client, daemon). An operation that no
area calls with success fails the check."""

import sys

import access
import api
import catalog
import definitions
import documents
import jobs
import life
import live
import nodes
import queues
import shutdown
import system

# From the first token of access on every request needs one; the last one ends
# the daemon.
AREAS = (definitions, jobs, life, queues, live, documents, system, catalog,
         nodes, access, shutdown)


def main():
    bin_dir, source_dir = sys.argv[1:3]
    daemon = api.Daemon(bin_dir, source_dir)
    try:
        client = api.Client(daemon.address)
        api.check_document(client)
        for area in AREAS:
            area.run(client, daemon)
        missing = sorted(
            "%s %s" % (method.upper(), path)
            for path, operations in client.document["paths"].items()
            for method in operations
            if method != "parameters"
            and (method.upper(), path) not in client.served)
        assert not missing, "never called with success: " + ", ".join(missing)
        print("%d calls, %d operations" % (client.calls, len(client.served)))
    except BaseException:
        print(daemon.output(), file=sys.stderr)
        raise
    finally:
        daemon.stop()


if __name__ == "__main__":
    main()
