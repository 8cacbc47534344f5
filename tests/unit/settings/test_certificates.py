import datetime
import ssl
import stat

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509 import CertificateBuilder, Name, NameAttribute
from cryptography.x509.oid import NameOID
from oslo_config import cfg
from tests.unit.support.plugins import make_container, make_settings

from kolla import host, x509
from kolla.errors import KollaError
from kolla.plugin import Certificate, certificate_files, certificate_options
from kolla.settings import certificates

WEB = make_container(
    certificate=Certificate(
        "web", when="web.tls", names=("${host.address}", "${web.url}"), public=True
    ),
    files=certificate_files("web", "web.tls"),
    options={"web": (
        cfg.BoolOpt("tls", default=False), cfg.StrOpt("url", default="https://cloud.example:443/"),
        *certificate_options("web"),
    )},
)
ME = "[host]\nname = me\n"


def made(folder, text: str = "", **options) -> list[str]:
    settings = make_settings(folder, ME + text, WEB)
    return [item.reason for item in certificates.make(settings, **options)]


@pytest.fixture
def files(tmp_path):
    """The certificate, its key and the authority."""
    made(tmp_path)
    place = tmp_path / "certificates" / "web"
    return place / "me.crt", place / "me.key", place / "authority.crt"


def test_what_is_made_convinces_openssl_and_its_keys_are_of_their_owner_only(tmp_path, files):
    own, key, authority = files
    for secret in (key, authority.with_suffix(".key")):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert x509.names(x509.load_certificate(own)) == {"127.0.0.1", "cloud.example"}
    assert (tmp_path / "certificates" / "ca.crt").read_bytes() == authority.read_bytes()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(own, key)
    client = ssl.create_default_context(cafile=authority)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(to_client, to_server, server_hostname="cloud.example"),
            server.wrap_bio(to_server, to_client, server_side=True)]
    for _ in range(3):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
    assert ends[0].version() == "TLSv1.3"


def test_a_second_time_nothing_is_made(tmp_path, files):
    before = [path.read_bytes() for path in files]
    assert made(tmp_path) == []
    assert [path.read_bytes() for path in files] == before


@pytest.mark.parametrize("text, reason", [
    ("[certificates]\nrenew_days = 400\ndays = 500\n", "it ends in 364 days"),
    ("[web]\nurl = https://other.example\n", "it is not for other.example"),
])
def test_what_does_not_fit_any_more_is_made_anew_of_the_same_authority(
    tmp_path, files, text, reason
):
    authority = files[2].read_bytes()
    assert made(tmp_path, text) == [reason]
    assert files[2].read_bytes() == authority
    assert made(tmp_path, text) == []


def test_a_key_that_does_not_belong_to_its_certificate_is_replaced(tmp_path, files):
    files[1].write_bytes(files[2].with_suffix(".key").read_bytes())
    assert made(tmp_path) == [f"{files[1]} is not the key to {files[0]}"]


def test_a_certificate_that_would_be_renewed_at_once_is_not_made(tmp_path):
    with pytest.raises(KollaError, match=r"\[certificates\] days, 30, is not more") as refused:
        made(tmp_path, "[certificates]\ndays = 30\n")
    assert "authority" not in refused.value.hint
    assert not (tmp_path / "certificates" / "web").exists()


def test_an_authority_that_ends_soon_is_named(tmp_path, files, monkeypatch):
    monkeypatch.setattr(x509, "AUTHORITY_DAYS", 20)
    ours = x509.new_authority("ours")
    files[2].write_bytes(ours.certificate_pem())
    files[2].with_suffix(".key").write_bytes(ours.key_pem())
    with pytest.raises(KollaError, match=f"the authority {files[2]} ends in 19 days"):
        made(tmp_path)


def test_renew_replaces_the_certificate_and_a_dry_run_nothing(tmp_path, files):
    before = files[0].read_bytes()
    settings = make_settings(tmp_path, ME, WEB)
    assert len(certificates.due(settings, renew=True)) == 1
    assert files[0].read_bytes() == before
    made(tmp_path, renew=True)
    assert files[0].read_bytes() != before


def test_certificates_of_the_operator_are_left_alone(tmp_path):
    assert made(tmp_path, "[web]\ncertificate = /etc/ssl/mine.crt\n") == []


def test_a_host_without_the_key_of_the_authority_is_told_where_to_get_it(tmp_path, files):
    files[2].with_suffix(".key").unlink()
    assert made(tmp_path) == []
    with pytest.raises(KollaError, match="is not on this host") as refused:
        made(tmp_path, renew=True)
    assert f"copy {files[0].parent}" in refused.value.hint


@pytest.mark.parametrize("new_key", [
    ed25519.Ed25519PrivateKey.generate, lambda: rsa.generate_private_key(65537, 2048),
])
def test_an_authority_of_the_operator_may_have_a_key_of_any_kind(tmp_path, files, new_key):
    name = Name([NameAttribute(NameOID.COMMON_NAME, "ours")])
    key, now = new_key(), datetime.datetime.now(datetime.UTC)
    digest = hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey) else None
    authority = (
        CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
        .public_key(key.public_key()).not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=900)).sign(key, digest)
    )
    ours = x509.Signed(authority, key)
    files[2].write_bytes(ours.certificate_pem())
    files[2].with_suffix(".key").write_bytes(ours.key_pem())
    assert made(tmp_path) == ["it is of another authority"]
    assert x509.is_signed_by(x509.load_certificate(files[0]), authority)


def test_missing_certificates_are_one_problem_that_names_the_command(tmp_path):
    settings = make_settings(tmp_path, ME + "[web]\ntls = true\n", WEB)
    (problem,) = settings.problems()
    assert "more; `kolla config certificates` makes what is missing" in str(problem)
    assert make_settings(tmp_path, ME, WEB).problems() == []


def test_the_host_check_warns_before_a_certificate_ends(tmp_path, files):
    tls = ME + "[web]\ntls = true\n"
    (fine,) = host.certificates_end(make_settings(tmp_path, tls, WEB))
    assert fine.state is host.State.OK
    tls += "[certificates]\nrenew_days = 400\n"
    (soon,) = host.certificates_end(make_settings(tmp_path, tls, WEB))
    assert soon.state is host.State.WARNING and "ends in 364 days" in soon.found
