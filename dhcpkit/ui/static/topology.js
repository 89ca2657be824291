// The topology: hosts on their segment, the link between the servers, and packets on their way.
// Positions are computed in real pixels from the width at hand, so that text keeps its size.

const HEIGHT = 262;
const BUS = 158;
const SERVER = { width: 232, narrow: 206, height: 98, top: 14 };
const CLIENT = { width: 190, narrow: 190, height: 62, top: 190 };
const LINK = { y: SERVER.top + 40, length: 104 }; // between the servers, where there is room for a message's name
const TRAVEL = 950; // ms that a packet is on its way
const SPACING = 260; // ms between two packets that left together
const WAITING = 10; // packets that may wait to be shown; older ones are let go

function hostBox(host, choose) {
  const { height } = host.kind === "server" ? SERVER : CLIENT;
  const text = (name, x, y, extra = {}) => s("text", { class: name, x, y, ...extra });
  const parts = {
    box: s("rect", { class: "dk-box", height, rx: 6 }),
    band: s("rect", { class: "dk-band", width: 5, height: height - 12, x: 6, y: 6, rx: 2.5 }),
    badge: s("path", { class: "dk-badge" }),
    letter: text("dk-letter", 27, 27),
    name: text("dk-name", 44, 26),
    address: text("dk-address", 0, 26),
    service: text("dk-line", 20, 49),
    state: text("dk-state", 20, 69),
    share: text("dk-share", 0, 49),
    meter: s("rect", { class: "dk-meter", x: 20, y: 80, height: 7, rx: 3.5 }),
    part: s("rect", { class: "dk-part", x: 20, y: 80, height: 7, rx: 3.5, width: 0 }),
  };
  const group = s("g", { class: "dk-host", tabindex: 0, role: "button" }, ...Object.values(parts));
  group.addEventListener("click", () => choose(host.key));
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(host.key);
    }
  });
  return { group, parts };
}

function paintHost(view, host, byKey, width, selected) {
  const p = view.parts;
  const server = host.kind === "server";
  const giver = byKey.get(host.served_by);
  const down = host.service !== "" && host.service !== "running";
  const look = server ? host : down ? null : giver;
  attr(view.group, {
    "aria-label": host.description,
    "aria-pressed": selected ? "true" : "false",
    class: `dk-host dk-${server ? "server" : "client"}${down ? " dk-down" : ""}${selected ? " dk-selected" : ""}`,
  });
  attr(p.box, { width });
  attr(p.address, { x: width - 12 });
  attr(p.share, { x: width - 12 });
  attr(p.meter, { width: width - 32 });
  attr(p.band, { fill: server ? host.colour : null, visibility: server ? null : "hidden" });
  const [x, y, r] = server ? [28, 22, 9] : [22, 43, 8];
  attr(p.badge, {
    d: look ? outline(look.shape, r) : "",
    transform: `translate(${x},${y})`,
    fill: look ? look.colour : "none",
  });
  attr(p.letter, { x, y: y + 4.5, style: look ? `fill:${look.on_colour}` : null });
  say(p.letter, look ? look.letter : "");
  attr(p.name, { x: server ? 44 : 14 });
  say(p.name, host.name);
  say(p.address, host.address || (host.kind === "client" ? "no address" : ""));
  attr(p.service, { x: server ? 20 : giver && !down ? 38 : 14, y: server ? 49 : 48 });
  if (server) {
    say(p.service, host.service ? `${down ? "■" : "●"} ${host.service}` : "○ not started");
    say(p.state, host.state);
    fit(p.state, width - 32);
    attr(p.state, { class: `dk-state dk-state-${stateKind(host.state)}` });
    say(p.share, down ? "" : host.share || (host.relationship ? "" : "no failover"));
    fit(p.share, width - 108);
    const percent = /^(\d+) %/.exec(host.share);
    const share = percent ? Number(percent[1]) : host.share.startsWith("active") ? 100 : 0;
    attr(p.meter, { visibility: host.share && !down ? null : "hidden" });
    attr(p.part, { width: (share / 100) * (width - 32), fill: host.colour });
    attr(p.part, { visibility: host.share && !down ? null : "hidden" });
  } else {
    say(p.service, down ? `■ ${host.service}` : host.state + (giver ? `, from ${giver.name}` : ""));
    fit(p.service, width - 10 - p.service.getAttribute("x"));
    say(p.state, "");
    say(p.share, "");
    attr(p.meter, { visibility: "hidden" });
    attr(p.part, { visibility: "hidden" });
  }
}

