from prometheus_client import CollectorRegistry
from tests.unit.support.view import View

from kolla import x509
from kolla.monitor.expiry import CERTIFICATE, Expiry


def test_the_end_of_a_certificate_is_told_and_a_broken_one_hides_no_other(tmp_path):
    authority = x509.new_authority("web")
    made = x509.new_certificate(authority, "web", ["127.0.0.1"], days=9)
    contents = {"worker": made.certificate_pem(), "database": b"broken"}
    for name, content in contents.items():
        path = tmp_path / name / CERTIFICATE
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    registry = CollectorRegistry()
    view = View(worker="healthy")
    registry.register(Expiry(view.conditions, lambda name, number: tmp_path / name))
    (family,) = registry.collect()
    assert [(sample.labels, sample.value) for sample in family.samples] == [
        ({"container": "worker"}, made.certificate.not_valid_after_utc.timestamp())
    ]
