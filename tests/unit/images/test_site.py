"""Mirror, index, proxy and certificates reach a build as secrets, and nothing else does."""

import pytest

from kolla.errors import KollaError
from kolla.images.site import Site, private_files


def test_a_site_without_settings_needs_no_secrets():
    assert Site().secrets() == {}
    assert Site(debian_mirror="http://deb.debian.org/debian/").secrets() == {}


def test_certificates_are_trusted_by_apt_and_pip_where_the_build_finds_them(tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_text("PEM")
    secrets = Site(ca_bundle=str(bundle)).secrets()
    assert secrets["ca"] == "PEM"
    assert 'Acquire::https::CAInfo "/run/secrets/ca";' in secrets["apt"]
    assert secrets["pip"] == "[global]\ncert = /run/secrets/ca\n"
    assert "sources" not in secrets


def test_apt_fetches_as_the_user_who_can_read_the_certificates(tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_text("PEM")
    assert 'APT::Sandbox::User "root";' in Site(ca_bundle=str(bundle)).secrets()["apt"]


def test_each_release_of_debian_has_its_own_sources_on_a_mirror():
    secrets = Site(debian_mirror="https://mirror.example/debian").secrets()
    assert {line.split()[3] for line in secrets["sources-bookworm"].splitlines()} == {
        "bookworm", "bookworm-updates", "bookworm-security"}


def test_a_mirror_replaces_debians_own_sources_for_the_build_only():
    secrets = Site(debian_mirror="https://mirror.example/debian/").secrets()
    assert 'Dir::Etc::SourceList "/run/secrets/sources";' in secrets["apt"]
    assert 'Dir::Etc::SourceParts "/dev/null";' in secrets["apt"]
    assert [line.split()[2:4] for line in secrets["sources-trixie"].splitlines()] == [
        ["https://mirror.example/debian", "trixie"],
        ["https://mirror.example/debian", "trixie-updates"],
        ["https://mirror.example/debian-security", "trixie-security"],
    ]


@pytest.mark.parametrize("proxy", ["proxy.example:3128", "http://proxy.example:3128"])
def test_a_proxy_is_used_by_apt_and_pip_with_or_without_its_scheme(proxy):
    secrets = Site(proxy=proxy).secrets()
    assert 'Acquire::http::Proxy "http://proxy.example:3128";' in secrets["apt"]
    assert 'Acquire::https::Proxy "http://proxy.example:3128";' in secrets["apt"]
    assert "proxy = http://proxy.example:3128\n" in secrets["pip"]


def test_an_index_without_tls_is_trusted_as_pip_demands():
    secrets = Site(pip_index="http://index.example:8080/simple").secrets()
    assert "index-url = http://index.example:8080/simple\n" in secrets["pip"]
    assert "trusted-host = index.example\n" in secrets["pip"]
    assert "trusted-host" not in Site(pip_index="https://index.example/simple").secrets()["pip"]


def test_logins_of_the_site_are_masked_in_logs():
    site = Site(
        proxy="me:s3cret@proxy:3128", pip_index="https://token@index/simple",
        debian_mirror="https://you:0ther@mirror/debian",
    )
    line = site.mask("me:s3cret@proxy 0ther https://token@index/simple")
    assert line == "***@proxy *** https://***@index/simple"


def test_a_bundle_that_cannot_be_read_names_the_option():
    with pytest.raises(KollaError, match=r"\[images\] ca_bundle.*/no/such/file"):
        Site(ca_bundle="/no/such/file").secrets()


def test_secret_files_can_be_read_by_their_owner_only_and_go_away():
    with private_files({"pip": "index-url = x\n"}) as paths:
        path = paths["pip"]
        assert path.read_text() == "index-url = x\n"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.parent.exists()


def test_secret_files_go_away_when_the_build_fails():
    with pytest.raises(RuntimeError), private_files({"apt": "x"}) as paths:
        raise RuntimeError
    assert not paths["apt"].exists()
