# SPDX-License-Identifier: MIT
"""openscad: a solid of 14 spheres with a slit through it."""
GROUP = "others"
COMMAND = ["openscad", "-o", "solid.stl", "{inputs}/solid.scad"]


def make_input(folder, random):
    spheres = "".join(
        f"translate([{random.uniform(-20, 20):.2f},{random.uniform(-20, 20):.2f},"
        f"{random.uniform(-5, 5):.2f}])sphere(r={random.uniform(1, 4):.2f},$fn=14);"
        for _ in range(14))
    (folder / "solid.scad").write_text(
        f"difference(){{union(){{{spheres}}} cube([60,60,2],center=true);}}\n")
