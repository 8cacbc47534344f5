import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from oslo_config import cfg
from tests.unit.support.plugins import FOLDER, OPENSTACK_BASE, make_container, plugin

from kolla.catalog.catalog import Catalog
from kolla.catalog.discovery import KOLLA
from kolla.errors import KollaError, UsageError
from kolla.plugin import (
    ContainerSet, File, Former, Gone, Hold, HostMount, HostNeed, Image, Keyring, Listen, Privilege,
    Releases, Strategy, Task, Volume, each_host, secret,
)

FRONT = plugin(ContainerSet("front", ""))
RELEASED = Image("x", FOLDER, parent=None, per_release=True)
SHARED_RUN = HostMount("/run", "/run", "", read_only=False, propagation="rshared")


def released(releases: Releases) -> Image:
    return Image("released", FOLDER, parent=None, releases=releases)


def messages(catalog: Catalog) -> list[str]:
    return [str(error) for error in catalog.errors]


def test_a_third_party_hangs_its_container_into_an_existing_set():
    catalog = Catalog([FRONT, plugin(make_container("cache"), "kolla-cache")])
    assert catalog.errors == []
    assert [node.name for node in catalog.children(catalog.root)] == ["front"]
    assert [leaf.name for leaf in catalog.subtree(catalog.sets["front"])] == ["cache"]
    assert catalog.path("cache") == ("front", "cache")
    assert catalog.distribution("cache") == "kolla-cache"
    assert catalog.distribution("front") == KOLLA


def test_subtree_of_the_root_is_every_container_below_nested_sets():
    catalog = Catalog([
        FRONT, plugin(ContainerSet("inner", "", parent="front")),
        plugin(make_container("a", "inner")), plugin(make_container("b", "front")),
    ])
    assert {leaf.name for leaf in catalog.subtree(catalog.root)} == {"a", "b"}
    assert catalog.path("a") == ("front", "inner", "a")


def test_unknown_name_tells_the_nearest_one():
    catalog = Catalog([FRONT])
    with pytest.raises(UsageError, match="'frnt'; did you mean 'front'"):
        catalog.node("frnt")


