"""Volumes of Cinder, as a user who is logged in makes them."""

import uuid

from tests.functional.support.watching import until

CONTROL = ("cinder-scheduler", "cinder-volume", "cinder-backup")
CONTAINERS = (*CONTROL, "cinder-api")
#: Seconds in which something of a volume is done, on a busy host.
DONE = 600


class Volumes:
    """Those of the project of a connection; each has one gigabyte."""

    def __init__(self, connection):
        self.api = connection.block_storage

    @staticmethod
    def without_limit(connection) -> None:
        """The project of a connection may have any number of them."""
        answer = connection.block_storage.put(
            f"/os-quota-sets/{connection.current_project_id}",
            json={"quota_set": {"volumes": -1, "gigabytes": -1}},
        )
        assert answer.status_code == 200, answer.text

    def begin(self, **facts) -> str:
        """The id of a new volume, which has yet to be made."""
        name = f"volume-{uuid.uuid4().hex[:8]}"
        return self._post("volumes", "volume", {"name": name, "size": 1, **facts})

    def make(self, **facts) -> str:
        return self.ready("volumes", self.begin(**facts))

    def of_backend(self, name: str) -> str:
        """A new type, whose volumes are in the backend of that name."""
        specs = {"extra_specs": {"volume_backend_name": name}}
        answer = self.api.post("/types", json={"volume_type": {"name": name, **specs}})
        assert answer.status_code == 200, answer.text
        return answer.json()["volume_type"]["id"]

    def complaints(self, volume: str) -> list[str]:
        """What users are told of what has failed with a volume."""
        answer = self.api.get(f"/messages?resource_uuid={volume}", microversion="3.5")
        assert answer.status_code == 200, answer.text
        return [each["user_message"] for each in answer.json()["messages"]]

    def snapshot(self, volume: str) -> str:
        return self.ready("snapshots", self._post("snapshots", "snapshot", {"volume_id": volume}))

    def back_up(self, volume: str) -> str:
        return self.ready("backups", self._post("backups", "backup", {"volume_id": volume}))

    def restore(self, backup: str) -> str:
        """The id of a new volume with what the backup has."""
        answer = self.api.post(f"/backups/{backup}/restore", json={"restore": {}})
        assert answer.status_code == 202, answer.text
        volume = answer.json()["restore"]["volume_id"]
        self.ready("backups", backup)
        return self.ready("volumes", volume)

    def ready(self, kind: str, id: str) -> str:
        """The same id, once nothing is done to it any more and it can be used."""
        found = until(lambda: self._ended(kind, id), DONE)
        assert found["status"] in ("available", "in-use"), found
        return id

    def status(self, volume: str) -> str:
        return self.api.get(f"/volumes/{volume}").json()["volume"]["status"]

    def settled(self, volume: str) -> str:
        """Its status, once it is neither being attached nor detached."""
        until(lambda: self.status(volume) not in ("reserved", "attaching", "detaching"), DONE)
        return self.status(volume)

    def all(self) -> list[str]:
        answer = self.api.get("/volumes")
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["volumes"]]

    def delete(self, kind: str, *ids: str) -> None:
        """Until nothing of them is left."""
        for id in ids:
            answer = self.api.delete(f"/{kind}/{id}")
            assert answer.status_code == 202, answer.text
        for id in ids:
            until(lambda id=id: self.api.get(f"/{kind}/{id}").status_code == 404, DONE)

    def _ended(self, kind: str, id: str) -> dict | None:
        answer = self.api.get(f"/{kind}/{id}")
        assert answer.status_code == 200, answer.text
        found = answer.json()[kind.removesuffix("s")]
        busy = "ing" in found["status"] and not found["status"].startswith("error")
        return None if busy else found

    def _post(self, kind: str, name: str, facts: dict) -> str:
        answer = self.api.post(f"/{kind}", json={name: facts})
        assert answer.status_code == 202, answer.text
        return answer.json()[name]["id"]
