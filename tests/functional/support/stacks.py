"""Stacks of Heat, as a user who is logged in makes them."""

import uuid

from tests.functional.support.watching import until

CONTAINERS = ("heat-engine", "heat-api", "heat-api-cfn")
#: Seconds in which a stack is complete, on a busy host.
MADE = 240


class Stacks:
    """Those of the project of a connection."""

    def __init__(self, connection):
        self.api = connection.orchestration

    def begin(self, template: dict | str, **parameters: str | int) -> str:
        """The id of a new stack."""
        answer = self.api.post("/stacks", json={
            "stack_name": f"stack-{uuid.uuid4().hex[:8]}", "template": template,
            "parameters": parameters, "timeout_mins": 10,
        })
        assert answer.status_code == 201, answer.text
        return answer.json()["stack"]["id"]

    def show(self, stack: str) -> dict:
        answer = self.api.get(f"/stacks/{stack}")
        assert answer.status_code == 200, answer.text
        return answer.json()["stack"]

    def made(self, stack: str, seconds: float = MADE) -> dict:
        """Its outputs, once it is complete."""
        return self.outputs(self._complete(stack, "CREATE", seconds))

    def change(self, stack: str, **parameters: str | int) -> None:
        """Begin to give it other values of these parameters."""
        answer = self.api.patch(self._path(stack), json={"parameters": parameters})
        assert answer.status_code == 202, answer.text

    def changed(self, stack: str, seconds: float = MADE) -> None:
        """Until it has the values that it was to get."""
        self._complete(stack, "UPDATE", seconds)

    def _complete(self, stack: str, action: str, seconds: float) -> dict:
        def ended() -> dict | None:
            shown = self.show(stack)
            return None if shown["stack_status"].endswith("_IN_PROGRESS") else shown
        shown = until(ended, seconds)
        assert shown["stack_status"] == f"{action}_COMPLETE", shown["stack_status_reason"]
        return shown

    @staticmethod
    def outputs(shown: dict) -> dict:
        return {each["output_key"]: each["output_value"] for each in shown.get("outputs", ())}

    def all(self) -> list[str]:
        answer = self.api.get("/stacks")
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["stacks"]]

    def cancel(self, stack: str) -> None:
        """Until Heat has given it up; what it consists of stays as it is."""
        answer = self.api.post(
            f"{self._path(stack)}/actions", json={"cancel_without_rollback": None})
        assert answer.status_code == 200, answer.text
        until(lambda: self.show(stack)["stack_status"] == "CREATE_FAILED", MADE)

    def delete(self, stack: str) -> None:
        """Until nothing of it is left."""
        answer = self.api.delete(self._path(stack))
        assert answer.status_code == 204, answer.text
        until(lambda: self.show(stack)["stack_status"] == "DELETE_COMPLETE", MADE)

    def _path(self, stack: str) -> str:
        return f"/stacks/{self.show(stack)['stack_name']}/{stack}"
