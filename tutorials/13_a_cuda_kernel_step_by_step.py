# %% [markdown]
# # 13. A CUDA kernel, step by step: who reads what, and who waits for whom
#
# **Goal.** You can say why one product of matrices on a GPU is many times slower than another that does the same arithmetic: you count sectors and bank
# conflicts by hand, and you find a race. No GPU is needed.
#
# You need: tutorial 09, and the emulator (`stepgrad doctor`).
#
# A GPU runs a kernel with thousands of *threads*. 32 of them form a *warp* and do each load and store together; some warps form a *block*, whose
# threads have a small fast memory in common. The emulator runs the very files that are compiled for a GPU, and writes down every access of every thread.

# %%
import numpy as np
from exercises import exercise, show

from stepgrad.errors import KernelError

try:
    from stepgrad.emulate import emulate, rungs

    rungs()
except KernelError:
    raise SystemExit("exercise 1: open. exercise 2: open. The emulator was not compiled here.") from None

# %% [markdown]
# ## One thread
#
# The bottom rung: one thread for each number of C. It walks along a row of A and down a column of B.

# %%
naive = emulate("matmul", "naive", size=8)
print(naive.launches[0])
thread = naive.accesses[naive.accesses["thread"] == 0]
for a in thread[:5]:
    array = naive.memory[a["array"]]
    print(
        f"thread 0 {('reads', 'writes')[a['kind']]:7}{array.element(a['offset']):8} {naive.lines[a['site']]}"
    )
print("...")

# %% [markdown]
# ## A warp
#
# What one thread does tells nothing about speed. Memory answers a *warp*: 32 threads ask at once, and memory moves whole **sectors of 32 bytes**. What matters
# is how many different sectors the 32 addresses fall into.


