"use strict";

document.documentElement.classList.add("scripted");

for (const block of document.querySelectorAll(".command")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "copy";
  button.addEventListener("click", async () => {
    const text = block.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(block.querySelector("code"));
      button.textContent = "selected";
    }
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
  block.append(button);
}

for (const shot of document.querySelectorAll(".shot")) {
  shot.addEventListener("click", () => {
    shot.setAttribute("aria-pressed", String(shot.getAttribute("aria-pressed") !== "true"));
  });
}

const filters = document.querySelector(".filters");
if (filters) {
  const cards = [...document.querySelectorAll(".card")];
  const gallery = document.querySelector(".gallery");
  const apply = () => {
    const split = filters.elements.split.value;
    const name = filters.elements.name.value.trim().toLowerCase();
    const category = filters.elements.category?.value ?? "";
    let shown = 0;
    for (const card of cards) {
      const fits = (!split || card.dataset.split === split)
        && card.dataset.names.toLowerCase().includes(name)
        && (!category || card.dataset.categories.split("/").includes(category));
      card.hidden = !fits;
      shown += fits;
    }
    for (const mark of gallery.querySelectorAll(".marks g")) {
      mark.classList.toggle("other", category !== "" && mark.dataset.category !== category);
    }
    gallery.classList.toggle("overlaid", filters.elements.overlay.checked);
    gallery.classList.toggle("boxed", filters.elements.boxes.checked);
    gallery.classList.toggle("outlined", filters.elements.outlines.checked);
    filters.querySelector("output").textContent = `${shown} of ${cards.length} shown`;
    document.querySelector(".nothing").hidden = shown > 0;
  };
  filters.addEventListener("input", apply);
  filters.addEventListener("submit", (event) => event.preventDefault());
  apply();
}
