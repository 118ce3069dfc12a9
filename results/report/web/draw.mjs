// SPDX-License-Identifier: MIT
// Draws charts without a page: node draw.mjs SCRIPT.js CHARTS.json FOLDER
//
// SCRIPT.js is the report's own script with the chart libraries; CHARTS.json is a list of
// {"name", "spec"}, and each becomes FOLDER/name.svg.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';

const [script, list, folder] = process.argv.slice(2);

// The libraries look for a browser or for a module loader; here they find neither, and leave their
// names in the context.
const { setInterval, clearInterval, queueMicrotask, URL } = globalThis;
const context = vm.createContext({
  console, setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask, structuredClone, URL,
});
vm.runInContext(readFileSync(script, 'utf8'), context, { filename: 'report.js' });
const { vega, vegaLite } = context;

const config = {
  font: 'Liberation Sans, Arial, sans-serif',
  view: { stroke: null },
  axis: { labelFontSize: 12, titleFontSize: 12, titlePadding: 8 },
};

for (const { name, spec } of JSON.parse(readFileSync(list, 'utf8'))) {
  const runtime = vega.parse(vegaLite.compile(spec, { config }).spec);
  const view = new vega.View(runtime, { renderer: 'none' });
  writeFileSync(join(folder, `${name}.svg`), await view.toSVG());
  view.finalize();
}
