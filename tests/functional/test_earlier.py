"""What an earlier kolla has left is used by this one."""

import shutil

import pytest

from tests.functional.conftest import ROOT, new_deployment
from tests.functional.support.cloud import Cloud
from tests.functional.support.database import act
from tests.functional.support.watching import asking

#: Keystone made its keys itself, in its volume.
EARLIER = """

import dataclasses

REPOSITORIES = {
    f"OS_{group}__KEY_REPOSITORY": f"/var/lib/keystone/{folder}-keys"
    for group, folder in (
        ("FERNET_TOKENS", "fernet"), ("FERNET_RECEIPTS", "fernet"), ("CREDENTIAL", "credential"),
    )
}
KEYSTONE = dataclasses.replace(
    KEYSTONE,
    keyrings=(),
    environment={**KEYSTONE.environment, **REPOSITORIES},
    bootstrap=(
        KEYSTONE.bootstrap[0],
        Task("fernet-keys", ("kolla-run", "keystone-manage", "fernet_setup")),
        Task("credential-keys", ("kolla-run", "keystone-manage", "credential_setup")),
        *KEYSTONE.bootstrap[1:],
    ),
    options={**KEYSTONE.options, "keystone": tuple(
        opt for opt in KEYSTONE.options["keystone"] if not opt.name.endswith("_keys")
    )},
)
"""


@pytest.fixture
def cloud(engine, builder, tmp_path_factory):
    """MariaDB and Keystone, started by an earlier kolla, of which nothing is left but that."""
    builder.only("mariadb", "keystone", release="2026.1")
    with new_deployment(engine, tmp_path_factory, "earlier") as deployment:
        earlier = deployment.plugins / "kolla_plugins"
        shutil.copytree(ROOT / "kolla_plugins", earlier)
        with (earlier / "keystone.py").open("a") as module:
            module.write(EARLIER)
        deployment.configure(
            "[host]\nenabled = mariadb, keystone\n[monitor]\ngrace = keystone:300\n"
        )
        deployment.kolla("config", "passwords")
        deployment.kolla("set", "start")
        shutil.rmtree(earlier)
        yield Cloud(deployment)


@pytest.mark.exhaustive
def test_keys_that_an_earlier_kolla_kept_in_a_volume_go_on_to_sign_and_encrypt(cloud):
    assert not any(name.startswith("keystone.fernet_keys") for name in cloud.secrets())
    user = cloud.connect()
    token, owner = user.authorize(), user.identity.find_user("admin").id
    credential = user.identity.create_credential(user_id=owner, type="cert", blob="mine")

    refused = cloud.deployment.kolla("container", "upgrade", "keystone", expect=1).stderr
    assert "kolla config passwords" in refused and cloud.is_valid(token)
    cloud.deployment.kolla("config", "passwords")
    with asking(lambda: cloud.is_valid(token)) as answers:
        assert act(cloud.deployment, "upgrade", "keystone")["unavailable"] == 0
    assert answers.failures == [] and all(answers.given) and cloud.is_valid(token)
    assert cloud.connect().identity.get_credential(credential.id).blob == "mine"
