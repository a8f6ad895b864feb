"""Static files while two builds run side by side: each process names its own build's, and serves those of both."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from whitenoise.compress import Compressor
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

from clinic.build import build_id
from clinic.whole_files import write_whole

# A name that its content gave it: what is behind it never changes.
OF_ITS_CONTENT = re.compile(r"\.[0-9a-f]{12}\.\w+$")
# A process that starts meanwhile reads its build's list, so none is ever missing.
LIST = re.compile(r"staticfiles[\w-]*\.json$")
COMPRESSED = (".br", ".gz")


class OnceCompressor(Compressor):  # type: ignore[misc]
    """Leaves alone what an earlier build compressed, and writes each file whole."""

    def compress(self, path: str) -> list[str]:
        made = [path + kind for kind in COMPRESSED if Path(path + kind).exists()]
        return made if len(made) == len(COMPRESSED) else super().compress(path)

    def write_data(self, path: str, data: bytes, suffix: str, stat_result: os.stat_result) -> str:
        write_whole(Path(path + suffix), data)
        return path + suffix


class BuiltFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed and compressed. Files of earlier builds stay, and each build has a list of its own.

    A process of the old build that starts again after `manage.py build` of the new one would else name the new
    build's files, or find none for what only its own templates name. What has the name of its content is written
    once and whole: browsers ask for it during a build too, and keep for a year what they get.
    """

    def delete(self, name: str) -> None:
        if not (OF_ITS_CONTENT.search(name) or LIST.match(name)):
            super().delete(name)

    def _save(self, name: str, content: File[bytes]) -> str:
        path = Path(self.path(name))
        if not (OF_ITS_CONTENT.search(name) and path.exists()):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, b"".join(content.chunks()))
        return name

    def create_compressor(self, **options: Any) -> OnceCompressor:
        return OnceCompressor(**options)

    def read_manifest(self) -> str | None:
        """This build's list; of code that was changed since it was built, the newest."""
        own = Path(self.manifest_storage.path(_list_name()))
        return own.read_text() if own.exists() else super().read_manifest()

    def save_manifest(self) -> None:
        super().save_manifest()
        newest = super().read_manifest() or ""
        self.manifest_storage._save(_list_name(), ContentFile(newest.encode()))


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, which knows the files that were there at its start; and those that a later build added."""

    def __call__(self, request: Any) -> Any:
        path = request.path_info
        if path not in self.files and path.startswith(self.static_prefix) and OF_ITS_CONTENT.search(path):
            self._look_for(path)
        return super().__call__(request)

    def _look_for(self, path: str) -> None:
        root = Path(settings.STATIC_ROOT).resolve()
        # What can be no file's name: with a NUL, or too long.
        with suppress(OSError, ValueError):
            file = (root / path.removeprefix(self.static_prefix)).resolve()
            if file.is_relative_to(root) and file.is_file():
                self.add_file_to_dictionary(path, str(file))

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Also of another build."""
        return url.startswith(self.static_prefix) and bool(OF_ITS_CONTENT.search(url))


def _list_name() -> str:
    return f"staticfiles-{build_id()}.json"
