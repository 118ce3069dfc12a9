# SPDX-License-Identifier: MIT
"""z3: a multiplication of two bit vectors that is to be undone, and sums over many integers."""
GROUP = "named"
COMMAND = ["z3", "{inputs}/load.smt2"]


def make_input(folder, random):
    lines = ["(set-option :smt.random_seed 7)", "(set-option :sat.random_seed 7)",
             "(declare-const p (_ BitVec 34))", "(declare-const q (_ BitVec 34))",
             "(assert (bvult p q))", "(assert (bvugt p #b%s))" % bin(1)[2:].zfill(34),
             "(assert (bvult q #b%s))" % bin(1 << 17)[2:].zfill(34),
             "(assert (= (bvmul p q) #b%s))" % bin(65_521 * 65_537)[2:].zfill(34)]
    count = 1200
    for n in range(count):
        lines.append(f"(declare-const x{n} Int)")
        lines.append(f"(assert (and (>= x{n} 0) (<= x{n} 1000)))")
    for _ in range(2600):
        chosen = random.sample(range(count), 5)
        terms = " ".join(f"(* {random.randint(1, 9)} x{n})" for n in chosen)
        lines.append(f"(assert (<= (+ {terms}) {random.randint(4000, 9000)}))")
        lines.append(f"(assert (or (> x{chosen[0]} {random.randint(1, 300)}) "
                     f"(< x{chosen[1]} {random.randint(300, 900)})))")
    lines.append("(check-sat)")
    (folder / "load.smt2").write_text("\n".join(lines) + "\n")
