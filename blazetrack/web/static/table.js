// Landmarks of one person; the rows are created once, and only their text changes.

export class LandmarkTable {
  constructor(body, caption) {
    this.body = body;
    this.caption = caption;
    this.cells = [];
  }

  setNames(names) {
    this.body.replaceChildren();
    this.cells = names.map((name) => {
      const row = this.body.insertRow();
      row.insertCell().textContent = name.replaceAll("_", " ");
      const [x, y] = [row.insertCell(), row.insertCell()];
      const bar = row.insertCell().appendChild(document.createElement("span"));
      bar.className = "bar";
      return { x, y, bar, fill: bar.appendChild(document.createElement("i")) };
    });
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
