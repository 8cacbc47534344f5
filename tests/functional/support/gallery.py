"""Glance as a user uses it, and what its images should hold."""

import contextlib
import hashlib
import os
from collections.abc import Iterator

from tests.functional.support.cloud import Cloud
from tests.functional.support.watching import asking

MEGABYTE = 1 << 20


class Gallery:
    """Images of a user, each with the hash of what was uploaded."""

    def __init__(self, cloud: Cloud):
        self.cloud, self.connection, self.kept = cloud, cloud.connect(), {}

    def stores(self, names: str) -> None:
        """Where Glance keeps images from now on."""
        self.cloud.deployment.configure(f"[glance]\nstores = {names}\n", "91-glance")
        self.cloud.deployment.kolla("container", "upgrade", "glance-api", timeout=600)

    def upload(self, name: str, size: int = MEGABYTE) -> str:
        """The image's number."""
        content = os.urandom(size)
        image = self.connection.image.create_image(
            name, data=content, disk_format="raw", container_format="bare", allow_duplicates=True)
        self.kept[image.id] = hashlib.sha512(content).hexdigest()
        assert self.connection.image.get_image(image.id).hash_value == self.kept[image.id]
        return image.id

    def is_whole(self, image: str) -> bool:
        content = self.connection.image.download_image(image).content
        return hashlib.sha512(content).hexdigest() == self.kept[image]

    def are_whole(self) -> bool:
        return all(map(self.is_whole, self.kept))

    def delete(self, *images: str) -> None:
        """Those, or all."""
        for image in images or tuple(self.kept):
            self.connection.image.delete_image(image)
            del self.kept[image]

    @contextlib.contextmanager
    def in_use(self, word: str) -> Iterator[None]:
        """It is uploaded to and downloaded from while the block runs, and nothing may fail."""
        image = self.upload("before")
        with (
            asking(lambda: self.upload(word), pause=1) as uploads,
            asking(lambda: self.is_whole(image), pause=1) as downloads,
        ):
            uploads.wait_for(lambda: uploads.given or uploads.failures)
            yield
        assert uploads.failures == [] and downloads.failures == [] and all(downloads.given)
        assert self.are_whole()
