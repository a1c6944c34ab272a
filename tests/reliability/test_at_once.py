"""The same asked by several at the same moment, at every address: nobody waits for somebody who waits for them.

What one thread holds while it waits for the right to write – a lock of ours, of a library, of the language – must not
be what the thread that has that right asks for next. Such a pair stands still until one of them is refused after half a
minute, and with it whoever else wants to write; a scanner that pressed one button from four sides at once found one.
"""

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from tests.clients import Browser
from tests.security.test_every_field import NASTY, Asked, everything, send, world
from tests.security.world import World, browsers

__all__ = ["world"]

SEVERAL, ROUNDS = 6, 4
pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def _turns_are_short() -> Iterator[None]:
    """Threads take turns after a tenth of a millisecond, so that they meet in the middle of things."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(usual)


def same(app: Flask, browser: Browser) -> Browser:
    """Another window of the same browser."""
    found = app.test_client()
    assert isinstance(found, Browser)
    found._cookies = dict(browser._cookies)
    return found


def test_every_act_at_once(app: Flask, world: World, signed_in: Any) -> None:
    """As its form stands, then with something odd in a field."""
    clients, tokens = browsers(app, world, signed_in)
    acts = [one for one in everything(world, clients, tokens) if one.method != "GET"]
    assert len(acts) > 100
    windows = [{name: same(app, browser) for name, browser in clients.items()} for _ in range(SEVERAL)]
    gate = Barrier(SEVERAL)

    def press(number: int, one: Asked, values: dict[str, str]) -> int:
        gate.wait()
        return int(send(windows[number][one.who], tokens.get(one.who), one, values).status_code)

    broken, chance = [], random.Random(20261124)
    with ThreadPoolExecutor(SEVERAL) as pool:
        for one in acts:
            for turn in range(ROUNDS):
                odd = {name: chance.choice(NASTY) for name in chance.sample(one.names, min(turn, len(one.names), 1))}
                answers = list(pool.map(press, range(SEVERAL), [one] * SEVERAL, [{**one.sound, **odd}] * SEVERAL))
                if max(answers) >= 500:
                    broken.append(f"{one.method} {one.path} {odd}: {answers}"[:300])
    assert broken == []
