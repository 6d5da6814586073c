'use strict';
const valueOf = (row, index) => {
  const cell = row.cells[index];
  const exact = cell.dataset.value;
  return exact === undefined || exact === '' ? cell.textContent.trim() : exact;
};
const sort = (header) => {
  const table = header.closest('table');
  const index = header.cellIndex;
  const isRising = header.getAttribute('aria-sort') !== 'ascending';
  const rows = [...table.tBodies[0].rows].map((row) => {
    const text = valueOf(row, index);
    return { row, text, number: text === '' ? NaN : Number(text) };
  });
  const compare = (a, b) => {
    const [left, right] = [Number.isNaN(a.number), Number.isNaN(b.number)];
    if (left !== right) return left ? 1 : -1;
    const order = left ? a.text.localeCompare(b.text, 'en', { numeric: true }) : a.number - b.number;
    return isRising ? order : -order;
  };
  rows.sort(compare);
  table.tBodies[0].append(...rows.map((item) => item.row));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  header.setAttribute('aria-sort', isRising ? 'ascending' : 'descending');
};
document.addEventListener('click', (event) => {
  const button = event.target.closest('table.sortable th button');
  if (button) sort(button.closest('th'));
});
document.addEventListener('mouseover', (event) => {
  const cell = event.target.closest('td[data-source]');
  if (!cell || cell.title) return;
  const [file, row, column] = cell.dataset.source.split(' ');
  cell.title = `${column} ${cell.dataset.value} (${file}, row ${row})`;
});
addEventListener('beforeprint', () => {
  for (const part of document.querySelectorAll('main details')) part.open = true;
});
