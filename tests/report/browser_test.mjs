// SPDX-License-Identifier: MIT
// Opens the fixture's report in headless Chromium and uses it as a reader would.
//
//   node browser_test.mjs MAKE_REPORT      exit 77: there is no Chromium, nothing was tested
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Browser, findChromium } from './chromium.mjs';

const allocators = ['glibc', 'jemalloc', 'tcmalloc', 'mimalloc'];
let failures = 0;
let checks = 0;

function check(sentence, fine, seen) {
  checks += 1;
  if (fine) return;
  failures += 1;
  console.log(`FAILED: ${sentence}${seen === undefined ? '' : ` (seen: ${JSON.stringify(seen)})`}`);
}

// What must never happen while a reader looks at the report.
function watch(browser) {
  const seen = { complaints: [], requests: [], dialogs: [] };
  browser.on((method, params) => {
    if (method === 'Runtime.exceptionThrown') seen.complaints.push(params.exceptionDetails.exception?.description);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) {
      seen.complaints.push(params.args.map((one) => one.value ?? one.description).join(' '));
    }
    if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level)) {
      seen.complaints.push(params.entry.text);
    }
    if (method === 'Network.requestWillBeSent' && !/^(file|data|blob|about):/.test(params.request.url)) {
      seen.requests.push(params.request.url);
    }
    if (method === 'Page.javascriptDialogOpening') seen.dialogs.push(params.message);
  });
  return seen;
}

async function open(browser, file, width, height, scheme) {
  await browser.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await browser.send('Page.navigate', { url: 'about:blank' });
  await browser.until(`location.href === 'about:blank'`, 30);
  await browser.send('Page.navigate', { url: pathToFileURL(file).href });
  await browser.until(`document.documentElement.dataset.charts !== undefined`, 60);
  await browser.evaluate(`window.heapwiseDrawAll()`);
  await browser.until(`document.documentElement.dataset.charts === 'drawn'`, 60);
}

async function chartsAreDrawn(browser) {
  const lines = `[...document.querySelectorAll('#memory-0 .lines_marks path')]`;
  const colours = await browser.evaluate(`${lines}.map((path) => path.getAttribute('stroke'))`);
  check('every allocator has a line of its own colour', new Set(colours).size === allocators.length, colours);
  const segments = await browser.evaluate(`${lines}.map((path) => path.getAttribute('d').split('L').length)`);
  check('every line has hundreds of points, and not thousands',
    segments.every((count) => count > 200 && count <= 500), segments);
  const names = await browser.evaluate(`[...document.querySelectorAll('#memory-0 .line_ends_marks text')].map((one) => one.textContent)`);
  check('every line is named at its end', allocators.every((name) => names.includes(name)), names);
  check('live bytes are an area', await browser.evaluate(`document.querySelectorAll('#memory-0 .live_area_marks path').length === 1`));
  check('a recorded process has a line of its own', await browser.evaluate(`document.querySelectorAll('#memory-1 .recorded_line_marks path').length === 1`));
  const points = await browser.evaluate(`document.querySelectorAll('#tradeoff-0 .points_marks path').length`);
  check('every allocator is a point of the scatter', points === allocators.length, points);
  const crashed = await browser.evaluate(`[...document.querySelectorAll('#w1 tbody tr')].map((row) => row.innerText).find((text) => text.includes('tcmalloc'))`);
  check('an allocator that crashed says so in the table', /crashed: signal 11/.test(crashed), crashed);
  const label = await browser.evaluate(`document.querySelector('#memory-0').getAttribute('aria-label')`);
  check('a chart says in words what it shows', /glibc: peak \d+ MiB, end \d+ MiB/.test(label), label);
  check('an allocator that crashed has no line', await browser.evaluate(`document.querySelectorAll('#memory-1 .lines_marks path').length`) === 3);
}

// Where the lines of two-wave end, as a share of the chart's height from the bottom.
async function theEffectIsVisible(browser) {
  const heights = await browser.evaluate(`(() => {
    const frame = document.querySelector('#memory-0 .root > g > path').getBoundingClientRect();
    return Object.fromEntries([...document.querySelectorAll('#memory-0 .lines_marks path')].map((path) => {
      const end = path.getPointAtLength(path.getTotalLength());
      return [path.getAttribute('stroke'), 1 - end.y / frame.height];
    }));
  })()`);
  const [glibc, jemalloc] = [heights['#0072b2'], heights['#d55e00']];
  check('glibc ends high and jemalloc low', glibc > 0.8 && jemalloc < 0.6, heights);
  const bottom = await browser.evaluate(`document.querySelector('.verdict').getBoundingClientRect().bottom`);
  check('the first verdict is on the first screen', bottom < 800, bottom);
  const headline = await browser.evaluate(`document.querySelector('.verdict .headline').textContent`);
  check('the first verdict says how much memory it saves', /less\u00a0?\s?memory than glibc/.test(headline), headline);
}

