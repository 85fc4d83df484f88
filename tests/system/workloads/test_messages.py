"""Messages are proved on receipt, and one that can't be used is named, whatever way they go."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing import shared_memory
from typing import Any, Final

import pytest

from benchmarks.test_messages import MESSAGES, written
from fixtures import shared_block
from tests.system.workloads.proving import notes_of, prove
from timetrial import models
from timetrial.errors import VoidTrialError, WorkerDiedError

pytestmark = pytest.mark.timeout(120)

MODELS: Final = models.model_ids(MESSAGES)
BETWEEN_PROCESSES: Final = [each for each in MODELS if each.startswith("processes")]


@pytest.fixture
def messages() -> list[bytes]:
    """Short and long ones, and an empty one; the longest comes after shared memory was sized for shorter ones."""
    return [*written(100, 64), b"", *written(3, 70_000), *written(1, 3_000_000), *written(2, 10)]


@pytest.mark.parametrize("model", MODELS)
def test_every_message_arrives_as_it_was_sent(messages: list[bytes], model: str) -> None:
    """In order, each with its length and checksum, in one round after the other."""
    results = prove(MESSAGES, model, messages).results
    assert [size for size, _ in results] == [len(message) for message in messages]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("wrong", ["changed", "swapped", "repeated"])
def test_a_wrong_message_voids_the_trial(messages: list[bytes], model: str, wrong: str) -> None:
    """One bit, two in the wrong order, or one twice in the place of another."""
    done = list(messages)
    if wrong == "changed":
        done[7] = bytes([done[7][0] ^ 1]) + done[7][1:]
    elif wrong == "swapped":
        done[7], done[8] = done[8], done[7]
    else:
        done[7] = done[6]
    with pytest.raises(VoidTrialError, match=r"the result of item 7, .* differs from the serial reference"):
        prove(MESSAGES, model, messages, done=done)


@pytest.mark.parametrize("model", MODELS)
def test_a_message_that_can_t_be_used_is_named(messages: list[bytes], model: str) -> None:
    """Be it the producer that can't send it or the consumer that can't hash it; the others don't get stuck."""
    done: list[Any] = list(messages)
    done[9] = None
    with pytest.raises(TypeError) as failure:
        prove(MESSAGES, model, messages, done=done)
    assert "raised by item 9, None" in notes_of(failure.value)


@pytest.mark.parametrize("model", MODELS)
def test_a_failed_round_leaves_nothing_on_the_way(messages: list[bytes], model: str) -> None:
    """The next round gets its own messages, not those that are left over."""
    name, variant = models.split(model)
    with models.get(name).open(MESSAGES.variant(variant), 1) as executor:
        expected = executor.run(messages)
        with pytest.raises(TypeError):
            executor.run([messages[0], None, messages[1]])
        assert executor.run(messages) == expected


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("model", BETWEEN_PROCESSES)
def test_a_consumer_that_is_killed_is_a_clear_error(model: str) -> None:
    """The producer doesn't wait for it for ever, however much it has to send."""
    name, variant = models.split(model)
    many = written(200, 64 * 1024)
    with models.get(name).open(MESSAGES.variant(variant), 1) as executor:
        executor.run(many[:1])
        os.kill(executor.worker_pids()[-1], signal.SIGKILL)
        with pytest.raises(WorkerDiedError):
            executor.run(many)
    assert multiprocessing.active_children() == []


def test_shared_memory_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block that was made is gone when the model is closed."""
    made: list[str] = []

    class Noted(shared_memory.SharedMemory):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            made.append(self.name)

    monkeypatch.setattr(shared_block, "SharedMemory", Noted)
    prove(MESSAGES, "processes[shared-memory]", [*written(3, 100), *written(1, 2_000_000)])
    assert len(made) == 2
    for name in made:
        with pytest.raises(FileNotFoundError):
            shared_memory.SharedMemory(name)
