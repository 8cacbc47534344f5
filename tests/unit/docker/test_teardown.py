"""What kolla-teardown takes away, by who else is in the ledger; no server is asked."""

import contextlib
import datetime
import importlib
import sys
import types

import pytest

OF_ITS_OWN = {"KOLLA_HOST": "ctl1", "KOLLA_CONTAINER": "glance-api", "KOLLA_RELEASE": "2026.1"}
DATABASE = {"KOLLA_DATABASE_ROOT_PASSWORD": "root"}
SERVICE = {
    "KOLLA_SERVICE_NAME": "glance", "KOLLA_SERVICE_TYPE": "image",
    "KOLLA_SERVICE_USER": "glance", "KOLLA_IDENTITY_REGION": "one",
}
QUEUE = {"KOLLA_RPC_QUEUE": "compute.ctl1.example.org", "KOLLA_HOST": "ctl1.example.org",
         "OS_DEFAULT__TRANSPORT_URL": "rabbit://me:x@192.0.2.1:5672//"}


class Keystone:
    """An adapter of Keystone that holds lists of things, by kind."""

    def __init__(self):
        self.things = {"services": [], "endpoints": [], "users": []}

    def get(self, path: str, params: dict):
        kind = path[1:]
        wanted = params.items()
        found = [thing for thing in self.things[kind] if wanted <= thing.items()]
        return types.SimpleNamespace(json=lambda: {kind: found})

    def delete(self, path: str) -> None:
        _, kind, number = path.split("/")
        self.things[kind] = [thing for thing in self.things[kind] if thing["id"] != number]

    def offer(self, region: str) -> None:
        """As kolla-identity leaves it."""
        self.things["services"] = [{"id": "s1", "name": "glance", "type": "image"}]
        self.things["endpoints"].append({"id": region, "service_id": "s1", "region_id": region})
        self.things["users"] = [
            {"id": "u1", "name": "glance", "domain_id": "default"},
            {"id": "u2", "name": "nova", "domain_id": "default"},
        ]

    def left(self, kind: str) -> list[str]:
        return [thing["id"] for thing in self.things[kind]]