/** Squeeze a text that is wider than its place. */
function fit(text, width) {
  attr(text, { textLength: null, lengthAdjust: null });
  if (text.getComputedTextLength() > width) attr(text, { textLength: width, lengthAdjust: "spacingAndGlyphs" });
}

function stateKind(state) {
  if (state === "NORMAL") return "good";
  return state === "COMMUNICATIONS-INTERRUPTED" || state === "PARTNER-DOWN" ? "alone" : "waiting";
}

/** Where things are, for a width. */
function arrange(hosts, width) {
  const places = new Map();
  for (const [kind, size] of [["server", SERVER], ["client", CLIENT]]) {
    const row = hosts.filter((host) => (host.kind === "server") === (kind === "server"));
    const pair = kind === "server" && row.length === 2;
    const wide = pair ? Math.max(size.narrow, Math.min(size.width, (width - 24 - LINK.length) / 2)) : size.width;
    const scale = Math.min(1, (width - 8) / (row.length * (wide + 16)));
    row.forEach((host, place) => {
      let x = (width * (place + 0.5)) / row.length;
      if (pair) x = place ? width - (wide / 2) * scale - 12 : (wide / 2) * scale + 12;
      places.set(host.key, { x, scale, wide, half: (wide / 2) * scale, top: size.top, edge: kind === "server" ? size.top + size.height * scale : size.top });
    });
  }
  return places;
}

/** The points a frame passes from one host to another. */
function route(packet, from, to, scene, places) {
  const a = places.get(from);
  const b = places.get(to);
  const servers = scene.hosts.filter((host) => host.kind === "server").map((host) => host.key);
  if (packet.protocol === "failover" && servers.includes(from) && servers.includes(to)) {
    const side = Math.sign(b.x - a.x) || 1;
    const y = LINK.y - side * 5;
    return [[a.x + side * a.half, y], [b.x - side * b.half, y]];
  }
  return [[a.x, a.edge], [a.x, BUS], [b.x, BUS], [b.x, b.edge]];
}

/** The point after a fraction (0 to 1) of a way. */
function along(points, fraction) {
  const lengths = points.slice(1).map(([x, y], i) => Math.hypot(x - points[i][0], y - points[i][1]));
  let left = fraction * lengths.reduce((sum, length) => sum + length, 0);
  for (let i = 0; i < lengths.length; i += 1) {
    if (left <= lengths[i] || i === lengths.length - 1) {
      const part = lengths[i] ? Math.min(1, left / lengths[i]) : 1;
      const [[x0, y0], [x1, y1]] = [points[i], points[i + 1]];
      return [x0 + (x1 - x0) * part, y0 + (y1 - y0) * part];
    }
    left -= lengths[i];
  }
  return points[points.length - 1];
}

/** A message's name, above its dot; below it on the way from right to left between the servers. */
function nameTag(label, points) {
  const width = label.length * 7.5 + 14;
  const below = points.length === 2 && points[1][0] < points[0][0] ? 37 : 0;
  return s(
    "g",
    { "data-width": width },
    s("rect", { class: "dk-tag", x: -width / 2, y: below - 27, width, height: 17, rx: 8.5 }),
    s("text", { class: "dk-tag-text", y: below - 14.5 }, label),
  );
}

