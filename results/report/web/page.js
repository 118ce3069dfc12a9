// SPDX-License-Identifier: MIT
// The report's own script: draws the charts, lets the reader hide lines, sort tables and copy the
// line that deploys the verdict. Everything else is in the HTML and works without it.
(() => {
  'use strict';
  if (typeof document === 'undefined') return; // drawn without a page, by draw.mjs

  const wideEnoughForLabels = 560;

  // Chart text on a narrow screen: names at the ends of lines would take a third of the width.
  function fitted(spec, width) {
    if (width >= wideEnoughForLabels || !spec.layer) return spec;
    const layer = spec.layer.filter((one) => one.name !== 'line_ends');
    return { ...spec, layer, height: Math.min(spec.height, 260) };
  }

  const options = {
    mode: 'vega-lite',
    renderer: 'svg',
    ast: true, // an interpreter instead of generated code: the page forbids eval
    actions: false,
    tooltip: { disableDefaultStyle: true },
    defaultStyle: false,
    config: {
      background: 'white', // of a saved picture; on the page CSS takes it away
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      axis: { labelFontSize: 12, titleFontSize: 12, titlePadding: 8 },
    },
  };

  // The inverse of results/report/pack.h: rows with names again.
  function unpacked(part) {
    if (Array.isArray(part)) return part.map(unpacked);
    if (part === null || typeof part !== 'object') return part;
    if (part.packed) return { values: part.packed.blocks.flatMap((block) => rowsOf(part.packed.names, block)) };
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, unpacked(value)]));
  }

  function rowsOf(names, { same, rows }) {
    const list = [];
    for (let at = 0; at < rows.length; at += names.length) {
      const row = { ...same };
      names.forEach((name, column) => (row[name] = rows[at + column]));
      list.push(row);
    }
    return list;
  }

  const waiting = new Map(); // charts not yet drawn: their places with their specifications

  async function draw(place) {
    const spec = waiting.get(place);
    if (!spec) return;
    waiting.delete(place);
    try {
      const { view } = await vegaEmbed(place, fitted(unpacked(spec), place.clientWidth), options);
      place.heapwiseView = view;
      place.classList.add('drawn');
      await applyHidden(place);
    } catch (error) {
      place.textContent = `This chart could not be drawn: ${error.message}`;
      console.error(error);
    }
    if (waiting.size === 0) document.documentElement.dataset.charts = 'drawn';
  }

  // Charts are drawn when they come near the screen: a report of twenty workloads has a hundred.
  function drawWhenSeen() {
    const charts = JSON.parse(document.getElementById('heapwise-charts').textContent);
    for (const { id, spec } of charts) waiting.set(document.getElementById(id), spec);
    const observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries.filter((one) => one.isIntersecting)) {
          observer.unobserve(entry.target);
          draw(entry.target);
        }
      },
      { rootMargin: '600px' },
    );
    for (const place of waiting.keys()) observer.observe(place);
    document.documentElement.dataset.charts = waiting.size === 0 ? 'drawn' : 'waiting';
  }

  // For the printer, which wants all of them.
  async function drawAll() {
    for (const place of [...waiting.keys()]) await draw(place);
  }
  window.heapwiseDrawAll = drawAll;
  window.addEventListener('beforeprint', drawAll);

  // What is folded would be lost on paper: the warnings among it.
  window.addEventListener('beforeprint', () => {
    for (const folded of document.querySelectorAll('details')) folded.open = true;
  });

  // ---- hiding lines

  function toggleSeries(button) {
    const shown = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(shown));
    for (const place of button.closest('section').querySelectorAll('.chart')) applyHidden(place);
  }

  async function applyHidden(place) {
    const chips = place.closest('section')?.querySelectorAll('.chip[aria-pressed="false"]') ?? [];
    const hidden = [...chips].map((chip) => chip.dataset.series);
    const view = place.heapwiseView;
    if (!view || String(view.signal('hidden')) === String(hidden)) return;
    await view.signal('hidden', hidden).runAsync();
  }

  // ---- choosing the figure of the matrix

  function chooseFigure(button) {
    const matrices = button.closest('.matrices');
    for (const other of matrices.querySelectorAll('.choose')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
    for (const one of matrices.querySelectorAll('[data-matrix]')) {
      one.hidden = one.dataset.matrix !== button.dataset.choose;
    }
  }

  // ---- sorting tables

  function sortBy(button) {
    const header = button.closest('th');
    const column = [...header.parentNode.children].indexOf(header);
    const ascending = header.getAttribute('aria-sort') !== 'ascending';
    for (const other of header.parentNode.children) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');

    const body = header.closest('table').tBodies[0];
    const key = (row) => row.children[column]?.dataset.value ?? '';
    const order = (left, right) => {
      if (left === '' || right === '') return (left === '') - (right === ''); // unmeasured: last
      const difference = isNaN(left) || isNaN(right) ? left.localeCompare(right) : left - right;
      return ascending ? difference : -difference;
    };
    body.append(...[...body.rows].sort((left, right) => order(key(left), key(right))));
  }

  // ---- copying the line that deploys

  async function copyLine(button) {
    const code = button.parentNode.querySelector('code');
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(code); // not allowed here: leave it selected
      button.textContent = 'Selected';
    }
    setTimeout(() => (button.textContent = 'Copy'), 2000);
  }

  // ---- saving a chart for a mail or a pull request

  async function savePicture(button) {
    const place = button.closest('figure').querySelector('.chart');
    const link = document.createElement('a');
    await draw(place);
    link.href = await place.heapwiseView.toImageURL(button.dataset.format, 2);
    link.download = `heapwise-${place.id}.${button.dataset.format}`;
    link.click();
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button?.matches('.chip')) toggleSeries(button);
    if (button?.matches('.sort')) sortBy(button);
    if (button?.matches('.copy')) copyLine(button);
    if (button?.matches('.save')) savePicture(button);
    if (button?.matches('.choose')) chooseFigure(button);
  });
  drawWhenSeen();
})();
