# SPDX-License-Identifier: MIT
"""gnuplot: 200,000 points drawn, smoothed and summed up. Its arrays grow by realloc."""
GROUP = "mended"
COMMAND = ["sh", "-c", "cd {inputs} && exec gnuplot draw.gp"]


def make_input(folder, random):
    with open(folder / "points.dat", "w") as out:
        for n in range(200_000):
            out.write(f"{n} {random.random() * n:.4f} {random.gauss(0, 1):.4f}\n")
    (folder / "draw.gp").write_text('''
set terminal svg size 800,600
set output '/dev/null'
plot 'points.dat' using 1:2 with lines, '' using 1:3 with points
set table '/dev/null'
plot 'points.dat' using 1:2 smooth csplines
unset table
splot [-3:3][-3:3] sin(x*y)
stats 'points.dat' using 2
''')
