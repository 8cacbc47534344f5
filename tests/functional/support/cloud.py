"""The cloud as its users and its operator see it."""

import configparser
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator

import openstack
import requests

from tests.functional.support.beside import beside
from tests.functional.support.harness import Deployment
from tests.functional.support.watching import Answers, asking, get

KEYSTONE, GLANCE = 5000, 9292
#: Passwords are hashed as little as bcrypt allows, because tests log in all the time.
QUICK_LOGINS = """\
[keystone/identity]
password_hash_rounds = 4
"""


@dataclasses.dataclass
class Cloud:
    """A deployment in which all of kolla's own services run."""

    deployment: Deployment
    #: What `kolla set start` reported when there was nothing yet.
    started: list[dict] = dataclasses.field(default_factory=list)
    #: Command lines in which a secret was seen while that went on.
    exposed: list[str] = dataclasses.field(default_factory=list)
    #: Of its APIs; where it is https, its broker speaks TLS as well.
    scheme: str = "http"

    def secrets(self) -> dict[str, str]:
        """By ``group.option``, as they are now; of several keys by ``group.option:number``."""
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(self.passwords)
        found = {}
        for group in parser.sections():
            for option, value in parser[group].items():
                keys = re.findall(r"(\d+):([^,]+)", value) if option.endswith("_keys") else ()
                found |= {f"{group}.{option}:{number}": key for number, key in keys}
                found |= {} if keys else {f"{group}.{option}": value}
        return found

    @property
    def passwords(self) -> pathlib.Path:
        return self.deployment.config_dir / "kolla.conf.d" / "passwords.conf"

    @property
    def certificates(self) -> pathlib.Path:
        return self.deployment.config_dir / "certificates"

    def login(self) -> dict[str, str]:
        """What an openrc holds."""
        return {
            "auth_url": f"{self.scheme}://{self.deployment.address}:{KEYSTONE}/v3",
            "cacert": str(self.certificates / "ca.crt"),
            "username": "admin",
            "password": self.secrets()["identity.admin_password"],
            "project_name": "admin",
            "user_domain_id": "default",
            "project_domain_id": "default",
        }

    def connect(self) -> openstack.connection.Connection:
        """A user who has just logged in; nothing that fails is tried again."""
        return self._logged_in(self.login())

    def member(self, name: str) -> openstack.connection.Connection:
        """A new user who has just logged in, and is no more than a member of a new project."""
        password = uuid.uuid4().hex
        with self.connect() as administrator:
            identity = administrator.identity
            project = identity.create_project(name=name, domain_id="default")
            user = identity.create_user(name=name, password=password, domain_id="default")
            identity.assign_project_role_to_user(project, user, identity.find_role("member"))
        login = {"username": name, "password": password, "project_name": name}
        return self._logged_in({**self.login(), **login})

    @staticmethod
    def _logged_in(login: dict[str, str]) -> openstack.connection.Connection:
        connection = openstack.connect(
            load_envvars=False, load_yaml_config=False, region_name="RegionOne", **login
        )
        connection.authorize()
        return connection

    def openstack(self, *arguments: str):
        """What the `openstack` command prints."""
        variables = {f"OS_{name.upper()}": value for name, value in self.login().items()}
        done = subprocess.run(
            [pathlib.Path(sys.executable).parent / "openstack", *arguments, "-f", "json"],
            env={**os.environ, **variables, "OS_IDENTITY_API_VERSION": "3"},
            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def use(self) -> list[str]:
        """Log in and ask for all users."""
        with self.connect() as connection:
            return sorted(user.name for user in connection.identity.users())

    def is_valid(self, token: str) -> bool:
        answer = requests.get(
            f"http://{self.deployment.address}:{KEYSTONE}/v3/auth/projects",
            headers={"X-Auth-Token": token}, timeout=60,
        )
        assert answer.status_code in (200, 401)
        return answer.status_code == 200

    @contextlib.contextmanager
    def at_work(self) -> Iterator[Answers]:
        """Users of Keystone are at work while the block runs, and notice nothing."""
        address = self.deployment.address
        with (
            asking(self.use) as users,
            asking(lambda: get(address, KEYSTONE, "/v3")) as visitors,
        ):
            users.wait_for(lambda: users.given or users.failures)
            yield users
        assert users.failures == [] and visitors.failures == []
        assert all(found == ["admin", "glance"] for found in users.given)

    # The operator

    def current(self, name: str) -> dict:
        """The generation that counts, as ``container show`` tells."""
        return self.deployment.kolla("container", "show", name, "-f", "json").json()

    def history(self, name: str) -> list[dict]:
        return self.deployment.kolla("container", "history", name, "-f", "json").json()

    def running(self, name: str) -> list[str]:
        """The names of its containers that run on the engine."""
        with self.deployment.engine.client() as client:
            found = client.containers.list(filters={"label": f"kolla.container={name}"})
            return [container.name for container in found]

    def lasting_queues(self) -> list[str]:
        """Those of RabbitMQ that stay until they are removed."""
        listed = self.deployment.kolla(
            "container", "exec", "rabbitmq", "--", "rabbitmqctl", "-q", "list_queues",
            "--formatter", "json", "name", "arguments")
        return [row["name"] for row in json.loads(listed.stdout)
                if "x-expires" not in str(row["arguments"])]


@contextlib.contextmanager
def started(
    cloud: Cloud, name: str, enabled: tuple[str, ...], more: str = "",
    beside: tuple[str, ...] = ("all",),
) -> Iterator[None]:
    """The cloud, with further containers started from nothing, until they are deleted.

    Whatever fails, the cloud is left to the next module as it was.

    ``beside``: what it has enabled already.
    """
    deployment, passwords = cloud.deployment, cloud.passwords.read_text()
    path = deployment.configure(
        f"[host]\nenabled = {', '.join((*beside, *enabled))}\n{more}", name)
    new = [each for each in enabled if not cloud.running(each)]
    try:
        deployment.kolla("config", "passwords")
        rows = deployment.kolla("container", "start", *new, "-f", "json", timeout=900).json()
        assert {row["outcome"] for row in rows} == {"done"}
        yield
    finally:
        deployment.kolla("container", "delete", *new, "--data", "--yes", expect=None, timeout=900)
        path.unlink()
        cloud.passwords.write_text(passwords)


@contextlib.contextmanager
def process_list_watched(secrets: list[str]) -> Iterator[list[str]]:
    """Command lines of this host's processes that hold a secret, while the block runs."""
    exposed: list[str] = []
    needles = [secret.encode() for secret in secrets]

    def watch(done: threading.Event) -> None:
        while not done.is_set():
            for process in pathlib.Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    line = (process / "cmdline").read_bytes()
                    if any(needle in line for needle in needles):
                        exposed.append(line.replace(b"\0", b" ").decode(errors="replace"))
            time.sleep(0.02)

    with beside(watch):
        yield exposed