@pytest.mark.parametrize("broken, reason", [
    (plugin(make_container("x", "nowhere"), "bad"), "its parent 'nowhere' does not exist"),
    (plugin(make_container("x", "fron"), "bad"), "did you mean 'front'"),
    (plugin(make_container("x", requires=("gone",)), "bad"), "it requires, 'gone' does not exist"),
    (plugin(make_container("x", requires=("x",)), "bad"), "requires itself: x -> x"),
    (plugin(make_container("x"), "bad", name="y"), "another name than its entry point: 'x'"),
    (plugin(ContainerSet("x", "", parent="x"), "bad"), "is below itself: x -> x"),
    (plugin(ContainerSet("all", ""), "bad"), "'all' is the name of the whole tree"),
    (plugin(released(Releases("X", ("1",), "2")), "bad"), "its releases: '2' is not in their"),
    (plugin(released(Releases("X", ("1", "1"), "1")), "bad"), "one is in their order twice"),
    (plugin(Image("x", FOLDER, parent="bse"), "bad"),
     "the image it is built on, 'bse' does not exist"),
    (plugin(make_container("x", image=Image("x", FOLDER, parent="gone")), "bad"),
     "the image that its image is built on, 'gone' does not exist"),
    (plugin(Image("x", FOLDER, parent=None, suite="bokworm"), "bad"),
     "its suite 'bokworm' is none of bookworm, trixie; did you mean 'bookworm'?"),
    (plugin(Image("x", FOLDER, parent="openstack-base", suite="bookworm"), "bad"),
     "its image 'x' contains Debian bookworm, and 'openstack-base', on which it is built, trixie"),
    (plugin(make_container("x", options={"host": (cfg.IntOpt("address"),)}), "bad"),
     "its option [host] address is already defined differently"),
    (plugin(make_container("x", requires="good"), "bad"),
     "its 'requires' should be of type tuple[str, ...], but is 'good'"),
    (plugin(make_container("x", options={"x": cfg.StrOpt("y")}), "bad"),
     """its "options['x']" should be of type tuple["""),
    (plugin(make_container("x", environment={"PORT": 80}), "bad"),
     """its "environment['PORT']" should be of type str, but is 80"""),
    (plugin(make_container("x", image=Image("x", "/folder")), "bad"),
     "its 'image.folder' should be of type Path or None, but is '/folder'"),
    (plugin(make_container("x", image=Image("x", FOLDER, options=("x.y",))), "bad"),
     "its image knows 'x.y', which is no option of its own"),
    (plugin(make_container("x", bootstrap=(Task("t", "command"),)), "bad"),
     "its 'bootstrap[0].command' should be of type tuple[str, ...], but is 'command'"),
    (plugin(make_container("x", privileges=(Privilege("capabilty", "", "NET_RAW"),)), "bad"),
     "its privilege 'capabilty' does not exist; did you mean 'capability'?"),
    (plugin(make_container("x", privileges=(Privilege("pid", "", "host"),)), "bad"),
     "its privilege 'pid' takes no value"),
    (plugin(make_container("x", privileges=(Privilege("device", "", "kvm"),)), "bad"),
     "its privilege 'device' cannot be 'kvm'; it looks like /dev/kvm"),
    (plugin(make_container("x", needs=(HostNeed("modul", "x", ""),)), "bad"),
     "its need 'modul' does not exist; did you mean 'module'?"),
    (plugin(make_container("x", needs=(HostNeed("sysctl", "net.ipv4.ip_forward", ""),)), "bad"),
     "its need 'sysctl' cannot be 'net.ipv4.ip_forward'; it looks like net.ipv4.ip_forward=1"),
    (plugin(make_container("x", host_mounts=(HostMount("/x", "/y", "", True, "rw"),)), "bad"),
     "the propagation of its mount '/y' is 'rw', not one of rprivate, rslave, rshared"),
    (plugin(make_container("x", host_mounts=(SHARED_RUN,)), "bad"),
     "what kolla mounts at '/run/kolla' lies below its shared mount '/run'"),
    (plugin(make_container("x", outlived_by=("qemu",)), "bad"),
     "its 'outlived_by' names programs, and it does not declare the privileges 'pid' and"),
    (plugin(make_container("x", user=0), "bad"), "its user is 0, and it does not declare the "
     "privilege 'root'"),
    (plugin(make_container("x", privileges=(Privilege("capability", "", "NET_RAW"),)), "bad"),
     "it declares the privilege 'capability' and not 'root'"),
    (plugin(make_container("x", privileges=(Privilege("privileged", ""),)), "bad"),
     "it declares the privilege 'privileged' and not 'root'"),
    (plugin(make_container("x", privileges=(Privilege("limit", "", "nofile=9"),)), "bad"),
     "its privilege 'limit' cannot be 'nofile=9'; it looks like memlock=67108864"),
    (plugin(make_container("x", privileges=(Privilege("unconfined", "", "all"),)), "bad"),
     "its privilege 'unconfined' cannot be 'all'; it looks like seccomp"),
    (plugin(make_container("x", volumes=(Volume("x", "var"),)), "bad"),
     "the path of its volume 'var' does not begin with a slash"),
    (plugin(make_container("x", files=(File("/x"),)), "bad"),
     "its file '/x' has neither content nor option"),
    (plugin(make_container("x", files=(File("/x", content="", secret=True),)), "bad"),
     "its file '/x' is secret and names no option"),
    (plugin(make_container("x", files=(File("/x", content="", numbered=True),)), "bad"),
     "its file '/x' is numbered: that is declared by a Keyring"),
    (plugin(make_container("x", options={"x": (each_host("urls", "nobody", "", ""),)}), "bad"),
     "the container that its option describes on each host, 'nobody' does not exist"),
    (plugin(make_container("x", bootstrap=(Task("t", ("t",), first="yes"),)), "bad"),
     "its 'bootstrap[0].first' should be of type bool, but is 'yes'"),
    (plugin(make_container("x", listens=(Listen("x", "1", floating="yes"),)), "bad"),
     "its 'listens[0].floating' should be of type bool, but is 'yes'"),
    (plugin(make_container("x", keyrings=(Keyring("/x", "x.keys", "0"),)), "bad"),
     "its keyring '/x' is of 'x.keys', which is no option of its own"),
    (plugin(make_container("x", keyrings=(Keyring("/x", "x.keys", "0"),),
                           options={"x": (secret("keys", help=""),)}), "bad"),
     "its keyring '/x' is of 'x.keys', which is no secret of the form 'keys'"),
    (plugin(make_container("x", keyrings=(Keyring("x", "x.keys", "0"),)), "bad"),
     "the path of its keyring 'x' does not begin with a slash"),
    (plugin(make_container("x", image=Image("x", Path("/nowhere"), None)), "bad"),
     "its image's folder /nowhere has no Dockerfile"),
    (plugin(Image("x", Path("/nowhere"), None), "bad"), "its folder /nowhere has no Dockerfile"),
    (plugin(make_container("x", strategy=Strategy.HANDOVER), "bad"), "it listens on nothing"),
    (plugin(make_container("x", listens=(Listen("::", "80", balanced="htp"),)), "bad"),
     "the 'balanced' of its port '80' is 'htp', not one of http, tcp, one; did you mean 'http'?"),
    (plugin(make_container("x", may_stop="ask"), "bad"),
     "its 'may_stop' should be of type tuple[str, ...], but is 'ask'"),
    (plugin(make_container("x", files=(File("/x", content=7),)), "bad"),
     "its 'files[0].content' should be of type str or Callable[[kolla.plugin.cloud.Cloud], str]"),
    (plugin(make_container("x", hold=Hold()), "bad"), "how its requests wait, and listens on"),
    (plugin(make_container("x", verify=(Task("t", ("a",)), Task("t", ("b",)))), "bad"),
     "two tasks of its verify are called 't'"),
    (plugin(make_container("x", before_rollback=(Task("t", ("a",), of="god"),)), "bad"),
     "the container in whose place a task of it runs, 'god' does not exist; did you mean 'good'?"),
    (plugin(make_container("x", verify=(Task("t", ("a",), warning=75),)), "bad"),
     "the 'warning' of its task 't' is 75: it is an exit code from 1 to 123, and not 75"),
    (plugin(make_container("x", verify=(Task("t", ("a",), every=60),)), "bad"),
     "its task 't' has 'every', which is for tasks in 'on_demand'"),
    (plugin(make_container("x", on_demand=(Task("t", ("a",), every=-1),)), "bad"),
     "its task 't' is to run every -1 s: the least is 10 s"),
    (plugin(make_container("x", on_demand=(Task("a b", ("a",)),)), "bad"),
     "its task 'a b' has no name"),
    (plugin(make_container("x", verify=(Task("t", ("a",), of="x"),)), "bad"),
     "its task 't' runs in its own place"),
    (plugin(make_container("x", follows=("x",)), "bad"), "follows itself: x -> x"),
    (plugin(make_container("x", follows=("sller",)), "bad"),
     "the container it follows, 'sller' does not exist; did you mean 'seller'?"),
    (plugin(make_container("x", follows=("seller",)), "bad"),
     "it follows seller, and the image of x is not built per release"),
    (plugin(make_container("x", project="../etc"), "bad"), "its project '../etc' is no name: "),
    (plugin(make_container("x", project="good"), "bad"),
     "its project 'good' has the name of a container"),
    (plugin(make_container("x", project="shop"), "bad"),
     "its project 'shop' is also that of seller, whose images are built per release, and its own"),
    (plugin(make_container("x", releases=("2026.1",)), "bad"),
     "its 'releases' are named, and its image is not built per release"),
    (plugin(make_container("x", releases=("2026.3",), image=RELEASED), "bad"),
     "its 'releases' name '2026.3', which is no release of OpenStack; did you mean '2026.2'?"),
    (plugin(make_container("x", formerly=(Former("good"),)), "bad"),
     "its 'formerly' names 'good', which is the name of one that there is"),
    (plugin(make_container("x", formerly=(Former("x"),)), "bad"),
     "its 'formerly' names 'x', which is the name of one that there is"),
    (plugin(make_container("x", formerly=(Former("dealer"),)), "bad"),
     "its 'formerly' names 'dealer', and so does that of seller"),
    (plugin(ContainerSet("x", "", formerly=(Former("front"),)), "bad"),
     "its 'formerly' names 'front', which is the name of one that there is"),
    (plugin(ContainerSet("x", "", optional="no"), "bad"),
     "its 'optional' should be of type bool, but is 'no'"),
    (plugin(Gone("x", ""), "bad"), "its 'instead' is empty"),
    (plugin(Gone("good", "it rests"), "bad"),
     "is gone by its own words, and is the name of a container set or container"),
    (dataclasses.replace(FRONT, distribution="bad", thing="text"),
     "should be a kolla.plugin.ContainerSet, is a str"),
])
def test_a_broken_plugin_is_named_with_its_distribution_and_the_others_work(broken, reason):
    released = Image("seller", FOLDER, parent=None, per_release=True)
    seller = make_container("seller", image=released, project="shop", formerly=(Former("dealer"),))
    good = [plugin(OPENSTACK_BASE), FRONT, plugin(make_container("good")), plugin(seller)]
    catalog = Catalog([*good, broken])
    assert list(catalog.containers) == ["good", "seller"] and list(catalog.sets) == ["front"]
    assert len(catalog.errors) == 1
    error = catalog.errors[0]
    assert error.distribution == "bad" and error.name == broken.name
    assert reason in str(error) and "'bad'" in str(error)


