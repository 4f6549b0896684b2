"""What waits for a viewer: little, and the newest."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any

import pytest

from blazetrack.web.hub import KEPT, Hub, Outbox


def in_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test inside an event loop of its own."""

    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 10))

    run.__name__ = test.__name__
    return run


async def nothing_comes(box: Outbox) -> bool:
    try:
        await asyncio.wait_for(box.next(), 0.02)
    except asyncio.TimeoutError:
        return True
    return False


@in_loop
async def test_short_messages_go_before_a_picture_and_in_order() -> None:
    box = Outbox()
    box.show(b"picture")
    box.say({"n": 1})
    box.say({"n": 2})
    assert [await box.next() for _ in range(3)] == ['{"n":1}', '{"n":2}', b"picture"]


@in_loop
async def test_one_picture_is_on_its_way_and_the_newest_waits() -> None:
    box = Outbox()
    box.show(b"1")
    assert await box.next() == b"1"
    for number in b"2345":
        box.show(bytes([number]))
    assert await nothing_comes(box)
    assert box.dropped == 3
    box.shown()
    assert await box.next() == b"5"
    assert await nothing_comes(box)


@in_loop
async def test_who_says_shown_often_gets_no_picture_twice() -> None:
    box = Outbox()
    box.show(b"1")
    for _ in range(10):
        box.shown()
    assert await box.next() == b"1"
    assert await nothing_comes(box)


@in_loop
async def test_messages_reach_who_never_confirms_a_picture() -> None:
    box = Outbox()
    box.show(b"1")
    await box.next()
    box.show(b"2")
    box.say({"n": 1})
    assert await box.next() == '{"n":1}'


@in_loop
async def test_who_reads_nothing_fills_no_memory() -> None:
    box = Outbox()
    for number in range(10 * KEPT):
        box.say({"n": number})
        box.show(bytes(1000))
    waiting = [await box.next() for _ in range(KEPT + 1)]
    assert json.loads(waiting[-2])["n"] == 10 * KEPT - 1
    assert await nothing_comes(box)


@in_loop
async def test_who_looks_at_something_else_gets_no_picture() -> None:
    box = Outbox()
    box.show(b"old")
    box.watching = False
    box.forget_pictures()
    box.show(b"new")
    assert await nothing_comes(box)


@in_loop
async def test_who_comes_back_gets_the_next_picture_at_once() -> None:
    box = Outbox()
    box.show(b"1")
    await box.next()
    box.forget_pictures()
    box.show(b"2")
    assert await box.next() == b"2"


@in_loop
async def test_a_number_that_json_does_not_know_is_an_error_here() -> None:
    with pytest.raises(ValueError, match="JSON"):
        Outbox().say({"n": float("nan")})


@in_loop
async def test_only_those_who_watch_are_told() -> None:
    hub, here, away = Hub(asyncio.get_running_loop()), Outbox(), Outbox()
    away.watching = False
    hub.add(here)
    hub.add(away)
    assert (len(hub), hub.watchers) == (2, 1)
    Thread(target=hub.say, args=({"n": 1},)).start()
    assert await here.next() == '{"n":1}'
    assert await nothing_comes(away)


@in_loop
async def test_who_has_gone_is_not_counted() -> None:
    hub, box = Hub(asyncio.get_running_loop()), Outbox()
    hub.add(box)
    hub.remove(box)
    hub.remove(box)
    assert (len(hub), hub.watchers) == (0, 0)
    hub.show(b"1")
    assert await nothing_comes(box)


def test_a_thread_that_outlives_the_server_is_not_hurt() -> None:
    async def make() -> Hub:
        return Hub(asyncio.get_running_loop())

    hub = asyncio.run(make())
    hub.say({"n": 1})
    hub.show(b"1")
