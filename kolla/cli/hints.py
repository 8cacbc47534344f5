"""What people type who know docker, kubectl, kolla-ansible or openstack: what to type here."""

from collections.abc import Collection

#: Verbs that no typo may lead to: they stop, destroy, or cannot be taken back.
HARMFUL = ("stop", "delete", "prune", "confirm", "rollback", "restart", "rotate")
#: How similar a name must be to what was typed.
SIMILAR = 0.75
#: By the words that were typed; {} stands for what follows them.
MEANT = {
    # docker and docker compose
    "ps": "kolla container list",
    "container ps": "kolla container list",
    "container ls": "kolla container list",
    "ls": "kolla container list",
    "top": "kolla status --watch",
    "stats": "kolla status --watch",
    "up": "kolla start",
    "down": "kolla stop NAME",
    "inspect": "kolla container show {}",
    "container inspect": "kolla container show {}",
    "images": "kolla image list",
    "image ls": "kolla image list",
    "build": "kolla image build {}",
    "pull": "kolla image build {}",
    "push": "kolla image list",
    "image pull": "kolla image build {}",
    "image push": "kolla image list",
    "image delete": "kolla image prune --dry-run",
    "image rm": "kolla image prune --dry-run",
    "rmi": "kolla image prune --dry-run",
    "rm": "kolla container delete {}",
    "container rm": "kolla container delete {}",
    "container remove": "kolla container delete {}",
    "config": "kolla config show",
    "events": "kolla event list",
    "version": "kolla --version",
    "info": "kolla host check",
    # kubectl and systemctl
    "get": "kolla container list",
    "describe": "kolla container show {}",
    "apply": "kolla upgrade",
    "rollout": "kolla container history NAME",
    "cordon": "kolla maintenance on {}",
    "drain": "kolla maintenance on {}",
    "reload": "kolla upgrade {}",
    "enable": "kolla config show host",
    "container status": "kolla container check {}",
    "set status": "kolla set check {}",
    # kolla-ansible, Kamal and others
    "deploy": "kolla start",
    "reconfigure": "kolla upgrade",
    "destroy": "kolla delete NAME",
    "genpwd": "kolla config passwords",
    "passwords": "kolla config passwords",
    "prechecks": "kolla host check",
    "bootstrap-servers": "kolla host prepare",
    "setup": "kolla host check",
    "init": "kolla config sample",
    "doctor": "kolla host check",
    "certificates": "kolla config certificates",
    "validate": "kolla config validate",
    "validate-config": "kolla config validate",
    "genconfig": "kolla config sample",
    "details": "kolla container show {}",
    "audit": "kolla event list",
    "log": "kolla logs {}",
    "shell": "kolla container exec {}",
    "ssh": "kolla container exec {}",
    "tree": "kolla set tree",
    "diff": "kolla container diff {}",
    "unpin": "kolla container upgrade {} --follow-config",
    "container unpin": "kolla container upgrade {} --follow-config",
    "unhold": "kolla container upgrade {} --follow-config",
    "pin": "kolla container upgrade {} --release RELEASE",
    "container pin": "kolla container upgrade {} --release RELEASE",
    "freeze": "kolla maintenance on {}",
    # OpenStackClient, which lists and shows with other words
    "service list": "kolla set list",
    "container create": "kolla container start {}",
    "set create": "kolla set start {}",
    "token issue": "openstack token issue",
    "backup": "kolla recover --help",
}
#: What is typed by habit, and means nothing here that a near name could be.
NOTHING = ("container set", "set set", "image set")


def hint(typed: Collection[str], commands: Collection[str]) -> str:
    """The command that these words mean, or else the nearest harmless one; or nothing."""
    words = list(typed)
    nouns = {name.split()[0] for name in commands}
    for count in (2, 1):
        first, rest = " ".join(words[:count]), " ".join(words[count:])
        if first in NOTHING:
            return ""
        if len(words) >= count and first in MEANT:
            return " ".join(MEANT[first].format(rest or "NAME").split())
        if count == 2 and words[0] in nouns and (near := _nearest(first, commands)):
            return near
    if f"container {words[0]}" in commands:
        return f"kolla container {words[0]} {' '.join(words[1:]) or 'NAME'}"
    return _nearest(" ".join(words[:2]), commands) or _nearest(words[0], commands)


def _nearest(text: str, commands: Collection[str]) -> str:
    import difflib

    harmless = [name for name in commands if name.split()[-1] not in HARMFUL]
    words = {name.split()[0] for name in harmless}
    close = difflib.get_close_matches(text.lower(), [*harmless, *words], n=1, cutoff=SIMILAR)
    return f"kolla {close[0]}" if close else ""
