"""A wrong configuration: file, line and the nearest name are told, and nothing is touched."""

import pytest

from tests.functional.support.watching import serving, untouched

#: What is wrong: the lines of a file, the number of the bad one, and what is told of it.
WRONG = {
    "unknown group": ("[synthetik]\nport = 1\n", 1, ["synthetik", "synthetic"]),
    "unknown option": ("[synthetic]\nprot = 1\n", 2, ["[synthetic]", "prot", "port"]),
    "unknown option of kolla": ("[engine]\nparalel = 2\n", 2, ["paralel", "parallel"]),
    "wrong type": ("[synthetic]\nport = many\n", 2, ["[synthetic] port", "many"]),
    "port twice": (
        "[host]\nenabled = synthetic, glance-api\n[synthetic]\nport = 9292\n", 4,
        ["port 9292", "synthetic-http", "glance-api"],
    ),
    "foreign address": ("[synthetic]\naddress = 192.0.2.1\n", 2, ["192.0.2.1", "this host"]),
    "foreign host address": ("[host]\naddress = 192.0.2.1\n", 2, ["192.0.2.1", "this host"]),
    "unknown container": ("[host]\nenabled = synthetic-htpt\n", 2,
                          ["synthetic-htpt", "synthetic-http"]),
    "unknown container of a service": ("[synthetic-htpt/DEFAULT]\ndebug = true\n", 1,
                                       ["synthetic-htpt", "synthetic-http"]),
    "no such interface": ("[host]\ninterface = nowhere0\n", 2, ["nowhere0"]),
    "no such file": ("[synthetic]\nfile = /nowhere/file\n", 2, ["/nowhere/file"]),
    "readable secret": ("[synthetic]\npassword = open\n", 2, ["secret", "chmod 600"]),
    "malformed line": ("[synthetic]\nport\n", 2, ["=", "assignment"]),
}
REFUSED = (("container", "upgrade", "synthetic-http"), ("plan",))
#: What acts on recorded snapshots.
GOES_ON = (("set", "start"), ("container", "restart", "synthetic-http"))


@pytest.mark.parametrize("flaw", WRONG)
def test_wrong_configuration_is_named_with_file_and_line(synthetic, flaw):
    text, line, told = WRONG[flaw]
    path = synthetic.configure(text, "80-wrong")
    try:
        found = synthetic.kolla("config", "validate", "-f", "json", expect=1).json()
        problems = [row for row in found if row["kind"] == "problem"]
        assert {(row["file"], row["line"]) for row in problems} == {(str(path), line)}
        assert all(part in problems[0]["message"] for part in told), problems[0]["message"]
        with untouched(synthetic):
            done = synthetic.kolla(*REFUSED[0], expect=1)
        assert f"{path}:{line}" in done.stderr
        assert all(part in done.stderr for part in told), done.stderr
    finally:
        path.unlink()


@pytest.mark.parametrize("action", REFUSED, ids=" ".join)
def test_nothing_new_is_made_of_a_wrong_configuration(synthetic, action):
    path = synthetic.configure("[synthetic]\nprot = 1\n", "80-wrong")
    try:
        with untouched(synthetic), serving(synthetic):
            done = synthetic.kolla(*action, expect=1)
        assert f"{path}:2" in done.stderr
    finally:
        path.unlink()


@pytest.mark.parametrize("action", GOES_ON, ids=" ".join)
def test_what_exists_is_acted_on_while_the_configuration_is_wrong(synthetic, action):
    path = synthetic.configure("[synthetic]\nprot = 1\n", "80-wrong")
    try:
        with serving(synthetic):
            done = synthetic.kolla(*action)
        assert f"{path}:2" in done.stderr and "the last valid one" in done.stderr
    finally:
        path.unlink()


def test_all_that_is_wrong_is_told_at_once(synthetic):
    path = synthetic.configure("[synthetic]\nprot = 1\nport = many\n[engnie]\n", "80-wrong")
    try:
        done = synthetic.kolla("set", "upgrade", expect=1)
        assert all(f"{path}:{line}" in done.stderr for line in (2, 3, 4))
    finally:
        path.unlink()


def test_wrong_override_on_the_command_line_is_wrong_usage(synthetic):
    with untouched(synthetic):
        done = synthetic.kolla("--set", "synthetic.prot=1", "set", "start", expect=2)
    assert "prot" in done.stderr and "port" in done.stderr


def test_wrong_environment_variable_is_named(synthetic):
    with untouched(synthetic):
        done = synthetic.kolla("set", "upgrade", expect=1, env={"OS_SYNTHETIC__PORT": "many"})
    assert "OS_SYNTHETIC__PORT" in done.stderr


def test_host_file_overrides_and_is_named(synthetic):
    path = synthetic.config_dir / "hosts" / "testhost.conf"
    path.parent.mkdir()
    path.write_text("[synthetic]\nport = 18998\n")
    try:
        rows = synthetic.kolla("config", "show", "synthetic", "-f", "json").json()
        (row,) = [row for row in rows if row["option"] == "port"]
        assert (row["value"], row["source"]) == ("18998", f"{path}:2")
        plans = synthetic.kolla("plan", "synthetic-http", "-f", "json").json()
        assert plans[0]["reasons"] == ["environment: KOLLA_PORT changed"]
    finally:
        path.unlink()
    assert synthetic.kolla("plan", "synthetic-http", "-f", "json").json()[0]["reasons"] == []


def test_right_configuration_is_said_to_be_valid(synthetic):
    assert "valid" in synthetic.kolla("config", "validate").stdout
