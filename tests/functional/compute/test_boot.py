"""A virtual machine of a user.

It comes first, and runs on while other tests change what is below it.
"""

from tests.functional.support import guest
from tests.functional.support.guest import first
from tests.functional.support.watching import until


def test_a_virtual_machine_has_an_address_a_name_and_a_key_and_is_reached(server):
    until(lambda: server.page("key"), 300)
    assert server.page("key") == first.key(guest.FOLDER)
    assert server.page("hostname").split(".")[0] == first.NAME
    assert server.page("address").startswith("10.1.0.")
    assert server.page("gateway")
