// What all widgets of the desk use. It is put in front of each widget's own script, so that none needs a build step.

const SVG = "http://www.w3.org/2000/svg";

/** Set attributes of an element; null or false takes one away. */
function attr(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === null || value === false || value === undefined) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/** Make an HTML element with attributes and children. */
function h(tag, attributes = {}, ...children) {
  const element = attr(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

/** Make an SVG element with attributes and children. */
function s(tag, attributes = {}, ...children) {
  const element = attr(document.createElementNS(SVG, tag), attributes);
  element.append(...children);
  return element;
}

/** Change a text only when it differs, so that screen readers and selections are left in peace. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Lab time (seconds since the epoch) as the clock on the wall. */
function wallClock(seconds) {
  return new Date(Math.floor(seconds) * 1000).toISOString().slice(11, 19);
}

/** The outline of a server's shape around (0, 0), as a path. */
function outline(shape, radius) {
  const r = radius;
  if (shape === "square") return `M${-r},${-r}H${r}V${r}H${-r}Z`;
  if (shape === "diamond") return `M0,${-1.25 * r}L${1.25 * r},0L0,${1.25 * r}L${-1.25 * r},0Z`;
  if (shape === "triangle") return `M0,${-1.2 * r}L${1.2 * r},${r}H${-1.2 * r}Z`;
  return `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;
}

/** Take over a widget's root: its look, and its keys, of which JupyterLab has a use for Enter, Space and the arrows. */
function own(root, ...classes) {
  root.classList.add("dk-widget", ...classes);
  // JupyterLab looks for this on the very element that has the focus.
  root.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
}
