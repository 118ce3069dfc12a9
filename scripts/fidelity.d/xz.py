# SPDX-License-Identifier: MIT
"""xz with two threads: half-compressible text."""
GROUP = "named"
COMMAND = ["xz", "-T2", "-3", "--block-size=2MiB", "-k", "-c", "{inputs}/text"]


def make_input(folder, random):
    words = ["%x" % random.getrandbits(random.choice((8, 16, 28))) for _ in range(30_000)]
    with open(folder / "text", "w") as out:
        for _ in range(7):
            out.write(" ".join(random.choices(words, k=190_000)) + "\n")