/** How far a name is moved from its dot's middle, so that between the servers it covers neither of them. */
function beside(tag, x, points) {
  if (points.length > 2) return 0;
  const half = Number(tag.dataset.width) / 2;
  const [left, right] = [points[0][0], points[1][0]].sort((a, b) => a - b);
  if (right - left < 2 * half) return (left + right) / 2 - x;
  return Math.min(right - half, Math.max(left + half, x)) - x;
}

/** Shows packets one after another; draws only while there are any. */
function traffic(layer, current) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const queue = [];
  const flying = [];
  let nextStart = 0;
  let frame = 0;

  function launch(packet, now) {
    const { scene, places } = current();
    const sender = scene.hosts.find((host) => host.key === packet.sender);
    if (!sender || !places.has(packet.sender)) return;
    const receivers = packet.receiver === "*"
      ? scene.hosts.map((host) => host.key).filter((key) => key !== packet.sender)
      : [packet.receiver];
    // One name at a time for each sender, or names lie upon one another.
    flying.filter((other) => other.sender === packet.sender).forEach(({ tag }) => tag && tag.remove());
    receivers.filter((key) => places.has(key)).forEach((key, place) => {
      const points = route(packet, packet.sender, key, scene, places);
      const dot = s("g", { class: "dk-packet" });
      dot.append(s("path", { d: outline(sender.shape, 6), class: sender.colour ? "dk-dot" : "dk-dot dk-plain", fill: sender.colour || null }));
      const tag = place === 0 ? nameTag(packet.label, points) : null;
      if (tag) dot.append(tag);
      layer.append(dot);
      flying.push({ dot, tag, points, sender: packet.sender, began: now });
    });
  }

  function draw(now) {
    if (queue.length && now >= nextStart) {
      launch(queue.shift(), now);
      nextStart = now + SPACING;
    }
    for (let i = flying.length - 1; i >= 0; i -= 1) {
      const { dot, tag, points, began } = flying[i];
      const fraction = (now - began) / TRAVEL;
      if (fraction >= 1) {
        dot.remove();
        flying.splice(i, 1);
      } else {
        const eased = still.matches ? 0.5 : fraction * fraction * (3 - 2 * fraction);
        const [x, y] = along(points, eased);
        dot.setAttribute("transform", `translate(${x.toFixed(1)},${y.toFixed(1)})`);
        if (tag) tag.setAttribute("transform", `translate(${beside(tag, x, points).toFixed(1)},0)`);
      }
    }
    frame = queue.length || flying.length ? requestAnimationFrame(draw) : 0;
  }

  return {
    add(packets) {
      if (document.hidden) return;
      queue.push(...packets);
      queue.splice(0, Math.max(0, queue.length - WAITING));
      if (!frame && queue.length) frame = requestAnimationFrame(draw);
    },
    stop() {
      cancelAnimationFrame(frame);
    },
  };
}

