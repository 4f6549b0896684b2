"""The sound of a film, copied packet by packet into the film that is written from its frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av.error import FFmpegError

from blazetrack.errors import SourceError, reason
from blazetrack.sources.container import film_stream, open_container

__all__ = ["CODECS", "Sound", "open_sound"]

# Codecs that an MP4 holds and players know there; others would have to be coded anew.
CODECS = frozenset({"aac", "ac3", "alac", "eac3", "mp3", "mp3float", "opus"})
_WITH_HEADER = frozenset({"aac", "alac", "opus"})  # need their header before the first packet


class Sound:
    """The packets of a film's sound, on the clock of its frames.

    Args:
        container: the opened film.
        stream: its sound.
        origin_s: time of its first picture on the clock of the file, where `time_s` of a frame
            is 0.
    """

    def __init__(self, container: Any, stream: Any, origin_s: Fraction) -> None:
        self._container, self._stream, self._origin_s = container, stream, origin_s
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None
        self._out: Any = None
        self._start_s = Fraction(0)

    def add_to(self, output: Any, start_s: float) -> None:
        """Add a stream to the output, before its first packet.

        Args:
            output: an av OutputContainer.
            start_s: time of the frame with which the output begins.
        """
        if hasattr(output, "add_stream_from_template"):
            self._out = output.add_stream_from_template(self._stream)
        else:  # PyAV before 14
            self._out = output.add_stream(template=self._stream)
        self._start_s = Fraction(start_s).limit_denominator(10**6) + self._origin_s
        self._packets = self._on_clock()
        self._next = next(self._packets, None)

    def copy_until(self, end_s: float, output: Any, *, last: bool = False) -> None:
        """Write the packets that begin before `end_s`, in seconds of the output.

        One more is written unless these are the `last`: libav holds a picture back until the sound
        has reached it.
        """
        while self._next is not None:
            packet, begins_s = self._next
            if begins_s >= end_s and last:
                break
            self._next = next(self._packets, None)
            packet.stream = self._out
            output.mux(packet)
            if begins_s >= end_s:
                break

    def close(self) -> None:
        """Close the film; idempotent."""
        self._next, self._packets = None, iter(())
        self._container.close()

    def _on_clock(self) -> Iterator[tuple[Any, Fraction]]:
        """The packets that begin with the output or later, and their times in it.

        A packet that begins before the output is left out: up to its end, at most 0.1 s, there is
        no sound.
        """
        before = -1
        try:
            for packet in self._container.demux(self._stream):
                if packet.pts is None or packet.dts is None:  # the last one, which is empty
                    continue
                base = Fraction(packet.time_base)
                offset = round(self._start_s / base)
                packet.pts -= offset
                packet.dts -= offset
                if packet.dts > before:  # also leaves out damaged times, which libav refuses
                    before = packet.dts
                    yield packet, packet.pts * base
        except (FFmpegError, OSError):
            return  # damaged from here on; the pictures are what counts


def open_sound(file: str) -> tuple[Sound | None, str]:
    """The sound of a film, or None and why it cannot be copied; no reason where there is none.

    Args:
        file: path of the film.
    """
    if not os.path.isfile(file):
        return None, ""
    container: Any = None
    try:
        container = open_container(file, file)
        stream = container.streams.best("audio") if container.streams.audio else None
        sound, problem = None, ""
        if stream is not None:
            codec = stream.codec_context
            fits = codec.name in CODECS and bool(codec.extradata or codec.name not in _WITH_HEADER)
            origin_s = _first_picture_s(file) if fits else None
            if origin_s is None:
                problem = (
                    f"the sound of {file} ({codec.name}) cannot be copied into an MP4; left out"
                )
            else:
                sound = Sound(container, stream, origin_s)
    except (SourceError, FFmpegError, OSError, ValueError) as error:
        sound, problem = None, f"the sound of {file} cannot be read ({reason(error)}); left out"
    if sound is None and container is not None:
        container.close()
    return sound, problem


def _first_picture_s(file: str) -> Fraction | None:
    """Time of the first picture on the clock of the file."""
    with open_container(file, file) as container:
        for picture in container.decode(film_stream(container, file)):
            if picture.pts is not None and picture.time_base is not None:
                return Fraction(picture.pts * picture.time_base)
    return None
