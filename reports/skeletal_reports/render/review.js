"use strict";
(() => {
  const form = document.querySelector(".filters");
  if (!form) return;
  const rows = [...document.querySelectorAll(".findings tbody tr")];
  const text = rows.map((row) => row.textContent.toLowerCase());
  const apply = () => {
    const words = form.elements.words.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, place) => {
      const chosen = ["severity", "category", "rule"].every((name) => {
        const value = form.elements[name].value;
        return !value || row.dataset[name] === value;
      });
      row.hidden = !(chosen && text[place].includes(words));
      shown += row.hidden ? 0 : 1;
    });
    form.querySelector("output").textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
