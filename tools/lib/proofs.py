"""What proves that a part of a cloud works: in the OpenStack client's own environment.

    storage          an object is stored, read and deleted
    telemetry        measures are posted, and come back aggregated
    orchestration    a stack is made and deleted
    dashboard URL    a user logs in to Horizon

Each prints what is proved, line by line. Who the user is, say the variables of an openrc.
``SystemExit`` with the reason if something does not work.
"""

import datetime
import os
import sys
import time
import uuid
from collections.abc import Callable

import openstack
import requests
from keystoneauth1 import exceptions
from keystoneauth1.adapter import Adapter

#: Seconds in which something has to be done, on a busy machine.
PATIENCE = 300
TEMPLATE = {
    "heat_template_version": "2021-04-16",
    "resources": {"word": {"type": "OS::Heat::RandomString", "properties": {"length": 12}}},
    "outputs": {"word": {"value": {"get_resource": "word"}}},
}


def storage() -> None:
    name, sent = f"quickstart-{uuid.uuid4().hex[:8]}", os.urandom(1 << 20)
    with openstack.connect() as connection:
        swift = connection.object_store
        swift.create_container(name)
        swift.upload_object(name, "object", data=sent)
        tell("Swift takes an object of 1 MiB")
        if swift.download_object("object", container=name) != sent:
            sys.exit("Swift gave an object back with other content")
        swift.delete_object("object", container=name)
        swift.delete_container(name)
    tell("it comes back with the same content, and is deleted again")


def telemetry() -> None:
    with openstack.connect() as connection:
        gnocchi = Adapter(connection.session, service_type="metric", interface="public")
        metric = gnocchi.post("/v1/metric", json={"archive_policy_name": "low"}).json()["id"]
        now = datetime.datetime.now(datetime.UTC).replace(minute=0, second=0, microsecond=0)
        gnocchi.post(f"/v1/metric/{metric}/measures", json=[
            {"timestamp": (now + datetime.timedelta(seconds=at)).isoformat(), "value": value}
            for at, value in enumerate((10, 20, 60))
        ])
        tell("Gnocchi takes three measures")
        mean = f"/v1/metric/{metric}/measures?aggregation=mean&granularity=300"

        def aggregated() -> bool:
            answer = gnocchi.get(mean, raise_exc=False)
            return answer.ok and [value for _, _, value in answer.json()] == [30]

        wait(aggregated, "Gnocchi does not aggregate measures", "gnocchi-metricd")
        gnocchi.delete(f"/v1/metric/{metric}")
        tell("their mean comes back")
        aodh = Adapter(connection.session, service_type="alarming", interface="public")
        aodh.get("/v2/alarms")
    tell("Aodh tells which alarms there are")


def orchestration() -> None:
    with openstack.connect() as connection:
        heat = Adapter(connection.session, service_type="orchestration", interface="public")
        name = f"quickstart-{uuid.uuid4().hex[:8]}"
        asked = {"stack_name": name, "template": TEMPLATE}
        stack = heat.post("/stacks", json=asked).json()["stack"]

        def state() -> dict:
            return heat.get(f"/stacks/{stack['id']}").json()["stack"]

        wait(lambda: state()["stack_status"] != "CREATE_IN_PROGRESS",
             "Heat does not finish a stack", "heat-engine")
        made = state()
        if made["stack_status"] != "CREATE_COMPLETE":
            sys.exit(f"the stack is {made['stack_status']}: {made['stack_status_reason']}")
        tell(f"Heat makes a stack, with {made['outputs'][0]['output_value']} as its output")
        heat.delete(f"/stacks/{name}/{stack['id']}")
        wait(lambda: state()["stack_status"] == "DELETE_COMPLETE",
             "Heat does not delete the stack", "heat-engine")
    tell("the stack is deleted again")


def dashboard(url: str) -> None:
    with requests.Session() as browser:
        browser.trust_env = False  # REQUESTS_CA_BUNDLE would take the place of this:
        browser.verify = os.environ.get("OS_CACERT", True)
        page = f"{url}/auth/login/"
        browser.get(page, timeout=60).raise_for_status()
        answer = browser.post(page, timeout=60, headers={"Referer": page}, data={
            "csrfmiddlewaretoken": browser.cookies["csrftoken"], "region": "default",
            "username": os.environ["OS_USERNAME"], "password": os.environ["OS_PASSWORD"],
        })
        answer.raise_for_status()
        images = browser.get(f"{url}/api/glance/images/", timeout=60,
                             headers={"X-Requested-With": "XMLHttpRequest"})
        if images.status_code != 200:
            sys.exit(f"Horizon takes no login, or shows no images: {images.status_code}")
    tell(f"{os.environ['OS_USERNAME']} logs in at {url}, and is shown the images")


def wait(condition: Callable[[], bool], complaint: str, container: str) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"{complaint} within {PATIENCE} seconds: kolla container logs {container}")
        time.sleep(1)


def tell(text: str) -> None:
    print(text, flush=True)


PROOFS = {"storage": storage, "telemetry": telemetry,
          "orchestration": orchestration, "dashboard": dashboard}

if __name__ == "__main__":
    try:
        PROOFS[sys.argv[1]](*sys.argv[2:])
    except (exceptions.ClientException, openstack.exceptions.SDKException,
            requests.RequestException) as error:
        sys.exit(f"{error}")
