"""What the keepalived of each host knows of the others: one file for all of them."""

import itertools
from collections.abc import Iterator, Sequence

from kolla.plugin import Cloud, Host
from kolla_plugins.high_availability.backends import virtual_address

NAME = "keepalived"
#: Of the first host in the order of names; each further one has one less.
HIGHEST = 254
#: keepalived leaves out the lines that begin with the name of another host.
CONFIGURATION = """\
global_defs {{
    router_id ${{host.name}}
    enable_script_security
    script_user root
    # Each minute, for switches that have forgotten where the address is.
    vrrp_garp_master_refresh 60
}}

vrrp_script haproxy {{
    script "/usr/local/bin/kolla-track"
    interval 1
    timeout 3
    fall 2
    rise 1
}}

vrrp_instance cloud {{
    virtual_router_id {router}
    advert_int 1
{lines}
    authentication {{
        auth_type PASS
        auth_pass ${{keepalived.password}}
    }}
    virtual_ipaddress {{
        {address}/32
    }}
    track_script {{
        haproxy
    }}
    notify "/usr/local/bin/kolla-note"
}}
"""


def configuration(cloud: Cloud) -> str:
    """keepalived's configuration. Raises an operator's mistake if there can be none."""
    hosts = cloud.hosts(NAME)
    if not hosts:
        return ""
    _need_haproxy(hosts, {host.name for host in cloud.hosts("haproxy")})
    _have_an_interface(hosts)
    _different_addresses(hosts)
    router = _router(hosts)
    lines = "\n".join(f"    {line}" for line in (*_together(hosts), *_each(hosts)))
    return CONFIGURATION.format(router=router, address=virtual_address(cloud), lines=lines)


def _together(hosts: Sequence[Host]) -> Iterator[str]:
    """How they take over from each other. A host that comes back does not: that is a move less."""
    if len(hosts) == 1:
        yield "state MASTER"
        return
    yield from ("state BACKUP", "nopreempt", "check_unicast_src")
    yield from (f"@{host.name} unicast_src_ip {_address(host)}" for host in hosts)
    yield "unicast_peer {"
    yield from (f"    @^{host.name} {_address(host)}" for host in hosts)
    yield "}"


def _each(hosts: Sequence[Host]) -> Iterator[str]:
    for host, priority in zip(hosts, itertools.count(HIGHEST, -1)):
        yield f"@{host.name} interface {host.value(NAME, 'interface')}"
        yield f"@{host.name} priority {priority}"


def _address(host: Host) -> str:
    return str(host.value(NAME, "address"))


def _need_haproxy(hosts: Sequence[Host], balancers: set[str]) -> None:
    for host in hosts:
        if host.name not in balancers:
            raise host.mistake(
                "host", "enabled",
                f"{host.name} has keepalived without haproxy, so nothing would answer at the "
                "address: enable both")


def _have_an_interface(hosts: Sequence[Host]) -> None:
    for host in hosts:
        if not host.value(NAME, "interface"):
            raise host.mistake(
                NAME, "interface",
                f"{host.name} needs the interface that gets the virtual address: set [host] "
                "interface in the file of that host")


def _different_addresses(hosts: Sequence[Host]) -> None:
    known: dict[str, Host] = {}
    for host in hosts:
        address = _address(host)
        if known.setdefault(address, host) is not host:
            raise host.mistake(
                NAME, "address",
                f"{known[address].name} and {host.name} both have {address}: set that of each "
                "host in its own file")


def _router(hosts: Sequence[Host]) -> int:
    numbers = {host.name: host.value(NAME, "router_id") for host in hosts}
    number = numbers[hosts[0].name]
    for host in hosts:
        if numbers[host.name] != number:
            told = ", ".join(f"{value} on {name}" for name, value in numbers.items())
            raise host.mistake(
                NAME, "router_id", f"it is {told}: set the same for all hosts, in kolla.conf")
    return int(number)
