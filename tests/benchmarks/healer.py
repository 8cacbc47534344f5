"""docker-autoheal's way: the engine runs the checks, and a poller restarts what is unhealthy.

As a program it is that poller, with docker-autoheal's defaults: it asks every five seconds,
and what it restarts has ten seconds to stop. ``python -m tests.benchmarks.healer``
"""

import os
import sys
import time

import docker

PAUSE, GRACE = 5, 10


def main() -> None:
    engine = docker.APIClient(os.environ["DOCKER_HOST"])
    while True:
        for found in engine.containers(filters={"health": "unhealthy"}):
            print(f"{found['Names'][0]} is unhealthy: restarted", flush=True)
            engine.restart(found["Id"], timeout=GRACE)
        time.sleep(PAUSE)


if __name__ == "__main__":
    sys.exit(main())
