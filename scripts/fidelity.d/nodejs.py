# SPDX-License-Identifier: MIT
"""node: buffers written in full, and objects in JavaScript's own heap, which is not malloc's."""
GROUP = "apart"
COMMAND = ["node", "--max-semi-space-size=4", "{inputs}/load.js"]


def make_input(folder, random):
    (folder / "load.js").write_text('''
const kept = [];
for (let round = 0; round < 60; round++) {
  for (let i = 0; i < 300; i++) kept.push(Buffer.allocUnsafeSlow(500 + (i * 7919) % 9000).fill(i));
  if (round % 3 == 2) kept.splice(0, 450);
}
const zlib = require('zlib');
const text = Array.from({length: 40000}, (_, i) => 'line ' + (i * 7919) % 30011).join('\\n');
let packed = 0;
for (let i = 0; i < 12; i++) packed += zlib.deflateSync(text.slice(i * 1000)).length;
const objects = JSON.parse(JSON.stringify(Array.from({length: 60000}, (_, i) => ({i, n: 'x' + i}))));
console.log(kept.length, packed, objects.length);
''')
