"""Images that somebody else built: how they are named, and why they could not be had."""

import pytest
from tests.unit.support.plugins import make_settings

from kolla.errors import KollaError
from kolla.images import graph, inputs, pull
from kolla.plugin import Image
from kolla.settings import pulled

DIGEST = f"sha256:{'0a' * 32}"


def theirs(reference: str) -> Image:
    return Image("theirs", reference=reference)


@pytest.mark.parametrize("name, version, registry", [
    (f"mongo@{DIGEST}", DIGEST[:19], "docker.io"),
    (f"mongo:8.0@{DIGEST}", "8.0", "docker.io"),
    (f"bitnami/mongo:8.0-r1@{DIGEST}", "8.0-r1", "docker.io"),
    (f"localhost/mongo:8.0@{DIGEST}", "8.0", "localhost"),
    (f"registry.example/a/b/mongo:8.0@{DIGEST}", "8.0", "registry.example"),
    (f"192.0.2.1:5000/mongo@{DIGEST}", DIGEST[:19], "192.0.2.1:5000"),
])
def test_a_reference_with_a_digest_is_taken_as_it_is(tmp_path, name, version, registry):
    assert pulled.reference(make_settings(tmp_path), theirs(name)) == name
    assert (pulled.version(name), pulled.registry(name)) == (version, registry)


@pytest.mark.parametrize("name, told", [
    ("", "no image of a registry is named for theirs"),
    ("mongo:8.0", "mongo:8.0 has no digest"),
    ("192.0.2.1:5000/mongo", "has no digest"),
    ("mongo@sha256:0a", "names no image of a registry"),
    (f"mongo:8.0@{DIGEST} --privileged", "names no image of a registry"),
    (f"mongo\nRUN id@{DIGEST}", "names no image of a registry"),
])
def test_any_other_is_refused(tmp_path, name, told):
    with pytest.raises(KollaError, match=told):
        pulled.reference(make_settings(tmp_path), theirs(name))


def test_a_tag_will_do_where_it_is_allowed(tmp_path):
    settings = make_settings(tmp_path, "[images]\nallow_tags = true\n")
    assert pulled.reference(settings, theirs("mongo:8.0")) == "mongo:8.0"


def test_its_name_is_all_that_it_is_made_of(tmp_path):
    settings = make_settings(tmp_path)
    one, other = (inputs.of_image(theirs(f"mongo:{tag}@{DIGEST}"), settings, {})
                  for tag in ("8.0", "8.1"))
    assert one != other
    assert graph.bases(theirs(f"mongo@{DIGEST}")) == ()


@pytest.mark.parametrize("said, told, remedy", [
    ('Head "https://r.example:5000/v2/": http: server gave HTTP response to HTTPS client',
     "does not speak TLS", "insecure-registries"),
    ("tls: failed to verify certificate: x509: certificate signed by unknown authority",
     "does not trust", "/etc/docker/certs.d/r.example:5000/ca.crt"),
    ("pull access denied, repository does not exist or may require authorization",
     "wants a login", "docker login r.example:5000"),
    ("unexpected status: 401 Unauthorized", "wants a login", "docker login r.example:5000"),
    ("dial tcp 192.0.2.1:5000: connect: connection refused", "cannot be reached", "does it run"),
    ("dial tcp: lookup r.example: no such host", "cannot be reached", "does it run"),
    ("r.example:5000/mongo@sha256:401403: not found", "has no such image", "its digest"),
    (f"r.example:5000/mongo@{DIGEST}: not found", "has no such image", "its digest"),
])
def test_what_the_engine_says_is_explained(said, told, remedy):
    error = pull.explained(f"r.example:5000/mongo@{DIGEST}", said)
    assert told in error.message and said in error.message and remedy in error.hint


def test_what_is_not_known_is_told_as_it_was_said():
    assert pull.explained("mongo", "bananas").message == "mongo cannot be pulled: bananas"
