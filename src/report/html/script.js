"use strict";
// Everything that comes from files is put in as text, never as markup.
(() => {
  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  // ---- Findings ----
  const form = document.querySelector(".filters");
  const articles = [...document.querySelectorAll(".finding")];
  const said = articles.map(article => article.textContent.toLowerCase());
  const filter = () => {
    const words = form.querySelector("[data-search]").value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = [...form.querySelectorAll("[data-filter]")].map(s => [s.dataset.filter, s.value]).filter(([, value]) => value);
    const levels = new Set([...form.querySelectorAll("[data-level]:checked")].map(box => box.dataset.level));
    let shown = 0;
    articles.forEach((article, at) => {
      const fits = levels.has(article.dataset.level)
        && chosen.every(([name, value]) => article.dataset[name] === value)
        && words.every(word => said[at].includes(word));
      article.hidden = !fits;
      shown += fits;
    });
    form.querySelector("output").value = `${shown} of ${articles.length}`;
  };
  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    form.addEventListener("submit", event => event.preventDefault());
    document.addEventListener("keydown", event => {
      if (event.key === "/" && !event.target.closest("input, select, textarea")) {
        event.preventDefault();
        form.querySelector("[data-search]").focus();
      }
    });
    filter();
  }
  const only = table => {
    form.reset();
    const select = form.querySelector("[data-filter=table]");
    if ([...select.options].some(option => option.value === table)) select.value = table;
    filter();
    document.getElementById("findings").scrollIntoView();
  };
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(details => { details.open = true; }));

  // ---- Schema ----
  const LEVELS = ["", "note", "warn", "error"];
  const PAGE = 60, COMPACT = 150, ROW = 18, HEAD = 26, LETTER = 7.3, GAP_X = 70, GAP_Y = 26;
  const SIGN = { models: "−", database: "+", both: "≠" };
  const targets = JSON.parse(document.getElementById("schema-data").textContent);
  const host = document.getElementById("diagram");
  if (!targets.some(target => target.tables.length)) {
    host.before(element("p", { className: "none", textContent: "There is no table to draw." }));
    return;
  }
  host.hidden = false;

  const state = { target: 0, mode: "", around: "", limit: PAGE, zoom: 1, open: new Set(), selected: null };
  const rank = table => LEVELS.indexOf(table.level);
  const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const prepared = targets.map(target => {
    const tables = [...target.tables].sort(byName);
    const named = new Map(tables.map(table => [table.name, table]));
    const near = new Map(tables.map(table => [table.name, new Set()]));
    for (const table of tables) {
      for (const line of table.lines) {
        near.get(table.name).add(line.to);
        near.get(line.to)?.add(table.name);
      }
    }
    return { tables, named, near };
  });

  const option = (value, text) => element("option", { value, textContent: text });
  const labelled = (text, control) => element("label", {}, `${text} `, control);
  const targetSelect = element("select", {}, ...targets.map((target, at) => option(at, target.name)));
  const mode = element("select", {},
    option("drift", "tables with findings, and their neighbours"), option("all", "all tables"), option("around", "one table and its neighbours"));
  const around = element("input", { type: "search", placeholder: "name of a table" });
  around.setAttribute("list", "tables");
  const names = element("datalist", { id: "tables" });
  const more = element("button", { type: "button" });
  const smaller = element("button", { type: "button", textContent: "−", ariaLabel: "Smaller" });
  const larger = element("button", { type: "button", textContent: "+", ariaLabel: "Larger" });
  const told = element("output", { ariaLive: "polite" });
  const canvas = element("div", { className: "canvas", tabIndex: 0, role: "region", ariaLabel: "Diagram of the schema" });
  const panel = element("div", { className: "panel", hidden: true });
  const tools = element("div", { className: "tools" });
  if (targets.length > 1) tools.append(labelled("Target", targetSelect));
  tools.append(labelled("Show", mode), labelled("Around", around), names, smaller, larger, more, told);
  host.append(tools, canvas,
    element("p", { className: "legend", textContent: "− the models alone have it, + the database alone has it, ≠ both have it and differ. Enter or a click shows a table whole; arrow keys go from table to table." }),
    panel);

  /** The tables that are drawn, and how many there would be. */
  const visible = () => {
    const { tables, named, near } = prepared[state.target];
    if (state.mode === "all") return [tables, tables.length];
    const chosen = new Set();
    const take = name => {
      if (named.has(name)) chosen.add(name);
    };
    let all = 0;
    if (state.mode === "around") {
      if (named.has(state.around)) {
        take(state.around);
        near.get(state.around).forEach(take);
      }
      all = chosen.size;
    } else {
      const loud = tables.filter(table => table.findings.length).sort((a, b) => rank(b) - rank(a) || byName(a, b));
      const wanted = new Set(loud.map(table => table.name));
      loud.forEach(table => near.get(table.name).forEach(name => named.has(name) && wanted.add(name)));
      all = wanted.size;
      for (const table of loud) {
        if (chosen.size >= state.limit) break;
        take(table.name);
      }
      for (const table of loud) {
        for (const name of [...near.get(table.name)].sort()) {
          if (chosen.size < state.limit && chosen.has(table.name)) take(name);
        }
      }
    }
    return [tables.filter(table => chosen.has(table.name)), all];
  };

  const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
  const short = name => name.replace(/^public\./, "");

  /** What a card shows: all columns where it is opened or small, else keys and those with findings. */
  const card = (table, compact) => {
    const whole = state.open.has(table.name) || table.columns.length <= 6;
    const columns = compact ? [] : table.columns.filter(column => whole || column.keys || column.level);
    const left = table.columns.length - columns.length;
    const rows = columns.map(column => {
      const mark = column.level || column.side ? SIGN[column.side ?? "both"] : " ";
      return { column, text: cut(`${mark} ${column.name}`, 30), type: cut(column.type ?? "", 22), keys: (column.keys ?? []).join(" ") };
    });
    const widest = Math.max(short(table.name).length + 4, ...rows.map(row => row.text.length + row.type.length + row.keys.length + 4), 14);
    const width = Math.min(Math.ceil(widest * LETTER) + 16, 420);
    const lines = rows.length + (!compact && left > 0 ? 1 : 0);
    return { table, rows, left: compact ? 0 : left, width, height: HEAD + lines * ROW + (lines ? 6 : 0), x: 0, y: 0 };
  };

  /** Which column of the picture a card stands in: right of all that it refers to. */
  const layers = (cards, refers) => {
    const layer = new Map();
    for (const start of cards) {
      const stack = [[start, 0]];
      const busy = new Set([start]);
      while (stack.length) {
        const top = stack[stack.length - 1];
        const [at, next] = top;
        if (layer.has(at)) {
          stack.pop();
          continue;
        }
        const to = refers.get(at);
        if (next < to.length) {
          top[1] += 1;
          if (!layer.has(to[next]) && !busy.has(to[next])) {
            busy.add(to[next]);
            stack.push([to[next], 0]);
          }
          continue;
        }
        layer.set(at, to.reduce((most, other) => Math.max(most, (layer.get(other) ?? -1) + 1), 0));
        busy.delete(at);
        stack.pop();
      }
    }
    return layer;
  };

  /** Places the cards of one connected part; returns its size. */
  const place = (cards, refers, referred, most) => {
    const layer = layers(cards, refers);
    const columns = [];
    for (const one of cards) (columns[layer.get(one)] ??= []).push(one);
    const order = new Map();
    columns.forEach(column => column.forEach((one, at) => order.set(one, at)));
    const mean = (one, others) => {
      const known = others.map(other => order.get(other));
      return known.length ? known.reduce((a, b) => a + b, 0) / known.length : order.get(one);
    };
    for (let sweep = 0; sweep < 4; sweep += 1) {
      for (const column of sweep % 2 ? [...columns].reverse() : columns) {
        const weight = new Map(column.map(one => [one, mean(one, sweep % 2 ? referred.get(one) : refers.get(one))]));
        column.sort((a, b) => weight.get(a) - weight.get(b) || byName(a.table, b.table));
        column.forEach((one, at) => order.set(one, at));
      }
    }
    let x = 0, top = 0, tallest = 0, widest = 0;
    const tall = Math.max(700, Math.sqrt(cards.reduce((sum, one) => sum + one.width * one.height, 0)));
    for (const column of columns) {
      // A column that is too tall goes on in the next.
      let y = 0, wide = 0;
      if (x > 0 && x + Math.max(...column.map(one => one.width)) > most) {
        top += tallest + GAP_Y * 2;
        x = tallest = 0;
      }
      for (const one of column) {
        if (y > 0 && y + one.height > tall) {
          x += wide + GAP_X / 2;
          y = wide = 0;
        }
        one.x = x;
        one.y = top + y;
        y += one.height + GAP_Y;
        tallest = Math.max(tallest, y - GAP_Y);
        wide = Math.max(wide, one.width);
      }
      widest = Math.max(widest, x + wide);
      x += wide + GAP_X;
    }
    return { cards, width: widest, height: top + tallest };
  };

  const layout = cards => {
    const of = new Map(cards.map(one => [one.table.name, one]));
    const refers = new Map(cards.map(one => [one, []])), referred = new Map(cards.map(one => [one, []]));
    const edges = [];
    for (const one of cards) {
      for (const line of one.table.lines) {
        const to = of.get(line.to);
        if (!to) continue;
        edges.push({ from: one, to, line });
        if (to !== one) {
          refers.get(one).push(to);
          referred.get(to).push(one);
        }
      }
    }
    const seen = new Set();
    const parts = [];
    for (const start of cards) {
      if (seen.has(start)) continue;
      const part = [], next = [start];
      seen.add(start);
      while (next.length) {
        const one = next.pop();
        part.push(one);
        for (const other of [...refers.get(one), ...referred.get(one)]) {
          if (!seen.has(other)) {
            seen.add(other);
            next.push(other);
          }
        }
      }
      parts.push(part.sort((a, b) => byName(a.table, b.table)));
    }
    const area = cards.reduce((sum, one) => sum + (one.width + GAP_X) * (one.height + GAP_Y), 0);
    const most = Math.max(1100, Math.sqrt(area) * 1.4);
    parts.sort((a, b) => b.length - a.length || byName(a[0].table, b[0].table));
    let x = 0, y = 0, tallest = 0, width = 0;
    for (const part of parts.map(part => place(part, refers, referred, most))) {
      if (x > 0 && x + part.width > most) {
        y += tallest + GAP_Y * 2;
        x = tallest = 0;
      }
      for (const one of part.cards) {
        one.x += x + 20;
        one.y += y + 20;
      }
      x += part.width + GAP_X;
      tallest = Math.max(tallest, part.height);
      width = Math.max(width, x - GAP_X);
    }
    return { edges, width: width + 40, height: y + tallest + 40 };
  };

  const SVG = "http://www.w3.org/2000/svg";
  const shape = (name, attributes = {}, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const marker = (id, ...inside) => {
    const made = shape("marker", { id, viewBox: "0 0 12 12", refX: 11, refY: 6, markerWidth: 12, markerHeight: 12, orient: "auto-start-reverse" });
    made.append(...inside);
    return made;
  };
  const path = ({ from, to }) => {
    const y1 = from.y + Math.min(from.height / 2, HEAD + ROW), y2 = to.y + HEAD / 2;
    if (to.x + to.width < from.x) {
      const x1 = from.x, x2 = to.x + to.width, bend = Math.max(30, (x1 - x2) / 2);
      return `M${x1} ${y1}C${x1 - bend} ${y1} ${x2 + bend} ${y2} ${x2} ${y2}`;
    }
    if (from.x + from.width < to.x) {
      const x1 = from.x + from.width, x2 = to.x, bend = Math.max(30, (x2 - x1) / 2);
      return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    }
    const x1 = from.x + from.width, x2 = to.x + to.width, out = Math.max(x1, x2) + 40;
    return `M${x1} ${y1}C${out} ${y1} ${out} ${y2} ${x2} ${y2}`;
  };

  const drawn = one => {
    const { table } = one;
    const group = shape("g", { class: `card ${table.level} ${table.side}`, transform: `translate(${one.x} ${one.y})`, tabindex: 0, role: "button", "aria-pressed": String(state.selected === table.name) });
    const what = { models: ", the models alone have it", database: ", no model has it", both: "" }[table.side];
    const count = table.findings.length;
    group.setAttribute("aria-label", `${table.name}${what}, ${count} ${count === 1 ? "finding" : "findings"}`);
    group.append(
      shape("rect", { class: "box", width: one.width, height: one.height, rx: 4 }),
      shape("rect", { class: "head", width: one.width, height: HEAD, rx: 4 }));
    const sign = table.side === "both" ? "" : `${SIGN[table.side]} `;
    group.append(shape("text", { class: "strong", x: 8, y: 17 }, cut(sign + short(table.name), Math.floor((one.width - 40) / LETTER))));
    if (count) group.append(shape("text", { class: "dim", x: one.width - 8, y: 17, "text-anchor": "end" }, String(count)));
    one.rows.forEach((row, at) => {
      const y = HEAD + at * ROW;
      if (row.column.level) group.append(shape("rect", { class: `row ${row.column.level}`, x: 1, y: y + 1, width: one.width - 2, height: ROW }));
      group.append(
        shape("text", { class: row.column.keys ? "strong" : "", x: 8, y: y + 14 }, row.text),
        shape("text", { class: "dim", x: one.width - 8, y: y + 14, "text-anchor": "end" }, [row.keys, row.type].filter(Boolean).join(" ")));
    });
    if (one.left > 0) group.append(shape("text", { class: "dim", x: 8, y: HEAD + one.rows.length * ROW + 14 }, `  ${one.left} more`));
    group.append(shape("title", {}, [table.name + what, ...table.columns.flatMap(column => (column.drift ?? []).map(([rule, models, database]) => `${column.name}: ${rule}: models ${models}, database ${database}`))].join("\n")));
    group.addEventListener("click", () => select(table.name));
    return group;
  };

  const show = table => {
    panel.hidden = !table;
    panel.replaceChildren();
    if (!table) return;
    const body = element("tbody");
    for (const column of table.columns) {
      const drift = (column.drift ?? []).map(([rule]) => rule).join(", ");
      const side = { models: "models alone", database: "database alone" }[column.side] ?? "";
      const sides = column.drift?.find(([, models, database]) => models !== "–" || database !== "–");
      const cells = [column.name, sides?.[2] ?? (column.side === "models" ? "" : column.type), sides?.[1] ?? (column.side === "models" ? column.type : ""), [(column.keys ?? []).join(" "), side, drift].filter(Boolean).join("; ")];
      body.append(element("tr", { className: column.level ?? "" }, ...cells.map(text => element("td", { textContent: text ?? "" }))));
    }
    const head = element("tr", {}, ...["Column", "Database", "Models, where they differ", ""].map(text => element("th", { scope: "col", textContent: text })));
    const close = element("button", { type: "button", textContent: "Close" });
    close.addEventListener("click", () => select(null));
    const buttons = element("p", { className: "tools" });
    if (table.findings.length) {
      const findings = element("button", { type: "button", textContent: `Its ${table.findings.length} findings` });
      findings.addEventListener("click", () => only(table.name));
      buttons.append(findings);
    }
    const neighbours = element("button", { type: "button", textContent: "Its neighbours" });
    neighbours.addEventListener("click", () => {
      Object.assign(state, { mode: "around", around: table.name });
      draw();
    });
    buttons.append(neighbours, close);
    panel.append(element("h3", { textContent: table.name }),
      element("p", { className: "quiet", textContent: table.models.length ? `Models: ${table.models.join(", ")}` : "No model has it." }), buttons,
      element("div", { className: "scroll" }, element("table", {}, element("thead", {}, head), body)));
  };

  const select = name => {
    if (name) state.open.add(name);
    const again = state.selected ?? name;
    state.selected = name;
    draw();
    [...canvas.querySelectorAll(".card")].find(one => one.dataset.name === again)?.focus({ preventScroll: true });
  };

  let placed = [];
  const draw = () => {
    const { tables, named } = prepared[state.target];
    const [shown, all] = visible();
    const compact = shown.length > COMPACT;
    placed = shown.map(table => card(table, compact));
    const { edges, width, height } = layout(placed);
    const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, width: width * state.zoom, height: height * state.zoom });
    const defs = shape("defs");
    defs.append(
      marker("many", shape("path", { d: "M1 6 L11 1 M1 6 L11 11 M1 6 L11 6" })),
      marker("single", shape("path", { d: "M5 1 V11" })),
      marker("must", shape("path", { d: "M5 1 V11 M8 1 V11" })),
      marker("may", shape("circle", { cx: 7, cy: 6, r: 3 })));
    svg.append(defs);
    for (const edge of edges) {
      const near = state.selected && [edge.from.table.name, edge.to.table.name].includes(state.selected);
      const line = shape("path", { class: near ? "edge near" : "edge", d: path(edge), "marker-start": `url(#${edge.line.single ? "single" : "many"})`, "marker-end": `url(#${edge.line.optional ? "may" : "must"})` });
      line.append(shape("title", {}, `${edge.line.name}: ${edge.from.table.name} → ${edge.to.table.name}`));
      svg.append(line);
    }
    for (const one of placed) {
      const group = drawn(one);
      group.dataset.name = one.table.name;
      svg.append(group);
    }
    canvas.replaceChildren(svg);
    told.value = shown.length ? `${shown.length} of ${tables.length} tables` : "no table fits";
    more.hidden = all <= shown.length;
    more.textContent = `${Math.min(PAGE, all - shown.length)} more`;
    mode.value = state.mode;
    around.value = state.mode === "around" ? state.around : "";
    show(named.get(state.selected));
  };

  const goTo = at => {
    const tables = prepared[at].tables;
    names.replaceChildren(...tables.map(table => option(table.name, "")));
    Object.assign(state, { target: at, selected: null, limit: PAGE, mode: tables.some(table => table.findings.length) ? "drift" : "all" });
    draw();
  };
  targetSelect.addEventListener("change", () => goTo(Number(targetSelect.value)));
  mode.addEventListener("change", () => {
    state.mode = mode.value;
    if (state.mode === "around") {
      const { tables } = prepared[state.target];
      state.around ||= state.selected ?? (tables.find(table => table.findings.length) ?? tables[0]).name;
      around.focus();
    }
    draw();
  });
  around.addEventListener("change", () => {
    const tables = prepared[state.target].tables;
    const wanted = around.value.trim().toLowerCase();
    const found = tables.find(table => [table.name, short(table.name)].some(name => name.toLowerCase() === wanted)) ?? tables.find(table => table.name.toLowerCase().includes(wanted));
    if (found && wanted) Object.assign(state, { mode: "around", around: found.name });
    draw();
  });
  more.addEventListener("click", () => {
    state.limit += PAGE;
    draw();
  });
  const zoom = by => {
    state.zoom = Math.min(2, Math.max(0.2, state.zoom * by));
    draw();
  };
  smaller.addEventListener("click", () => zoom(0.8));
  larger.addEventListener("click", () => zoom(1.25));
  const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", event => {
    const focused = event.target.closest(".card");
    if (event.key === "Escape") select(null);
    if (!focused) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      select(focused.dataset.name);
    }
    const direction = DIRECTIONS[event.key];
    const from = placed.find(one => one.table.name === focused.dataset.name);
    if (!direction || !from) return;
    event.preventDefault();
    const middle = one => [one.x + one.width / 2, one.y + one.height / 2];
    const [x, y] = middle(from);
    let best = null, least = Infinity;
    for (const one of placed) {
      const [dx, dy] = [middle(one)[0] - x, middle(one)[1] - y];
      const along = dx * direction[0] + dy * direction[1];
      const away = along + 3 * Math.abs(dx * direction[1] + dy * direction[0]);
      if (along > 1 && away < least) [best, least] = [one, away];
    }
    if (best) {
      const next = [...canvas.querySelectorAll(".card")].find(one => one.dataset.name === best.table.name);
      next?.focus();
      next?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  });
  goTo(0);
})();
