"""The steps of a plan in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kolla.plans.plan import Operation

#: By kind of operation. {it} is a generation or a container, {task} the name of a task.
SENTENCES = {
    "record": "record {it} as the next generation",
    "create": "create {it} on the engine",
    "bootstrap": "bootstrap {it}: run the task {task}, which sets up what it needs",
    "verify": "verify {it}: run the task {task}, which finds mistakes before anything changes",
    "dump": "dump before {it}: run the task {task}, which saves the data",
    "expand": "expand for {it}: run the task {task}, which adds what it needs to the schema",
    "contract": "contract for {it}: run the task {task}, which removes what only earlier"
    " releases need",
    "before-rollback": "before the rollback of {it}: run the task {task}",
    "farewell": "farewell of {it}: run the task {task}, which removes what it left on the host",
    "teardown": "teardown of {it}: run the task {task}, which removes what it has elsewhere",
    "on-demand": "run the task {task} of {it}",
    "start": "start {it}",
    "check": "check {it} until it is healthy",
    "join": "join: {it} takes the public address, or the work",
    "commit": "commit {it}: from now on it is the current generation",
    "keep": "keep: let the engine restart {it}, also after a power cut",
    "park": "park: let the engine leave {it} stopped, also after a boot",
    "release": "release: let the engine no longer restart {it}",
    "drain": "drain {it}: let its last requests end",
    "hold": "hold: let requests to {it} wait",
    "resume": "resume: let requests to {it} go on",
    "stop": "stop {it}",
    "remove": "remove {it} from the engine",
    "remove-task": "remove what is left of the task {task} of {it}",
    "forget": "forget: let the image of {it} be pruned",
    "confirm": "confirm: {it} stays",
    "pin": "pin: record which release or image {it} keeps",
    "fail": "fail: record that {it} has failed",
    "erase": "erase the data in the volumes of {it}",
    "want-running": "want-running: record that {it} is to run",
    "want-stopped": "want-stopped: record that {it} is to stay stopped",
    "want-absent": "want-absent: record that {it} is to be deleted",
    "want-erased": "want-erased: record that {it} is to be deleted with its data",
    "settle": "settle: record that nothing is left to do",
}
#: Steps that only write something down, or tell the engine what to do later.
BOOK_KEEPING = {
    "record", "keep", "park", "release", "forget", "settle", "remove-task",
    "want-running", "want-stopped", "want-absent", "want-erased",
}


def sentence(step: "Operation") -> str:
    """What a step does, and why if its cause says more."""
    number = f"-g{step.generation}" if step.generation is not None else ""
    text = SENTENCES[step.kind].format(it=f"{step.container}{number}", task=step.task)
    return f"{text} ({step.cause})" if step.cause else text
