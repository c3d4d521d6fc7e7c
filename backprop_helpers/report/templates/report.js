// Sorts a table by a click on a column's name, and shows the rows that hold what was typed. Without scripts the table stands as it is.
for (const table of document.querySelectorAll("table[data-sort]")) {
  const body = table.tBodies[0];
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const words = row => row.cells[column].textContent;
      const number = row => Number(row.cells[column].dataset.value ?? words(row));
      const numbers = [...body.rows].every(row => !Number.isNaN(number(row)));
      const order = (a, b) =>
        numbers ? number(a) - number(b) : words(a).localeCompare(words(b), undefined, { numeric: true });
      body.append(...[...body.rows].sort((a, b) => (up ? order(a, b) : order(b, a))));
    });
  }
}
const search = document.querySelector("#search");
search?.addEventListener("input", () => {
  let shown = 0;
  for (const row of document.querySelector("#learners").tBodies[0].rows) {
    row.hidden = !row.textContent.toLowerCase().includes(search.value.toLowerCase());
    shown += !row.hidden;
  }
  document.querySelector("#shown").textContent = `${shown} shown`;
});
