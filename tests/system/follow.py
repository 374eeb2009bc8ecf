"""Follows one run with another implementation of WebSockets than ours, over
connections that it cuts itself. Usage: follow.py URL RUN EVERY

Prints how many messages came, and whether their numbers are 1, 2, 3, ..."""

import asyncio
import json
import sys

import websockets


async def follow(url, run, every):
    seen = []
    while True:
        async with websockets.connect(url, max_size=None) as socket:
            await socket.send(json.dumps(
                {"type": "subscribe", "run": run, "level": "debug",
                 "after": seen[-1] if seen else 0}))
            wanted = len(seen) + every
            async for frame in socket:
                messages = json.loads(frame)
                if not isinstance(messages, list):
                    messages = [messages]
                for x in messages:
                    if x.get("run") != run or "seq" not in x:
                        continue
                    seen.append(x["seq"])
                    what = x["payload"]
                    if what.get("job_id") == run and what.get("status") in (
                            "completed", "failed", "cancelled"):
                        return seen
                if len(seen) >= wanted:
                    break


url, run_id, per_connection = sys.argv[1:4]
numbers = asyncio.run(follow(url, run_id, int(per_connection)))
in_order = numbers == list(range(1, len(numbers) + 1))
print(json.dumps({"count": len(numbers), "in_order": in_order}))
