// Landmarks of one person; the rows are created once, and only their text changes.

export class LandmarkTable {
  constructor(body, caption) {
    this.body = body;
    this.caption = caption;
    this.cells = [];
  }

  setNames(names) {
    this.cells = names.map((name) => {
      const row = document.createElement("tr");
      const cells = Array.from({ length: 4 }, () => document.createElement("td"));
      cells[0].textContent = name.replaceAll("_", " ");
      const bar = document.createElement("span"), fill = document.createElement("i");
      bar.className = "bar";
      bar.append(fill);
      cells[3].append(bar);
      row.append(...cells);
      return { row, x: cells[1], y: cells[2], bar, fill };
    });
    this.body.replaceChildren(...this.cells.map(({ row }) => row));
  }

  show(person) {
    this.caption.textContent = person ? `of person ${person.id}` : "no person in the image";
    this.cells.forEach(({ x, y, bar, fill }, i) => {
      const point = person?.landmarks_px[i], visible = person?.visibility[i] ?? 0;
      x.textContent = point ? point[0].toFixed(0) : "";
      y.textContent = point ? point[1].toFixed(0) : "";
      bar.title = visible.toFixed(2);
      bar.classList.toggle("low", visible < 0.5);
      fill.style.width = `${100 * visible}%`;
    });
  }
}
