# SPDX-License-Identifier: MIT
"""lrzip with two threads: text compressed. It asks for gigabytes, to see how much there is."""
GROUP = "mended"
COMMAND = ["lrzip", "-q", "-f", "-p", "2", "-o", "text.lrz", "{inputs}/text"]


def make_input(folder, random):
    words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 10)))
             for _ in range(4000)]
    with open(folder / "text", "w") as out:
        for _ in range(60_000):
            out.write(" ".join(random.choices(words, k=12)) + "\n")
