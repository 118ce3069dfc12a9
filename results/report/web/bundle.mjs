// SPDX-License-Identifier: MIT
// Joins the chart libraries and the page's own script into the one script of the report.
//
//   node bundle.mjs NODE_MODULES PAGE.JS OUT.JS
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [modules, page, out] = process.argv.slice(2);

// Browser builds, in the order in which they need each other.
const libraries = [
  'vega/build/vega.min.js',
  'vega-lite/build/vega-lite.min.js',
  'vega-embed/build/vega-embed.min.js',
];

// What the browser builds contain besides the packages' own code comes from these.
const isContained = (name) =>
  /^(vega|d3-|fast-json-patch|json-stringify-pretty-compact|semver|tslib|topojson-client|delaunator|robust-predicates|internmap)/.test(
    name,
  );

function licenceOf(name) {
  const file = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'LICENCE']
    .map((candidate) => join(modules, name, candidate))
    .find(existsSync);
  return file ? readFileSync(file, 'utf8').trim() : null;
}

// Every licence text once, under the names of the packages that have it.
function licences() {
  const packages = new Map();
  for (const name of readdirSync(modules).filter(isContained).sort()) {
    const text = licenceOf(name);
    if (text) packages.set(text, [...(packages.get(text) ?? []), name]);
  }
  return [...packages].map(([text, names]) => `${names.join(', ')}:\n\n${text}`).join('\n\n');
}

// Inside <script>, "</script" would end the script, and "<!--" would change how its end is found.
const safeInScript = (code) => code.replaceAll(/<\/(script)/gi, '<\\/$1').replaceAll('<!--', '<\\!--');

const code = [...libraries.map((library) => join(modules, library)), page].map((file) =>
  readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, ''),
);
const notice = `/*\n${licences().replaceAll('*/', '* /')}\n*/`;
writeFileSync(out, safeInScript([notice, ...code].join('\n;\n')));
