"""What cannot work in a declaration although its types are right, before it does harm."""

from collections import Counter
from collections.abc import Iterator

from kolla.errors import nearest
from kolla.plugin import Container, ContainerSet, Image, Strategy
from kolla.plugin.spec import PHASES

#: Kinds of privileges, and whether they need a value.
PRIVILEGES = {
    "capability": True, "device": True, "privileged": False, "pid": False, "ipc": False,
    "cgroup": False, "root": False, "writable-root": False,
}


def unsound(thing: ContainerSet | Container | Image) -> str:
    """The first thing that cannot work, or nothing."""
    if isinstance(thing, ContainerSet):
        return ""
    if isinstance(thing, Image):
        return _of_image(thing, "its")
    found = (*_privileges(thing), *_paths(thing), *_files(thing), *_behaviour(thing))
    return next(iter(found), "") or _of_image(thing.image, "its image's")


def _of_image(image: Image, whose: str) -> str:
    if (image.folder / "Dockerfile").is_file():
        return ""
    return f"{whose} folder {image.folder} has no Dockerfile"


def _privileges(container: Container) -> Iterator[str]:
    kinds = [privilege.kind for privilege in container.privileges]
    for privilege in container.privileges:
        if privilege.kind not in PRIVILEGES:
            near = nearest(privilege.kind, PRIVILEGES)
            yield f"its privilege {privilege.kind!r} does not exist{near}"
        elif PRIVILEGES[privilege.kind] != bool(privilege.value):
            needs = "needs a value" if PRIVILEGES[privilege.kind] else "takes no value"
            yield f"its privilege {privilege.kind!r} {needs}"
    if container.user == 0 and "root" not in kinds:
        yield "its user is 0, and it does not declare the privilege 'root'"
    if "capability" in kinds and not {"root", "privileged"} & {*kinds}:
        yield ("it declares a capability and not the privilege 'root': the engine gives "
               "capabilities to root alone")


def _paths(container: Container) -> Iterator[str]:
    paths = [
        *(("volume", volume.path) for volume in container.volumes),
        *(("scratch space", scratch.path) for scratch in container.scratch),
        *(("file", file.path) for file in container.files),
        *(("mount", path) for mount in container.host_mounts
          for path in (mount.source, mount.path)),
    ]
    for what, path in paths:
        if not path.startswith("/"):
            yield f"the path of its {what} {path!r} does not begin with a slash"


def _files(container: Container) -> Iterator[str]:
    for file in container.files:
        if (file.content is None) == (file.option is None):
            which = "neither" if file.option is None else "both"
            yield f"its file {file.path!r} has {which} of content and option"
        elif file.secret and file.option is None:
            yield f"its file {file.path!r} is secret and names no option"


def _behaviour(container: Container) -> Iterator[str]:
    if container.strategy is Strategy.HANDOVER and not container.listens:
        yield "its strategy is a handover, and it listens on nothing that could be handed over"
    if container.hold and not container.listens:
        yield "it declares how its requests wait, and listens on nothing that they could come by"
    for phase in PHASES:
        names = Counter(task.name for task in getattr(container, phase))
        for name in (name for name, times in names.items() if times > 1):
            yield f"two tasks of its {phase} are called {name!r}"
