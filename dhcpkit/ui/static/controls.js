// The controls at the side of the desk. Every control is a plain HTML one: keyboard and screen readers know them.

function render({ model, el }) {
  own(el, "dk-controls");
  const ask = (act, more = {}) => model.send({ act, ...more });
  const clock = clockPart(ask);
  const wait = waitPart(clock.now);
  const parts = [clock, hostsPart(ask), sharingPart(ask)];
  const report = h("p", { class: "dk-report", role: "status", "aria-live": "polite" });
  el.append(...parts.map((part) => part.element), wait.element, report);

  const paint = () => {
    const state = model.get("state");
    if (state.clock) parts.forEach((part) => part.paint(state));
  };
  const tell = () => {
    const { text = "", kind = "" } = model.get("report");
    attr(report, { class: `dk-report dk-report-${kind || "none"}` });
    say(report, text);
  };
  const watch = () => wait.paint(model.get("waiting"));
  model.on("change:state", paint);
  model.on("change:report", tell);
  model.on("change:waiting", watch);
  paint();
  tell();
  watch();
  return () => {
    clock.stop();
    wait.stop();
    model.off("change:state", paint);
    model.off("change:report", tell);
    model.off("change:waiting", watch);
  };
}

/** A button that is out of use from the press until the desk has been painted again. */
function button(text, label, press, extra = {}) {
  const element = h("button", { type: "button", class: "dk-button", "aria-label": label, title: label, ...extra }, text);
  element.addEventListener("click", () => {
    if (element.getAttribute("aria-disabled") !== "true") press(element);
  });
  return element;
}

/** Put a button in or out of use; it keeps the focus, which a disabled one would lose. */
function usable(element, yes) {
  attr(element, { "aria-disabled": yes ? null : "true" });
}

function clockPart(ask) {
  const time = h("span", { class: "dk-time", role: "timer", "aria-label": "Lab time" });
  const pause = button("❚❚", "Pause the clock", () => ask("speed", { speed: 0 }));
  const next = button("Next event ▸", "Move the clock to the next event", () => ask("next_event"));
  const speeds = h("span", { class: "dk-group", role: "group", "aria-label": "Speed of the clock" });
  let made = "";
  let reading = { lab: 0, speed: 0, at: 0 };

  const now = () => reading.lab + (reading.speed * (performance.now() - reading.at)) / 1000;
  const tick = () => say(time, wallClock(now()));
  const timer = setInterval(tick, 200);

  function paint(state) {
    reading = { ...state.clock, at: performance.now() };
    if (made !== String(state.speeds)) {
      made = String(state.speeds);
      speeds.replaceChildren(
        pause,
        ...state.speeds.map((speed) => button(`${speed}×`, `Run the clock at ${speed} times real time`, () => ask("speed", { speed }), { "data-speed": speed })),
      );
    }
    for (const element of speeds.children) {
      const speed = Number(element.dataset.speed || 0);
      attr(element, { "aria-pressed": speed === state.clock.speed ? "true" : "false" });
    }
    usable(next, !state.clock.busy);
    tick();
  }
  const element = h("section", { class: "dk-part", "aria-label": "Clock" }, h("div", { class: "dk-row" }, time, next), h("div", { class: "dk-row" }, speeds));
  return { element, paint, now, stop: () => clearInterval(timer) };
}

