# SPDX-License-Identifier: MIT
"""gawk: a log taken apart, grouped, sorted and put together again."""
GROUP = "others"
COMMAND = ["gawk", "-f", "{inputs}/load.awk", "{inputs}/log.txt"]


def make_input(folder, random):
    with open(folder / "log.txt", "w") as out:
        for n in range(250_000):
            out.write("%d host%d GET /page/%d/%x %d %s\n" % (
                n, random.randrange(2000), random.randrange(60_000), random.getrandbits(20),
                random.choice((200, 200, 200, 404)), "q" * random.randrange(60)))
    (folder / "load.awk").write_text('''
{ bytes[$2] += length($0); pages[$4]++; split($4, part, "/"); seen[part[3]] = seen[part[3]] " " $1 }
$5 == 404 { missing[NR] = $0 }
END {
  n = asorti(pages, order)
  for (i = 1; i <= n; i += 2) delete pages[order[i]]
  for (page in seen) if (length(seen[page]) > 30) seen[page] = toupper(seen[page])
  for (row in missing) { gsub(/q+/, "Q", missing[row]); total += length(missing[row]) }
  print n, length(pages), length(seen), total
}
''')
