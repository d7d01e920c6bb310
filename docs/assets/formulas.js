// Draws the formulas of a page with the KaTeX that lies beside this file, and loads it only where there are formulas.
(() => {
  const here = new URL(".", document.currentScript.src);

  function add(tag, attributes) {
    const element = Object.assign(document.createElement(tag), attributes);
    document.head.append(element);
    return element;
  }

  function draw() {
    for (const formula of document.querySelectorAll(".arithmatex")) {
      const tex = formula.textContent.replace(/^\\[([]|\\[)\]]$/g, "");
      katex.render(tex, formula, { displayMode: formula.tagName === "DIV", throwOnError: false });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.querySelector(".arithmatex")) return;
    add("link", { rel: "stylesheet", href: new URL("katex/katex.min.css", here).href });
    add("script", { src: new URL("katex/katex.min.js", here).href, onload: draw });
  });
})();
