"""What is switched on belongs to one thread, however the threads take turns."""

import threading

import stepgrad as sg
from stepgrad.tape.state import current, state


def test_what_is_switched_on_is_switched_on_in_one_thread():
    x = sg.Tensor([2.0], requires_grad=True)
    inside, done = threading.Event(), threading.Event()
    seen = []

    def other():
        seen.append((current(), state.recording, (x * x).step is not None))
        inside.set()
        done.wait(10)
        seen.append((current(), state.recording, (x * x).step is not None))

    thread = threading.Thread(target=other)
    with sg.no_grad():
        thread.start()
        inside.wait(10)
        assert (x * x).step is None and not state.recording
        done.set()
        thread.join()
    assert [now is current() for now, *_ in seen] == [False, False]
    assert seen[0] == seen[1] and seen[0][1:] == (True, True)
    assert (x * x).step is not None


def test_a_new_thread_begins_anew():
    found = []

    def leaves_hooks_behind():
        found.append((current(), state.hooks, state.recording))
        state.hooks, state.recording = (sg.Hook(),), False

    for _ in range(3):
        thread = threading.Thread(target=leaves_hooks_behind)
        thread.start()
        thread.join()
    assert [(hooks, recording) for _, hooks, recording in found] == [((), True)] * 3
    assert len({id(now) for now, *_ in found}) == 3
