"""Makes specs, generations and states for tests."""

from kolla.health.rules import Rules
from kolla.plans.plan import State
from kolla.plugin import Check, Strategy
from kolla.plugin.reports import ALWAYS, NEVER, Observed
from kolla.plugin.spec import Spec
from kolla.store.records import RUNNING, Generation, Record
from kolla_plugins.releases import OPENSTACK

CHECK = Check(interval=30, timeout=10, retries=3, grace=5)
#: Of the monitor.
RULES = Rules(
    interval=30, timeout=10, retries=3, grace=60, retry_pause=5,
    restarts_per_hour=5, backoff=10, backoff_max=600,
)


def make_spec(**changes) -> Spec:
    values = {
        "container": "web", "image": "kolla/web:2026.1", "image_id": "sha256:" + "a" * 64,
        "release": "2026.1", "version": "1.0", "user": 42000, "strategy": Strategy.REPLACE,
        "environment": {"KOLLA_PORT": "80"}, "command": (), "files": (), "volumes": (),
        "scratch": (), "host_mounts": (), "privileges": (), "security": (),
        "log": {"driver": "json-file"}, "check": CHECK, "drain": (), "drain_grace": 60,
        "stop_grace": 10, "tasks": {"bootstrap": (), "expand": (), "contract": ()},
    }
    return Spec(**{**values, **changes})


def make_generation(number: int, outcome: str = "kept", committed: bool = True, **changes):
    spec = changes.pop("spec", None) or make_spec(environment={"RELEASE": str(number)})
    values = {
        "container": "web", "number": number, "spec": spec.to_json(), "secrets": {},
        "cause": "start", "created": "2026-01-01T00:00:00+00:00",
        "committed": "2026-01-01T00:00:01+00:00" if committed else None,
        "ended": None, "outcome": outcome, "reason": "", "evidence": "",
    }
    return Generation(**{**values, **changes})


def make_observed(number: int, running: bool = True, restart: str = "") -> Observed:
    return Observed(
        name=f"web-g{number}", container="web", generation=number, running=running,
        status="running" if running else "exited",
        restart=restart or (ALWAYS if running else NEVER),
    )


def make_state(current: int | None, generations=(), observed=(), **changes) -> State:
    record = {"target": RUNNING if current else "absent", "settled": True}
    record |= changes.pop("record", {})
    numbers = [generation.number for generation in generations]
    return State(
        record=Record("web", current=current, last_number=max(numbers, default=0), **record),
        generations={generation.number: generation for generation in generations},
        observed={seen.generation: seen for seen in observed},
        highest=max(numbers, default=0),
        **{"releases": OPENSTACK, **changes},
    )
