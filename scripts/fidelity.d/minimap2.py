# SPDX-License-Identifier: MIT
"""minimap2 with two threads: 40,000 reads found in a genome of two million bases."""
GROUP = "mended"
COMMAND = ["minimap2", "-t", "2", "-a", "-o", "/dev/null", "{inputs}/genome.fa",
           "{inputs}/reads.fq"]


def make_input(folder, random):
    genome = "".join(random.choices("ACGT", k=2_000_000))
    (folder / "genome.fa").write_text(
        ">genome\n" + "\n".join(genome[i:i + 80] for i in range(0, len(genome), 80)) + "\n")
    with open(folder / "reads.fq", "w") as out:
        for n in range(40_000):
            at = random.randrange(len(genome) - 200)
            read = list(genome[at:at + 200])
            for _ in range(4):
                read[random.randrange(200)] = random.choice("ACGT")
            out.write(f"@read{n}\n{''.join(read)}\n+\n{'I' * 200}\n")
