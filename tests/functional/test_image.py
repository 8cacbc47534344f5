"""Images are built as far as they have changed, and hold nothing of the site."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import textwrap
import threading
import time
from collections.abc import Iterator

import pytest

from tests.functional.support import proxy
from tests.functional.support.beside import beside
from tests.functional.support.harness import MACHINE_CA_BUNDLE, Deployment

#: A script of a package, as dpkg runs it.
SCRIPT = re.compile(r"/var/lib/dpkg/(info|tmp\.ci)/\S*(pre|post)(inst|rm)")
NAMESPACE = "kolla-test"
MARK = "kolla-test-certificate-mark"

PLUGIN = """\
import pathlib
from kolla.plugin import Image

HERE = pathlib.Path(__file__).parent
PROBE = Image("probe", HERE / "probe")
CHILD = Image("probe-child", HERE / "child", parent="probe", per_release=True)
BROKEN = Image("broken", HERE / "broken")
BROKEN_CHILD = Image("broken-child", HERE / "child", parent="broken", per_release=True)
OFFLINE = Image("offline", HERE / "offline", offline=True)
"""
ENTRY_POINTS = """\
[kolla.images]
probe = probe_images:PROBE
probe-child = probe_images:CHILD
broken = probe_images:BROKEN
broken-child = probe_images:BROKEN_CHILD
offline = probe_images:OFFLINE
"""
#: Fetches from Debian and from the package index in earnest.
PROBE = """\
ARG PARENT
FROM ${PARENT}
RUN --mount=type=secret,id=apt --mount=type=secret,id=ca --mount=type=secret,id=sources \\
    kolla-install python3-venv
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \\
    python3 -m venv /opt/probe \\
    && PIP_CONFIG_FILE=/run/secrets/pip /opt/probe/bin/pip install --no-cache-dir iniconfig \\
    && echo 4.5.6 > /usr/share/kolla/version
"""
#: Asks a service of this host, once where that is possible, and twice where it must not be:
#: while a Debian package is installed, as its own scripts could, and in a command.
OFFLINE = """\
ARG PARENT
FROM ${PARENT} AS fetch
RUN --mount=type=secret,id=apt --mount=type=secret,id=ca --mount=type=secret,id=sources \\
    --mount=type=cache,id=kolla-packages,target=/var/cache/kolla \\
    kolla-install --fetch netbase
RUN --mount=type=cache,id=kolla-test-fetched,target=/fetched \\
    [ -e /fetched/answer ] || bash -c 'cat < /dev/tcp/ADDRESS' > /fetched/answer
FROM fetch
RUN --mount=type=cache,id=kolla-test-fetched,target=/fetched mv /fetched/answer /
RUN echo "post-invoke=bash -c ': < /dev/tcp/ADDRESS' 2>> /refused || true" \\
    > /etc/dpkg/dpkg.cfg.d/ask
RUN --mount=type=cache,id=kolla-packages,target=/var/cache/kolla kolla-install
RUN rm /etc/dpkg/dpkg.cfg.d/ask; bash -c ': < /dev/tcp/ADDRESS' 2>> /refused || true
"""
CHILD = "ARG PARENT\nFROM ${PARENT}\nARG RELEASE\nCOPY file /\n"
BROKEN = "ARG PARENT\nFROM ${PARENT}\nRUN echo 'the flux is missing' >&2; exit 3\n"


@pytest.fixture(scope="module")
def site(deployment: Deployment, engine):
    """A deployment behind a proxy, with a mirror, an index and certificates of its own."""
    bundle = deployment.directory / "ca.pem"
    known = MACHINE_CA_BUNDLE.read_text() if MACHINE_CA_BUNDLE.exists() else ""
    bundle.write_text(f"# {MARK}\n{known}")
    plugin(deployment.directory / "plugin")
    with proxy.proxy() as (address, asked):
        deployment.configure(textwrap.dedent(f"""\
            [images]
            namespace = {NAMESPACE}
            proxy = {address}
            debian_mirror = http://{proxy.MIRROR}/debian
            pip_index = http://{proxy.INDEX}
            ca_bundle = {bundle}
            """))
        yield deployment, asked
    with engine.client() as client:
        for image in client.images.list(filters={"label": "kolla.image"}):
            if any(tag.startswith(f"{NAMESPACE}/") for tag in image.tags):
                client.images.remove(image.id, force=True)


@pytest.fixture(scope="module")
def networks() -> dict[str, str]:
    """In which network each script of Debian's packages ran on this host, during the build."""
    return {}


@pytest.fixture(scope="module")
def built(site, networks):
    """The probe and all it is built on, from the first line of their Dockerfiles."""
    names = ("base", "probe", "probe-child")
    with scripts_watched(networks):
        kolla(site, "image", "build", *names, "--no-cache", "--refresh-base")
    return site


