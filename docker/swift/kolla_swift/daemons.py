"""What daemons tell of their work."""

import json
import pathlib

#: Written when a daemon has read its configuration, and begins its work.
BEGUN = pathlib.Path("/run/kolla/begun")
#: Swift's own files about that, by what the daemon works on.
CACHE = pathlib.Path("/var/cache/swift")
#: Devices that are named in a complaint.
NAMED = 3


def failed(name: str) -> str:
    """What a replicator could not copy in its last pass; empty of any other daemon."""
    kind, _, work = name.partition("-")
    path = CACHE / f"{kind}.recon"
    if work != "replicator" or not path.exists():
        return ""
    told = json.loads(path.read_text() or "{}")
    stats = told.get("replication_stats", {})
    ended = told.get("replication_last") or 0
    if ended < BEGUN.stat().st_mtime or not stats.get("failure"):
        return ""
    places = [
        f"{device} of {address}"
        for address, failures in stats.get("failure_nodes", {}).items() for device in failures
    ]
    named = ", ".join(places[:NAMED]) + ", ..." * (len(places) > NAMED)
    return f"{stats['failure']} copies failed in the last pass, to {named or 'some device'}"
