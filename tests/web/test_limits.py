"""How fast a viewer may speak."""

from __future__ import annotations

from blazetrack.web.limits import Rate


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_of_two_seconds_passes_and_no_more() -> None:
    rate = Rate(10, Clock())
    assert [rate.take() for _ in range(21)] == [True] * 20 + [False]


def test_allowances_come_back_at_the_pace() -> None:
    clock = Clock()
    rate = Rate(10, clock)
    while rate.take():
        pass
    clock.now_s += 0.5
    assert [rate.take() for _ in range(6)] == [True] * 5 + [False]


def test_silence_saves_up_two_seconds_at_most() -> None:
    clock = Clock()
    rate = Rate(10, clock)
    clock.now_s += 3600
    assert sum(rate.take() for _ in range(100)) == 20


def test_who_keeps_the_pace_is_never_refused() -> None:
    clock = Clock()
    rate = Rate(10, clock)
    for _ in range(1000):
        clock.now_s += 0.1001
        assert rate.take()
