"""Queue of a viewer: bounded, with the newest image."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any

import pytest

from blazetrack.web.hub import QUEUE_LENGTH, Hub, Outbox


def in_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test in its own event loop."""

    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 10))

    run.__name__ = test.__name__
    return run


async def is_empty(box: Outbox) -> bool:
    try:
        await asyncio.wait_for(box.next(), 0.02)
    except asyncio.TimeoutError:
        return True
    return False


@in_loop
async def test_next_texts_precede_image_in_order() -> None:
    box = Outbox()
    box.send_image(b"image")
    box.send({"n": 1})
    box.send({"n": 2})
    assert [await box.next() for _ in range(3)] == ['{"n":1}', '{"n":2}', b"image"]


@in_loop
async def test_next_one_image_in_flight_newest_waits() -> None:
    box = Outbox()
    box.send_image(b"1")
    assert await box.next() == b"1"
    for number in b"2345":
        box.send_image(bytes([number]))
    assert await is_empty(box)
    assert box.dropped == 3
    box.acknowledge()
    assert await box.next() == b"5"
    assert await is_empty(box)


@in_loop
async def test_acknowledge_repeated_sends_no_image_twice() -> None:
    box = Outbox()
    box.send_image(b"1")
    for _ in range(10):
        box.acknowledge()
    assert await box.next() == b"1"
    assert await is_empty(box)


@in_loop
async def test_next_without_acknowledgement_still_sends_texts() -> None:
    box = Outbox()
    box.send_image(b"1")
    await box.next()
    box.send_image(b"2")
    box.send({"n": 1})
    assert await box.next() == '{"n":1}'


@in_loop
async def test_outbox_not_read_stays_bounded() -> None:
    box = Outbox()
    for number in range(10 * QUEUE_LENGTH):
        box.send({"n": number})
        box.send_image(bytes(1000))
    waiting = [await box.next() for _ in range(QUEUE_LENGTH + 1)]
    assert json.loads(waiting[-2])["n"] == 10 * QUEUE_LENGTH - 1
    assert await is_empty(box)


@in_loop
async def test_outbox_not_watching_gets_no_image() -> None:
    box = Outbox()
    box.send_image(b"old")
    box.watching = False
    box.discard_images()
    box.send_image(b"new")
    assert await is_empty(box)


@in_loop
async def test_discard_images_next_image_is_sent_at_once() -> None:
    box = Outbox()
    box.send_image(b"1")
    await box.next()
    box.discard_images()
    box.send_image(b"2")
    assert await box.next() == b"2"


@in_loop
async def test_send_nan_raises() -> None:
    with pytest.raises(ValueError, match="JSON"):
        Outbox().send({"n": float("nan")})


@in_loop
async def test_hub_send_reaches_watchers_only() -> None:
    hub, here, away = Hub(asyncio.get_running_loop()), Outbox(), Outbox()
    away.watching = False
    hub.add(here)
    hub.add(away)
    assert (len(hub), hub.watchers) == (2, 1)
    Thread(target=hub.send, args=({"n": 1},)).start()
    assert await here.next() == '{"n":1}'
    assert await is_empty(away)


@in_loop
async def test_hub_removed_viewer_is_not_counted() -> None:
    hub, box = Hub(asyncio.get_running_loop()), Outbox()
    hub.add(box)
    hub.remove(box)
    hub.remove(box)
    assert (len(hub), hub.watchers) == (0, 0)
    hub.send_image(b"1")
    assert await is_empty(box)


def test_hub_send_after_loop_is_closed_has_no_effect() -> None:
    async def make() -> Hub:
        return Hub(asyncio.get_running_loop())

    hub = asyncio.run(make())
    hub.send({"n": 1})
    hub.send_image(b"1")
