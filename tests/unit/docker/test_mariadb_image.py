"""The option list of the MariaDB image, made from what the server prints."""

import json
import subprocess

from kolla.plugin import shared_folder

HELP = """\
mariadbd  Ver 11.8.6-MariaDB for debian-linux-gnu on x86_64
  --autocommit        Set default value for autocommit
                      (Defaults to on; use --skip-autocommit to disable.)

Variables (--variable-name=value)
and boolean options {FALSE|TRUE}                             Value (after reading options)
------------------------------------------------------------ -------------
autocommit                                                   TRUE
bind-address                                                 (No default value)
character-set-server                                         utf8mb4
innodb-buffer-pool-size                                      134217728

To see what variables a running MariaDB server is using, type
'SHOW VARIABLES' there.
"""


def options() -> dict:
    script = shared_folder("docker", "mariadb", "options.awk")
    done = subprocess.run(
        ["awk", "-f", script], input=HELP, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)["mysqld"]


def test_every_variable_of_the_server_is_an_option():
    assert set(options()) == {
        "autocommit", "bind_address", "character_set_server", "innodb_buffer_pool_size",
        "loose_*",
    }


def test_a_number_may_carry_a_suffix_and_a_boolean_may_not():
    assert options()["innodb_buffer_pool_size"] == {"type": "string"}
    assert options()["autocommit"] == {"type": "boolean"}
