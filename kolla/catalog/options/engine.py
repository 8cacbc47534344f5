"""Options of how containers are run on the engine, and how images are built."""

from oslo_config import cfg
from oslo_config.types import Dict, Float, Integer, String

from kolla.catalog.types import BYTES, ENGINE_URL

BACKEND = [
    cfg.StrOpt(
        "driver", default="docker",
        help="The backend of new generations (an entry point kolla.backends): docker, for direct "
             "launch, or compose. A container moves with its next upgrade.",
    ),
]

DOCKER = [
    cfg.Opt(
        "url", default="unix:///var/run/docker.sock", type=ENGINE_URL,
        help="The address of the engine.",
    ),
    cfg.IntOpt(
        "timeout", default=60, min=1,
        help="Seconds to wait for an answer of the engine.",
    ),
]

COMPOSE = [
    cfg.StrOpt(
        "project", default="kolla", regex="^[a-z0-9][a-z0-9_-]*$",
        help="The name of the compose project that kolla's containers belong to.",
    ),
    cfg.StrOpt(
        "command", default="",
        help="The compose program: docker's plugin (docker-compose) of 2.26 or newer, or "
             "docker-compose 1.29. Empty: the first suitable one found.",
    ),
]

IMAGES = [
    cfg.StrOpt("namespace", default="kolla", help="The beginning of the names of images."),
    cfg.StrOpt(
        "base_image", default="",
        help="The image of Debian that all others are built on, as a registry has it. "
             "Empty: it is made from Debian's archive with mmdebstrap.",
    ),
    cfg.Opt(
        "base_images", type=Dict(value_type=String()), default={},
        help="The same for images that contain another release of Debian, by its name: "
             "bookworm:debian:bookworm-slim.",
    ),
    cfg.StrOpt(
        "debian_mirror", default="http://deb.debian.org/debian",
        help="The Debian archive that images are built from.",
    ),
    cfg.StrOpt(
        "pip_index", default="",
        help="The Python package index that images are built from. Empty: pip's default.",
    ),
    cfg.StrOpt(
        "ca_bundle", default="",
        help="A file with the certificates to trust while an image is built.",
    ),
    cfg.StrOpt(
        "proxy", default="", secret=True,
        help="The HTTP proxy to use while an image is built; it may hold credentials.",
    ),
    cfg.IntOpt(
        "max_age", default=30, min=0,
        help="`kolla host check` warns if the Debian packages of an image that runs here were "
             "fetched more than so many days ago. 0: it never does.",
    ),
    cfg.IntOpt("jobs", default=2, min=1, help="How many images are built at a time."),
    cfg.BoolOpt(
        "allow_tags", default=False,
        help="Whether an image of a registry may be named without its digest. What is pulled then "
             "is whatever has the tag on that day.",
    ),
    cfg.StrOpt(
        "docker_command", default="",
        help="The docker client that builds images. Empty: the first one on PATH that "
             "has BuildKit.",
    ),
]

ENGINE = [
    cfg.IntOpt(
        "parallel", default=4, min=1, help="How many containers a command works on at a time.",
    ),
    cfg.IntOpt(
        "keep_generations", default=5, min=2,
        help="How many generations of a container are kept to go back to.",
    ),
    cfg.IntOpt(
        "keep_history", default=50, min=1,
        help="How many of the newest generations of a container stay on record. Older ones stay"
             " as long as a rollback can go to them, or the engine has them.",
    ),
    cfg.IntOpt(
        "keep_events", default=90, min=1,
        help="Days for which events are kept, with the evidence of failures. The monitor deletes"
             " older ones once a day.",
    ),
    cfg.IntOpt(
        "keep_copies", default=7, min=1,
        help="How many copies of the state file are kept below state_dir. The monitor makes one"
             " a day.",
    ),
    cfg.BoolOpt(
        "dump_before_upgrade", default=True,
        help="Whether the data of a service is dumped below state_dir before an upgrade changes"
             " its schema.",
    ),
    cfg.IntOpt(
        "probation", default=600, min=0,
        help="Seconds after an upgrade in which the monitor rolls back an unhealthy generation.",
    ),
    cfg.IntOpt(
        "lock_timeout", default=600, min=0,
        help="Seconds to wait for another kolla command on the same container, and for another"
             " host at work on the same database.",
    ),
    cfg.StrOpt(
        "selinux_label", default="",
        help="The SELinux label of containers, for example type:container_t.",
    ),
    cfg.StrOpt("apparmor_profile", default="", help="The AppArmor profile of containers."),
    cfg.Opt(
        "selinux_labels", type=Dict(value_type=String()), default={},
        help="SELinux labels by container: nova-libvirt:type:spc_t. Of others it is what their"
             " plugin says, else selinux_label.",
    ),
    cfg.Opt(
        "apparmor_profiles", type=Dict(value_type=String()), default={},
        help="AppArmor profiles by container: nova-libvirt:libvirtd. Of others it is what their"
             " plugin says, else apparmor_profile.",
    ),
]

LIMITS = [
    cfg.Opt(
        "memory", type=Dict(value_type=BYTES), default={},
        help="Memory that a container may use, by container: mariadb:8g,glance-api:2g; all: for"
             " all others. 0: no limit. For containers without an entry the plugin says it.",
    ),
    cfg.Opt(
        "pids", type=Dict(value_type=Integer(min=0)), default={},
        help="Processes and threads that a container may have, by container; 0: no limit.",
    ),
    cfg.Opt(
        "files", type=Dict(value_type=Integer(min=0)), default={},
        help="Files and sockets that each process of a container may have open, by container;"
             " 0: as many as the engine allows.",
    ),
    cfg.Opt(
        "cpus", type=Dict(value_type=Float(min=0)), default={},
        help="Processors that a container may use, by container: all:2,keystone:0.5; 0: no limit.",
    ),
]
