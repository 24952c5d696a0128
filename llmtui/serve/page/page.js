// What the terminal's own script leaves to its page: the address, the fonts, the focus, the browser's keys, and the end.
"use strict";

(() => {
  const TITLE = document.title;
  const openWindow = window.open.bind(window);
  const Socket = window.WebSocket;
  let socket = null;

  // The token is in a cookie by now: out of the address, which is shown, kept in the history and copied.
  history.replaceState(null, "", location.pathname);

  // Only the chat opens anything, after it has shown the whole address: not the terminal, which makes links of its own.
  window.open = (address) => {
    const allowed = /^(https?:|mailto:)/i.test(address || "");
    if (allowed) openWindow(address, "_blank", "noopener,noreferrer");
    return null;
  };

  // A page that is not under https or localhost has no clipboard of the newer kind.
  if (!navigator.clipboard) {
    const writeText = async (text) => {
      const area = document.createElement("textarea");
      const focused = document.activeElement;
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      if (focused) focused.focus();
    };
    Object.defineProperty(navigator, "clipboard", { value: { writeText, readText: async () => "" } });
  }

  const focus = () => document.querySelector(".xterm-helper-textarea")?.focus();

  function told(event) {
    if (typeof event.data !== "string") return;
    const [kind, value] = JSON.parse(event.data);
    if (kind === "ended" && value) document.querySelector("#why").textContent = value;
    if (kind === "notify" && !(document.hasFocus() && document.visibilityState === "visible")) {
      document.title = `● ${value} · ${TITLE}`;
    }
  }

  window.WebSocket = function (address) {
    socket = new Socket(address);
    socket.addEventListener("message", told);
    socket.addEventListener("open", focus);
    socket.addEventListener("close", () => document.querySelector("#again").focus());
    return socket;
  };

  window.addEventListener("focus", () => {
    document.title = TITLE;
    if (!document.body.classList.contains("-closed")) focus();
  });

  window.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && event.shiftKey && event.target.matches(".xterm-helper-textarea")) {
        event.preventDefault();
        event.stopImmediatePropagation();
        socket?.send(JSON.stringify(["stdin", "\n"])); // a new line, as Ctrl+J: a terminal would send a plain Enter
      } else if (event.ctrlKey && !event.altKey && !event.metaKey && event.key.toLowerCase() === "v") {
        event.stopImmediatePropagation(); // the browser pastes; the terminal would send the key
      }
    },
    true,
  );

  document.addEventListener("DOMContentLoaded", () => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    document.querySelector("#terminal").dataset.sessionWebsocketUrl = `${scheme}//${location.host}/ws`;
    document.querySelector("#again").addEventListener("click", () => location.reload());
  });

  // The terminal measures its letters once: not before the font is there.
  const begin = window.onload;
  window.onload = async (event) => {
    const faces = ["16px", "bold 16px", "italic 16px"].map((face) => document.fonts.load(`${face} "Roboto Mono"`));
    await Promise.allSettled(faces);
    begin.call(window, event);
  };
})();