def test_what_hangs_on_a_broken_plugin_is_left_out_and_told_so():
    catalog = Catalog([
        FRONT,
        plugin(ContainerSet("a", "", parent="b"), "bad"),
        plugin(ContainerSet("b", "", parent="a"), "bad"),
        plugin(make_container("inside", "b"), "good"),
        plugin(make_container("needy", requires=("inside",)), "good"),
    ])
    assert list(catalog.sets) == ["front"] and not catalog.containers
    text = "\n".join(messages(catalog))
    assert "a -> b -> a" in text and "b -> a -> b" in text
    assert "'inside'" in text and "its parent 'b' cannot be used" in text
    assert "it requires, 'inside' cannot be used" in text


def test_of_two_plugins_with_one_name_the_one_of_kolla_stays():
    mine, theirs = make_container("web"), make_container("web")
    catalog = Catalog([FRONT, plugin(theirs, "other"), plugin(mine, KOLLA)])
    assert catalog.containers["web"] is mine
    assert messages(catalog) == [
        "plugin 'web' (kolla.containers) of distribution 'other': "
        "has the same name as a plugin of 'kolla-host'"
    ]


def test_of_two_third_party_plugins_with_one_name_neither_stays():
    catalog = Catalog([
        FRONT, plugin(make_container("web"), "one"), plugin(make_container("web"), "two"),
    ])
    assert not catalog.containers
    assert {error.distribution for error in catalog.errors} == {"one", "two"}


