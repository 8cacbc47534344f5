"""Databases of the services, as an administrator sees them."""

import contextlib
import os
import pathlib
import re
import subprocess

from tests.functional.support.cloud import Cloud
from tests.functional.support.harness import Deployment

CLIENT = ("mariadb", "--user=mysql", "-NBn", "keystone")


@contextlib.contextmanager
def sql(cloud: Cloud, *statements: str):
    """A session of the database's administrator, as long as the block runs."""
    (name,) = cloud.running("mariadb")
    command = ("docker", "-H", cloud.deployment.engine.url, "exec", "-i", name, *CLIENT)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as session:
        try:
            session.stdin.write("".join(f"{text};\n" for text in statements))
            session.stdin.flush()
            yield session
        finally:
            session.stdin.close()
            session.wait(60)


def query(cloud: Cloud, statement: str) -> list[str]:
    (name,) = cloud.running("mariadb")
    with cloud.deployment.engine.client() as client:
        done = client.containers.get(name).exec_run([*CLIENT, "-e", statement])
    assert done.exit_code == 0, done.output
    return done.output.decode().splitlines()


def act(deployment: Deployment, *arguments: str, expect: int = 0, **options) -> dict:
    done = deployment.kolla("container", *arguments, "-f", "json", expect=expect, **options)
    (row,) = done.json()
    return {**row, "stderr": done.stderr}


def ledger(deployment: Deployment, name: str = "keystone") -> list[str]:
    """What kolla-schema knows, without the times."""
    done = deployment.kolla("container", "exec", name, "--", "kolla-schema", "status")
    text = re.sub(r"(, since| on) [\d-]+ [\d:]+ UTC", "", done.stdout)
    return text.splitlines()


def dumps(deployment: Deployment, name: str) -> list[pathlib.Path]:
    """Those of a project, or of a container that has none; the latest comes last."""
    return sorted((deployment.state_dir / "dumps" / name).iterdir(), key=os.path.getmtime)


def restore(
    deployment: Deployment, dump: bytes, database: str = "keystone"
) -> subprocess.CompletedProcess:
    command = deployment.command("container", "exec", "mariadb", "--", "kolla-restore", database)
    return subprocess.run(
        command, input=dump, timeout=120, env=deployment.environment(), capture_output=True
    )
