// The pages below the chart: a row of tabs, of which one may be open.

const PAGES = [
  ["properties", "Failover properties", propertiesPage],
  ["configure", "Configure failover", configurePage],
  ["ipconfig", "ipconfig /all", ipconfigPage],
  ["table", "Chart as text", tablePage],
];

function render({ model, el }) {
  own(el, "dk-pages");
  const id = `dk-${Math.random().toString(36).slice(2)}`;
  const tabs = h("div", { class: "dk-tabs", role: "tablist", "aria-label": "Pages of the desk" });
  const stops = [];
  el.append(tabs);
  const views = PAGES.map(([name, title, make]) => {
    const tab = h("button", { type: "button", class: "dk-tab", role: "tab", id: `${id}-${name}`, "aria-controls": `${id}-${name}-page` }, title);
    const body = h("div", { class: "dk-page", role: "tabpanel", id: `${id}-${name}-page`, "aria-labelledby": `${id}-${name}` });
    tab.addEventListener("click", () => open(model.get("page") === name ? "" : name));
    tabs.append(tab);
    el.append(body);
    stops.push(make(model, body));
    return { name, tab, body };
  });
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = views.findIndex(({ tab }) => tab === document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    views[(at + step + views.length) % views.length].tab.focus();
  });

  function open(name) {
    model.set("page", name);
    model.save_changes();
  }

  function paint() {
    const page = model.get("page");
    views.forEach(({ name, tab, body }, place) => {
      const chosen = name === page;
      attr(tab, { "aria-selected": chosen ? "true" : "false", tabindex: chosen || (!page && !place) ? 0 : -1 });
      attr(body, { hidden: !chosen });
    });
  }
  model.on("change:page", paint);
  paint();
  return () => {
    model.off("change:page", paint);
    stops.forEach((stop) => stop());
  };
}

/** Paint now and whenever one of the traits changes; returns what ends that. */
function follow(model, traits, paint) {
  const names = traits.map((name) => `change:${name}`).join(" ");
  model.on(names, paint);
  paint();
  return () => model.off(names, paint);
}

function propertiesPage(model, body) {
  return follow(model, ["properties"], () => {
    const { servers = [], rows = [], problem = "" } = model.get("properties");
    if (!servers.length) {
      body.replaceChildren(h("p", { class: "dk-note" }, "There is no failover relationship yet. The page beside this one makes it."));
      return;
    }
    const head = h("tr", {}, h("td"), ...servers.map((name) => h("th", { scope: "col" }, name)));
    const lines = rows.map(([label, ...values]) => h("tr", {}, h("th", { scope: "row" }, label), ...values.map((value) => h("td", {}, value))));
    const table = h("table", { class: "dk-table" }, h("thead", {}, head), h("tbody", {}, ...lines));
    body.replaceChildren(table, ...(problem ? [h("p", { class: "dk-problem", role: "alert" }, problem)] : []));
  });
}

