// The chart: draws the figure that the kernel describes, in JupyterLab's colours, and lets it move along with time.

const TICK = 400; // ms between two moves of a view that follows the clock
const AXIS = 30; // pixels between the rows and the legend
const AHEAD = 0.2; // part of the view that is still to come
const WINDOWS = [[300, "5 minutes"], [600, "10 minutes"], [1800, "30 minutes"], [0, "everything"]];

/** Plotly as the page has it, or else from the text that came along. */
async function library(model) {
  if (!globalThis.Plotly) {
    const url = URL.createObjectURL(new Blob([model.get("_library")], { type: "text/javascript" }));
    await import(url);
    URL.revokeObjectURL(url);
  }
  return globalThis.Plotly;
}

/** Lab time (seconds since the epoch) as plotly's date axis takes it. */
function date(seconds) {
  return new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 23);
}

/** Plotly's date as lab time. */
function seconds(text) {
  return Date.parse(`${text.replace(" ", "T")}Z`) / 1000;
}

/** A colour of the page's theme. */
function themed(element, name, otherwise) {
  return getComputedStyle(element).getPropertyValue(name).trim() || otherwise;
}

async function render({ model, el }) {
  const plot = h("div", { class: "dk-plot", role: "img", "aria-label": "Which server answered: a chart; the page Chart as text says the same" });
  const choice = h("select", { "aria-label": "Part of the time that the chart shows" }, ...WINDOWS.map(([value, text]) => h("option", { value }, text)));
  const back = h("button", { type: "button", class: "dk-button" }, "Back to now");
  own(el, "dk-chart");
  el.append(h("div", { class: "dk-chart-bar" }, back, h("label", {}, "Show ", choice)), plot);

  let following = true;
  let drawn = 0; // lab time of the last drawing
  let legend = 0; // height of the legend in pixels, known once it has been drawn
  let reading = { now: 0, speed: 0, first: 0, at: 0 };
  let visible = true;
  let gone = false;
  const Plotly = await library(model);
  if (gone) return undefined;

  const now = () => reading.now + (reading.speed * (performance.now() - reading.at)) / 1000;

  function range(time) {
    const width = model.get("window") || Math.max(600, (time - reading.first) / (1 - AHEAD));
    const begin = Math.max(reading.first, time - width * (1 - AHEAD));
    return [begin, begin + width];
  }

  function draw() {
    const described = model.get("figure");
    if (!described.data || gone) return;
    const time = now();
    drawn = time;
    const ink = themed(el, "--jp-ui-font-color1", "#808080");
    const faint = themed(el, "--jp-border-color2", "rgba(128,128,128,0.3)");
    const layout = structuredClone(described.layout);
    layout.font.color = ink;
    layout.xaxis.gridcolor = faint;
    layout.xaxis.range = following || !plot.layout ? range(time).map(date) : plot.layout.xaxis.range;
    const more = legend ? AXIS + legend - layout.margin.b : 0;
    layout.margin.b += more;
    layout.height += more;
    layout.shapes = [{ type: "line", xref: "x", yref: "paper", x0: date(time), x1: date(time), y0: 0, y1: 1, line: { color: ink, width: 1.5 } }];
    attr(back, { hidden: following });
    const left = seconds(layout.xaxis.range[0]);
    const data = described.data.map((trace) => (trace.base ? bars(trace, time, left) : trace));
    Plotly.react(plot, data, layout, { displayModeBar: false, responsive: true, doubleClick: false, scrollZoom: false });
    const box = plot.querySelector(".legend .bg");
    const height = box ? Math.ceil(box.getBBox().height) : 0;
    if (height && height !== legend) {
      legend = height;
      draw();
    }
  }

  /** What lasts (its beginning is in customdata) is drawn until now; what began left of the view, from its edge on. */
  function bars(trace, time, left) {
    const begins = trace.base.map(seconds);
    const ends = trace.x.map((x, i) => (trace.customdata && trace.customdata[i] ? Math.max(begins[i], time) : begins[i] + x / 1000));
    const shown = begins.map((begin, i) => (ends[i] > left ? Math.max(begin, left) : begin));
    return { ...trace, base: shown.map(date), x: ends.map((end, i) => (end - shown[i]) * 1000) };
  }

  function tick() {
    if (!visible || document.hidden || !reading.speed) return;
    const width = model.get("window") || 600;
    if ((Math.abs(now() - drawn) / width) * plot.clientWidth >= 1) draw();
  }

  function follow() {
    following = true;
    draw();
  }

  const read = () => {
    const moved = model.get("clock");
    reading = { ...moved, at: performance.now() };
    if (!moved.speed && Math.abs(moved.now - drawn) > 0.01) draw();
  };
  const choose = () => {
    choice.value = String(model.get("window"));
    follow();
  };
  choice.addEventListener("change", () => {
    model.set("window", Number(choice.value));
    model.save_changes();
  });
  back.addEventListener("click", follow);

  read();
  choice.value = String(model.get("window"));
  draw();
  plot.on?.("plotly_relayout", (change) => {
    if ("xaxis.range[0]" in change || "xaxis.range" in change) {
      following = false;
      attr(back, { hidden: false });
    }
  });
  plot.on?.("plotly_doubleclick", follow);

  const timer = setInterval(tick, TICK);
  const sight = new IntersectionObserver((entries) => {
    visible = entries[entries.length - 1].isIntersecting;
  });
  sight.observe(plot);
  const theme = new MutationObserver(draw);
  theme.observe(document.body, { attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"] });
  model.on("change:clock", read);
  model.on("change:figure", draw);
  model.on("change:window", choose);
  return () => {
    gone = true;
    clearInterval(timer);
    sight.disconnect();
    theme.disconnect();
    model.off("change:clock", read);
    model.off("change:figure", draw);
    model.off("change:window", choose);
    Plotly.purge(plot);
  };
}

export default { render };
