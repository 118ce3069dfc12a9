# SPDX-License-Identifier: MIT
"""git repack: the deltas of a history of 150 changes to 2,000 files, computed anew."""
import subprocess

GROUP = "named"
COMMAND = ["git", "-C", "{inputs}/repository", "-c", "pack.threads=2", "repack", "-a", "-d", "-f",
           "-q"]


def make_input(folder, random):
    words = ["%x" % random.getrandbits(24) for _ in range(5_000)]
    files = {n: [" ".join(random.choices(words, k=8)) for _ in range(random.randint(10, 200))]
             for n in range(2_000)}
    repository = folder / "repository"
    subprocess.run(["git", "init", "-q", "--bare", repository], check=True)
    history = ["reset refs/heads/main\n"]
    for change in range(150):
        history.append("commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 7\nchange\n\n"
                       % (1_600_000_000 + change))
        for n in (range(2_000) if change == 0 else random.sample(range(2_000), 60)):
            lines = files[n]
            lines[random.randrange(len(lines))] = " ".join(random.choices(words, k=8))
            text = "\n".join(lines)
            history.append(f"M 644 inline d{n % 40}/f{n}\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "-C", repository, "fast-import", "--quiet"], check=True,
                   input="".join(history).encode())
    subprocess.run(["git", "-C", repository, "-c", "pack.threads=1", "repack", "-adfq"],
                   check=True)
