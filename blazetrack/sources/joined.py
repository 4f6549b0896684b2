"""Several files as one source: pictures and films one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from blazetrack.errors import InputError, SourceError
from blazetrack.sources.base import PICTURE_ENDINGS, Source, SourceInfo
from blazetrack.sources.images import read_picture
from blazetrack.sources.patterns import Text, expand_pattern
from blazetrack.types import Frame

__all__ = ["JoinedSource", "PictureList", "open_joined"]


class JoinedSource(Source):
    """The frames of several sources in turn, numbered through.

    Times are those of each film; `file` of a frame names its own one.

    Args:
        parts: sources of files or drawn ones.

    Raises:
        InputError: a part is live.
    """

    def __init__(self, parts: Sequence[Source]) -> None:
        for part in parts:
            if part.info.kind == "live":
                raise InputError(
                    f"{part.info.name}: is live and never ends; expected it to be the only source"
                )
        self.parts = tuple(parts)
        infos = [part.info for part in parts]
        counts = [info.frames for info in infos]
        sizes = {(info.width, info.height) for info in infos}
        width, height = sizes.pop() if len(sizes) == 1 else (None, None)
        super().__init__(
            SourceInfo(
                f"{infos[0].name} and {len(parts) - 1} more",
                "stills" if all(info.kind == "stills" for info in infos) else "video",
                width,
                height,
                frames=None if None in counts else sum(count or 0 for count in counts),
            )
        )

    def trim(self, start_s: float | None, end_s: float | None) -> None:
        """Trim each film."""
        for part in self.parts:
            part.trim(start_s, end_s)

    def _frames(self) -> Generator[Frame, None, None]:
        index = 0
        for part in self.parts:
            try:
                for frame in part:
                    yield replace(frame, index=index, file=frame.file or part.info.name)
                    index += 1
                    del frame  # not kept while the next one is read
            finally:
                self.warnings += part.warnings
                self.skipped += part.skipped

    def close(self) -> None:
        with ExitStack() as stack:
            for part in self.parts:
                stack.callback(part.close)


class PictureList(Source):
    """Picture files in the given order, read one by one; an unreadable one is skipped and named.

    Picture `i` has the time `i / fps`.

    Args:
        paths: the files.
        fps: clock of the pictures.
    """

    def __init__(self, paths: Sequence[str], fps: float | None = None) -> None:
        self._paths, self._fps = tuple(paths), fps or 30.0
        name = f"{paths[0]} and {len(paths) - 1} more"
        super().__init__(SourceInfo(name, "stills", fps=fps, frames=len(paths)))

    def _frames(self) -> Generator[Frame, None, None]:
        index = 0
        for path in self._paths:
            try:
                image = read_picture(path)
            except SourceError as error:
                self.skipped += 1
                self.warnings.append(str(error))
                continue
            yield Frame(image, index, index / self._fps, still=True, file=path)
            index += 1
        if not index:
            raise SourceError(
                f"{self.info.name}: none of {len(self._paths)} pictures can be read; "
                f"the first error: {self.warnings[0]}"
            )


def open_joined(
    texts: Iterable[Text], open_one: Callable[[Text], Source], fps: float | None = None
) -> Source:
    """One source of several texts, each as `open_source` takes it; patterns are expanded.

    Single pictures in a row are one part: each is read when its turn comes.

    Args:
        texts: what names the sources.
        open_one: opens one of them.
        fps: clock of pictures.

    Raises:
        SourceError: there is none, or one cannot be opened.
        InputError: one of several is live.
    """
    expanded = [one for text in texts for one in expand_pattern(text)]
    if not expanded:
        raise SourceError("sources: expected at least one, got none")
    with ExitStack() as stack:  # closes all where one cannot be opened
        parts: list[Source] = []
        for group in _runs_of_pictures(expanded):
            parts.append(PictureList(_paths(group), fps) if len(group) > 1 else open_one(group[0]))
            stack.callback(parts[-1].close)
        joined = parts[0] if len(parts) == 1 else JoinedSource(parts)
        stack.pop_all()
        return joined


def _paths(texts: Iterable[Text]) -> list[str]:
    return [os.path.expanduser(os.fspath(text)) for text in texts if not isinstance(text, int)]


def _runs_of_pictures(texts: Sequence[Text]) -> list[list[Text]]:
    """Texts in groups: single picture files in a row together, every other one by itself."""
    groups: list[list[Text]] = []
    before = False
    for text in texts:
        is_picture = _is_picture(text)
        if is_picture and before:
            groups[-1].append(text)
        else:
            groups.append([text])
        before = is_picture
    return groups


def _is_picture(text: Text) -> bool:
    if isinstance(text, int):
        return False
    path = os.path.expanduser(text)
    return Path(path).suffix.lower() in PICTURE_ENDINGS and os.path.isfile(path)
