"""One key makes all fingerprints of a host, or secrets would look changed."""

import secrets
import threading

from kolla.settings.fingerprints import key_of


def test_who_asks_while_another_makes_the_key_gets_the_same(tmp_path, monkeypatch):
    made_up, found = secrets.token_bytes, []
    other = threading.Thread(target=lambda: found.append(key_of(tmp_path / "state")))

    def slowly(number: int) -> bytes:
        """Meanwhile the other one does all that it can do."""
        monkeypatch.setattr(secrets, "token_bytes", made_up)
        other.start()
        other.join(0.2)
        return made_up(number)

    monkeypatch.setattr(secrets, "token_bytes", slowly)
    found.append(key_of(tmp_path / "state"))
    other.join()
    assert found == 2 * [key_of(tmp_path / "state")]
