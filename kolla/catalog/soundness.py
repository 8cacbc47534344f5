"""What cannot work in a declaration although its types are right, before it does harm."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from kolla.catalog import forms
from kolla.catalog.naming import SUITES
from kolla.errors import nearest
from kolla.plugin import WAITS, Container, ContainerSet, Gone, Image, Releases, Strategy, Task
from kolla.plugin.declarations.container import PHASES

#: Where the engine mounts something in every container.
MOUNTED = ("/run/kolla", "/tmp", "/var/lib/kolla")
#: Seconds between two runs of a task that the monitor runs.
LEAST_PAUSE = 10
#: How a balancer may stand in front of a port.
BALANCED = ("http", "tcp", "one")
#: A project, which is the name of a folder and a part of those of groups.
NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def unsound(thing: ContainerSet | Container | Image | Gone) -> str:
    """The first thing that cannot work, or nothing."""
    if isinstance(thing, ContainerSet | Gone):
        return ""
    if isinstance(thing, Image):
        return _of_image(thing, "its")
    found = (*_project(thing), *_privileges(thing), *_needs(thing), *_paths(thing),
             *_leaks(thing), *_files(thing), *_keyrings(thing), *_listens(thing),
             *_behaviour(thing), *_options_of_image(thing))
    return next(filter(None, found), "") or _of_image(thing.image, "its image's")


def _of_releases(releases: Releases) -> str:
    if len({*releases.order}) < len(releases.order):
        return "one is in their order twice"
    missing = {releases.default, *releases.skip_level} - {*releases.order}
    return f"{min(missing)!r} is not in their order" if missing else ""


def _of_image(image: Image, whose: str) -> str:
    if image.releases and (flaw := _of_releases(image.releases)):
        return f"{whose} releases: {flaw}"
    if image.suite not in ("", *SUITES):
        return (f"{whose} suite {image.suite!r} is none of {', '.join(SUITES)}"
                f"{nearest(image.suite, SUITES)}")
    if (image.folder is None) == (not image.reference):
        return f"{whose} 'folder' or its 'reference' has to be given, and not both"
    if image.reference and image.per_release:
        return f"{whose} 'reference' names one image, and 'per_release' needs one for each release"
    if image.folder is None or (image.folder / "Dockerfile").is_file():
        return ""
    return f"{whose} folder {image.folder} has no Dockerfile"


def _project(container: Container) -> Iterator[str]:
    if container.project and not NAME.fullmatch(container.project):
        yield (f"its project {container.project!r} is no name: one is made up of small letters, "
               "digits and dashes between them")


def _privileges(container: Container) -> Iterator[str]:
    kinds = [privilege.kind for privilege in container.privileges]
    for privilege in container.privileges:
        yield forms.flaw("privilege", forms.PRIVILEGES, privilege.kind, privilege.value)
    if container.user == 0 and "root" not in kinds:
        yield "its user is 0, and it does not declare the privilege 'root'"
    for kind in ("capability", "privileged"):
        if kind in kinds and not {"root", "new-privileges"} & {*kinds}:
            yield (f"it declares the privilege {kind!r} and not 'root': the engine gives"
                   " capabilities to root alone; with 'new-privileges' its programs may become"
                   " root")


def _needs(container: Container) -> Iterator[str]:
    for need in container.needs:
        yield forms.flaw("need", forms.NEEDS, need.kind, need.value)
    for mount in container.host_mounts:
        if mount.propagation not in forms.PROPAGATIONS:
            yield (f"the propagation of its mount {mount.path!r} is {mount.propagation!r}, not one"
                   f" of {', '.join(forms.PROPAGATIONS)}")


def _leaks(container: Container) -> Iterator[str]:
    """What the engine would mount inside a shared mount, and so on the host as well."""
    inside = [
        *(("what kolla mounts at", path) for path in MOUNTED),
        *(("its volume", volume.path) for volume in container.volumes),
        *(("its scratch space", scratch.path) for scratch in container.scratch),
        *(("its file", file.path) for file in container.files),
        *(("its keyring", ring.path) for ring in container.keyrings),
        *(("its mount", mount.path) for mount in container.host_mounts),
    ]
    for shared in container.host_mounts:
        for what, path in inside if shared.propagation == "rshared" else ():
            if path != shared.path and PurePosixPath(path).is_relative_to(shared.path):
                yield (f"{what} {path!r} lies below its shared mount {shared.path!r}: the engine"
                       " would mount it on the host too; mount less of the host")


def _paths(container: Container) -> Iterator[str]:
    paths = [
        *(("volume", volume.path) for volume in container.volumes),
        *(("scratch space", scratch.path) for scratch in container.scratch),
        *(("file", file.path) for file in container.files),
        *(("keyring", path) for ring in container.keyrings
          for path in (ring.path, ring.formerly or "/")),
        *(("mount", path) for mount in container.host_mounts
          for path in (mount.source, mount.path)),
    ]
    for what, path in paths:
        if not path.startswith(("/", "${")):
            yield f"the path of its {what} {path!r} does not begin with a slash"


def _files(container: Container) -> Iterator[str]:
    for file in container.files:
        if file.content is None and file.option is None:
            yield f"its file {file.path!r} has neither content nor option"
        elif file.secret and file.option is None:
            yield f"its file {file.path!r} is secret and names no option"
        if file.numbered:
            yield f"its file {file.path!r} is numbered: that is declared by a Keyring"


def _keyrings(container: Container) -> Iterator[str]:
    forms_of = {f"{group}.{opt.dest}": getattr(opt.type, "form", "")
                for group, opts in container.options.items() for opt in opts}
    for ring in container.keyrings:
        if ring.option not in forms_of:
            yield f"its keyring {ring.path!r} is of {ring.option!r}, which is no option of its own"
        elif forms_of[ring.option] != "keys":
            yield (f"its keyring {ring.path!r} is of {ring.option!r}, which is no secret of the"
                   " form 'keys'")


def _options_of_image(container: Container) -> Iterator[str]:
    own = {f"{group}.{opt.dest}" for group, opts in container.options.items() for opt in opts}
    for name in container.image.options:
        if name not in own:
            yield f"its image knows {name!r}, which is no option of its own"


def _listens(container: Container) -> Iterator[str]:
    for listen in container.listens:
        if "$" not in listen.balanced and listen.balanced not in ("", *BALANCED):
            yield (f"the 'balanced' of its port {listen.port!r} is {listen.balanced!r}, not one of"
                   f" {', '.join(BALANCED)}{nearest(listen.balanced, BALANCED)}")


def _behaviour(container: Container) -> Iterator[str]:
    if container.strategy is Strategy.HANDOVER and container.join and not container.listens:
        yield "its strategy is a handover, and it listens on nothing that could be handed over"
    if container.hold and not container.listens:
        yield "it declares how its requests wait, and listens on nothing that they could come by"
    kinds = {privilege.kind for privilege in container.privileges}
    if container.outlived_by and not {"pid", "cgroup"} <= kinds:
        yield ("its 'outlived_by' names programs, and it does not declare the privileges 'pid' and"
               " 'cgroup': without them whatever it has started ends with it")
    for phase in PHASES:
        tasks = getattr(container, phase)
        names = Counter(task.name for task in tasks) if tasks else {}
        for task in tasks:
            yield _task(container, phase, task)
        for name in (name for name, times in names.items() if times > 1):
            yield f"two tasks of its {phase} are called {name!r}"


def _task(container: Container, phase: str, task: Task) -> str:
    if task.of == container.name:
        return f"its task {task.name!r} runs in its own place, which needs no 'of'"
    if not NAME.fullmatch(task.name):
        return (f"its task {task.name!r} has no name: one is made up of small letters, digits and"
                " dashes between them")
    if not 0 <= task.warning < 124 or task.warning == WAITS:
        return (f"the 'warning' of its task {task.name!r} is {task.warning}: it is an exit code"
                f" from 1 to 123, and not {WAITS}, which says that others hold it up")
    if task.every and phase != "on_demand":
        return f"its task {task.name!r} has 'every', which is for tasks in 'on_demand'"
    if task.every and task.every < LEAST_PAUSE:
        return (f"its task {task.name!r} is to run every {task.every} s: the least is"
                f" {LEAST_PAUSE} s")
    return ""
