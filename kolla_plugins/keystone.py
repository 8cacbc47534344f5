"""Keystone: users, projects, tokens and the catalog of services."""

from oslo_config import cfg

from kolla.plugin import (
    Container, Hold, Image, Keyring, Strategy, Task, Volume, secret, shared_folder,
)
from kolla_plugins.openstack import (
    API, IDENTITY, database_task, schema_phases, schema_task, service_certificate,
    service_environment, service_files, service_limits, service_listens, service_options,
    teardown_task,
)

FERNET_KEYS, CREDENTIAL_KEYS = "/etc/keystone/fernet-keys", "/etc/keystone/credential-keys"
#: Where it keeps what it has looked up. What memcached had before it was out of reach is
#: forgotten, and what is revoked is looked up each time: no answer depends on memcached.
CACHE = {
    "KOLLA_CACHE_SECRET": "${memcached.use?${memcached.keystone_secret}:}",
    "OS_CACHE__BACKEND": "${memcached.use?oslo_cache.memcache_pool:dogpile.cache.null}",
    "OS_CACHE__PROXIES": "${memcached.use?kolla_cache.Signed:}",
    "OS_CACHE__MEMCACHE_SERVERS": "${memcached.servers}",
    "OS_CACHE__MEMCACHE_DEAD_RETRY": "10",
    "OS_CACHE__MEMCACHE_POOL_FLUSH_ON_RECONNECT": "true",
    "OS_REVOKE__CACHING": "false",
}
#: Encrypts with the key that does so now what an earlier one has encrypted.
CREDENTIALS = Task("credentials", ("kolla-run", "keystone-manage", "credential_migrate"))

KEYSTONE = Container(
    name="keystone",
    parent="openstack-interface",
    summary="Keystone, identity: users, projects, tokens, the service catalog",
    image=Image(
        "keystone",
        folder=shared_folder("docker", "keystone"),
        parent="openstack-wsgi",
        builder="openstack-builder",
        offline=True,
        per_release=True,
    ),
    user=42425,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment("keystone"), "KOLLA_FAILED_LOGINS": "${keystone.failed_logins}",
        "OS_FERNET_TOKENS__KEY_REPOSITORY": FERNET_KEYS,
        "OS_FERNET_RECEIPTS__KEY_REPOSITORY": FERNET_KEYS,
        "OS_CREDENTIAL__KEY_REPOSITORY": CREDENTIAL_KEYS,
        **CACHE,
    },
    certificate=service_certificate("keystone"),
    files=service_files("keystone"),
    keyrings=(
        Keyring(FERNET_KEYS, "keystone.fernet_keys", kept="${keystone.keys_kept}",
                formerly="/var/lib/keystone/fernet-keys"),
        Keyring(CREDENTIAL_KEYS, "keystone.credential_keys", kept="0",
                formerly="/var/lib/keystone/credential-keys"),
    ),
    listens=service_listens("keystone"),
    volumes=(Volume("keystone", "/var/lib/keystone"),),
    limits=service_limits("keystone"),
    requires=("mariadb",),
    hold=Hold(),
    bootstrap=(
        database_task("keystone"),
        schema_task("bootstrap"),
        Task(
            "admin",
            ("kolla-run", "keystone-manage", "bootstrap"),
            environment={
                # It fails on an administrator whom a stranger has locked out.
                "OS_SECURITY_COMPLIANCE__LOCKOUT_FAILURE_ATTEMPTS": str(1 << 30),
                "OS_BOOTSTRAP_USERNAME": "${identity.admin_user}",
                "OS_BOOTSTRAP_PROJECT_NAME": "${identity.admin_project}",
                "OS_BOOTSTRAP_PASSWORD": "${identity.admin_password}",
                "OS_BOOTSTRAP_REGION_ID": "${identity.region}",
                "OS_BOOTSTRAP_SERVICE_NAME": "keystone",
                "OS_BOOTSTRAP_PUBLIC_URL": "${keystone.public_url}/v3",
                "OS_BOOTSTRAP_INTERNAL_URL": "${keystone.internal_url}/v3",
                "OS_BOOTSTRAP_ADMIN_URL": "${keystone.internal_url}/v3",
            },
            first=True,
        ),
    ),
    **schema_phases() | {"contract": (CREDENTIALS, schema_task("contract"))},
    teardown=(teardown_task("keystone", login=False),),
    options={
        **API,
        **IDENTITY,
        "keystone": (
            *service_options("keystone", 5000),
            secret("fernet_keys", help="The keys that sign tokens.", form="keys"),
            secret("credential_keys", help="The keys that encrypt credentials.", form="keys"),
            cfg.IntOpt(
                "keys_kept", default=49 * 3600, min=0,
                help="Seconds for which keys that no longer sign tokens are kept: at least "
                "[keystone/token] expiration and allow_expired_window together.",
            ),
            cfg.IntOpt(
                "failed_logins", default=120, min=1,
                help="Logins of one source that may fail within a minute; then it has to wait. "
                "Those that succeed are not counted.",
            ),
        ),
    },
)
