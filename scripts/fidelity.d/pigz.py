# SPDX-License-Identifier: MIT
"""pigz with two threads: half-compressible text."""
GROUP = "named"
COMMAND = ["pigz", "-9", "-p", "2", "-k", "-c", "{inputs}/text"]


def make_input(folder, random):
    words = ["%x" % random.getrandbits(random.choice((8, 16, 28))) for _ in range(30_000)]
    with open(folder / "text", "w") as out:
        for _ in range(60):
            out.write(" ".join(random.choices(words, k=190_000)) + "\n")
