# SPDX-License-Identifier: MIT
"""graphviz's dot: a layered graph laid out."""
GROUP = "others"
COMMAND = ["dot", "-Tplain", "-o", "/dev/null", "{inputs}/graph.dot"]


def make_input(folder, random):
    lines = ["digraph g {"]
    for n in range(2200):
        lines.append(f'  n{n} [label="node {n}"];')
        for _ in range(random.choice((1, 1, 2))):
            lines.append(f"  n{random.randrange(n // 2, n + 1)} -> n{n + 1};")
    (folder / "graph.dot").write_text("\n".join(lines) + "\n}\n")