function configurePage(model, body) {
  const input = (name, extra = {}) => h("input", { name, type: "text", autocomplete: "off", spellcheck: "false", ...extra });
  const number = (name, max) => input(name, { type: "number", min: 0, max, step: 1, class: "dk-number" });
  const field = (text, ...controls) => h("label", { class: "dk-field" }, h("span", {}, text), ...controls);
  const fields = {
    server: h("select", { name: "server" }),
    scope: h("select", { name: "scope" }),
    partner: input("partner"),
    name: input("name"),
    hours: number("hours", 999),
    minutes: number("minutes", 59),
    mode: h("select", { name: "mode" }, h("option", { value: "LoadBalance" }, "Load balance"), h("option", { value: "HotStandby" }, "Hot standby")),
    percent: number("percent", 100),
    role: h("select", { name: "role" }, h("option", {}, "Active"), h("option", {}, "Standby")),
    reserve: number("reserve", 100),
    authenticate: input("authenticate", { type: "checkbox" }),
    secret: input("secret"),
  };
  const f = fields;
  attr(f.hours, { "aria-label": "Maximum Client Lead Time, hours" });
  attr(f.minutes, { "aria-label": "Maximum Client Lead Time, minutes" });
  const balance = field("Load balance, local server (%)", f.percent);
  const standby = [field("Role of this server", f.role), field("Reserved for standby (%)", f.reserve)];
  const submit = h("button", { type: "submit", class: "dk-button dk-primary" }, "Configure failover");
  const why = h("p", { class: "dk-note" });
  const steps = h("ol", { class: "dk-steps", "aria-label": "Progress", "aria-live": "polite" });
  const mclt = h("div", { class: "dk-field", role: "group", "aria-label": "Maximum Client Lead Time" }, h("span", {}, "Maximum Client Lead Time"), h("span", { class: "dk-inline" }, f.hours, "hours", f.minutes, "minutes"));
  const form = h(
    "form",
    { class: "dk-form" },
    field("On server", f.server), field("Scope", f.scope),
    field("Partner Server", f.partner), field("Relationship Name", f.name),
    mclt, field("Mode", f.mode), balance, ...standby,
    field("Enable Message Authentication", f.authenticate), field("Shared Secret", f.secret),
    h("div", { class: "dk-submit" }, submit),
  );
  body.append(h("div", { class: "dk-columns" }, h("div", {}, form, why), steps));

  let filled = false;
  let nameTyped = false;
  f.name.addEventListener("input", () => { nameTyped = true; });
  const chosen = () => (model.get("form").servers || []).find((server) => server.key === f.server.value);
  const options = (select, pairs) => {
    const kept = select.value;
    select.replaceChildren(...pairs.map(([value, text]) => h("option", { value }, text)));
    if (pairs.some(([value]) => value === kept)) select.value = kept;
  };
  const adapt = () => {
    attr(balance, { hidden: f.mode.value !== "LoadBalance" });
    standby.forEach((line) => attr(line, { hidden: f.mode.value !== "HotStandby" }));
    attr(f.secret, { disabled: !f.authenticate.checked });
    const server = chosen();
    if (server && !nameTyped) f.name.value = `${server.full_name}-${f.partner.value.trim()}`;
  };
  const choose = () => {
    const server = chosen();
    if (!server) return;
    options(f.scope, server.scopes.map(({ id, name }) => [id, `[${id}] ${name}`]));
    f.partner.value = server.partners[0];
    adapt();
  };
  f.server.addEventListener("change", choose);
  form.addEventListener("input", adapt);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (submit.getAttribute("aria-disabled") === "true") return;
    const values = Object.fromEntries(Object.entries(fields).map(([name, control]) => [name, control.type === "checkbox" ? control.checked : control.value]));
    model.send({ act: "configure", ...values });
  });

  const stopForm = follow(model, ["form"], () => {
    const state = model.get("form");
    if (!state.servers) return;
    const before = f.server.value;
    options(f.server, state.servers.map(({ key, name }) => [key, name]));
    if (!filled) {
      filled = true;
      f.hours.value = state.hours;
      f.minutes.value = state.minutes;
      f.percent.value = state.percent;
      f.reserve.value = state.reserve;
      f.secret.value = state.secret;
      f.authenticate.checked = true;
    }
    if (f.server.value !== before || !f.scope.options.length) choose();
    adapt();
    attr(submit, { "aria-disabled": state.servers.length && !state.busy ? null : "true" });
    attr(form, { hidden: !state.servers.length && !state.busy });
    say(why, state.busy ? "" : state.why);
  });
  const signs = { Successful: "✓", Failed: "✕" };
  const stopSteps = follow(model, ["steps"], () => {
    steps.replaceChildren(...model.get("steps").map(([line, outcome]) => h("li", { class: `dk-step-${outcome || "running"}` }, h("span", { "aria-hidden": "true" }, signs[outcome] || "…"), ` ${line} `, h("em", {}, outcome))));
  });
  return () => {
    stopForm();
    stopSteps();
  };
}

function ipconfigPage(model, body) {
  const title = h("p", { class: "dk-note" });
  const text = h("pre", { class: "dk-console", tabindex: 0 });
  body.append(title, text);
  return follow(model, ["ipconfig"], () => {
    const { host = "", text: printed = "" } = model.get("ipconfig");
    say(title, host ? `On ${host}; choose another client in the topology.` : "The lab has no client.");
    attr(text, { "aria-label": `ipconfig /all on ${host}`, hidden: !host });
    say(text, printed);
  });
}

function tablePage(model, body) {
  const text = h("pre", { class: "dk-console", tabindex: 0, "aria-label": "What the chart shows, the newest lines" });
  body.append(text);
  return follow(model, ["table"], () => say(text, model.get("table") || "Nothing has happened yet."));
}

export default { render };