class World:
    """MariaDB and its ledger, Keystone and the broker, as kolla-teardown finds them."""

    def __init__(self, monkeypatch, tmp_path):
        self._patch = monkeypatch
        self.members, self.databases, self.sql = {}, {"glance"}, []
        self.keystone = Keystone()
        url = types.SimpleNamespace(database="glance", username="glance")
        ledger = types.SimpleNamespace(
            Ledger=object, urls=lambda: {"OS_DATABASE__CONNECTION": url}, connected=self._ledger,
        )
        for name in ("pymysql", "sqlalchemy"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        cursors = types.SimpleNamespace(Cursor=object)
        monkeypatch.setattr(sys.modules["pymysql"], "cursors", cursors, raising=False)
        self._module("kolla_image.ledger", ledger)
        self.tool = importlib.import_module("kolla_image.teardown")
        self.phases = importlib.import_module("kolla_image.phases")
        database = importlib.import_module("kolla_image.database")
        identity = importlib.import_module("kolla_image.identity")
        monkeypatch.setattr(identity, "administrator", lambda: _block(self.keystone))
        monkeypatch.setattr(database, "administrator", lambda: _block(self))
        environment = importlib.import_module("kolla_image.environment")
        monkeypatch.setattr(environment, "VERSION", tmp_path / "version")
        (tmp_path / "version").write_text("29.1.0\n")

    def _module(self, name: str, module) -> None:
        self._patch.setitem(sys.modules, name, module)
        package = importlib.import_module("kolla_image")
        self._patch.setattr(package, name.rpartition(".")[2], module, raising=False)

    def run(self, *parts: dict[str, str]) -> None:
        for variables in (OF_ITS_OWN, *parts):
            for name, value in variables.items():
                self._patch.setenv(name, value)
        self.tool.main()

    def known(self, host: str, container: str) -> None:
        since = datetime.datetime(2026, 5, 1)
        member = self.phases.Member(host, container, "2026.1", since, True)
        self.members[host, container] = member

    # What the tool uses

    def execute(self, sql: str, values) -> int:
        self.sql.append(sql)
        return len(self.databases.intersection(values)) if sql.startswith("SHOW") else 0

    @contextlib.contextmanager
    def _ledger(self, who, timeout):
        assert self.databases, "there is no database to connect to"
        yield self

    def forget(self, host: str, container: str) -> None:
        self.members.pop((host, container), None)

    def state(self):
        return types.SimpleNamespace(members=self.members)

    @property
    def dropped(self) -> list[str]:
        return [sql for sql in self.sql if sql.startswith("DROP")]


@contextlib.contextmanager
def _block(value):
    yield value


@pytest.fixture
def world(tools, monkeypatch, tmp_path):
    world = World(monkeypatch, tmp_path)
    world.known("ctl1", "glance-api")
    world.keystone.offer("one")
    return world


def test_the_last_container_takes_everything_with_it(world, capsys):
    world.run(DATABASE, SERVICE)
    assert world.dropped == ["DROP DATABASE IF EXISTS `glance`", "DROP USER IF EXISTS %s@'%%'"]
    assert [world.keystone.left(kind) for kind in ("services", "endpoints", "users")] == [
        [], [], ["u2"]]
    assert capsys.readouterr().out.splitlines() == [
        "gone: glance (image) from Keystone's catalog", "gone: the user glance from Keystone",
        "gone: the database glance, and its user glance",
    ]


def test_another_host_keeps_all_of_it(world, capsys):
    world.known("ctl2", "glance-api")
    world.run(DATABASE, SERVICE)
    assert world.dropped == []
    assert world.keystone.left("endpoints") == ["one"] and "u1" in world.keystone.left("users")
    assert list(world.members) == [("ctl2", "glance-api")]
    assert "glance-api on ctl2" in capsys.readouterr().out


def test_a_container_of_another_name_keeps_the_data_and_not_the_endpoints(world):
    world.known("ctl1", "glance-worker")
    world.run(DATABASE, SERVICE)
    assert world.dropped == []
    assert world.keystone.left("endpoints") == [] and "u1" in world.keystone.left("users")


def test_a_service_of_another_region_stays_in_the_catalog_with_its_user(world):
    world.keystone.offer("two")
    world.run(DATABASE, SERVICE)
    assert world.keystone.left("endpoints") == ["two"]
    assert world.keystone.left("services") == ["s1"] and "u1" in world.keystone.left("users")


def test_it_goes_on_where_it_was_interrupted(world):
    world.databases = set()
    world.run(DATABASE, SERVICE)
    assert world.dropped and world.keystone.left("endpoints") == []


@pytest.mark.parametrize("hosts, left", [("ctl1", []), ("ctl1,ctl2", ["one"])])
def test_a_service_without_a_database_goes_with_the_last_of_its_hosts(
    world, monkeypatch, capsys, hosts, left
):
    for name in ("kolla_image.database", "kolla_image.ledger"):
        monkeypatch.setitem(sys.modules, name, None)  # its image cannot import them
    world.run(SERVICE | {"KOLLA_SERVICE_HOSTS": hosts})
    assert world.keystone.left("endpoints") == left
    assert ("u1" in world.keystone.left("users")) == bool(left)
    assert ("glance-api on ctl2 still use it" in capsys.readouterr().out) == bool(left)


def test_a_service_without_a_login_leaves_keystone_alone(world):
    world.run(DATABASE)
    assert world.dropped and world.keystone.left("endpoints") == ["one"]


def test_a_user_without_a_catalog_entry_goes_alone(world):
    world.keystone.things["services"] = []
    world.run(SERVICE | {"KOLLA_SERVICE_TYPE": ""})
    assert world.keystone.left("users") == ["u2"] and world.keystone.left("endpoints") == ["one"]


@pytest.mark.parametrize("listeners, left", [(0, []), (1, ["compute"])])
def test_its_queue_goes_and_that_of_all_hosts_with_the_last(world, monkeypatch, listeners, left):
    queues = importlib.import_module("kolla_image.queues")
    broker = Broker(queues.amqp, {"compute": listeners, "compute.ctl1.example.org": 0})
    monkeypatch.setattr(queues, "session", lambda *place: broker)
    world.run(QUEUE)
    assert list(broker.queues) == left
    assert world.sql == []


def test_the_queues_of_its_further_topics_go_as_well(world, monkeypatch):
    queues = importlib.import_module("kolla_image.queues")
    names = ("compute", "tasks", "tasks.ctl1.example.org", "tasks.ctl2", "other")
    broker = Broker(queues.amqp, dict.fromkeys(names, 0))
    monkeypatch.setattr(queues, "session", lambda *place: broker)
    world.run(QUEUE | {"KOLLA_RPC_TOPICS": "tasks never-used"})
    assert list(broker.queues) == ["tasks.ctl2", "other"]


class Broker:
    """A connection and its channels; ``queues`` to how many listen there."""

    def __init__(self, amqp, queues: dict[str, int]):
        self.amqp, self.queues = amqp, queues

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def channel(self):
        return self

    def queue_delete(self, name: str, if_unused: bool = False, if_empty: bool = False):
        if if_unused and self.queues.get(name):
            raise self.amqp.PreconditionFailed("in use")
        self.queues.pop(name, None)