async function tablesSort(browser) {
  const column = `[...document.querySelectorAll('#w1 tbody tr')].map((row) => row.children[1].dataset.value)`;
  const press = `document.querySelectorAll('#w1 thead .sort')[1].click()`;
  await browser.evaluate(press);
  const up = await browser.evaluate(column);
  check('a click on a heading sorts upwards', up[2] !== '' && +up[0] < +up[1] && +up[1] < +up[2], up);
  check('a failed allocator stays last', up[3] === '', up);
  check('the heading says so to a screen reader',
    await browser.evaluate(`document.querySelectorAll('#w1 thead th')[1].getAttribute('aria-sort')`) === 'ascending');
  await browser.evaluate(press);
  const down = await browser.evaluate(column);
  check('a second click sorts downwards', +down[0] > +down[1] && +down[1] > +down[2] && down[3] === '', down);
}

async function linesHide(browser) {
  const press = `document.querySelector('#w0 .chip[data-series="jemalloc"]').click()`;
  const lines = (count) => `document.querySelectorAll('#memory-0 .lines_marks path').length === ${count} && document.querySelectorAll('#tradeoff-0 .points_marks path').length === ${count}`;
  await browser.evaluate(press);
  await browser.until(lines(3), 10).catch(() => check('a pressed name hides its line and its point', false));
  await browser.evaluate(press);
  await browser.until(lines(4), 10).catch(() => check('pressing again brings it back', false));
  checks += 2;
}

async function hoverTells(browser, chart, target, expected) {
  await browser.evaluate(`document.querySelector('${chart}').scrollIntoView({ block: 'center' })`);
  const at = await browser.evaluate(`(() => { const box = document.querySelector('${target}').getBoundingClientRect(); return { x: box.x + box.width / 2, y: box.y + box.height / 2 }; })()`);
  await browser.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: at.x - 3, y: at.y });
  await browser.send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...at });
  const tooltip = `document.querySelector('#vg-tooltip-element.visible')?.innerText ?? ''`;
  try {
    await browser.until(`(${tooltip}) !== ''`, 10);
  } catch {
    // the check below says it
  }
  const text = await browser.evaluate(tooltip);
  check(`the pointer over ${chart} shows figures`, expected.every((word) => text.includes(word)) && /\d/.test(text), text);
  await browser.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: 1, y: 1 });
}

// WCAG's contrast of two colours, each "rgb(r, g, b)".
function contrast(one, other) {
  const [dark, light] = [one, other].map((colour) => {
    const [red, green, blue] = colour.match(/\d+/g).slice(0, 3).map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  }).sort((left, right) => left - right);
  return light / dark;
}

// 0 is black, 255 white; of "rgb(r, g, b)".
const lightness = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0) / 3;

async function coloursFollow(browser, scheme) {
  const paper = lightness(await browser.evaluate(`getComputedStyle(document.body).backgroundColor`));
  const ink = lightness(await browser.evaluate(`getComputedStyle(document.querySelector('#memory-0 .role-axis-title text')).fill`));
  check(`paper and chart text suit the ${scheme} scheme`, scheme === 'dark' ? paper < 60 && ink > 180 : paper > 240 && ink < 80, { paper, ink });
  const names = await browser.evaluate(`(() => {
    const paper = getComputedStyle(document.body).backgroundColor;
    return [...document.querySelectorAll('.line_ends_marks text, .point_names_marks text')].map((one) => [getComputedStyle(one).fill, paper]);
  })()`);
  check(`every name in a ${scheme} chart can be read`,
    names.length > 0 && names.every(([fill, page]) => contrast(fill, page) >= 4.5), names);
  check(`the ${scheme} chart lets the paper through`,
    await browser.evaluate(`getComputedStyle(document.querySelector('#memory-0 svg')).backgroundColor`) === 'rgba(0, 0, 0, 0)');
}

async function figuresCanBeChosen(browser) {
  const shown = `[...document.querySelectorAll('[data-matrix]')].filter((one) => !one.hidden).map((one) => one.dataset.matrix).join()`;
  check('the matrix shows memory first', await browser.evaluate(shown) === 'memory');
  await browser.evaluate(`document.querySelector('[data-choose="speed"]').click()`);
  check('a button shows time instead', await browser.evaluate(shown) === 'speed');
  const worst = await browser.evaluate(`getComputedStyle(document.querySelector('.matrix .r2, .matrix .r3, .matrix .r4')).backgroundColor`);
  check('what is worse has a shade', !/rgba\(0, 0, 0, 0\)|rgb\(255, 255, 255\)/.test(worst), worst);
}

