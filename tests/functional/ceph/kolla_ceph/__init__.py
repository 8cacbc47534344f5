"""Ceph with one monitor, one manager and one OSD in a file: volumes without a disk or a module."""

import pathlib

from oslo_config import cfg

from kolla.plugin import Check, Container, ContainerSet, Image, Limits, Listen, Volume, secret

CEPH = ContainerSet("ceph", "A trial of Ceph")

TRIAL = Container(
    name="ceph-trial",
    parent="ceph",
    summary="Ceph, in one container",
    image=Image("ceph-trial", folder=pathlib.Path(__file__).parent / "image", offline=True),
    user=42998,
    environment={
        "KOLLA_ADDRESS": "${host.address}",
        "KOLLA_POOLS": "${trial.pools}",
        "KOLLA_KEY": "${trial.key}",
    },
    check=Check(grace=180),
    listens=(Listen("${host.address}", "6789"),),
    volumes=(Volume("ceph-trial", "/var/lib/ceph"),),
    limits=Limits(memory="3g", pids="4096"),
    options={
        "trial": (
            cfg.ListOpt("pools", default=["volumes", "fast"], help="Its pools of block devices."),
            secret("key", form="none", help="The key of all users."),
        ),
    },
)
