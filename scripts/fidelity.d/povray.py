# SPDX-License-Identifier: MIT
"""povray with two threads: 6,000 spheres that reflect each other."""
GROUP = "others"
COMMAND = ["povray", "+I{inputs}/spheres.pov", "+O/dev/null", "+FN", "+W500", "+H400", "-D", "+WT2"]


def make_input(folder, random):
    lines = ["camera{location<0,5,-18>look_at 0}", "light_source{<10,20,-10> rgb 1}"]
    for _ in range(6000):
        place = ",".join(f"{random.uniform(low, high):.3f}"
                         for low, high in ((-9, 9), (-6, 6), (0, 30)))
        colour = ",".join(f"{random.random():.2f}" for _ in range(3))
        lines.append(f"sphere{{<{place}>,{random.uniform(.05, .3):.3f} "
                     f"pigment{{color rgb<{colour}>}} finish{{reflection .1}}}}")
    (folder / "spheres.pov").write_text("\n".join(lines) + "\n")
