# SPDX-License-Identifier: MIT
"""yosys: a circuit of 24 registers synthesised and mapped to gates by abc."""
GROUP = "others"
COMMAND = ["yosys", "-q", "-p",
           "read_verilog {inputs}/circuit.v; synth; abc -g AND,XOR"]


def make_input(folder, random):
    lines = ["module m(input clk, input [31:0] a, output reg [31:0] o);"]
    lines += [f" reg [31:0] r{i};" for i in range(24)]
    lines.append(" always @(posedge clk) begin r0 <= a;")
    for i in range(1, 24):
        lines.append(f" r{i} <= r{i - 1} {random.choice('+^&-')} "
                     f"(r{random.randrange(i)} >> {random.randrange(8)});")
    (folder / "circuit.v").write_text("\n".join(lines) + "\n o <= r23; end endmodule\n")
