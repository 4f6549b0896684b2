// The line to the server: JSON both ways, pictures with a head. It comes back by itself.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

export class Line {
  // `on` holds functions: message(object), picture(object, Blob), open(), closed(text, again)
  constructor(on) {
    this.on = on;
    this.wait = FIRST_WAIT_MS;
    this.open();
  }

  open() {
    const address = new URL("live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = location.search;
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.wait = FIRST_WAIT_MS;
      this.on.open();
    };
    this.socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.on.message(JSON.parse(data));
      else this.unpack(data);
    };
    this.socket.onclose = ({ code, reason }) => {
      const again = code !== 1008 && code !== 1009 && code < 4000;
      this.on.closed(reason, again);
      if (again) setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
    };
  }

  unpack(data) {
    const length = new DataView(data).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    this.on.picture(head, new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }));
  }

  get ready() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  say(message) {
    if (this.ready) this.socket.send(JSON.stringify(message));
  }

  show(number, timeMs, jpeg) {
    const head = new DataView(new ArrayBuffer(12));
    head.setUint32(0, number, true);
    head.setFloat64(4, timeMs, true);
    if (this.ready) this.socket.send(new Blob([head, jpeg]));
  }
}