# %%
def sectors(offsets):
    return len({offset // 32 for offset in offsets})


def look(recording, name):
    """Print the first request that a warp makes to an array."""
    request = next(r for r in recording.requests() if recording.memory[r.array].name == name)
    elements = [recording.memory[request.array].element(o) for o in request.offsets]
    print(
        f"{recording.rung:12} {len(elements)} lanes want {', '.join(elements[:4])}, ...: {sectors(request.offsets)} sectors"
    )
    return request


naive = emulate("matmul", "naive", size=16)
coalesced = emulate("matmul", "coalesced", size=16)
for recording in (naive, coalesced):
    for name in ("a", "b", "out"):
        request = look(recording, name)
        if sectors(request.offsets) != request.units:
            raise SystemExit("the recording counts otherwise")

# %% [markdown]
# Neighbouring threads of the naive kernel walk down the *rows* of A: each asks for another row, and each row is a sector of its own. Of the 32 bytes that
# come, four are used. The second rung swaps x and y, nothing else. Now the warp writes whole rows of C: it *coalesces*.
#
# ## A tile in shared memory
#
# Still every number of A is fetched 16 times. The third rung fetches a tile once, into the memory that the block shares:

# %%
tiled = emulate("matmul", "shared_tile", size=16)
print(f"{'rung':12} {'sectors':>8} {'passes':>7} {'barriers':>9}")
for recording in (naive, coalesced, tiled):
    print(
        f"{recording.rung:12} {recording.total('global')[1]:8} {recording.total('shared')[1]:7} {len(recording.barriers):9}"
    )

# %% [markdown]
# Twenty times fewer sectors. The loads have not gone: they went to shared memory, which is far nearer. It has a catch of its own.
#
# ## Banks
#
# Shared memory is 32 **banks** side by side. Word i (four bytes) lies in bank i mod 32, and in one pass a bank hands out one word. If two threads want
# *different* words of one bank, the second waits. (If they want the same word, both get it.) A column of a matrix with 32 columns is the worst case:

# %%
column = np.arange(32) * 32
print("banks of a column, 32 columns:", set((column % 32).tolist()))
print("banks of a column, 33 columns:", len(set(np.arange(32) * 33 % 32)), "different ones")

# %% [markdown]
# That is why tiles are often declared one column wider than they are. What does our kernel pay? Look at each line:

# %%
for cost in tiled.costs:
    if cost.array.space == "shared":
        print(
            f"{cost.line}: {('reads', 'writes')[cost.kind]} {cost.array.name}{list(cost.array.shape)}: {cost.units} passes, {cost.best} at best"
        )

# %% [markdown]
# The reads are free of conflicts: that is what the spare column is for. The writes are not: two rows of 17 words are 33 words apart from end to end, so the first and
# the last thread of a warp meet in one bank, two passes for one. It is the smaller evil, and the kernel's head says so. Where each thread owns a
# square of C, no spare column helps: neighbours read 8 words apart. The last rung gives a warp's threads *other* columns, 4 words apart:

# %%
for rung in ("register_tile_2d", "vectorised", "warp_tile"):
    reads = [
        cost
        for cost in emulate("matmul", rung, size=16).costs
        if cost.array.space == "shared" and cost.kind == 0
    ]
    print(
        f"{rung:17} reads: {sum(cost.units for cost in reads)} passes, {sum(cost.best for cost in reads)} at best"
    )

# %% [markdown]
# ## The barrier
#
# A thread reads what *others* put into the tile. So all must have finished writing: `__syncthreads()`. Without it, some read too early. On a GPU this
# often goes well, for years. The emulator can leave a barrier out, and it does not go by the result: two threads touched one element, one of them wrote, and no
# barrier stood between them. That is a **race**, whatever came out.

# %%
broken = emulate("matmul", "shared_tile", size=16, bug="missing_barrier")
print("left out:", next(b.line for b in broken.barriers if b.left_out))
print("off by:", broken.error)
for race in broken.races:
    print(f"- {race.element}: {race.first}; {race.second}")
if tiled.races or not broken.races:
    raise SystemExit("the race must be found, and only in the broken kernel")

# %% [markdown]
# All of this can be seen: `stepgrad emulate matmul --rung shared_tile --size 16 --html tile.html` writes a page with a slider, from one warp's request to the
# next; `--bug missing_barrier` shows the race, and `stepgrad emulate matmul` compares all rungs.
#
# ## Exercise 1: every second number
#
# The 32 threads of a warp read x[0], x[2], x[4], ... x[62], four bytes each; x begins at a sector. How many sectors come?

# %%
answer_1 = None


@exercise
def check_1(answer):
    if answer == sectors(np.arange(32) * 2 * 4):
        return ""
    if answer == 4:
        return "Four sectors hold 32 *neighbouring* numbers. These are spread over twice as many bytes."
    if answer == 32:
        return "A sector is 32 bytes, eight numbers: four of the wanted ones lie in each."
    return "The last byte wanted is 63 * 4 + 3. Count the sectors from 0 to there: none of them is skipped."


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: count the passes
#
# Write `passes_2(words)`: a warp wants these words of shared memory (a list of integers, one for each lane); in how many passes do they come?


# %%
answer_2 = None  # def passes_2(words): ...


@exercise
def check_2(answer):
    cases = {"neighbours": range(32), "one word for all": [5] * 32, "every second word": range(0, 64, 2)}
    cases |= {
        "a column of 32": range(0, 1024, 32),
        "two rows of 17": [i // 16 * 17 + i % 16 for i in range(32)],
    }
    for name, right in zip(cases, (1, 1, 2, 32, 2), strict=True):
        got = answer(list(cases[name]))
        if got != right:
            broadcast = " Threads that want the same word do not wait for each other." * (
                name == "one word for all"
            )
            return f"{name}: {right} passes, not {got}.{broadcast}"
    return ""


check_2(answer_2)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=4, right=8)


def counts_lanes(words):
    banks = [word % 32 for word in words]
    return max(banks.count(bank) for bank in banks)


def passes_2(words):
    banks = [word % 32 for word in set(words)]
    return max(banks.count(bank) for bank in banks)


show(check_2, wrong=counts_lanes, right=passes_2)
