// As much of a page as the modules under test need when they are loaded. Imported before them.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export class Storage {
  setItem(key, value) {
    this[key] = String(value);
  }

  getItem(key) {
    return Object.hasOwn(this, key) ? this[key] : null;
  }

  removeItem(key) {
    delete this[key];
  }
}

export class FakeSocket {
  static all = [];

  constructor(url) {
    this.url = url;
    this.sent = [];
    FakeSocket.all.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.onclose({ code });
  }

  say(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
}

class Document extends EventTarget {
  cookie = "";
  forms = [];
  visibilityState = "visible";

  getElementById(id) {
    return id === "texts" ? { dataset: { image: "image" } } : null;
  }

  querySelector(selector) {
    return selector === 'meta[name="signed-in"]' ? { content: "7" } : null;
  }

  querySelectorAll() {
    return [];
  }
}

const events = new EventTarget();
Object.assign(globalThis, {
  window: globalThis,
  document: new Document(),
  location: new URL("https://almia.example/chat/"),
  sessionStorage: new Storage(),
  WebSocket: FakeSocket,
  addEventListener: events.addEventListener.bind(events),
  dispatchEvent: events.dispatchEvent.bind(events),
  markdownit: require("../../static/vendor/markdown-it.min.js"),
});
delete globalThis.BroadcastChannel; // it would keep the process alive
