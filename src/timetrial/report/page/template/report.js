(() => {
  'use strict';
  const $ = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  // The language: what was chosen last, else the browser's.
  const key = 'timetrial-language';
  const stored = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const h1 = $('h1');
  const speak = (language) => {
    $('#' + language).checked = true;
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    if (h1 && h1.dataset.titleEn) document.title = language === 'zh' ? h1.dataset.titleZh : h1.dataset.titleEn;
  };
  const wanted = stored() || (/^zh\b/i.test(navigator.language || '') ? 'zh' : 'en');
  speak(wanted === 'zh' ? 'zh' : 'en');
  for (const input of all('.language input')) {
    input.addEventListener('change', () => {
      speak(input.value);
      try { localStorage.setItem(key, input.value); } catch { /* a page from a file may not */ }
    });
  }

  // A cell as the language shows it.
  const told = (cell) => {
    const hidden = document.documentElement.lang === 'en' ? 'z-' : 'e-';
    const copy = cell.cloneNode(true);
    for (const each of all(`${hidden},button .order`, copy)) each.remove();
    return copy.textContent.replace(/\s+/g, ' ').trim();
  };

  // Sorting: by the number at a cell's start in its unit, else by its text.
  const units = {ns: 1e-9, 'µs': 1e-6, ms: 1e-3, s: 1, min: 60, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, k: 1e3, M: 1e6, G: 1e9};
  const value = (cell) => {
    const text = told(cell);
    const found = /^[^\d–-]{0,6}?(-?[\d,]*\.?\d+)\s?(ns|µs|ms|min|kB|MB|GB|s|B|k|M|G)?(?![a-z])/.exec(text);
    return found ? parseFloat(found[1].replace(/,/g, '')) * (units[found[2]] || 1) : text === '–' ? Infinity : text;
  };
  const own = (body) => [...body.rows].filter((row) => !$('.of', row));
  const sort = (table, column, head) => {
    const up = head.getAttribute('aria-sort') !== 'ascending';
    for (const each of all('thead th', table)) each.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    for (const body of table.tBodies) {
      const rows = own(body).map((row) => [value(row.cells[column]), row]);
      rows.sort(([a], [b]) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === 'number' ? -1 : 1) * (up ? 1 : -1));
      body.append(...rows.map(([, row]) => row));
    }
  };
  for (const table of all('table.sort')) {
    for (const body of table.tBodies) own(body).forEach((row, index) => { row.dataset.row = index; });
    all('thead th', table).forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => sort(table, column, head));
    });
  }

  // A chart's numbers, from the table behind it.
  const readout = $('#readout');
  const cursor = document.createElement('div');
  const numbers = (list) => (list || '').trim().split(/\s+/).filter(Boolean).map(Number);
  const row = (figure, index) => {
    const body = figure.dataset.table ? document.getElementById(figure.dataset.table) : $('tbody', figure);
    const number = figure.dataset.rows ? numbers(figure.dataset.rows)[index] : index;
    return body && [body.parentNode, $(`tr[data-row="${number}"]`, body)];
  };
  const show = (figure, index) => {
    const picture = $('.picture', figure), box = $('svg', picture).viewBox.baseVal;
    const at = numbers(figure.dataset.at), [table, line] = row(figure, index) || [];
    if (!line) return;
    const heads = all('thead th', table), columns = figure.dataset.columns ? numbers(figure.dataset.columns) : heads.map((_, i) => i).slice(1);
    const name = document.createElement('b');
    name.textContent = table.matches('.ranked') ? [told(line.cells[1]), told(line.cells[2])].join(', ') : `${told(heads[0])} ${told(line.cells[0])}`;
    readout.replaceChildren(name, ...columns.filter((i) => told(line.cells[i]) !== '–').map((i) => {
      const part = document.createElement('div'), head = document.createElement('i');
      head.textContent = told(heads[i]);
      part.append(head, told(line.cells[i]));
      return part;
    }));
    const scale = picture.clientWidth / box.width, x = at[2 * index] * scale, y = at[2 * index + 1] * scale;
    const along = figure.dataset.along;
    cursor.className = along === 'x' ? 'cursor' : 'cursor dot';
    cursor.style.left = `${x}px`;
    cursor.style.top = along === 'x' ? '0' : `${y}px`;
    picture.append(cursor);
    readout.hidden = false;
    const place = picture.getBoundingClientRect(), width = readout.offsetWidth;
    const left = Math.min(place.left + x + 14, document.documentElement.clientWidth - width - 8);
    readout.style.left = `${Math.max(8, left) + scrollX}px`;
    readout.style.top = `${place.top + (along === 'x' ? 8 : y + 14) + scrollY}px`;
    figure.dataset.shown = index;
  };
  const hide = () => { readout.hidden = true; cursor.remove(); };
  for (const figure of all('figure.chart')) {
    const picture = $('.picture', figure), at = numbers(figure.dataset.at), count = at.length / 2;
    const caption = $('figcaption', figure);
    caption.id = `${figure.id}-c`;
    Object.assign(picture, {tabIndex: 0, role: 'img'});
    picture.setAttribute('aria-labelledby', caption.id);
    picture.addEventListener('pointermove', (event) => {
      const place = picture.getBoundingClientRect(), scale = $('svg', picture).viewBox.baseVal.width / place.width;
      const x = (event.clientX - place.left) * scale, y = (event.clientY - place.top) * scale, along = figure.dataset.along;
      let best = 0, least = Infinity;
      for (let i = 0; i < count; i++) {
        const dx = along === 'y' ? 0 : at[2 * i] - x, dy = along === 'x' ? 0 : at[2 * i + 1] - y;
        if (dx * dx + dy * dy < least) [best, least] = [i, dx * dx + dy * dy];
      }
      show(figure, best);
    });
    picture.addEventListener('pointerleave', hide);
    picture.addEventListener('focus', () => { if (picture.matches(':focus-visible')) show(figure, Number(figure.dataset.shown || 0)); });
    picture.addEventListener('blur', hide);
    picture.addEventListener('keydown', (event) => {
      const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
      if (event.key === 'Escape') hide();
      if (!step) return;
      event.preventDefault();
      show(figure, Math.max(0, Math.min(count - 1, Number(figure.dataset.shown || 0) + step)));
    });
  }

  // What is off the screen is laid out once the rest stands.
  addEventListener('load', () => setTimeout(() => document.documentElement.classList.add('drawn'), 100));

  // A link into a folded table opens it; what is printed is open.
  const open = () => {
    const aim = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = aim && aim.closest('details');
    if (folded) { folded.open = true; aim.scrollIntoView(); }
  };
  addEventListener('hashchange', open);
  open();
  addEventListener('beforeprint', () => { for (const each of all('details:not([open])')) { each.open = true; each.dataset.folded = ''; } });
  addEventListener('afterprint', () => { for (const each of all('details[data-folded]')) { each.open = false; delete each.dataset.folded; } });
})();
