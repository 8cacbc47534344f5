"""MongoDB: a database of documents, from an image that somebody else built."""

from oslo_config import cfg

from kolla.plugin import (
    Check, Container, Downgrade, File, Image, Limits, Listen, Scratch, Strategy, Volume, secret,
)

OPTIONS = {
    "mongodb": (
        cfg.StrOpt(
            "image",
            help="The image in a registry, with its digest: REGISTRY/NAME:TAG@sha256:…",
        ),
        cfg.StrOpt(
            "address", default="${host.internal_address}",
            help="The address of this host that MongoDB listens on.",
        ),
        cfg.PortOpt("port", default=27017, help="The port of that address."),
        cfg.StrOpt("root_user", default="root", help="The user that may do everything."),
        secret(
            "root_password",
            help="The password of that user, who is made with the first start.",
        ),
    ),
}

CONFIGURATION = """\
net:
  bindIp: ${mongodb.address}
  port: ${mongodb.port}
storage:
  dbPath: /data/db
security:
  authorization: enabled
"""

#: The address comes from the environment of the container.
ASK = 'mongosh --quiet "mongodb://$KOLLA_ADDRESS:$KOLLA_PORT/" --eval "db.hello().ok" | grep -qx 1'

MONGODB = Container(
    name="mongodb",
    parent="database-control",
    optional=True,
    summary="MongoDB, a database of documents",
    image=Image("mongodb", reference="${mongodb.image}"),
    # As in the images that MongoDB's authors publish, of which /data/db is this user's.
    user=999,
    strategy=Strategy.REPLACE,
    downgrade=Downgrade.REFUSED,
    command=("mongod", "--config", "/etc/kolla/mongod.conf"),
    check=Check(
        ("bash", "-c", f"{ASK} || {{ echo 'MongoDB does not answer'; exit 1; }}"), grace=300,
    ),
    environment={
        "KOLLA_ADDRESS": "${mongodb.address}",
        "KOLLA_PORT": "${mongodb.port}",
        "MONGO_INITDB_ROOT_USERNAME": "${mongodb.root_user}",
        "MONGO_INITDB_ROOT_PASSWORD_FILE": "/etc/kolla/root-password",
        "HOME": "/tmp",
    },
    files=(
        File("/etc/kolla/mongod.conf", content=CONFIGURATION),
        File("/etc/kolla/root-password", content="${mongodb.root_password}"),
    ),
    listens=(Listen("${mongodb.address}", "${mongodb.port}"),),
    volumes=(Volume("mongodb", "/data/db"),),
    # The image declares a volume there, which would be another one in each generation.
    scratch=(Scratch("/data/configdb"),),
    stop_grace=120,
    limits=Limits(memory="2g"),
    options=OPTIONS,
)
