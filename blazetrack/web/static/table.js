// Body points and joint angles of one person; rows are created once, and only their text changes.

const MIN_VISIBILITY = 0.5;

export class LandmarkTable {
  constructor(body, caption) {
    this.body = body;
    this.caption = caption;
    this.rows = [];
  }

  setNames(names) {
    this.body.replaceChildren();
    this.rows = names.map((name) => {
      const row = this.body.insertRow();
      row.insertCell().textContent = name.replaceAll("_", " ");
      const cells = Array.from({ length: 7 }, () => row.insertCell());
      return { row, cells };
    });
  }

  show(person) {
    this.caption.textContent = person ? `of person ${person.id}` : "no person in the image";
    this.rows.forEach(({ row, cells }, i) => {
      const visible = person?.visibility[i] ?? 0;
      const texts = person
        ? [
            ...person.landmarks_px[i].map((value) => value.toFixed(0)),
            ...person.world_landmarks_m[i].map((value) => value.toFixed(2)),
            `${Math.round(100 * visible)} %`,
          ]
        : [];
      cells.forEach((cell, k) => (cell.textContent = texts[k] ?? "–"));
      row.classList.toggle("low", visible < MIN_VISIBILITY);
    });
  }
}

export class AngleTable {
  constructor(body) {
    this.body = body;
    this.cells = [];
  }

  // Names as left_knee, right_knee; a row has both sides of a joint.
  setNames(names) {
    this.body.replaceChildren();
    const rows = {};
    this.cells = names.map((name) => {
      const [side, joint] = name.split("_");
      if (!rows[joint]) {
        rows[joint] = this.body.insertRow();
        rows[joint].insertCell().textContent = joint;
        rows[joint].insertCell();
        rows[joint].insertCell();
      }
      return rows[joint].cells[side === "left" ? 1 : 2];
    });
  }

  show(angles) {
    this.cells.forEach((cell, i) => {
      const value = angles?.[i] ?? null;
      cell.textContent = value === null ? "–" : `${value.toFixed(0)}°`;
    });
  }
}