def test_an_installation_has_one_order_of_releases_and_that_of_kolla_stays():
    theirs = plugin(released(Releases("Cache", ("1", "2"), default="2")), "other")
    alone = Catalog([theirs])
    assert alone.release_order is theirs.thing.releases
    assert alone.options["DEFAULT"]["release"].default == "2"
    both = Catalog([theirs, plugin(OPENSTACK_BASE)])
    assert both.release_order is OPENSTACK_BASE.releases
    assert messages(both) == [
        "plugin 'released' (kolla.images) of distribution 'other': "
        "its releases are those of Cache, and not of OpenStack"
    ]


def test_a_container_cannot_have_the_name_of_a_set():
    catalog = Catalog([FRONT, plugin(make_container("front"), "other")])
    assert list(catalog.sets) == ["front"] and not catalog.containers


def test_containers_may_share_an_option_they_agree_on():
    shared = {"shared": (cfg.StrOpt("url", default="x"),)}
    catalog = Catalog([
        FRONT, plugin(make_container("a", options=shared)),
        plugin(make_container("b", options={"shared": (cfg.StrOpt("url", default="x"),)})),
    ])
    assert catalog.errors == [] and list(catalog.options["shared"]) == ["url"]


def test_images_are_those_of_plugins_and_of_containers():
    image = Image("base", FOLDER, parent="debian")
    own = Image("web", FOLDER, parent="base")
    catalog = Catalog([FRONT, plugin(image), plugin(make_container("web", image=own))])
    assert list(catalog.images) == ["base", "web"] and catalog.distribution("web") == KOLLA


@pytest.mark.parametrize("code, reason", [
    ("import not_there", "No module named 'not_there'"),
    ("assert False, 'oh'", "AssertionError: oh"),
    ("raise SystemExit(3)", "SystemExit: 3"),
    ("1/0", "division by zero"),
    ("", "has no attribute 'X'"),
])
def test_a_plugin_that_cannot_be_imported_is_named_and_stops_nothing(site, code, reason):
    module = f"broken_{abs(hash(code))}"
    site("kolla-broken", f"[kolla.containers]\nx = {module}:X\n", **{module: code})
    catalog = Catalog.load()
    error = next(error for error in catalog.errors if error.name == "x")
    assert error.distribution == "kolla-broken" and reason in error.message
    assert "database-control" in catalog.sets


def test_a_backend_is_imported_only_when_it_is_asked_for(site):
    site("kolla-backend", "[kolla.backends]\nodd = odd_backend:Odd\n",
         odd_backend="class Odd: pass")
    catalog = Catalog([])
    assert "odd" in catalog.backends() and "docker" in catalog.backends()
    assert "odd_backend" not in sys.modules
    assert catalog.backend("odd").__name__ == "Odd"
    with pytest.raises(KollaError, match="there is no backend 'od'; did you mean 'odd'"):
        catalog.backend("od")


