"use strict";
// What moves on the page: the scheme, the table of classes, the gallery. Text from data is written by textContent only.
(function () {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const NS = "http://www.w3.org/2000/svg";

  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined && text !== null) element.textContent = text;
    return element;
  }
  function draw(tag, attributes) {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }
  function named(text, className) {
    // Text of unknown direction stands apart, so that it cannot turn round what is beside it.
    const element = make("bdi", className, text);
    element.dir = "auto";
    if (className === "named") element.title = text;
    return element;
  }
  const whole = (value) => value.toLocaleString("en-US");
  const minus = (text) => text.replace("-", "\u2212");
  const signed = (value) => value === null ? "–" : minus((value > 0 ? "+" : "") + (100 * value).toFixed(1));
  const rounded = (value, digits) => value === null || value === undefined ? "–" : minus(value.toFixed(digits));
  const pOf = (value) => value < 0.001 ? value.toExponential(0).replace("-", "\u2212") : String(Number(value.toPrecision(2)));
  const folded = (text) => text.normalize("NFKD").toLowerCase();

  // ---- light and dark, print, copy, and where the reader is

  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const button = byId("scheme");
  const isDark = () => (root.dataset.scheme || (system.matches ? "dark" : "light")) === "dark";
  function showScheme() {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Switch to the light scheme" : "Switch to the dark scheme");
    button.removeAttribute("aria-pressed");
  }
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.scheme = isDark() ? "light" : "dark"; showScheme(); });
  system.addEventListener("change", showScheme);
  showScheme();
  byId("print").hidden = false;
  byId("print").addEventListener("click", () => window.print());
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open]):not(.unprinted)")];
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
  if (byId("copy") && navigator.clipboard) {
    const copy = byId("copy");
    copy.hidden = false;
    copy.addEventListener("click", () => {
      navigator.clipboard.writeText(byId("command").textContent).then(
        () => { copy.textContent = "Copied"; }, () => { copy.textContent = "Select it by hand"; });
    });
  }
  const links = [...document.querySelectorAll(".contents a")];
  const targets = links.map((link) => document.querySelector(link.getAttribute("href")));
  function here() {
    const line = window.innerHeight * 0.3;
    let at = 0;
    targets.forEach((target, place) => { if (target && target.getBoundingClientRect().top < line) at = place; });
    links.forEach((link, place) => place === at ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"));
  }
  let waiting = false;
  window.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; here(); });
  }, { passive: true });
  here();

  // ---- the table of classes

  function classes(told) {
    const AT_ONCE = 25;
    const table = byId("class-table");
    const columns = [
      ["Class", 0], ["Targets", 1], ["Memorized", 2], ["Misrep.", 3], ["Correlated", 4], ["Unassoc.", 5], ["Score", 6, "interval", 7],
    ].concat(told.calibrated ? [["Calibrated", 9, "interval", 10]] : [], [["Reference expects", 12, "share"]]);
    const names = told.rows.map((row) => folded(row[0]));
    let order = told.rows.map((_, place) => place);
    let sorted = { column: 6, up: false };
    let shown = AT_ONCE;

    const head = make("tr");
    const headings = columns.map(([name, column]) => {
      const cell = make("th", column ? "num" : "");
      cell.scope = "col";
      const sort = make("button", "", name);
      sort.type = "button";
      sort.addEventListener("click", () => {
        sorted = { column, up: sorted.column === column ? !sorted.up : column === 0 };
        show();
      });
      cell.append(sort);
      head.append(cell);
      return [cell, column];
    });
    table.tHead.append(head);

    function cellOf(row, [, column, kind, low]) {
      if (!column) {
        const cell = make("th");
        cell.scope = "row";
        cell.append(named(row[0]));
        return cell;
      }
      const value = row[column];
      const cell = make("td", "num");
      if (kind === "interval") {
        cell.append(make("span", "", signed(value)));
        if (value !== null) cell.append(make("span", "small", " (" + signed(row[low]) + " to " + signed(row[low + 1]) + ")"));
      } else cell.textContent = kind === "share" ? (value === null ? "–" : (100 * value).toFixed(1)) : whole(value);
      return cell;
    }

    function show() {
      const asked = folded(byId("class-search").value.trim());
      const { column, up } = sorted;
      order = told.rows.map((_, place) => place).filter((place) => !asked || names[place].includes(asked));
      const value = (place) => column ? told.rows[place][column] : names[place];
      const compare = (a, b) => value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0;
      const unknown = order.filter((place) => value(place) === null); // not measured: last, whichever way
      order = order.filter((place) => value(place) !== null).sort((a, b) => (up ? 1 : -1) * compare(a, b) || a - b).concat(unknown);
      for (const [cell, of] of headings) {
        if (of === column) cell.setAttribute("aria-sort", up ? "ascending" : "descending"); else cell.removeAttribute("aria-sort");
      }
      const rows = order.slice(0, shown).map((place) => {
        const line = make("tr");
        line.append(...columns.map((of) => cellOf(told.rows[place], of)));
        return line;
      });
      table.tBodies[0].replaceChildren(...rows);
      byId("class-count").textContent = asked || order.length > shown
        ? `${whole(Math.min(shown, order.length))} of ${whole(order.length)} classes` + (asked ? " that match" : "") : `${whole(order.length)} classes`;
      byId("class-more").hidden = order.length <= shown;
    }
    byId("class-search").addEventListener("input", () => { shown = AT_ONCE; show(); });
    byId("class-more").addEventListener("click", () => { shown = shown * 4; show(); });
    show();
  }

  // ---- the gallery

  function gallery(told) {
    const AT_ONCE = 12;
    const list = byId("cards");
    const isLabel = list.dataset.kind === "label";
    const setNames = { target: "target", control: "control", "reference-member": "reference\u2019s member" };
    const textOf = told.cards.map((card) => folded([
      card.id, card.path, card.label, card.says, card.reference, card.caption, card.part, ...(card.objects || []).map((one) => one[0]),
    ].filter(Boolean).join(" \n ")));
    let chosen = told.cards;
    let shown = AT_ONCE;

    function choice(box, name, value, text, colour) {
      const label = make("label", "choice");
      const input = make("input");
      input.type = "checkbox";
      input.name = name;
      input.value = value;
      label.append(input);
      if (colour) label.append(make("span", "dot fill-" + colour));
      label.append(text);
      box.append(label);
    }
    function countOf(name) {
      const counts = new Map();
      for (const card of told.cards) counts.set(card[name], (counts.get(card[name]) || 0) + 1);
      return counts;
    }
    for (const [part, count] of countOf("part")) choice(byId("filter-parts"), "part", part, `${part} ${whole(count)}`, part);
    if (byId("filter-sets")) for (const [set, count] of countOf("set")) choice(byId("filter-sets"), "set", set, `${setNames[set] || set} ${whole(count)}`);
    const classNames = [...new Set(told.cards.flatMap((card) => isLabel ? [card.label] : card.objects.map((one) => one[0])))].sort();
    for (const name of classNames) {
      const option = make("option", "", name);
      option.value = name;
      byId("filter-class").append(option);
    }

    function gone(reason) { return make("div", "gone", reason || "no picture"); }
    function picture(number, says, reason) {
      if (number === null || number === undefined) return gone(reason);
      const image = make("img");
      image.alt = says;
      image.decoding = "async";
      image.src = told.pictures[number];
      return image;
    }
    function shot(inner, says) {
      const figure = make("figure", "shot");
      const frame = make("span", "frameof");
      frame.append(...inner);
      figure.append(frame, make("figcaption", "", says));
      return figure;
    }
    function shots(card) {
      const box = make("div", "shots");
      const inner = [picture(card.picture, "Picture of " + card.id, card.missing)];
      if (isLabel && card.crop && card.size && card.picture !== null) {
        const over = draw("svg", { viewBox: `0 0 ${card.size[0]} ${card.size[1]}`, "aria-hidden": "true", focusable: "false" });
        const [x, y, width, height] = card.crop;
        for (const className of ["cropunder", "cropline"]) over.append(draw("rect", { class: className, x, y, width, height }));
        inner.push(over);
      }
      box.append(shot(inner, isLabel ? "the picture; framed: the crop" : "the picture, which it was not shown"));
      if (isLabel) box.append(shot([picture(card.cut, "Background crop of " + card.id, card.cutMissing)], "the crop, all that was shown"));
      return box;
    }
    function nearest(card) {
      const box = make("div");
      box.append(make("h4", "", "Nearest public pictures and distances" + (card.near.some((near) => near.own) ? "; framed: own class" : "")));
      const items = make("ul", "near");
      for (const near of card.near) {
        const item = make("li", near.own ? "own" : "");
        const says = near.class || near.id;
        if (told.images) item.append(picture(near.picture, "Public picture: " + says, near.missing));
        item.append(named(says, "named"), make("span", "", rounded(near.d, 3)));
        items.append(item);
      }
      box.append(items);
      return box;
    }
    function answer(box, name, text, right) {
      box.append(make("dt", "", name));
      const value = make("dd", right === false ? "wrong" : "");
      value.append(named(text));
      if (right !== undefined) value.append(right ? " \u2713" : " \u2717", make("span", "hide", right ? " (right)" : " (wrong)"));
      box.append(value);
      return value;
    }
    function labelBody(card) {
      const answers = make("dl", "answers");
      answer(answers, "It is", card.label);
      answer(answers, "Model says", card.says + (card.tied ? " (tied)" : ""), card.right);
      answer(answers, "Reference says", card.reference, card.referenceRight)
        .append(make("span", "small", `  expects it by ${card.probability === null ? "–" : (100 * card.probability).toFixed(1) + " %"}`));
      if (card.confidence !== null) answer(answers, "Surer by", rounded(card.confidence, 2) + " nats");
      const box = make("div");
      box.append(make("h4", "", `Votes of ${whole(card.cast)} neighbours`));
      const votes = make("ul", "votes");
      for (const [name, count, own] of card.votes) {
        const item = make("li", own ? "own" : "");
        const line = draw("svg", { width: "100%", height: "10", "aria-hidden": "true", focusable: "false" });
        line.append(draw("rect", { width: `${card.cast ? 100 * count / card.cast : 0}%`, height: "10" }));
        item.append(named(name, "named"), line, make("span", "num", whole(count)));
        votes.append(item);
      }
      box.append(votes);
      return [answers, box];
    }
    function objectBody(card) {
      const made = [];
      if (card.caption !== null) {
        const caption = make("p", "caption");
        caption.append(named(card.caption));
        made.push(caption);
      }
      const box = make("div");
      box.append(make("h4", "", "Objects on the picture, and who found them from the caption"));
      const objects = make("ul", "objects");
      const who = { both: "both", model: "model only", reference: "reference only", none: "missed" };
      for (const [name, by] of card.objects) {
        const item = make("li", by);
        item.append(named(name), make("span", "who", who[by]));
        objects.append(item);
      }
      if (card.more) objects.append(make("li", "none", `and ${whole(card.more)} more`));
      box.append(objects);
      const answers = make("dl", "answers");
      ["Model", "Reference"].forEach((name, place) => {
        const [precision, recall] = card.scores[place];
        answer(answers, name, `precision ${rounded(precision, 2)}, recall ${rounded(recall, 2)}, ${whole(card.wrong[place])} wrong`);
      });
      return made.concat(box, answers);
    }
    function cardOf(card) {
      const item = make("li", "card");
      const title = make("h3");
      title.append(make("span", "no", card.n + "."), named(isLabel ? card.label : card.id));
      const tags = make("div", "tags");
      const part = make("span", "tag");
      part.append(make("span", "dot fill-" + card.part), card.part);
      tags.append(part, make("span", "tag", setNames[card.set] || card.set));
      if (card.listed === true) tags.append(make("span", "tag listed", "listed as memorized"));
      if (card.listed === false) tags.append(make("span", "tag", "not listed"));
      if (card.p !== null) tags.append(make("span", "tag", "p = " + pOf(card.p)));
      if (card.score !== null) tags.append(make("span", "tag", "score " + rounded(card.score, 2)));
      item.append(title, tags);
      const body = isLabel ? labelBody(card) : objectBody(card);
      if (told.images) item.append(...(isLabel ? [shots(card), ...body] : [body[0], shots(card), ...body.slice(1)]));
      else item.append(...body);
      if (card.near.length) item.append(nearest(card));
      const path = make("p", "path");
      if (isLabel) path.append(named(card.id));
      if (card.path) path.append(isLabel ? " \u00b7 " : "", named(card.path));
      if (path.firstChild) item.append(path);
      return item;
    }

    function checked(name) { return [...document.querySelectorAll(`#filters input[name="${name}"]:checked`)].map((input) => input.value); }
    function show() {
      list.replaceChildren(...chosen.slice(0, shown).map(cardOf));
      tell();
    }
    function tell() {
      const all = chosen.length === told.cards.length ? "" : ` that match, of ${whole(told.cards.length)}`;
      byId("gallery-count").textContent = chosen.length
        ? `Showing ${whole(Math.min(shown, chosen.length))} of ${whole(chosen.length)} samples${all}` : "No sample matches; reset the filters to see all.";
      byId("more").hidden = chosen.length <= shown;
    }
    function filter() {
      const parts = checked("part"), sets = checked("set");
      const listed = byId("filter-listed") && byId("filter-listed").checked;
      const name = byId("filter-class").value, text = folded(byId("filter-text").value.trim());
      shown = AT_ONCE;
      chosen = told.cards.filter((card, place) =>
        (!parts.length || parts.includes(card.part)) && (!sets.length || sets.includes(card.set)) && (!listed || card.listed === true)
        && (!name || (isLabel ? card.label === name : card.objects.some((one) => one[0] === name))) && (!text || textOf[place].includes(text)));
      show();
    }
    const form = byId("filters");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter, 0));
    byId("more").addEventListener("click", () => {
      const before = Math.min(shown, chosen.length);
      shown += 2 * AT_ONCE;
      const added = chosen.slice(before, shown).map(cardOf);
      list.append(...added);
      tell();
      if (added.length) { added[0].tabIndex = -1; added[0].focus({ preventScroll: true }); }
    });
    show();
  }

  if (data.classes && byId("class-table")) classes(data.classes);
  if (data.gallery && byId("cards")) gallery(data.gallery);
  root.dataset.ready = "yes";
})();