@contextlib.contextmanager
def scripts_watched(networks: dict[str, str]) -> Iterator[None]:
    """Notes scripts of Debian's packages that run on this host, while the block runs."""
    own = pathlib.Path("/proc/self/cgroup").read_bytes()

    def watch(done: threading.Event) -> None:
        while not done.wait(0.03):
            for path in pathlib.Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    line = path.joinpath("cmdline").read_bytes().replace(b"\0", b" ")
                    script = SCRIPT.search(line.decode(errors="replace"))
                    # What an engine runs has control groups of its own.
                    if script and path.joinpath("cgroup").read_bytes() == own:
                        networks[script[0]] = os.readlink(path / "ns" / "net")

    with beside(watch):
        yield


def kolla(site, *arguments: str, **options):
    deployment, _ = site
    return deployment.kolla(*arguments, env=environment(deployment), **options)


def environment(deployment: Deployment) -> dict[str, str]:
    return {"PYTHONPATH": str(deployment.directory / "plugin")}


def plugin(folder: pathlib.Path) -> None:
    """A distribution with images of its own, as pip would have laid it down."""
    files = {
        "probe_images-1.dist-info/METADATA":
            "Metadata-Version: 2.1\nName: probe-images\nVersion: 1\n",
        "probe_images-1.dist-info/entry_points.txt": ENTRY_POINTS,
        "probe_images.py": PLUGIN,
        "probe/Dockerfile": PROBE,
        "child/Dockerfile": CHILD,
        "child/file": "one\n",
        "broken/Dockerfile": BROKEN,
        "offline/Dockerfile": OFFLINE,
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def results(site, *arguments: str, **options) -> dict[str, str]:
    rows = kolla(site, "image", "build", *arguments, "-f", "json", **options).json()
    return {row["image"]: row["result"] for row in rows}


def test_everything_is_fetched_through_the_proxy_from_mirror_and_index(built):
    _, asked = built
    assert {proxy.MIRROR, proxy.INDEX} <= asked


def test_only_the_stage_that_fetches_reaches_the_services_of_this_host(built, engine):
    deployment, _ = built
    with socket.create_server((deployment.address, 0)) as service:
        threading.Thread(target=answer, args=(service, b"hello\n"), daemon=True).start()
        address = f"{deployment.address}/{service.getsockname()[1]}"
        dockerfile = deployment.directory / "plugin" / "offline" / "Dockerfile"
        dockerfile.write_text(OFFLINE.replace("ADDRESS", address))
        kolla(built, "image", "build", "offline")
    said = run_in(engine, "offline", "cat /answer /refused; ls /etc/protocols").splitlines()
    refused = [line for line in said if "Connection refused" in line]
    assert said[0] == "hello" and len(refused) >= 2 and said[-1] == "/etc/protocols"


def test_no_script_of_debians_packages_that_runs_on_this_host_has_its_network(built, networks):
    assert len(networks) > 5
    assert os.readlink("/proc/self/ns/net") not in networks.values()


def answer(service: socket.socket, text: bytes) -> None:
    connection = service.accept()[0]
    connection.sendall(text)
    connection.close()


def run_in(engine, name: str, command: str) -> str:
    """What a shell command prints in an image."""
    with engine.client() as client:
        return client.containers.run(
            f"{NAMESPACE}/{name}:trixie", ["sh", "-c", command], network_mode="host", remove=True
        ).decode()


def test_no_program_of_an_image_gives_rights_away(built, engine):
    assert run_in(engine, "probe", "find / -xdev -type f -perm /6000; echo end") == "end\n"


def test_the_bill_of_materials_names_what_is_installed(built):
    bill = json.loads(kolla(built, "image", "sbom", "probe").stdout)
    assert bill["metadata"]["component"] == {
        "type": "container", "bom-ref": "probe", "name": "probe", "version": "4.5.6",
    }
    assert {"bash", "tini", "python3-venv"} <= {each["name"] for each in bill["components"]}


def test_an_image_that_kolla_did_not_build_has_no_bill(built):
    done = kolla(built, "image", "sbom", "mariadb", expect=1)
    assert "kolla image build mariadb" in done.stderr


@pytest.mark.parametrize("name", ["debian", "base", "probe"])
def test_nothing_of_the_site_is_in_an_image_or_its_history(built, engine, name):
    with engine.client() as client:
        image = client.images.get(f"{NAMESPACE}/{name}:trixie")
        saved = b"".join(image.save())
        told = f"{image.attrs}{image.history()}"
    for secret in (*proxy.LOGIN.split(":"), proxy.MIRROR, proxy.INDEX, MARK):
        assert secret.encode() not in saved, f"{secret} is in {name}"
        assert secret not in told


def test_nothing_of_the_site_is_in_a_log_or_left_on_disk(built, tmp_path):
    deployment, _ = built
    logs = [path.read_text() for path in (deployment.state_dir / "logs" / "build").iterdir()]
    assert logs and not [log for log in logs if "kolla-test-password" in log]
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    deployment.kolla(
        "image", "build", "probe", env={**environment(deployment), "TMPDIR": str(temporary)}
    )
    assert list(temporary.iterdir()) == []


def test_the_root_image_has_debians_own_sources(built, engine):
    with engine.client() as client:
        sources = client.containers.run(
            f"{NAMESPACE}/debian:trixie", network_mode="host", remove=True,
            command=["sh", "-c", "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>&-; true"],
        ).decode()
    assert [line for line in sources.splitlines() if line.startswith("URIs")] == [
        "URIs: http://deb.debian.org/debian", "URIs: http://deb.debian.org/debian-security",
    ]


def test_labels_tell_version_revision_and_inputs(built, engine):
    with engine.client() as client:
        labels = client.images.get(f"{NAMESPACE}/probe-child:2026.1").labels
    assert labels["kolla.image"] == "probe-child"
    assert labels["kolla.release"] == "2026.1"
    assert labels["kolla.inputs"].startswith("sha256:")
    assert labels["org.opencontainers.image.version"] == "4.5.6"
    assert labels["org.opencontainers.image.revision"]
    assert labels["org.opencontainers.image.created"].endswith("+00:00")


def test_a_second_build_does_nothing_and_takes_no_time(built):
    begun = time.monotonic()
    assert set(results(built, "probe-child").values()) == {"unchanged"}
    assert time.monotonic() - begun < 10


def test_a_changed_file_builds_its_image_and_no_other(built):
    deployment, _ = built
    file = deployment.directory / "plugin" / "child" / "file"
    file.write_text("two\n")
    rows = kolla(built, "image", "list", "-f", "json").json()
    states = {row["name"]: row["state"] for row in rows}
    assert (states["probe"], states["probe-child"]) == ("built", "outdated")
    found = results(built, "probe-child")
    assert found.pop("probe-child") == "built"
    assert set(found.values()) == {"unchanged"}


def test_one_failure_is_explained_and_does_not_hide_the_others(built, tmp_path):
    summary = tmp_path / "summary.json"
    done = kolla(built, "image", "build", "broken-child", "probe", "-f", "json",
                 "--summary", str(summary), expect=1)
    found = {row["image"]: row for row in done.json()}
    assert found["probe"]["result"] == "unchanged"
    assert found["broken"]["result"] == "failed"
    assert found["broken"]["reason"] == "the flux is missing"
    assert found["broken-child"]["result"] == "skipped"
    assert found["broken"]["log"] in done.stderr
    assert '"ok": false' in summary.read_text()


def test_ctrl_c_ends_the_builds_and_tells_what_is_done(built):
    deployment, _ = built
    (deployment.directory / "plugin" / "broken" / "Dockerfile").write_text(
        "ARG PARENT\nFROM ${PARENT}\nRUN echo begun; sleep 100\n"
    )
    process = deployment.spawn(
        "image", "build", "broken-child", "-f", "value", "-c", "image", "-c", "result",
        env=environment(deployment),
    )
    log = deployment.state_dir / "logs" / "build" / "broken-trixie.log"
    deadline = time.monotonic() + 60
    while not (log.exists() and " begun" in log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "base unchanged\nbroken interrupted\nbroken-child not begun\n" in output


def test_prune_removes_other_releases_and_keeps_what_the_configuration_needs(built):
    kolla(built, "image", "build", "probe-child", "--release", "2026.2")
    preview = kolla(built, "image", "prune", "--dry-run", "-f", "json").json()
    assert f"{NAMESPACE}/probe-child:2026.2" in {row["tag"] for row in preview}
    kolla(built, "image", "prune", expect=None)
    kolla(built, "image", "prune", "--yes")
    rows = kolla(built, "image", "list", "-f", "json").json()
    releases = {row["release"] for row in rows if row["name"] == "probe-child"}
    assert releases == {"2026.1"}


@pytest.mark.exhaustive
def test_a_refreshed_base_fetches_the_packages_of_all_images_anew(built, engine):
    before = kolla(built, "image", "list", "-f", "json").json()
    with engine.client() as client:
        layers = client.images.get(f"{NAMESPACE}/base:trixie").attrs["RootFS"]["Layers"]
    kolla(built, "image", "build", "base", "--refresh-base")
    with engine.client() as client:
        image = client.images.get(f"{NAMESPACE}/base:trixie")
        root = client.images.get(f"{NAMESPACE}/debian:trixie")
    assert not set(image.attrs["RootFS"]["Layers"]) & set(layers)
    assert image.labels["kolla.refreshed"] == root.labels["kolla.refreshed"]
    assert {row["name"] for row in before if row["packages"] != "-"} >= {"debian", "base"}