@pytest.mark.parametrize("name", ["fresh", "other-than-its-folder"])
def test_a_plugin_installed_just_now_is_seen_at_once(tmp_path, name):
    """stevedore's own cache would hide it: its time stamps are 128 seconds coarse."""
    script = "from kolla.catalog.catalog import Catalog; print(*Catalog.load().sets)"
    environment = {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"),
                   "PATH": "/usr/bin:/bin"}

    def sets() -> list[str]:
        return subprocess.check_output(
            [sys.executable, "-c", script], env=environment, text=True
        ).split()

    assert "fresh" not in sets()
    metadata = tmp_path / "fresh-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[kolla.container_sets]\nfresh = fresh:FRESH\n")
    (tmp_path / "fresh.py").write_text(
        "from kolla.plugin import ContainerSet\nFRESH = ContainerSet('fresh', '')\n"
    )
    assert "fresh" in sets()


def test_one_volume_of_two_containers_has_to_be_declared_as_shared():
    mine = make_container("mine", volumes=(Volume("data", "/data"),))
    theirs = make_container("theirs", volumes=(Volume("data", "/data", shared=True),))
    catalog = Catalog([FRONT, plugin(mine), plugin(theirs, "other")])
    assert list(catalog.containers) == ["mine"]
    assert "its volume 'data' is also one of mine" in messages(catalog)[0]
    both = dataclasses.replace(mine, volumes=theirs.volumes)
    assert not Catalog([FRONT, plugin(both), plugin(theirs, "other")]).errors


def test_two_plugins_cannot_give_one_user_to_containers_that_have_nothing_in_common():
    ours, mine = (make_container(name, user=42402) for name in ("ours", "mine"))
    catalog = Catalog([FRONT, plugin(ours), plugin(mine, "other")])
    assert list(catalog.containers) == ["ours"]
    assert messages(catalog) == [
        "plugin 'mine' (kolla.containers) of distribution 'other': its user 42402 is also that of "
        f"ours, of distribution '{KOLLA}': choose another number; if it is meant, both name one "
        "project, one image or one shared volume"]
    neither = Catalog([FRONT, plugin(ours, "one"), plugin(mine, "other")])
    assert neither.containers == {} and len(neither.errors) == 2


@pytest.mark.parametrize("common", [
    {"project": "shop"},
    {"image": Image("shop", FOLDER, parent=None)},
    {"volumes": (Volume("data", "/data", shared=True),)},
    {"user": 0, "privileges": (Privilege("root", "it is a test"),)},
])
def test_what_belongs_together_may_run_as_one_user(common):
    ours, mine = (make_container(name, **{"user": 42402, **common}) for name in ("ours", "mine"))
    assert Catalog([FRONT, plugin(ours), plugin(mine, "other")]).errors == []


def test_containers_of_one_plugin_may_run_as_one_user():
    one, two = (make_container(name, user=42402) for name in ("one", "two"))
    assert Catalog([FRONT, plugin(one, "other"), plugin(two, "other")]).errors == []


def test_projects_of_kolla_have_users_of_their_own():
    owners = {}
    for container in Catalog.load().containers.values():
        owner = container.project or container.image.name
        assert owners.setdefault(container.user, owner) == owner


def test_a_third_party_cannot_take_the_name_of_a_project_for_its_container():
    ours = make_container("nova-api", project="nova")
    catalog = Catalog([FRONT, plugin(ours), plugin(make_container("nova"), "other")])
    assert list(catalog.containers) == ["nova-api"]
    assert "its name is that of a project, of nova-api" in messages(catalog)[0]


def test_a_project_is_made_up_of_the_containers_that_name_it():
    api, worker = (make_container(name, project="shop") for name in ("api", "worker"))
    catalog = Catalog([FRONT, plugin(api), plugin(worker, "other"), plugin(make_container("a"))])
    assert catalog.projects == {"shop": [api, worker]}


def test_containers_cannot_require_and_follow_each_other_in_a_circle():
    image = Image("shop", FOLDER, parent=None, per_release=True)
    catalog = Catalog([
        FRONT, plugin(make_container("a", image=image, follows=("b",)), "bad"),
        plugin(make_container("b", image=image, requires=("a",)), "bad"),
    ])
    assert not catalog.containers
    assert "requires and follows in a circle: a -> b -> a" in messages(catalog)[0]
