// SPDX-License-Identifier: MIT
// The report's own script: draws the charts, lets the reader hide lines, sort tables and copy the
// line that deploys the verdict. Everything else is in the HTML and works without it.
(() => {
  'use strict';

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

  async function draw(id, spec) {
    const place = document.getElementById(id);
    const { view } = await vegaEmbed(place, fitted(spec, place.clientWidth), options);
    place.heapwiseView = view;
    place.classList.add('drawn');
  }

  async function drawAll() {
    const charts = JSON.parse(document.getElementById('heapwise-charts').textContent);
    for (const { id, spec } of charts) {
      try {
        await draw(id, spec);
      } catch (error) {
        document.getElementById(id).textContent = `This chart could not be drawn: ${error.message}`;
        console.error(error);
      }
    }
    document.documentElement.dataset.charts = 'drawn';
  }

  // ---- hiding lines

  function toggleSeries(button) {
    const shown = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(shown));
    const section = button.closest('section');
    const hidden = [...section.querySelectorAll('.chip[aria-pressed="false"]')].map((chip) => chip.dataset.series);
    for (const place of section.querySelectorAll('.chart')) {
      place.heapwiseView?.signal('hidden', hidden).run();
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
    link.href = await place.heapwiseView.toImageURL('png', 2);
    link.download = `heapwise-${place.id}.png`;
    link.click();
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button?.matches('.chip')) toggleSeries(button);
    if (button?.matches('.sort')) sortBy(button);
    if (button?.matches('.copy')) copyLine(button);
    if (button?.matches('.save')) savePicture(button);
  });
  drawAll();
})();