/** What is waited for, and how much of the time allowed is over; `now` returns the lab time. */
function waitPart(now) {
  const text = h("span");
  const part = h("div", { class: "dk-wait-part" });
  const bar = h("div", { class: "dk-wait-bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, part);
  const element = h("div", { class: "dk-wait", hidden: true }, text, bar);
  let waiting = {};
  let timer = 0;

  function tick() {
    const seconds = Math.max(0, Math.floor(now() - waiting.begun));
    const percent = Math.min(100, (100 * seconds) / waiting.within);
    const soFar = `${seconds} s of lab time so far`;
    say(text, `Waiting for ${waiting.what}, ${soFar}`);
    attr(bar, { "aria-label": `Waiting for ${waiting.what}`, "aria-valuenow": Math.round(percent), "aria-valuetext": soFar });
    attr(element, { title: `Given up after ${waiting.within} s of lab time` });
    part.style.width = `${percent}%`;
  }

  function paint(newest) {
    waiting = newest;
    clearInterval(timer);
    attr(element, { hidden: !waiting.what });
    if (!waiting.what) return;
    timer = setInterval(tick, 200);
    tick();
  }
  return { element, paint, stop: () => clearInterval(timer) };
}

function hostsPart(ask) {
  const element = h("section", { class: "dk-part", "aria-label": "Hosts" });
  const add = button("+ Client", "Plug in another client", () => ask("add_client"));
  const more = h("span", { class: "dk-note" });
  const rows = new Map();

  function row(host) {
    const name = host.name;
    const badge = h("span", { class: "dk-badge-small", "aria-hidden": "true" });
    const service = h("span", { class: "dk-service" });
    const buttons = host.kind === "server"
      ? {
          stop: button("Stop server", `Stop server ${name}`, () => ask("stop", { host: host.key })),
          start: button("Start server", `Start server ${name}`, () => ask("start", { host: host.key })),
        }
      : {
          renew: button("Renew", `Renew the lease of ${name}`, () => ask("renew", { host: host.key })),
          release: button("Release", `Release the lease of ${name}`, () => ask("release", { host: host.key })),
        };
    buttons.cable = button("Cut cable", `Cut the cable of ${name}`, (self) => ask("cable", { host: host.key, cut: self.dataset.cut !== "true" }));
    const line = h(
      "div",
      { class: "dk-host-row", role: "group", "aria-label": name },
      h("div", { class: "dk-row" }, h("strong", {}, badge, name), service),
      h("div", { class: "dk-group" }, ...Object.values(buttons)),
    );
    return { line, badge, service, buttons };
  }

  function paint(state) {
    const keys = state.hosts.map((host) => host.key);
    for (const host of state.hosts) {
      if (!rows.has(host.key)) rows.set(host.key, row(host));
      const { badge, service, buttons } = rows.get(host.key);
      say(badge, host.letter);
      attr(badge, { style: host.colour ? `background:${host.colour};color:${host.on_colour}` : "display:none" });
      say(service, host.running ? "● running" : host.service ? `■ ${host.service}` : "");
      if (buttons.stop) {
        usable(buttons.stop, host.running && !host.busy);
        usable(buttons.start, !host.running && !host.busy);
      } else {
        usable(buttons.renew, host.running && !host.busy);
        usable(buttons.release, host.running && !host.busy);
      }
      const what = host.cut ? "Mend" : "Cut";
      say(buttons.cable, `${what} cable`);
      attr(buttons.cable, { "data-cut": host.cut ? "true" : "false", "aria-label": `${what} the cable of ${host.name}`, title: `${what} the cable of ${host.name}` });
      usable(buttons.cable, !host.busy);
    }
    const lines = [...keys.map((key) => rows.get(key).line), foot];
    if (lines.some((line, place) => element.children[place] !== line) || element.children.length !== lines.length) {
      element.replaceChildren(...lines);
    }
    usable(add, !state.adding);
    say(more, state.more_clients ? `${state.more_clients} more: choose above` : "");
  }
  const foot = h("div", { class: "dk-row" }, add, more);
  return { element, paint };
}

function sharingPart(ask) {
  const sliders = [0, 1].map(() => h("input", { type: "range", min: 0, max: 100, step: 1 }));
  const values = [0, 1].map(() => h("output", { class: "dk-percent" }));
  const names = [0, 1].map(() => h("span", { class: "dk-slider-name" }));
  const modes = [["LoadBalance", "Load balance"], ["HotStandby", "Hot standby"]].map(([mode, text]) =>
    button(text, `${text} mode`, () => ask("mode", { mode }), { "data-mode": mode }));
  const note = h("p", { class: "dk-note" });
  const lines = [0, 1].map((place) => h("label", { class: "dk-slider" }, names[place], sliders[place], values[place]));
  let held = false; // while a slider is being moved, what the lab says does not move it

  const put = (first) => {
    [first, 100 - first].forEach((value, place) => {
      sliders[place].value = value;
      sliders[place].style.setProperty("--dk-part", `${value}%`);
      say(values[place], `${value} %`);
    });
  };
  sliders.forEach((slider, place) => {
    const first = () => (place ? 100 - Number(slider.value) : Number(slider.value));
    slider.addEventListener("input", () => {
      held = true;
      put(first());
    });
    slider.addEventListener("change", () => {
      held = false;
      ask("share", { percent: first() });
    });
  });

  function paint(state) {
    const sharing = state.sharing;
    const balance = sharing.exists && sharing.mode === "LoadBalance";
    sharing.servers.slice(0, 2).forEach((server, place) => {
      say(names[place], server.name);
      attr(sliders[place], { "aria-label": `Load balance percentage of ${server.name}`, disabled: !balance });
      sliders[place].style.setProperty("--dk-colour", server.colour);
    });
    if (balance && !held && !sharing.busy) put(sharing.percent);
    lines.forEach((line) => attr(line, { hidden: !balance }));
    modes.forEach((element) => {
      attr(element, { "aria-pressed": sharing.exists && element.dataset.mode === sharing.mode ? "true" : "false" });
      usable(element, sharing.exists && !sharing.busy);
    });
    const standby = sharing.exists && !balance ? `${sharing.active} is active; ${sharing.reserve} % of the addresses are reserved for the standby.` : "";
    say(note, sharing.why || standby);
    attr(note, { hidden: note.textContent === "" });
  }
  const element = h(
    "section",
    { class: "dk-part", "aria-label": "Sharing the load" },
    h("div", { class: "dk-group", role: "group", "aria-label": "Mode of the failover relationship" }, ...modes),
    ...lines,
    note,
  );
  return { element, paint };
}

export default { render };
