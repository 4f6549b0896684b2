// The WebSocket to the server, see blazetrack/web/protocol.py. It reconnects by itself.

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8000;

export class Connection {
  // `on` has callbacks: message(object), image(object, Blob), open(), closed(text, reconnecting)
  constructor(on) {
    this.on = on;
    this.delay = FIRST_DELAY_MS;
    this.open();
  }

  open() {
    const address = new URL("live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = location.search;
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.delay = FIRST_DELAY_MS;
      this.on.open();
    };
    this.socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.on.message(JSON.parse(data));
      else this.unpack(data);
    };
    this.socket.onclose = ({ code, reason }) => {
      const reconnecting = code !== 1008 && code !== 1009 && code < 4000;
      this.on.closed(reason, reconnecting);
      if (reconnecting) setTimeout(() => this.open(), this.delay);
      this.delay = Math.min(2 * this.delay, MAX_DELAY_MS);
    };
  }

  unpack(data) {
    const length = new DataView(data).getUint32(0, true);
    const message = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    this.on.image(message, new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }));
  }

  send(message) {
    this.transmit(JSON.stringify(message));
  }

  sendImage(number, timeMs, jpeg) {
    const header = new DataView(new ArrayBuffer(12));
    header.setUint32(0, number, true);
    header.setFloat64(4, timeMs, true);
    this.transmit(new Blob([header, jpeg]));
  }

  transmit(data) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(data);
  }
}
