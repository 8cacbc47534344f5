"""A first virtual machine, with all that it takes: in the OpenStack client's own environment.

    prove FOLDER    from the kernel and the ramdisk there, which guest-image makes, and with a
                    key that is made there; prints what is proved, line by line

Who the user is, say the variables of an openrc. What is there already, by its name, is taken as
it is.
"""

import os
import pathlib
import sys
import time
import urllib.request

import openstack

NAME = "quickstart"
#: The network outside of the cloud.
OUTSIDE = "172.24.4.0/24"
#: The address of the host in it, which is its gateway.
GATEWAY = "172.24.4.1"
#: The network of the virtual machine.
INSIDE = "10.1.0.0/24"
PHYSICAL = "public"
#: MiB.
MEMORY = 160
#: GiB of a disk that is empty.
DISK = 1
#: A busy machine that interprets the kernel lets it miss ticks of its timer.
CMDLINE = "console=ttyS0 quiet no_timer_check rdinit=/init"
#: Seconds, without KVM.
PATIENCE = 600


def make(connection, folder: pathlib.Path, key: str) -> tuple[str, str]:
    """A virtual machine that may be pinged and asked over HTTP: its number, floating address."""
    port, floating = network(connection)
    compute = connection.compute
    await_hypervisor(compute)
    if not compute.find_keypair(NAME):
        compute.create_keypair(name=NAME, public_key=key)
    flavor = compute.find_flavor(NAME) or compute.create_flavor(
        name=NAME, ram=MEMORY, vcpus=1, disk=DISK
    )
    server = compute.find_server(NAME) or compute.create_server(
        name=NAME, image_id=image(connection, folder), flavor_id=flavor.id, key_name=NAME,
        networks=[{"port": port}],
    )
    return server.id, floating


def await_hypervisor(compute) -> None:
    """Until Nova's scheduler has found the first one. ``SystemExit`` if it does not."""
    until = time.monotonic() + PATIENCE
    while not any(compute.hypervisors()):
        if time.monotonic() > until:
            sys.exit(f"Nova has found no hypervisor within {PATIENCE} seconds")
        time.sleep(0.5)


def network(connection) -> tuple[str, str]:
    """A port behind a router, and its floating address."""
    net = connection.network
    way_out = outside(net)
    inside = net.find_network(NAME) or net.create_network(name=NAME)
    if not (subnet := net.find_subnet(NAME)):
        subnet = net.create_subnet(name=NAME, network_id=inside.id, cidr=INSIDE, ip_version=4)
        router = net.create_router(name=NAME, external_gateway_info={"network_id": way_out.id})
        net.add_interface_to_router(router, subnet_id=subnet.id)
    if port := net.find_port(NAME):
        (floating,) = net.ips(port_id=port.id)
        return port.id, floating.floating_ip_address
    port = net.create_port(name=NAME, network_id=inside.id, security_groups=[group(net)])
    floating = net.create_ip(floating_network_id=way_out.id, port_id=port.id)
    return port.id, floating.floating_ip_address


def outside(net):
    """The network outside of the cloud."""
    found = net.find_network("outside") or net.create_network(
        name="outside", is_router_external=True, provider_network_type="flat",
        provider_physical_network=PHYSICAL,
    )
    net.find_subnet("outside") or net.create_subnet(
        name="outside", network_id=found.id, cidr=OUTSIDE, ip_version=4, gateway_ip=GATEWAY,
        enable_dhcp=False,
    )
    return found


def group(net) -> str:
    """A security group that lets others ping and ask."""
    if found := net.find_security_group(NAME):
        return found.id
    made = net.create_security_group(name=NAME)
    for protocol in ("icmp", "tcp"):
        net.create_security_group_rule(
            security_group_id=made.id, direction="ingress", protocol=protocol, ethertype="IPv4",
        )
    return made.id


def image(connection, folder: pathlib.Path) -> str:
    """An empty disk that is booted with a kernel and a ramdisk of its own."""
    if found := connection.image.find_image(NAME):
        return found.id
    parts = {
        f"{part}_id": upload(connection, f"{NAME}-{part}", kind, (folder / part).read_bytes())
        for part, kind in (("kernel", "aki"), ("ramdisk", "ari"))
    }
    return upload(connection, NAME, "raw", bytes(1 << 20), os_command_line=CMDLINE, **parts)


def upload(connection, name: str, kind: str, data: bytes, **properties: str) -> str:
    container = "bare" if kind == "raw" else kind
    return connection.image.create_image(
        name=name, disk_format=kind, container_format=container, data=data,
        allow_duplicates=True, **properties,
    ).id


def wait(connection, server: str) -> None:
    """Until it is active. ``SystemExit`` if it is not to be."""
    until = time.monotonic() + PATIENCE
    while (found := connection.compute.get_server(server)).status == "BUILD":
        if time.monotonic() > until:
            sys.exit(f"the virtual machine is not active after {PATIENCE} seconds")
        time.sleep(0.5)
    if found.status != "ACTIVE":
        fault = (found.fault or {}).get("message", "")
        sys.exit(f"the virtual machine is {found.status}: {fault}")


def key(folder: pathlib.Path) -> str:
    """The public half of a key, which is made once."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private, public = folder / "key", folder / "key.pub"
    if not public.exists():
        made = Ed25519PrivateKey.generate()
        with open(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(made.private_bytes(
                forms.Encoding.PEM, forms.PrivateFormat.OpenSSH, forms.NoEncryption()
            ))
        public.write_bytes(made.public_key().public_bytes(
            forms.Encoding.OpenSSH, forms.PublicFormat.OpenSSH
        ))
    return public.read_text().strip()


def page(address: str, name: str) -> str:
    """What the virtual machine tells whoever reaches it. ``SystemExit`` if it does not."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://{address}/{name}", timeout=5) as answer:
                return answer.read().decode().strip()
        except OSError:
            time.sleep(0.5)
    sys.exit(f"the virtual machine does not tell its {name} at {address}")


def prove(folder: pathlib.Path) -> None:
    began = time.monotonic()
    with openstack.connect() as connection:
        server, floating = make(connection, folder, key(folder))
        wait(connection, server)
    _tell(f"Nova boots it ({time.monotonic() - began:.0f} s)")
    _tell(f"it has the address {page(floating, 'address')}, from DHCP")
    page(floating, "gateway")
    (folder / "address").write_text(f"{floating}\n")
    _tell(f"it reaches its gateway, and is reached at its floating address {floating}")
    if (name := page(floating, "hostname").split(".")[0]) != NAME:
        sys.exit(f"the metadata service calls it {name!r}")
    if page(floating, "key") != key(folder):
        sys.exit("the metadata service gives it another key")
    _tell(f"the metadata service gives it its name and its key ({time.monotonic() - began:.0f} s)")


def _tell(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    prove(pathlib.Path(sys.argv[2]))
