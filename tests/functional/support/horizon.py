"""Horizon, as a user's browser talks to it."""

import re

import requests

PORT = 8088


class Dashboard:
    """One browser, with its cookies; it has not logged in yet."""

    def __init__(self, url: str, authority: str | bool = True):
        self.url = url
        self._session = requests.Session()
        self._session.verify = authority

    def page(self, path: str) -> str:
        """The text of a page; that of the login page if the user is not logged in."""
        answer = self._session.get(f"{self.url}{path}", timeout=60)
        assert answer.status_code == 200, f"{path}: {answer.status_code}: {answer.text[:500]}"
        return answer.text

    def log_in(self, user: str, password: str, again: bool = True) -> str:
        """The form with what is wrong, or nothing. Without ``again``: from the form that is open.

        Where a user is sent then depends on the services that the cloud has.
        """
        if again:
            self.page("/auth/login/")
        answer = self._session.post(
            f"{self.url}/auth/login/", timeout=60, headers={"Referer": self.url},
            allow_redirects=False, data={
                "csrfmiddlewaretoken": self._session.cookies["csrftoken"],
                "username": user, "password": password, "region": "default",
            },
        )
        assert answer.status_code in (200, 302), answer.text[:500]
        return answer.text

    def ask(self, path: str) -> dict:
        """What Horizon's own API says, which its pages ask."""
        answer = self._session.get(
            f"{self.url}/api/{path}", timeout=60, headers={"X-Requested-With": "XMLHttpRequest"})
        assert answer.status_code == 200, f"{path}: {answer.status_code}: {answer.text[:500]}"
        return answer.json()

    def cookies(self) -> dict[str, int]:
        """How many bytes each cookie has."""
        return {each.name: len(each.value or "") for each in self._session.cookies}

    def loads(self, page: str) -> dict[str, str]:
        """What a page loads from Horizon itself: the kind of each file, by its path."""
        found = re.findall(r'(?:src|href)=["\'](/static/[^"\'?]+\.(?:css|js|svg|ico))', page)
        kinds = {}
        for path in found:
            answer = self._session.get(f"{self.url}{path}", timeout=60)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            kinds[path] = answer.headers["Content-Type"]
        return kinds
