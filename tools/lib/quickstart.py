"""What tools/quickstart leaves to Python: nothing but the standard library is needed.

    address                    the machine's primary address
    engine URL                 "VERSION LIVE_RESTORE CONTAINERS" of the engine that answers there
    merge FILE KEY=JSON...     put keys into a JSON file; prints "changed" if that was needed
    options FILE               put GROUP.OPTION=VALUE lines of standard input into a
                               configuration file; prints "changed" if that was needed
    option FILE GROUP.OPTION   what stands there; nothing if it is not there
    digest DIRECTORY           of all that kolla is installed from
    setting CONFIG_DIR GROUP.OPTION
                               what kolla takes it for (in kolla's own environment)
    openrc CONFIG_DIR          the administrator's openrc (in kolla's own environment)
    clouds CONFIG_DIR          the same as a clouds.yaml

Exit code 1 with a reason on standard error if it cannot.
"""

import configparser
import hashlib
import http.client
import io
import json
import os
import pathlib
import shlex
import socket
import sys
import urllib.parse

#: What the distribution is made from; everything else may change without a new installation.
INSTALLED = (
    "kolla", "kolla_plugins", "docker", "etc",
    "setup.py", "setup.cfg", "pyproject.toml", "requirements.txt", "tools/lib/kolla.lock",
)

#: With which the administrator logs in.
AUTH = {
    "auth_url": "${keystone.public_url}/v3",
    "username": "${identity.admin_user}",
    "password": "${identity.admin_password}",
    "project_name": "${identity.admin_project}",
    "user_domain_name": "Default",
    "project_domain_name": "Default",
}
#: What else a client has to know.
CLIENT = {"identity_api_version": "3", "region_name": "${identity.region}"}
#: What kolla-ansible calls this cloud in its clouds.yaml.
CLOUD = "kolla-admin"


def address() -> str:
    """The address from which this machine would reach others; no packet is sent."""
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((elsewhere, 9))
                return probe.getsockname()[0]
            except OSError:
                continue
    return "127.0.0.1"


class _Engine(http.client.HTTPConnection):
    """The API of an engine at ``unix://PATH`` or ``tcp://HOST:PORT``."""

    def __init__(self, url: str):
        self._url = urllib.parse.urlsplit(url)
        super().__init__(self._url.hostname or "localhost", self._url.port, timeout=10)

    def connect(self) -> None:
        if self._url.scheme != "unix":
            return super().connect()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._url.path)


def engine(url: str) -> str:
    """Version, live-restore and number of running containers of the engine."""
    connection = _Engine(url)
    connection.request("GET", "/info")
    facts = json.load(connection.getresponse())
    live = str(bool(facts["LiveRestoreEnabled"])).lower()
    return f"{facts['ServerVersion']} {live} {facts['ContainersRunning']}"


def merge(file: str, *assignments: str) -> str:
    """Keys of a JSON file take these values; the others stay as they are."""
    path = pathlib.Path(file)
    text = path.read_text() if path.exists() else ""
    try:
        before = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise SystemExit(f"{path}:{error.lineno}: not valid JSON: {error.msg}") from None
    pairs = (assignment.split("=", 1) for assignment in assignments)
    wanted = {name: json.loads(value) for name, value in pairs}
    if all(before.get(name) == value for name, value in wanted.items()):
        return "unchanged"
    _replace(path, json.dumps({**before, **wanted}, indent=4) + "\n", 0o644)
    return "changed"


def options(file: str) -> str:
    """Options of a configuration file take these values; the others stay as they are."""
    path, config = pathlib.Path(file), _parsed(file)
    before = {name: dict(config[name]) for name in config.sections()}
    for line in sys.stdin.read().splitlines():
        name, _, value = line.partition("=")
        group, _, option = name.partition(".")
        if not config.has_section(group):
            config.add_section(group)
        config[group][option] = value
    if before == {name: dict(config[name]) for name in config.sections()}:
        return "unchanged"
    text = io.StringIO("# Written by tools/quickstart from its options.\n")
    text.seek(0, os.SEEK_END)
    config.write(text)
    # The proxy may hold credentials.
    _replace(path, text.getvalue().rstrip("\n") + "\n", 0o600)
    return "changed"


def option(file: str, name: str) -> str:
    """The value of an option in a configuration file."""
    group, _, key = name.partition(".")
    return _parsed(file).get(group, key, fallback="")


def digest(directory: str) -> str:
    """One digest over names, modes and contents of what is installed."""
    root = pathlib.Path(directory)
    total = hashlib.sha256(sys.version.encode())
    files = {file for name in INSTALLED for file in [root / name, *(root / name).rglob("*")]}
    for file in sorted(files):
        if file.is_file() and file.suffix != ".pyc":
            total.update(f"{file.relative_to(root)} {os.access(file, os.X_OK)}\n".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def setting(config_dir: str, name: str) -> str:
    """The value of an option, as kolla sees it."""
    return str(_settings(config_dir).value(*name.split(".")))


def openrc(config_dir: str) -> str:
    """Shell assignments with which the OpenStack client is the administrator."""
    auth, client = _login(config_dir)
    return "\n".join(
        f"export OS_{name.upper()}={shlex.quote(value)}" for name, value in (auth | client).items()
    )


def clouds(config_dir: str) -> str:
    """A clouds.yaml with which clients and libraries of OpenStack are the administrator."""
    import yaml

    auth, client = _login(config_dir)
    return yaml.safe_dump({"clouds": {CLOUD: {"auth": auth, **client}}}, sort_keys=False).rstrip()


def _login(config_dir: str) -> tuple[dict[str, str], dict[str, str]]:
    settings = _settings(config_dir)
    trusted = {"cacert": "${certificates.folder}/ca.crt"} if settings.value("api", "tls") else {}

    def told(templates: dict[str, str]) -> dict[str, str]:
        return {name: settings.reveal(settings.render(text)) for name, text in templates.items()}

    return told(AUTH), told(CLIENT | trusted)


def _settings(config_dir: str):
    from kolla.catalog.catalog import Catalog
    from kolla.settings import Settings

    return Settings.load(Catalog.load(), pathlib.Path(config_dir))


def _parsed(file: str) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None, default_section="")
    config.optionxform = str
    config.read(file)
    return config


def _replace(path: pathlib.Path, text: str, mode: int) -> None:
    """Write a file so that others see either the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    temporary.replace(path)


COMMANDS = {
    "address": address, "engine": engine, "merge": merge,
    "options": options, "option": option, "digest": digest, "setting": setting, "openrc": openrc,
    "clouds": clouds,
}

if __name__ == "__main__":
    try:
        print(COMMANDS[sys.argv[1]](*sys.argv[2:]))
    except (OSError, http.client.HTTPException, ValueError, configparser.Error) as error:
        sys.exit(f"{error}")