function render({ model, el }) {
  const links = s("g");
  const boxes = s("g");
  const packets = s("g", { "aria-hidden": "true" });
  const svg = s("svg", { class: "dk-topology", height: HEIGHT, role: "group" }, links, boxes, packets);
  const caption = h("div", { class: "dk-caption" });
  const list = h("ul");
  const asText = h("details", { class: "dk-as-text" }, h("summary", {}, "Topology as text"), list);
  own(el);
  el.append(h("figure", { class: "dk-figure" }, svg, h("figcaption", { class: "dk-foot" }, caption, asText)));

  const views = new Map();
  let width = 0;
  let places = new Map();
  const moving = traffic(packets, () => ({ scene: model.get("scene"), places }));

  const choose = (key) => {
    model.set("selected", key);
    model.save_changes();
  };

  function paint() {
    const scene = model.get("scene");
    if (!scene.hosts || !width) return;
    const byKey = new Map(scene.hosts.map((host) => [host.key, host]));
    places = arrange(scene.hosts, width);
    attr(svg, { "aria-label": `Topology: ${scene.hosts.length} hosts on ${scene.network}. ${scene.link.text}.`, width });
    for (const host of scene.hosts) {
      if (!views.has(host.key)) {
        views.set(host.key, hostBox(host, choose));
        boxes.append(views.get(host.key).group);
      }
      const view = views.get(host.key);
      const { x, top, scale, wide, half } = places.get(host.key);
      attr(view.group, { transform: `translate(${x - half},${top}) scale(${scale})` });
      paintHost(view, host, byKey, wide, model.get("selected") === host.key);
    }
    links.replaceChildren(...wires(scene, places, width));
    list.replaceChildren(...scene.hosts.map((host) => h("li", {}, host.description)), h("li", {}, `${scene.link.text}.`));
  }

  function onMessage(message) {
    if (!message.packets) return;
    moving.add(message.packets);
    const last = message.packets[message.packets.length - 1];
    const name = (key) => (model.get("scene").hosts.find((host) => host.key === key) || { name: key }).name;
    say(caption, `${name(last.sender)} → ${last.receiver === "*" ? "all" : name(last.receiver)}: ${last.summary}`);
  }

  const observer = new ResizeObserver(() => {
    if (el.clientWidth !== width) {
      width = el.clientWidth;
      paint();
    }
  });
  observer.observe(el);
  model.on("change:scene", paint);
  model.on("change:selected", paint);
  model.on("msg:custom", onMessage);
  return () => {
    observer.disconnect();
    moving.stop();
    model.off("change:scene", paint);
    model.off("change:selected", paint);
    model.off("msg:custom", onMessage);
  };
}

function cross(x, y, text) {
  return s(
    "g",
    { class: "dk-cut", transform: `translate(${x},${y})` },
    s("circle", { r: 9 }),
    s("path", { d: "M-4,-4L4,4M-4,4L4,-4" }),
    s("text", { x: 14, y: 4 }, text),
  );
}

/** The segment, each host's cable, and the link between the servers. */
function wires(scene, places, width) {
  const drawn = [
    s("line", { class: "dk-bus", x1: 8, x2: width - 8, y1: BUS, y2: BUS }),
    s("text", { class: "dk-net", x: width - 10, y: BUS + 17 }, `${scene.network}  ${scene.domain}`),
  ];
  for (const host of scene.hosts) {
    const { x, edge } = places.get(host.key);
    const cut = !(host.inbound && host.outbound);
    drawn.push(s("line", { class: `dk-cable${cut ? " dk-broken" : ""}`, x1: x, x2: x, y1: edge, y2: BUS }));
    drawn.push(s("circle", { class: "dk-joint", cx: x, cy: BUS, r: 3.5 }));
    if (cut) {
      const text = host.inbound ? "only hears" : host.outbound ? "is only heard" : "cable cut";
      drawn.push(cross(x, (edge + BUS) / 2, text));
    }
  }
  const pair = scene.hosts.filter((host) => host.kind === "server").slice(0, 2);
  if (pair.length === 2 && scene.link.exists) {
    const [a, b] = pair.map((host) => places.get(host.key));
    const [x1, x2] = [a.x + a.half, b.x - b.half];
    const { y } = LINK;
    const middle = (x1 + x2) / 2;
    drawn.push(s("line", { class: `dk-link${scene.link.contact ? "" : " dk-broken"}`, x1, x2, y1: y, y2: y }));
    drawn.push(s("text", { class: "dk-link-text", x: middle, y: y + 50 }, scene.link.contact ? "failover link" : "no contact"));
    if (!scene.link.contact || scene.link.cut) drawn.push(cross(middle, y, ""));
  }
  scene.cuts.forEach(([one, other], place) => {
    const names = [one, other].map((key) => (scene.hosts.find((host) => host.key === key) || { name: key }).name);
    drawn.push(cross(20, BUS + 18 + 20 * place, `path ${names[0]} – ${names[1]} cut`));
  });
  return drawn;
}

export default { render };
