import json
import urllib.parse

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from oslo_config import cfg
from tests.unit.support.plugins import make_settings

from kolla.errors import KollaError
from kolla.settings import templates
from kolla.settings.secrets import masked

TEXT = strategies.text()


@given(TEXT)
def test_any_text_survives_as_a_template(text):
    escaped = templates.escape(text)
    assert templates.substitute(escaped, lambda name: "?") == text
    assert templates.partly(escaped, lambda name: "?") == escaped
    assert templates.references(escaped) == []


@given(TEXT, TEXT, TEXT, TEXT)
def test_options_first_and_secrets_later_is_all_at_once(before, option, after, secret):
    template = templates.escape(before) + "${a.b}-${url:a.b}" + templates.escape(after) + "${s.s}"
    first = templates.partly(template, {"a.b": option}.get)
    assert templates.references(first) == ["s.s"]
    quoted = urllib.parse.quote(option, safe="")
    expected = f"{before}{option}-{quoted}{after}{secret}"
    assert templates.substitute(first, {"s.s": secret}.__getitem__) == expected
    values = {"a.b": option, "s.s": secret}
    assert templates.substitute(template, values.__getitem__) == expected


# What cannot be in one line of a file: line breaks, and white space or quotes at its ends.
IN_A_LINE = strategies.text(
    strategies.characters(exclude_categories=["C", "Z"], exclude_characters="\x85")
    | strategies.just(" "), min_size=1,
).filter(lambda text: text == text.strip() and text[0] not in "\"'")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(IN_A_LINE)
def test_any_password_arrives_as_it_is_written(tmp_path, password):
    made = make_settings(tmp_path, f"[web]\npassword = {password}\n")
    assert made.reveal(made.render("<${web.password}>")) == f"<{password}>"
    assert made.conf.web.password == password


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(IN_A_LINE)
def test_any_password_can_be_told_from_a_connection_url(tmp_path, password):
    made = make_settings(tmp_path, f"[web]\npassword = {password}\n")
    url = made.reveal(made.environment(made.enabled()[0])["KOLLA_DATABASE"])
    parsed = urllib.parse.urlsplit(url)
    assert urllib.parse.unquote(parsed.password) == password
    assert parsed.hostname == "127.0.0.1" and parsed.path == "/web"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(IN_A_LINE.filter(lambda text: len(text) > 3))
def test_no_secret_is_in_rendered_texts_or_problems(tmp_path, secret):
    written = f"Q{secret}Q"
    made = make_settings(
        tmp_path, f"[web]\npassword = {written}\ntoken={written}\nport = x\n[database]\n"
        f"password = {written}\n[web/DEFAULT]\nadmin_password = {written}\nodd = x\n"
    )
    web = made.catalog.containers["web"]
    known = {"DEFAULT": {"admin_password": {"type": "integer"}}}
    problems = made.problems(lambda container: known)
    assert any("[web/DEFAULT] odd" in str(problem) for problem in problems)
    made = make_settings(
        tmp_path, (tmp_path / "kolla.conf").read_text().replace("port = x", "port = 1")
    )
    texts = [*made.environment(web).values(), made.render("${database.url} ${web.token}")]
    texts += [str(problem) for problem in problems] + [templates.masked(text) for text in texts]
    assert not any(written in text for text in texts)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(IN_A_LINE)
def test_any_password_survives_oslo_config_in_the_service(tmp_path, password):
    made = make_settings(tmp_path, f"[web]\npassword = {password}\n")
    given = made.reveal(made.render("${oslo:web.password}"))
    service = cfg.ConfigOpts()
    service([], default_config_files=[], default_config_dirs=[])
    service.register_opt(cfg.StrOpt("password"), "web")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OS_WEB__PASSWORD", given)
        assert service.web.password == password


KNOWN = {
    "simple_crypto_plugin": {"kek": {"type": "string", "secret": True}},
    "quotas": {"quota_secrets": {"type": "integer"}},
}
OPTIONS = "[web/simple_crypto_plugin]\nkek = hush\n[web/quotas]\nquota_secrets = 5\n"


def test_what_a_service_marks_as_a_secret_is_one_whatever_its_name(tmp_path):
    made = make_settings(tmp_path, OPTIONS)
    web = made.catalog.containers["web"]
    made.learn("web", KNOWN)
    assert "hush" not in str(made.environment(web)) and "hush" not in masked(made, "is hush")
    assert made.reveal(made.environment(web)["OS_SIMPLE_CRYPTO_PLUGIN__KEK"]) == "hush"


def test_a_number_is_no_secret_whatever_its_name(tmp_path):
    made = make_settings(tmp_path, OPTIONS)
    web = made.catalog.containers["web"]
    assert made.environment(web)["OS_QUOTAS__QUOTA_SECRETS"] != "5"
    made.learn("web", KNOWN)
    assert made.environment(web)["OS_QUOTAS__QUOTA_SECRETS"] == "5"