// Every run is a dot, and what a picture is saved as.
async function runsAreShown(browser) {
  const dots = await browser.evaluate(`document.querySelectorAll('#times-0 .runs_marks path').length`);
  check('every run is a dot', dots === 5 * allocators.length, dots);
  const ratios = await browser.evaluate(`document.querySelectorAll('#fragmentation-0 .ratios_marks path').length`);
  check('resident ÷ live is shown at the peak, in the mean and at the end', ratios === 3 * allocators.length, ratios);
  const svg = await browser.evaluate(`document.querySelector('#memory-0').heapwiseView.toSVG()`);
  check('a chart can be saved as SVG', svg.startsWith('<svg') && svg.includes('jemalloc'));
}

// A report of many workloads draws what is seen, and the rest when it is.
async function manyAreDrawnWhenSeen(browser, file) {
  await browser.send('Page.navigate', { url: 'about:blank' });
  await browser.until(`location.href === 'about:blank'`, 30);
  await browser.send('Page.navigate', { url: pathToFileURL(file).href });
  await browser.until(`document.documentElement.dataset.charts === 'waiting'`, 60);
  const total = await browser.evaluate(`document.querySelectorAll('.chart').length`);
  const early = await browser.evaluate(`document.querySelectorAll('.chart.drawn').length`);
  check('most charts of a large report wait', total === 100 && early < 20, { total, early });
  const headlines = await browser.evaluate(`[...document.querySelectorAll('.answers .headline')].filter((one) => one.getBoundingClientRect().bottom < 800).length`);
  check('every verdict of twenty is on the first screen', headlines === 20, headlines);
  await browser.evaluate(`document.querySelector('#memory-15').scrollIntoView()`);
  await browser.until(`document.querySelector('#memory-15.drawn') !== null`, 60).catch(() => check('a chart is drawn when it is scrolled to', false));
  const lines = await browser.evaluate(`document.querySelectorAll('#memory-15 .lines_marks path').length`);
  check('it has a line for each of sixteen variants', lines === 16, lines);
  await nothingOverflows(browser, 1280);
}

// Paper has nothing to press: what is folded must be open there.
async function printingUnfolds(browser) {
  await browser.evaluate(`window.dispatchEvent(new Event('beforeprint'))`);
  const box = await browser.evaluate(`document.querySelector('.disturbed .warning').getBoundingClientRect().height`);
  check('a warning is there on paper', box > 0, box);
}

async function nothingOverflows(browser, width) {
  const wide = await browser.evaluate(`document.documentElement.scrollWidth`);
  check(`nothing overflows at ${width} px`, wide <= width, wide);
}

async function run(browser, file, large) {
  const seen = watch(browser);
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await browser.send(`${domain}.enable`);

  await open(browser, file, 1280, 800, 'light');
  await chartsAreDrawn(browser);
  await theEffectIsVisible(browser);
  await coloursFollow(browser, 'light');
  await tablesSort(browser);
  await linesHide(browser);
  await hoverTells(browser, '#memory-0', '#memory-0 svg', [...allocators, 'live', 'MiB', 'time']);
  await hoverTells(browser, '#tradeoff-0', '#tradeoff-0 .points_marks path', ['ns', 'MiB', 'allocator']);
  await nothingOverflows(browser, 1280);
  await runsAreShown(browser);
  await figuresCanBeChosen(browser);
  await printingUnfolds(browser);

  await open(browser, file, 1280, 800, 'dark');
  await coloursFollow(browser, 'dark');
  await open(browser, file, 400, 800, 'light');
  await nothingOverflows(browser, 400);
  check('the charts are drawn on a narrow screen too',
    await browser.evaluate(`document.querySelectorAll('#memory-0 .lines_marks path').length`) === allocators.length);

  await browser.send('Emulation.setDeviceMetricsOverride', { width: 1280, height: 800, deviceScaleFactor: 1, mobile: false });
  await manyAreDrawnWhenSeen(browser, large);
  check('the console stays empty', seen.complaints.length === 0, seen.complaints);
  check('no request leaves the page', seen.requests.length === 0, seen.requests);
  check('nothing in a command runs as script', seen.dialogs.length === 0, seen.dialogs);
}

const program = findChromium();
if (!program) {
  console.log('SKIPPED: Chromium is not installed (apt-get install chromium), so no report was opened');
  process.exit(77);
}
const folder = mkdtempSync(join(tmpdir(), 'heapwise-report-'));
let browser;
const limit = setTimeout(() => {
  console.log('FAILED: not done within 150 s');
  failures += 1;
  browser?.stop();
}, 150_000);
try {
  const file = join(folder, 'report.html');
  const large = join(folder, 'large.html');
  execFileSync(process.argv[2], [file]);
  execFileSync(process.argv[2], [large, 'many']);
  browser = await Browser.start(program);
  await run(browser, file, large);
} catch (error) {
  failures += 1;
  console.log(`FAILED: ${error.stack}`);
} finally {
  clearTimeout(limit);
  await browser?.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${checks} checks in ${program}, ${failures} failed`);
process.exitCode = failures === 0 && checks > 0 ? 0 : 1;
