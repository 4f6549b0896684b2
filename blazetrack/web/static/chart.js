// Time per frame over the last minute, stacked: the slowest nodes by name, the rest as one.

const LENGTH = 120;
const COLORS = ["#ff8a00", "#00a3d9", "#7a5cd6", "#2e9e5b", "#8a93a0"];

export class Chart {
  constructor(canvas, table) {
    this.canvas = canvas;
    this.table = table;
    this.rows = [];
  }

  add(nodes) {
    this.rows.push(Object.fromEntries(nodes));
    if (this.rows.length > LENGTH) this.rows.shift();
    const totals = {};
    for (const row of this.rows) {
      for (const [name, ms] of Object.entries(row)) totals[name] = (totals[name] ?? 0) + ms;
    }
    const names = Object.keys(totals).sort((a, b) => totals[b] - totals[a]).slice(0, COLORS.length - 1);
    this.draw(names);
    this.list(names);
  }

  parts(row, names) {
    const all = Object.values(row).reduce((a, b) => a + b, 0);
    const parts = names.map((name) => row[name] ?? 0);
    return [...parts, Math.max(0, all - parts.reduce((a, b) => a + b, 0))];
  }

  draw(names) {
    const { width, height } = this.canvas, context = this.canvas.getContext("2d");
    const stacks = this.rows.map((row) => this.parts(row, names));
    const sums = stacks.map((parts) => parts.reduce((a, b) => a + b, 0)).sort((a, b) => a - b);
    // A percentile: the first frames open the networks and would flatten the others.
    const top = Math.max(1, 1.3 * sums[Math.floor(0.9 * (sums.length - 1))]);
    context.clearRect(0, 0, width, height);
    const step = width / LENGTH;
    stacks.forEach((parts, i) => {
      let y = height;
      parts.forEach((ms, k) => {
        const barHeight = (ms / top) * height;
        context.fillStyle = COLORS[k === names.length ? COLORS.length - 1 : k];
        context.fillRect((LENGTH - stacks.length + i) * step, y - barHeight, step + 0.5, barHeight);
        y -= barHeight;
      });
    });
    context.fillStyle = "#8a93a0";
    context.font = "12px system-ui, sans-serif";
    context.fillText(`${top.toFixed(1)} ms`, 4, 13);
  }

  list(names) {
    const parts = this.parts(this.rows[this.rows.length - 1], names);
    this.table.replaceChildren();
    [...names, "other"].forEach((name, k) => {
      const row = this.table.insertRow(), label = row.insertCell();
      label.textContent = `■ ${name}`;
      label.style.color = COLORS[k === names.length ? COLORS.length - 1 : k];
      row.insertCell().textContent = parts[k].toFixed(2);
    });
  }
}