def test_the_last_list_that_was_read_tells_before_an_image_is_asked(tmp_path):
    text = f"[DEFAULT]\nstate_dir = {tmp_path}\n{OPTIONS}"
    make_settings(tmp_path, text).option_lists.keep(
        "sha256:" + "a" * 64, "web", json.dumps(KNOWN).encode())
    made = make_settings(tmp_path, text)
    assert made.hides("web", "simple_crypto_plugin", "kek", "hush")
    assert not made.hides("web", "quotas", "quota_secrets", "5")


def test_an_unset_secret_is_named_with_what_to_do(tmp_path):
    made = make_settings(tmp_path)
    with pytest.raises(KollaError, match="web.password, web.token") as caught:
        made.reveal("${web.password} ${web.token}")
    assert "kolla config passwords" in caught.value.hint


def test_an_option_that_takes_in_a_secret_is_a_secret(tmp_path):
    made = make_settings(tmp_path, "[database]\npassword = hush\n")
    assert made.is_secret("database", "url")
    assert made.render("${database.url}") == "${database.url}"
    assert made.reveal("${database.url}") == "db://root:hush@127.0.0.1"


def test_an_option_that_takes_in_an_unset_secret_is_missing(tmp_path):
    with pytest.raises(KollaError, match="database.url"):
        make_settings(tmp_path).reveal("${database.url}")


@pytest.mark.parametrize("template", ["costs 5 $", "$web.port", "${web.port"])
def test_a_malformed_template_is_an_error(tmp_path, template):
    with pytest.raises(KollaError, match="malformed"):
        make_settings(tmp_path).render(template)


def test_an_unknown_option_in_a_template_names_the_nearest(tmp_path):
    with pytest.raises(KollaError, match=r"\[web\] prt; did you mean 'port'"):
        make_settings(tmp_path).render("${web.prt}")


@pytest.mark.parametrize("value, text", [
    (None, ""), (True, "true"), (["a", 1], "a,1"), ({"k": False}, "k:false"), (1.5, "1.5"),
])
def test_values_are_written_as_in_a_file(value, text):
    assert templates.as_text(value) == text


@given(TEXT, strategies.booleans())
def test_one_of_two_texts_depends_on_an_option(text, on):
    around = templates.escape(text)
    found = templates.decided(
        f"{around}${{a.b?https:http}}://${{c.d}}", {"a.b": str(on).lower()}.__getitem__
    )
    assert found == f"{around}{'https' if on else 'http'}://${{c.d}}"


@pytest.mark.parametrize("on, found", [("true", "${url:c.d},${e.f}"), ("false", "${g.h}:1")])
def test_the_texts_of_a_choice_may_have_references(on, found):
    template = "${a.b?${url:c.d},${e.f}:${g.h}:1}"
    assert templates.decided(template, {"a.b": on}.__getitem__) == found


def test_a_choice_may_stand_in_a_default_and_in_a_file(tmp_path):
    made = make_settings(
        tmp_path, "[web]\ndebug = true\npolicy = ${web.debug?https:http}://${web.address}\n"
    )
    assert made.render("${web.policy}") == "https://127.0.0.1"


@pytest.mark.parametrize("text, wanted", [
    ("", "http://127.0.0.1:8080/$5"),
    ("policy = cloud.example.org\n", "http://cloud.example.org:8080/$5"),
])
def test_one_option_stands_in_for_another_that_is_empty(tmp_path, text, wanted):
    made = make_settings(tmp_path, f"[web]\n{text}")
    rendered = made.render("http://${web.policy|web.address}:${web.port}/$$5")
    assert made.reveal(rendered) == wanted


def test_an_alternative_may_stand_in_a_default_and_in_a_file(tmp_path):
    made = make_settings(tmp_path, "[web]\npolicy = ${web.missing_one|host.address}\n")
    with pytest.raises(KollaError, match=r"there is no option \[web\] missing_one"):
        made.value("web", "policy")
    made = make_settings(tmp_path, "[web]\npolicy = x${host.interface|host.address}\n")
    assert made.value("web", "policy") == "x127.0.0.1"


def test_a_value_with_a_dollar_sign_survives_as_an_alternative(tmp_path):
    made = make_settings(tmp_path, "[web]\npolicy = a$$b\n")
    assert made.reveal(made.render("${web.policy|web.address}")) == "a$b"


def test_a_secret_is_no_alternative(tmp_path):
    made = make_settings(tmp_path, "[web]\npassword = hush\n")
    with pytest.raises(KollaError, match="web.password is a secret, and no alternative"):
        made.render("${web.policy|web.password}")
